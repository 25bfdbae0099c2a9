/**
 * Phone, e-mail address and home that are told for a confidential visit of a minor are not told of the person: parents
 * read them elsewhere, and records are compared by them. Confidential is what any rule of the site file or any code of
 * the message says so of: site, place, visit type, PV1-16, PD1-12; and what was so before.
 */
import { isConfidential, mayBeKeptApart, mayBeMinor } from '../fhir/confidential.ts';
import type { Patient } from '../fhir/types.ts';
import type { PatientMatch } from '../identity/contract.ts';
import type { AppointmentChange, ParticipantStatement, PatientAssertion } from '../mappings/contract.ts';
import type { PatientRecord } from '../store/contract-people.ts';
import type { Tx } from '../store/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Instant } from '../core/instant.ts';
import type { ApplyContext } from './apply-context.ts';
import { locationKey } from './participants.ts';

/** @param labels of the visit for which the person is spoken of; `null`: of none */
export async function resolvePerson(
  context: ApplyContext,
  assertion: PatientAssertion,
  at: Instant,
  labels: readonly string[] | null,
): Promise<PatientMatch> {
  const { patients, site, tx, cause } = context;
  return patients.resolve(await withoutContact(context, assertion, at, labels), site, at, tx, cause);
}

/** All that is known of the visit, before and now: whichever keeps it secret. */
export function labelsTold(
  site: SiteSettings,
  said: Partial<Pick<AppointmentChange, 'participants' | 'visitType' | 'services' | 'security'>>,
  before: readonly string[] = [],
): readonly string[] {
  const { departments, visitTypes } = site.sensitivity;
  const services = [...(said.services ?? []), ...(said.visitType === undefined ? [] : [said.visitType])];
  return [
    ...before,
    ...(said.security ?? []),
    ...(said.participants ?? []).flatMap((one) => departments[placeOf(site, one) ?? ''] ?? []),
    ...services.flatMap(({ code }) => visitTypes[site.visitTypes[code] ?? ''] ?? []),
  ];
}

function placeOf(site: SiteSettings, { actor }: ParticipantStatement): string | undefined {
  if (actor.kind === 'location') return locationKey(site, actor.code);
  return actor.kind === 'calendar' ? site.resources.calendars[actor.code]?.location : undefined;
}

/** Whether a message speaks of a person as of a minor at a confidential visit. */
export async function isOfMinorInConfidence(
  { tx, site }: ApplyContext,
  { key, birthDate }: Pick<PatientAssertion, 'key' | 'birthDate'>,
  at: Instant,
  labels: readonly string[],
): Promise<boolean> {
  if (!isConfidential([...site.sensitivity.site, ...labels]) || !mayBeMinor(birthDate, at)) return false;
  const known = await tx.people.record(site.id, key);
  return mayBeMinor(birthDate ?? (await asKnown(tx, known))?.birthDate, at);
}

async function asKnown(tx: Tx, known: PatientRecord | null): Promise<Patient | null> {
  const stored = known === null ? null : await tx.resources.read('Patient', known.patientId);
  return stored === null || stored.deleted ? null : (JSON.parse(stored.json) as Patient);
}

async function withoutContact(
  context: ApplyContext,
  assertion: PatientAssertion,
  at: Instant,
  labels: readonly string[] | null,
): Promise<PatientAssertion> {
  if (!mayBeKeptApart(assertion, at)) return assertion;
  const { tx, site } = context;
  const isOfSite = isConfidential(site.sensitivity.site);
  const isOfVisit = isOfSite || isConfidential(labels ?? []);
  // Most sites have nothing that is confidential.
  if (!isOfVisit && (assertion.ofVisits !== true || !hasRules(site))) return assertion;
  const known = await tx.people.record(site.id, assertion.key);
  if (!mayBeMinor(assertion.birthDate ?? (await asKnown(tx, known))?.birthDate, at)) return assertion;
  const { phone: _phone, email: _email, address: _address, ...rest } = assertion;
  if (assertion.ofVisits !== true) return isOfVisit ? rest : assertion;

  const visits = known === null || isOfSite ? [] : await tx.people.labelsOfVisits(known.patientId);
  const isOpen = visits.some((one) => !isConfidential(one));
  // Typed for an open visit, by whoever typed it: the person's as much as anybody's there.
  if (!isOfVisit) return labels !== null || isOpen || visits.length === 0 ? assertion : rest;
  // A list of clients may have told it before any visit was known.
  return isOpen ? rest : { ...rest, cleared: [...new Set([...(rest.cleared ?? []), 'phone', 'email'] as const)] };
}

function hasRules({ sensitivity }: SiteSettings): boolean {
  const { departments, visitTypes } = sensitivity;
  return [...Object.values(departments), ...Object.values(visitTypes)].some(isConfidential);
}
