/**
 * Applies what a master file says about the people and places of a site. What the site file says stands: a master file
 * adds names to what it does not name, and tells who and what is no longer there. Nothing is removed.
 */
import type { Instant } from '../core/instant.ts';
import { listedThing } from '../fhir/practitioner-rule.ts';
import type { PlaceChange, PractitionerChange } from '../mappings/contract-directory.ts';
import type { Applied, ApplyContext } from './apply-context.ts';
import { putLocation } from './directory.ts';
import { locationKey, unlistedPlace } from './participants.ts';

export async function applyPractitioner(context: ApplyContext, change: PractitionerChange): Promise<Applied> {
  const { tx, site, cause, practitioners } = context;
  if (await isOld(context, `practitioner:${change.assertion.code}`, change.at)) return 'superseded';
  // The master file of staff lists rooms and machines as well, where the site books them like people.
  if (listedThing(site, change.assertion.code) !== null) return 'applied';
  const { active } = change;
  const assertion = { ...change.assertion, isMaster: true as const, ...(active === undefined ? {} : { active }) };
  await practitioners.resolve(assertion, site, tx, cause);
  return 'applied';
}

export async function applyPlace(context: ApplyContext, change: PlaceChange): Promise<Applied> {
  const { tx, site, cause } = context;
  const key = locationKey(site, change.code);
  if (await isOld(context, `place:${key}`, change.at)) return 'superseded';
  const listed = site.locations[key];
  const settings = listed ?? (await unlistedPlace(context, key, change.name, 'master'));
  await putLocation(tx, site, key, settings, cause, change.active);
  return 'applied';
}

/** The newest word about an object stands, however late an older one comes. */
async function isOld({ tx, site }: ApplyContext, object: string, at: Instant): Promise<boolean> {
  const newest = await tx.inbox.appliedReadAt(site.id, object);
  if (newest !== null && newest > at) return true;
  await tx.inbox.setAppliedReadAt(site.id, object, at);
  return false;
}
