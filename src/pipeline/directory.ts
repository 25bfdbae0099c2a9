/**
 * What site files say about people, places and calendars, as canonical resources: written at start and after each new
 * plan, so that schedules exist before the first message. Writing the same again changes no version.
 */
import { DAY_MS, plus, type Instant } from '../core/instant.ts';
import type { Location } from '../fhir/types.ts';
import * as canonical from '../fhir/canonical.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { PractitionerIndex } from '../identity/contract.ts';
import type { PractitionerAssertion } from '../mappings/contract.ts';
import { namespaceDigest } from '../settings/identifier-types.ts';
import type { Plan, ResourceRule, SiteSettings } from '../settings/shape.ts';
import type { Cause } from '../store/contract-resources.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import { closeListed } from './unlisted.ts';

/** Farther ahead than any site publishes its slots. */
export const HORIZON_MS = 730 * DAY_MS;

export async function syncDirectory(
  store: Store,
  plan: Plan,
  practitioners: PractitionerIndex,
  now: Instant,
): Promise<void> {
  await store.transaction(systemScope('directory'), async (tx) => {
    for (const [code, visitType] of Object.entries(plan.hub.visitTypes)) {
      const resource = canonical.healthcareService(code, visitType, plan.taxonomy);
      await tx.resources.put(
        {
          type: 'HealthcareService',
          id: canonicalId.healthcareService(code),
          site: null,
          resource,
          name: visitType.name,
          tokens: [
            ...canonical.identifierTokens(resource.identifier ?? []),
            ...canonical.conceptTokens('service-type', resource.type),
            ...canonical.conceptTokens('specialty', resource.specialty),
          ],
        },
        { site: null, messageId: null, siteTime: null, now },
      );
    }
  });
  for (const site of plan.sites) {
    await store.transaction(systemScope('directory'), (tx) => syncSite(tx, site, plan, practitioners, now));
  }
  await store.transaction(systemScope('directory'), async (tx) => {
    const serving = new Set(plan.sites.filter((site) => site.stage !== 'suspended').map((site) => site.id));
    const known = await tx.resources.sites();
    const quiet = known.filter((site) => !serving.has(site));
    await tx.resources.withdrawSlots(quiet, { site: null, messageId: null, siteTime: null, now });
  });
}

async function syncSite(
  tx: Tx,
  site: SiteSettings,
  plan: Plan,
  practitioners: PractitionerIndex,
  now: Instant,
): Promise<void> {
  const cause: Cause = { site: site.id, messageId: null, siteTime: null, now };
  if (site.formerly !== undefined) await tx.renameSite(canonicalId.organization(site.identity), site.id);
  const organization = canonical.organization(site);
  await tx.resources.put(
    {
      type: 'Organization',
      id: canonicalId.organization(site.identity),
      site: site.id,
      resource: organization,
      name: site.id,
      tokens: canonical.identifierTokens(organization.identifier ?? []),
    },
    cause,
  );
  for (const [key, settings] of Object.entries(site.locations)) {
    await putLocation(tx, site, key, settings, cause);
  }
  for (const [code, rule] of Object.entries(site.resources.practitioners)) {
    await practitioners.resolve(asserted(code, rule), site, tx, cause);
  }
  await practitioners.review(site, tx, cause);
  await closeListed(site, tx, cause);
  // What their numbers mean decides with whom records are compared, so they are placed again where the file says
  // another.
  await tx.index.meant(site.id, namespaceDigest(site), '', now);
  for (const [key, rule] of Object.entries(site.resources.calendars)) {
    // Whose visits would be left behind, and their time be offered: pipeline/rekey.ts writes it together with them.
    if (rule.practitioner === undefined && practitioners.isPerson(key, site)) continue;
    await putCalendar(tx, site, key, rule, plan, practitioners, cause);
  }
}

export async function putLocation(
  tx: Tx,
  site: SiteSettings,
  key: string,
  settings: SiteSettings['locations'][string],
  cause: Cause,
  active?: boolean,
): Promise<string> {
  const id = canonicalId.location(site.identity, key);
  const known = active === undefined ? await tx.resources.read('Location', id) : null;
  // That a place was closed is said once; every later mention would open it again.
  const before = known === null ? undefined : (JSON.parse(known.json) as Location).status;
  const status = active === undefined ? (before ?? 'active') : active ? 'active' : 'inactive';
  const resource = { ...canonical.location(site, key, settings), status };
  await tx.resources.put(
    {
      type: 'Location',
      id,
      site: site.id,
      resource,
      name: settings.name,
      tokens: canonical.identifierTokens(resource.identifier ?? []),
      refs: [
        ...(resource.managingOrganization?.reference === undefined
          ? []
          : [`organization:${resource.managingOrganization.reference}`]),
        ...(resource.partOf?.reference === undefined ? [] : [`partof:${resource.partOf.reference}`]),
      ],
      locations: [id],
      security: site.sensitivity.departments[key] ?? [],
    },
    { ...cause, messageId: null },
  );
  return id;
}

