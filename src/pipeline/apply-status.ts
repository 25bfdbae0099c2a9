/**
 * News of a visit that another message made known: it began, it ended, it is another person's, it has another number.
 * A visit that nobody has heard of is not made of it. The order is that of all news of a visit: what is older than the
 * news applied changes nothing.
 */
import type { AppointmentChange, Change, PatientChange } from '../mappings/contract.ts';
import type {
  RelatedPeople,
  VisitChange,
  VisitMove,
  VisitRenumbering,
  VisitStatus,
} from '../mappings/contract-people.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { DAY_MS, type Instant } from '../core/instant.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { mayBeMinor } from '../fhir/confidential.ts';
import { SYSTEMS } from '../fhir/types.ts';
import { applyAppointment } from './apply-appointment.ts';
import type { Applied, ApplyContext } from './apply-context.ts';
import { attachedTo } from './echo.ts';
import { labelsTold, resolvePerson } from './kept-apart.ts';

/** A number may be that of a course of visits: then the one on that day is meant. */
const SAME_DAY_MS = DAY_MS / 2;

export function isAboutVisit(change: Change): change is VisitChange {
  return change.kind === 'visit-status' || change.kind === 'visit-moved' || change.kind === 'visit-renumbered';
}

/** Visits that a message names by number, to be locked before it is applied. */
export async function visitsStated(
  tx: Tx,
  site: SiteSettings,
  changes: readonly Change[],
): Promise<readonly { readonly id: string; readonly siteKey: string | null }[]> {
  const values = changes
    .flatMap((change) => (isAboutVisit(change) ? change.visit : []))
    .map(({ value }) => `*|${value}`);
  // Not read yet: their rows are locked after the names, as everywhere.
  return values.length === 0 ? [] : tx.people.visitsWith(site.id, values);
}

/** What is known of the visit for which a message speaks of a person, by the message and by what was known before. */
export async function labelsOf(
  { tx, site }: ApplyContext,
  { patient, toldFor, at }: Pick<PatientChange, 'toldFor' | 'at'> & Pick<RelatedPeople, 'patient'>,
): Promise<readonly string[] | null> {
  if (toldFor === undefined) return null;
  const told = labelsTold(site, toldFor);
  if (toldFor.visit.length === 0 || !mayBeMinor(patient.birthDate, at)) return told;
  const visits = await visitsNamed(tx, site, { visit: toldFor.visit, of: [patient.key] });
  return [...told, ...visits.flatMap(({ security }) => security)];
}

export async function applyVisit(context: ApplyContext, change: VisitChange): Promise<Applied> {
  const visits = await visitsNamed(context.tx, context.site, change);
  switch (change.kind) {
    case 'visit-status': {
      const visit = onThatDay(visits, change.at);
      return visit === null ? 'applied' : setStatus(context, change, visit);
    }
    case 'visit-moved':
      return all(visits, (visit) => moveTo(context, change, visit));
    case 'visit-renumbered':
      return all(visits, (visit) => renumber(context, change, visit));
  }
}

async function all(
  visits: readonly StoredAppointment[],
  apply: (visit: StoredAppointment) => Promise<Applied>,
): Promise<Applied> {
  let applied: Applied = visits.length === 0 ? 'applied' : 'superseded';
  for (const visit of visits) if ((await apply(visit)) === 'applied') applied = 'applied';
  return applied;
}

/**
 * The first of the numbers that names one. Of several systems that of the message counts, if any visit has it. Never a
 * visit that is somebody else's; nor one of another system where nothing tells whose it is.
 */
