/** From what a caller asked to what the site is sent, and the Appointment as it will stand. Pure. */
import type { PatientFacts, PlaceOrder } from '../connectors/contract.ts';
import { HubError } from '../core/errors.ts';
import { formatInstant, MINUTE_MS } from '../core/instant.ts';
import { acting } from '../fhir/acting.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { visitTypeConcept } from '../fhir/canonical.ts';
import { setMark } from '../fhir/set-mark.ts';
import type { Appointment, AppointmentParticipant, Patient } from '../fhir/types.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import { zoneOf } from '../settings/zone.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { PlaceRequest } from './contract.ts';
import { PatientUnknown } from './patient-unknown.ts';
import { identifiersFor } from './site-identifiers.ts';
import type { Part } from './take.ts';

/**
 * The record that the caller chose, with this site's own identifiers only.
 * @throws RULE_BROKEN when a site that keys people by its own id has no record of this person, or several
 */
export function patientFacts(
  chosen: Patient,
  ofThisSite: readonly Patient[],
  site: SiteSettings,
  identity: 'id' | 'demographics',
): PatientFacts {
  const identifiers = identifiersFor(chosen, ofThisSite, site, identity);
  if (identity === 'id' && identifiers.length === 0) throw new PatientUnknown(chosen.id ?? '', site);
  const [name] = chosen.name ?? [];
  const family = name?.family ?? '';
  const given = name?.given?.[0] ?? '';
  if (family === '' || given === '') {
    throw new HubError('RULE_BROKEN', {
      detail: 'the Patient needs a family and a given name: have the record completed at its site',
      site: site.id,
    });
  }
  const contact = (system: string): string | undefined => chosen.telecom?.find((one) => one.system === system)?.value;
  const phone = contact('phone');
  const email = contact('email');
  return {
    identifiers,
    family,
    given,
    ...(chosen.birthDate === undefined ? {} : { birthDate: chosen.birthDate }),
    ...(phone === undefined ? {} : { phone }),
    ...(email === undefined ? {} : { email }),
    ...(email === undefined && identity === 'demographics' && chosen.id !== undefined ? { record: chosen.id } : {}),
  };
}

export function placeOrder(
  request: Pick<PlaceRequest, 'channel' | 'reason' | 'comment' | 'language'>,
  slot: StoredSlot,
  calendar: string,
  patient: PatientFacts,
  bookingId: string,
  besides: readonly Pick<Part, 'slot' | 'calendar'>[] = [],
): PlaceOrder {
  const also = besides.map((one) => ({
    calendar: one.calendar,
    visitType: one.slot.localVisitType,
    start: one.slot.during.start,
    end: one.slot.during.end,
  }));
  return {
    correlation: bookingId,
    calendar,
    visitType: slot.localVisitType,
    start: slot.during.start,
    end: slot.during.end,
    ...(also.length === 0 ? {} : { also }),
    patient,
    channel: request.channel,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    ...(request.comment === undefined ? {} : { comment: request.comment }),
    ...(request.language === undefined ? {} : { language: request.language }),
  };
}

export interface Actor {
  readonly type: string;
  readonly id: string;
}

/** One slot of a booking, and who its Schedule names. */
export interface Acting {
  readonly slot: StoredSlot;
  readonly actors: readonly Actor[];
}

export interface ProposalFacts {
  readonly request: PlaceRequest;
  readonly slot: StoredSlot;
  readonly site: SiteSettings;
  readonly plan: Plan;
  readonly calendar: string;
  readonly actors: readonly Actor[];
  /** Further slots, each with who and what is in its calendar. */
  readonly besides?: readonly Acting[];
  readonly now: PlaceRequest['start'] & number;
}

/** As it stands once booked; the site's own news is laid over it later. */
export function proposedAppointment(facts: ProposalFacts): Appointment {
  const { request, slot, site, plan, actors, besides = [] } = facts;
  const rule = site.resources.calendars[facts.calendar];
  const zone = zoneOf(site, rule?.location);
  const name = slot.visitType === null ? undefined : plan.hub.visitTypes[slot.visitType]?.name;
  return {
    resourceType: 'Appointment',
    ...(request.inSet === undefined ? {} : { extension: [setMark(request.inSet)] }),
    ...(request.identifiers.length === 0 ? {} : { identifier: request.identifiers }),
    status: 'booked',
    serviceType: [visitTypeConcept(site, slot.localVisitType, slot.visitType, name)],
    ...(request.reason === undefined ? {} : { reasonCode: [{ text: request.reason }] }),
    start: formatInstant(slot.during.start, zone),
    end: formatInstant(slot.during.end, zone),
    minutesDuration: Math.max(1, Math.round((slot.during.end - slot.during.start) / MINUTE_MS)),
    slot: [slot, ...besides.map((one) => one.slot)].map(({ id }) => ({ reference: `Slot/${id}` })),
    created: formatInstant(facts.now, zone),
    ...(request.comment === undefined ? {} : { comment: request.comment }),
    participant: [
      { actor: { reference: `Patient/${request.patientId}` }, required: 'required', status: 'accepted' },
      ...shown(actors),
      ...besides.flatMap((one) => {
        const { start, end } = one.slot.during;
        const period = { start: formatInstant(start, zone), end: formatInstant(end, zone) };
        const known = new Set(actors.map(({ id }) => id));
        return shown(one.actors.filter(({ id }) => !known.has(id))).map((who) => ({ ...who, period }));
      }),
      ...(request.acting === undefined ? [] : [acting(request.acting)]),
    ],
  };
}

function shown(actors: readonly Actor[]): AppointmentParticipant[] {
  return actors
    .filter((actor) => actor.type !== 'PractitionerRole')
    .map((actor) => ({ actor: { reference: `${actor.type}/${actor.id}` }, status: 'accepted' }));
}

const calendars = new WeakMap<SiteSettings, ReadonlyMap<string, string>>();

/** The site's calendar of a schedule: schedules of sites that take bookings are made from `resources.calendars`. */
export function calendarOf(site: SiteSettings, scheduleId: string): string | null {
  const known =
    calendars.get(site) ??
    new Map(Object.keys(site.resources.calendars).map((key) => [canonicalId.schedule(site.identity, key), key]));
  calendars.set(site, known);
  return known.get(scheduleId) ?? null;
}

export function actorsOf(schedule: { readonly json: string } | null): Actor[] {
  if (schedule === null) return [];
  const { actor } = JSON.parse(schedule.json) as { actor: readonly { reference?: string }[] };
  return actor.flatMap(({ reference }) => {
    const [type, id] = (reference ?? '').split('/');
    return type === undefined || id === undefined ? [] : [{ type, id }];
  });
}