export async function putCalendar(
  tx: Tx,
  site: SiteSettings,
  key: string,
  rule: ResourceRule,
  plan: Plan,
  practitioners: PractitionerIndex,
  cause: Cause,
): Promise<void> {
  const location = rule.location === undefined ? null : canonicalId.location(site.identity, rule.location);
  const who =
    rule.practitioner === undefined ? null : await practitioners.resolve(asserted(key, rule), site, tx, cause);
  const visitTypes = Object.entries(site.visitTypes).map(([local, code]) =>
    canonical.visitTypeConcept(site, local, code, plan.hub.visitTypes[code]?.name),
  );
  await putSchedule(tx, site, key, {
    practitioner: who,
    location,
    isRoom: rule.location !== undefined && site.locations[rule.location]?.room === true,
    ...(rule.name === undefined ? {} : { name: rule.name }),
    ...(rule.specialty === undefined ? {} : { specialty: rule.specialty }),
    serviceTypes: visitTypes,
    cause,
  });
}

export interface ScheduleFacts {
  readonly practitioner: { readonly practitionerId: string; readonly roleId: string } | null;
  readonly location: string | null;
  /** The location is taken by one visit at a time. */
  readonly isRoom: boolean;
  readonly name?: string;
  readonly specialty?: string;
  readonly serviceTypes?: Parameters<typeof canonical.schedule>[3]['serviceTypes'];
  readonly cause: Cause;
}

/** A Schedule with its actors: Practitioner, PractitionerRole, Location (DESIGN section 7). */
export async function putSchedule(tx: Tx, site: SiteSettings, key: string, facts: ScheduleFacts): Promise<string> {
  const id = canonicalId.schedule(site.identity, key);
  const actors = [
    ...(facts.practitioner === null
      ? []
      : [
          { type: 'Practitioner', id: facts.practitioner.practitionerId },
          { type: 'PractitionerRole', id: facts.practitioner.roleId },
        ]),
    ...(facts.location === null ? [] : [{ type: 'Location', id: facts.location }]),
  ];
  const resource = canonical.schedule(site, key, actors, {
    ...(facts.name === undefined ? {} : { name: facts.name }),
    ...(facts.specialty === undefined ? {} : { specialty: facts.specialty }),
    ...(facts.serviceTypes === undefined ? {} : { serviceTypes: facts.serviceTypes }),
  });
  await tx.resources.put(
    {
      type: 'Schedule',
      id,
      site: site.id,
      resource,
      active: site.stage !== 'suspended',
      tokens: [
        ...canonical.identifierTokens(resource.identifier ?? []),
        ...canonical.conceptTokens('service-type', resource.serviceType),
        ...canonical.conceptTokens('specialty', resource.specialty),
      ],
      refs: actors.map((actor) => `actor:${actor.type}/${actor.id}`),
      locations: facts.location === null ? [] : [facts.location],
      security: site.sensitivity.site,
    },
    { ...facts.cause, messageId: null },
  );
  // Nobody's calendar, and no room's: it is the calendar itself that a visit takes, not the clinic with all who work
  // there.
  const itself = facts.practitioner === null && !facts.isRoom ? [{ type: 'Schedule', id }] : [];
  const occupied = [...actors, ...itself];
  const [first] = occupied;
  if ((await tx.resources.setScheduleActors(id, occupied)) && first !== undefined) {
    // Whose calendar it is has changed: what that person does elsewhere counts for its slots from now on.
    const { now } = facts.cause;
    const during = { start: now, end: plus(now, HORIZON_MS) };
    await tx.resources.refreshTouched([{ resourceId: first.id, during }], facts.cause);
  }
  return id;
}

/** Whose calendar it is, as the site file says. */
export function asserted(key: string, rule: ResourceRule): PractitionerAssertion {
  const npi = rule.practitioner?.startsWith('npi:') === true ? rule.practitioner.slice(4) : undefined;
  return {
    code: rule.person ?? (rule.practitioner?.startsWith('local:') === true ? rule.practitioner.slice(6) : key),
    ...(npi === undefined ? {} : { npi }),
    ...(rule.name === undefined ? {} : { name: rule.name }),
    ...(rule.practitioner === undefined ? {} : { filed: { reference: rule.practitioner, key: rule.person ?? key } }),
  };
}
