/** The visit that a request (SRM S02 to S06) is about: by the hub's own id (ARQ-2), or by the client's (ARQ-1). */
import { calendarOf } from '../booking/order.ts';
import { isUuid } from '../core/ids.ts';
import { parseInstant, type Interval } from '../core/instant.ts';
import { siteSystem } from '../fhir/canonical.ts';
import type { Appointment } from '../fhir/types.ts';
import type { EntityId, SchedulingRequest } from '../hl7v2/request-facts.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { Hl7Request } from '../store/contract-requests.ts';
import type { Tx } from '../store/contract.ts';
import { denial, type Denial } from './request-denial.ts';
import { patientOf } from './request-patient.ts';
import type { BoundClient } from './request-clients.ts';

/** EI.2 of the hub's own ids (SCH-2, ARQ-2). */
export const NAMESPACE = 'SLOTWIRE';

export interface FoundVisit {
  readonly kind: 'found';
  readonly id: string;
  readonly visit: Appointment;
  readonly during: Interval | null;
  readonly site: SiteSettings;
  readonly calendar: string | null;
  readonly visitType: string | null;
}

export interface VisitAsk {
  readonly plan: Plan;
  readonly client: BoundClient;
  readonly row: Pick<Hl7Request, 'lineage'>;
  readonly request: SchedulingRequest;
}

export async function visitOf(tx: Tx, { plan, client, row, request }: VisitAsk): Promise<FoundVisit | Denial> {
  const id = await appointmentId(tx, client.id, row.lineage, request);
  if (typeof id !== 'string') return id;
  const served = await tx.resources.read('Appointment', id);
  if (served === null || served.deleted) return open(tx, client.id, request);
  const visit = JSON.parse(served.json) as Appointment;
  const source = visit.meta?.source?.split('#')[0];
  const site = plan.sites.find((one) => [one.id, one.identity].some((name) => source === `urn:slotwire:site:${name}`));
  if (site === undefined) return denial('207', 'The site of this appointment is not in service.', 'ARQ-2');
  if (request.patients.length > 0) {
    const patient = await patientOf(tx, client.hl7, request, site);
    if (patient.kind === 'denied') return patient;
    const whose = new Set([patient.id, ...(await tx.resources.linkedPatients(patient.id))]);
    const named = visit.participant.flatMap(({ actor }) => actor?.reference?.replace(/^Patient\//, '') ?? []);
    if (!named.some((one) => whose.has(one))) {
      return denial('204', 'This appointment is not of the patient whom PID-3 names.', 'PID-3', 'patient-mismatch');
    }
  }
  const [slotId] = (visit.slot ?? []).map(({ reference = '' }) => reference.replace('Slot/', ''));
  const slot = slotId === undefined ? null : await tx.resources.slot(slotId);
  return {
    kind: 'found',
    id,
    visit,
    site,
    during: intervalOf(visit),
    calendar: slot === null ? null : calendarOf(site, slot.scheduleId),
    visitType: localTypeOf(site, visit) ?? slot?.localVisitType ?? null,
  };
}

async function appointmentId(
  tx: Tx,
  client: string,
  lineage: string,
  request: SchedulingRequest,
): Promise<string | Denial> {
  const own =
    (await tx.hl7Requests.appointmentOf(client, lineage)) ??
    (await tx.bookings.byRequestKey(client, placeKey(request.placer)))?.appointmentId ??
    null;
  const { filler } = request;
  if (filler === undefined) {
    return own ?? denial('204', 'No appointment came of this placer appointment id (ARQ-1). Send ARQ-2.', 'ARQ-1');
  }
  const isOurs = filler.namespace === undefined || filler.namespace === NAMESPACE;
  if (!isOurs || !isUuid(filler.id.toLowerCase())) {
    return denial('204', `ARQ-2 is no filler appointment id of this hub (the one of SCH-2, ^${NAMESPACE}).`, 'ARQ-2');
  }
  const named = filler.id.toLowerCase();
  if (own === null || own === named || (await isMovedFrom(tx, own, named))) return own ?? named;
  return denial('204', 'ARQ-1 and ARQ-2 name two different appointments.', 'ARQ-2');
}

/** At some sites a moved visit is another appointment; its sender may still name the one before. */
async function isMovedFrom(tx: Tx, id: string, old: string): Promise<boolean> {
  const served = await tx.resources.read('Appointment', id);
  return served?.json.includes(`Appointment/${old}`) === true;
}

/** Asked for and not decided yet, or not to be seen by this sender. */
async function open(tx: Tx, client: string, request: SchedulingRequest): Promise<Denial> {
  const booking = await tx.bookings.byRequestKey(client, placeKey(request.placer));
  if (booking === null || booking.state === 'refused' || booking.state === 'expired') {
    return denial('204', 'There is no such appointment, or this sender may not see it.', 'ARQ-2');
  }
  const text = 'The appointment is asked for and not decided yet. Send this again when its SRR or SIU has come.';
  return { ...denial('206', text, 'ARQ-1', 'BOOKING_PENDING'), code: 'AR' };
}

/** The request key of a placement (S01): the client's own id of the appointment. */
export function placeKey(placer: EntityId): string {
  return keyOfPlacement(entityKey(placer));
}

/** `placer`: ARQ-1 as request-names.ts writes it. */
export function keyOfPlacement(placer: string): string {
  return `srm:${placer}`;
}

export function entityKey({ id, namespace = '', universalId = '' }: EntityId): string {
  return [id, namespace, universalId].join('^');
}

function localTypeOf(site: SiteSettings, visit: Appointment): string | null {
  const system = siteSystem(site.id, 'visit-type');
  const codings = (visit.serviceType ?? []).flatMap(({ coding = [] }) => coding);
  return codings.find((coding) => coding.system === system)?.code ?? null;
}

export function intervalOf({ start, end }: Pick<Appointment, 'start' | 'end'>): Interval | null {
  const from = start === undefined ? null : parseInstant(start);
  const to = end === undefined ? null : parseInstant(end);
  return from === null || to === null ? null : { start: from, end: to };
}
