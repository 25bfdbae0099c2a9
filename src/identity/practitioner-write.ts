/** The canonical Practitioner, and the PractitionerRole that a site's codes stand on. */
import { isDeepStrictEqual } from 'node:util';
import {
  conceptTokens,
  identifierTokens,
  practitioner,
  practitionerRole,
  roleSpecialty,
  type PractitionerFacts,
} from '../fhir/canonical.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { Practitioner, PractitionerRole } from '../fhir/types.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PractitionerMatch, Who } from './contract.ts';
import { specialtiesIn } from './specialties.ts';

export interface Writing {
  readonly facts: PractitionerFacts;
  readonly known: Practitioner | null;
  readonly renames: boolean;
  /** Under which the site has the person. */
  readonly name: string;
}

export async function writePractitioner(
  { facts, known, renames, name }: Writing,
  site: SiteSettings,
  tx: Tx,
  cause: Cause,
): Promise<PractitionerMatch> {
  // The first name stays: sites spell one person differently, and each spelling would otherwise be a new version.
  const named = known?.name !== undefined;
  const person = practitioner(facts);
  if (!named || (renames && person.name !== undefined)) await putPerson(tx, facts.id, person, cause);
  else if (known.active === false) await putPerson(tx, facts.id, { ...bare(known), active: true }, cause);
  const roleId = canonicalId.practitionerRole(site.identity, facts.id);
  const before = await roleOf(tx, roleId);
  const codes = codesIn(before);
  const places = (before?.location ?? []).flatMap(({ reference }) =>
    reference === undefined ? [] : [reference.slice(9)],
  );
  // Of someone who left, a later mention by an old message is no news of a return.
  const active = facts.active ?? (codes.length === 0 ? undefined : before?.active) ?? true;
  const specialties = facts.specialties ?? specialtiesIn(before?.specialty, site);
  const resource = practitionerRole(site, { ...facts, active, specialties }, union(codes, [facts.code, name]), places);
  const isNews =
    [facts.code, name].some((one) => !codes.includes(one)) ||
    active !== (before?.active ?? true) ||
    !isDeepStrictEqual(resource.specialty, before?.specialty);
  // Every message names its people: one that says nothing new must not lock a row that a hundred others read.
  if (before !== null && !isNews) return { practitionerId: facts.id, roleId };
  await putRole(tx, site, roleId, resource, cause);
  return { practitionerId: facts.id, roleId };
}

/** The code stands for somebody else now: this person is known there by other codes, or by none. */
export async function giveUpCode(tx: Tx, site: SiteSettings, who: Who, code: string, cause: Cause): Promise<void> {
  const roleId = canonicalId.practitionerRole(site.identity, who.id);
  const role = await roleOf(tx, roleId);
  if (role === null) return;
  const { identifier = [], ...rest } = bare(role);
  const left = identifier.filter(({ value }) => value !== code);
  const still = left.length > 0;
  await putRole(tx, site, roleId, { ...rest, ...(still ? { identifier: left } : { active: false }) }, cause);
  // Somebody of this site alone whom no code names any more was never a person by itself.
  const served = still || who.npi !== null ? null : await tx.resources.read('Practitioner', who.id);
  if (served === null) return;
  await putPerson(tx, who.id, { ...bare(JSON.parse(served.json) as Practitioner), active: false }, cause);
}

/** The site file was read: what master files said before means what its table says now, and bears today's names. */
export async function remapRoles(site: SiteSettings, tx: Tx, cause: Cause): Promise<void> {
  for (const id of await tx.practitioners.rolesWithSpecialty(site.id)) {
    const role = await roleOf(tx, id);
    const specialty = specialtiesIn(role?.specialty, site).map((one) => roleSpecialty(one, site));
    if (role === null || specialty.length === 0 || isDeepStrictEqual(specialty, role.specialty)) continue;
    await putRole(tx, site, id, { ...bare(role), specialty }, cause);
  }
}

async function putPerson(tx: Tx, id: string, person: Practitioner, cause: Cause): Promise<void> {
  const name = person.name?.[0]?.text;
  await tx.resources.put(
    {
      type: 'Practitioner',
      id,
      site: null,
      resource: person,
      ...(name === undefined ? {} : { name }),
      tokens: identifierTokens(person.identifier ?? []),
    },
    { ...cause, site: null, messageId: null },
  );
}

async function putRole(tx: Tx, site: SiteSettings, id: string, role: PractitionerRole, cause: Cause): Promise<void> {
  const places = (role.location ?? []).flatMap(({ reference }) => (reference === undefined ? [] : [reference]));
  await tx.resources.put(
    {
      type: 'PractitionerRole',
      id,
      site: site.id,
      resource: role,
      tokens: [...identifierTokens(role.identifier ?? []), ...conceptTokens('specialty', role.specialty)],
      refs: [
        `practitioner:${role.practitioner?.reference ?? ''}`,
        `organization:Organization/${canonicalId.organization(site.identity)}`,
        ...places.map((reference) => `location:${reference}`),
      ],
      locations: places.map((reference) => reference.replace('Location/', '')),
    },
    { ...cause, messageId: null },
  );
}

async function roleOf(tx: Tx, id: string): Promise<PractitionerRole | null> {
  const served = await tx.resources.read('PractitionerRole', id);
  return served === null ? null : (JSON.parse(served.json) as PractitionerRole);
}

/** As it was put: id and meta are the store's. */
function bare<T extends { readonly id?: string; readonly meta?: unknown }>({ id: _id, meta: _meta, ...rest }: T): T {
  return rest as unknown as T;
}

function codesIn(role: PractitionerRole | null): readonly string[] {
  return (role?.identifier ?? []).flatMap(({ value }) => (value === undefined ? [] : [value]));
}

function union(left: readonly string[], right: readonly string[]): string[] {
  return [...new Set([...left, ...right])].sort();
}