async function visitsNamed(
  tx: Tx,
  site: SiteSettings,
  { visit: name, of }: Pick<VisitChange, 'visit' | 'of'>,
): Promise<readonly StoredAppointment[]> {
  const people = await standingFor(tx, site, of);
  const mayBe = ({ patients }: StoredAppointment): boolean =>
    people === null || patients.length === 0 || patients.some((id) => people.has(id));
  for (const { system, value, type } of name) {
    const ids = await tx.people.visitsWith(site.id, [`*|${value}`]);
    const visits: StoredAppointment[] = [];
    for (const { id } of ids) {
      const visit = await tx.resources.appointment(id);
      if (visit !== null && carries(visit, value, type) && mayBe(visit)) visits.push(visit);
    }
    const exact = visits.filter((visit) => carries(visit, value, type, system));
    if (exact.length > 0) return exact;
    if (visits.length > 0 && people !== null) return visits;
  }
  return [];
}

/** These records with all that decisions join to them; null where none is told. */
async function standingFor(tx: Tx, site: SiteSettings, keys: readonly string[]): Promise<ReadonlySet<string> | null> {
  if (keys.length === 0) return null;
  const ids = new Set<string>();
  for (const { patientId } of await tx.people.records(site.id, keys)) {
    for (const id of await tx.resources.linkedPatients(patientId)) ids.add(id);
  }
  return ids;
}

function carries(visit: StoredAppointment, value: string, type?: string, system?: string): boolean {
  return (visit.resource.identifier ?? []).some((one) => {
    const codes = (one.type?.coding ?? []).filter((coding) => coding.system === SYSTEMS.identifierType);
    const fits = type === undefined || codes.some(({ code }) => code === type);
    return one.value === value && fits && (system === undefined || one.system === system);
  });
}

function onThatDay(visits: readonly StoredAppointment[], at: Instant): StoredAppointment | null {
  const [only, ...more] = visits;
  if (more.length === 0) return only ?? null;
  const near = visits.filter(({ during }) => during !== null && Math.abs(during.start - at) <= SAME_DAY_MS);
  const distance = (visit: StoredAppointment): number => Math.abs((visit.during?.start ?? 0) - at);
  return [...near].sort((one, other) => distance(one) - distance(other))[0] ?? null;
}

async function setStatus(context: ApplyContext, change: VisitStatus, visit: StoredAppointment): Promise<Applied> {
  if (visit.orderedAt > change.at) return 'superseded';
  if (!change.from.includes(visit.resource.status)) return 'applied';
  return tell(context, visit, { at: change.at, status: change.status });
}

async function moveTo(context: ApplyContext, change: VisitMove, visit: StoredAppointment): Promise<Applied> {
  if (visit.orderedAt > change.at) return 'superseded';
  const { site, batch, now, message } = context;
  const { id } = await resolvePerson(context, change.patient, change.at, visit.security);
  if (visit.patients.length === 1 && visit.patients[0] === id) return 'applied';
  batch.ledger.push({
    at: now,
    kind: 'patient-moved',
    site: site.id,
    appointmentId: visit.id,
    cause: `message:${message.id}`,
    data: { from: visit.patients.join(' '), to: id },
  });
  return tell(context, visit, { at: change.at, status: visit.resource.status, patients: [change.patient] });
}

async function renumber(context: ApplyContext, change: VisitRenumbering, visit: StoredAppointment): Promise<Applied> {
  const { tx, site } = context;
  const { key, identifier } = change;
  if (key !== undefined) await tx.resources.nameAppointment(site.id, key, visit.id);
  // A number says nothing about when or with whom: newer news of those stands.
  const at = visit.orderedAt > change.at ? visit.orderedAt : change.at;
  return tell(context, visit, { at, status: visit.resource.status, identifiers: [identifier] });
}

/** Everything that is not stated stays as it is. */
async function tell(
  context: ApplyContext,
  visit: StoredAppointment,
  stated: Pick<AppointmentChange, 'at' | 'status'> & Partial<Pick<AppointmentChange, 'patients' | 'identifiers'>>,
): Promise<Applied> {
  // Placed by the hub, and the site has not named it yet: its answer comes first.
  if (visit.siteKey === null) return 'superseded';
  const change: AppointmentChange = {
    kind: 'appointment',
    key: visit.siteKey,
    identifiers: [],
    participants: [],
    patients: [],
    ...stated,
  };
  return applyAppointment(context, change, await attachedTo(context, visit.id));
}
