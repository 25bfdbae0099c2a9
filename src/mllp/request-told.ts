/** What a client is told of its request: the appointment as it stands at the hub, or why there is none. */
import type { BookingAnswer } from '../booking/contract.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { siteSystem } from '../fhir/canonical.ts';
import { SYSTEMS, type Appointment, type Location, type Practitioner } from '../fhir/types.ts';
import type { RequestResource, SchedulingRequest } from '../hl7v2/request-facts.ts';
import type { AnswerContent, FillerStatus, NewsTrigger, ScheduledFacts } from '../hl7v2/schedule-write.ts';
import { formatTime } from '../hl7v2/time.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import { zoneOf } from '../settings/zone.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { denialOf, type Denial } from './request-denial.ts';
import { intervalOf, NAMESPACE } from './request-visit.ts';

export interface Told extends Pick<AnswerContent, 'code' | 'text' | 'errors' | 'facts'> {
  readonly bookingId: string | null;
  readonly appointmentId: string | null;
  /** Its booking is not decided. */
  readonly isPending: boolean;
}

export interface ToldOf {
  readonly request: SchedulingRequest | null;
  readonly outcome: BookingAnswer | Denial;
  /** Whether SIU tells the client when a pending booking is decided. */
  readonly isToldLater: boolean;
}

export async function told(tx: Tx, plan: Plan, { request, outcome, isToldLater }: ToldOf): Promise<Told> {
  const no = outcome.kind === 'denied' ? outcome : denialOf(outcome);
  if (no !== null) {
    const bookingId = 'bookingId' in outcome ? outcome.bookingId : null;
    const facts = request === null ? null : deniedFacts(request, plan, no.alternatives);
    const { code, text, error } = no;
    return { code, text, errors: [error], facts, bookingId, appointmentId: null, isPending: false };
  }
  const bookingId = 'bookingId' in outcome && outcome.bookingId !== '' ? outcome.bookingId : null;
  const booking = bookingId === null ? null : await tx.bookings.get(bookingId);
  const isPending = outcome.kind === 'pending';
  const shown = isPending || !('appointment' in outcome) ? null : (JSON.parse(outcome.appointment.json) as Appointment);
  const appointmentId = shown?.id ?? booking?.appointmentId ?? null;
  const visit = shown ?? (await proposed(tx, booking));
  return {
    code: 'AA',
    text: isPending ? pendingText(isToldLater) : DONE[outcome.kind as keyof typeof DONE],
    errors: [],
    facts:
      request === null
        ? null
        : await visitFacts(tx, plan, request, { visit, appointmentId, booking, ...(isPending ? PENDING : {}) }),
    bookingId,
    appointmentId,
    isPending,
  };
}

const PENDING = { status: 'Pending' } as const;
const DONE = { booked: 'Booked.', moved: 'Moved.', cancelled: 'Cancelled.', changed: 'Changed.' } as const;

function pendingText(isToldLater: boolean): string {
  const what = 'Asked for at the site, which has not decided yet.';
  return isToldLater
    ? `${what} SIU follows when it has.`
    : `${what} Send the same request again to be told, or look at the SIU of the site.`;
}

export interface News {
  readonly trigger: NewsTrigger;
  readonly facts: ScheduledFacts;
}

/** What came of a pending request; S12 to S15 as the standard names what happened to the appointment. */
export async function news(
  tx: Tx,
  plan: Plan,
  request: SchedulingRequest,
  outcome: Exclude<BookingAnswer, { readonly kind: 'pending' }>,
  booking: Booking,
): Promise<News> {
  const no = denialOf(outcome);
  const served = await tx.resources.read('Appointment', booking.appointmentId);
  const shown = served === null || served.deleted ? null : (JSON.parse(served.json) as Appointment);
  const visit = shown ?? (await proposed(tx, booking));
  const notes = no === null ? [] : [no.text, ...alternatives(no.alternatives, plan)];
  const gone = no !== null && booking.action === 'place' ? ({ status: 'Cancelled' } as const) : {};
  const facts = await visitFacts(tx, plan, request, {
    visit,
    appointmentId: booking.appointmentId,
    booking,
    notes,
    ...gone,
  });
  return { trigger: no === null ? DECIDED[booking.action] : NOT_DONE[booking.action], facts };
}

const DECIDED = { place: 'S12', move: 'S13', cancel: 'S15', status: 'S14', amend: 'S14' } as const;
/** A visit that was asked for and is not to be; one that stands as it was. */
const NOT_DONE = { place: 'S15', move: 'S14', cancel: 'S14', status: 'S14', amend: 'S14' } as const;

/** The appointment as it was asked for, or as it stands where it is to be changed. */
async function proposed(tx: Tx, booking: Booking | null): Promise<Appointment | null> {
  if (booking === null) return null;
  const { appointmentJson } = booking.order;
  if (appointmentJson !== undefined) return JSON.parse(appointmentJson) as Appointment;
  const served = await tx.resources.read('Appointment', booking.appointmentId);
  return served === null ? null : (JSON.parse(served.json) as Appointment);
}

function deniedFacts(request: SchedulingRequest, plan: Plan, open: readonly StoredSlot[]): ScheduledFacts {
  return { ...echoed(request), zone: plan.hub.timeZone, notes: alternatives(open, plan), resources: [] };
}

function alternatives(slots: readonly StoredSlot[], plan: Plan): readonly string[] {
  return slots.map(({ site: id, during, locationId }) => {
    const site = plan.sites.find((one) => one.id === id);
    const zone = site === undefined ? plan.hub.timeZone : zoneAt(site, locationId === null ? [] : [locationId]);
    return `Open instead: ${formatTime(during.start, zone)} to ${formatTime(during.end, zone)}`;
  });
}

type Echoed = Pick<
  ScheduledFacts,
  'placer' | 'filler' | 'eventReason' | 'reason' | 'contact' | 'enteredBy' | 'patients'
>;

function echoed(request: SchedulingRequest): Echoed {
  const { placer, filler, eventReason, reason, contact, enteredBy, patients } = request;
  return {
    placer,
    contact: contact.id === '' ? { id: NAMESPACE } : contact,
    enteredBy: enteredBy.id === '' ? { id: NAMESPACE } : enteredBy,
    patients,
    ...(filler === undefined ? {} : { filler }),
    ...(eventReason === undefined ? {} : { eventReason }),
    ...(reason === undefined ? {} : { reason }),
  };
}

interface VisitOf {
  readonly visit: Appointment | null;
  readonly appointmentId: string | null;
  readonly booking: Booking | null;
  readonly status?: FillerStatus;
  readonly notes?: readonly string[];
}

async function visitFacts(tx: Tx, plan: Plan, request: SchedulingRequest, of: VisitOf): Promise<ScheduledFacts> {
  const { visit, appointmentId, booking } = of;
  const source = visit?.meta?.source?.split('#')[0] ?? '';
  const site = plan.sites.find(
    ({ id, identity }) => id === booking?.site || [id, identity].some((name) => source === `urn:slotwire:site:${name}`),
  );
  const actors = (visit?.participant ?? []).flatMap(({ actor }) => actor?.reference ?? []);
  const locations = actors.flatMap((one) => (one.startsWith('Location/') ? [one.slice('Location/'.length)] : []));
  // A pending move shows where it leads to.
  const asked = of.status === 'Pending' && booking?.action === 'move' ? booking.during : null;
  const during = asked ?? (visit === null ? null : intervalOf(visit)) ?? booking?.during ?? null;
  return {
    ...echoed(request),
    ...(appointmentId === null ? {} : { filler: { id: appointmentId, namespace: NAMESPACE } }),
    ...(during === null ? {} : { during }),
    zone: site === undefined ? plan.hub.timeZone : zoneAt(site, locations),
    status: of.status ?? (visit === null ? 'Pending' : STATUS[visit.status]),
    notes: of.notes ?? [],
    resources: visit === null || site === undefined ? [] : await resourcesOf(tx, site, visit, actors),
  };
}

const STATUS: Readonly<Record<Appointment['status'], FillerStatus>> = {
  proposed: 'Pending',
  pending: 'Pending',
  booked: 'Booked',
  arrived: 'Started',
  'checked-in': 'Started',
  fulfilled: 'Complete',
  cancelled: 'Cancelled',
  noshow: 'Noshow',
  'entered-in-error': 'Deleted',
  waitlist: 'Pending',
};

function zoneAt(site: SiteSettings, locations: readonly string[]): string {
  const key = Object.keys(site.locations).find((one) => locations.includes(canonicalId.location(site.identity, one)));
  return zoneOf(site, key);
}

async function resourcesOf(
  tx: Tx,
  site: SiteSettings,
  visit: Appointment,
  actors: readonly string[],
): Promise<readonly RequestResource[]> {
  const system = siteSystem(site.id, 'visit-type');
  const services = (visit.serviceType ?? []).flatMap(({ coding = [] }) =>
    coding.filter((one) => one.system === system),
  );
  const found: RequestResource[] = services.map(({ code = '', display }) => ({
    kind: 'service',
    service: { code, ...(display === undefined ? {} : { text: display }) },
  }));
  for (const actor of actors) {
    const [type, id = ''] = actor.split('/');
    if (type !== 'Practitioner' && type !== 'Location') continue;
    const served = await tx.resources.read(type, id);
    if (served === null || served.deleted) continue;
    const resource = JSON.parse(served.json) as Practitioner | Location;
    found.push(resource.resourceType === 'Practitioner' ? personOf(resource, site) : placeOf(resource));
  }
  return found;
}

/** By NPI where there is one, else by the site's own code. */
function personOf({ id = '', identifier = [], name = [] }: Practitioner, site: SiteSettings): RequestResource {
  const npi = identifier.find(({ system }) => system === SYSTEMS.npi)?.value;
  const own = Object.entries(site.resources.practitioners).find(
    ([code, { practitioner }]) =>
      canonicalId.practitionerAtSite(site.identity, practitioner?.replace(/^local:/, '') ?? code) === id,
  )?.[0];
  const [said] = name;
  return {
    kind: 'person',
    person: {
      id: npi ?? own ?? id,
      ...(said?.family === undefined ? {} : { family: said.family }),
      ...(said?.given?.[0] === undefined ? {} : { given: said.given[0] }),
    },
    role: { code: '' },
  };
}

/** As the site itself calls it, point of care and room; else by the key of the site file. */
function placeOf({ identifier = [] }: Location): RequestResource {
  const [key, own = key] = identifier.map(({ value }) => value ?? '');
  const [pointOfCare = '', room] = (own ?? '').split('^');
  return { kind: 'place', place: { pointOfCare, ...(room === undefined ? {} : { room }) }, type: { code: '' } };
}
