/** The canonical Appointment from what a site states and what was known before; pure. */
import { formatInstant, MINUTE_MS, type Interval } from '../core/instant.ts';
import { isActing } from '../fhir/acting.ts';
import * as canonical from '../fhir/canonical.ts';
import {
  EXTENSIONS,
  SYSTEMS,
  type Appointment,
  type AppointmentParticipant,
  type CodeableConcept,
  type Coding,
  type Extension,
  type Identifier,
  type Reference,
} from '../fhir/types.ts';
import type { AppointmentChange, CodedText, SiteIdentifier, VisitTypeStatement } from '../mappings/contract.ts';
import { zoneOf } from '../settings/zone.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import type { ResolvedParticipant } from './participants.ts';
import { serviceTypes } from './visit-type.ts';

export interface AppointmentFacts {
  readonly change: AppointmentChange;
  readonly before: StoredAppointment | null;
  readonly participants: readonly ResolvedParticipant[];
  readonly patients: readonly string[];
  /** Who acts for the patient. */
  readonly acting: readonly AppointmentParticipant[];
  readonly slots: readonly string[];
  /** Undefined: as they were. */
  readonly services: readonly VisitTypeStatement[] | undefined;
  readonly during: Interval | null;
  /** Key of the location. */
  readonly place: string | null;
  /** Id of the appointment that this one is the new record of. */
  readonly replaces: string | null;
  /** As the caller proposed it, where the news is of a placement of ours that is not answered yet. */
  readonly asked: Appointment | null;
}

export function buildAppointment(context: ApplyContext, facts: AppointmentFacts): Appointment {
  const { site, plan } = context;
  const { change, before, participants, patients, during, services, place } = facts;
  const old = before?.resource;
  const zone = zoneOf(site, place ?? undefined);
  const serviceType = services === undefined ? old?.serviceType : serviceTypes(site, plan, services);
  const isPatient = (one: AppointmentParticipant): boolean => one.actor?.reference?.startsWith('Patient/') === true;
  const known = (old?.participant ?? []).filter(isPatient);
  const people = patients.map((id): AppointmentParticipant => {
    const reference = `Patient/${id}`;
    const status = change.attendance ?? known.find(({ actor }) => actor?.reference === reference)?.status ?? 'accepted';
    return { actor: { reference }, required: 'required', status };
  });
  const oldPeople = change.attendance === undefined ? known : withStatus(known, change.attendance);
  const oldOthers = (old?.participant ?? []).filter((one) => !isPatient(one) && !isActing(one));
  const others = participants.flatMap((one) => one.participants);
  const participant = [
    ...(people.length > 0 ? people : oldPeople),
    ...(participants.length > 0 || change.participants.length > 0 ? others : oldOthers),
    ...facts.acting,
  ];
  const stated = [...(change.reason === undefined ? [] : [change.reason]), ...(change.diagnoses ?? [])];
  const reasons = stated.length === 0 ? old?.reasonCode : stated.map(concept);
  const appointmentType = change.appointmentType === undefined ? old?.appointmentType : concept(change.appointmentType);
  const extension = extensions(facts);
  const basedOn = change.orders === undefined ? old?.basedOn : change.orders.map(orderOf);
  const comment = change.comment ?? old?.comment;
  // app-4: a reason for cancelling stands only on what is cancelled or not kept; it goes when the visit is booked
  // again.
  const mayHaveReason = change.status === 'cancelled' || change.status === 'noshow';
  const cancelationReason =
    change.cancelationReason === undefined
      ? old?.cancelationReason
      : withWho(concept(change.cancelationReason), old?.cancelationReason);
  const created = old?.created ?? formatInstant(change.created ?? change.at, zone);
  return {
    resourceType: 'Appointment',
    ...(extension.length === 0 ? {} : { extension }),
    identifier: mergeIdentifiers(context, change, (old ?? facts.asked)?.identifier ?? []),
    status: change.status,
    ...(mayHaveReason && cancelationReason !== undefined ? { cancelationReason } : {}),
    ...(serviceType === undefined || serviceType.length === 0 ? {} : { serviceType }),
    ...(appointmentType === undefined ? {} : { appointmentType }),
    ...(reasons === undefined ? {} : { reasonCode: reasons }),
    ...(during === null
      ? {}
      : {
          start: formatInstant(during.start, zone),
          end: formatInstant(during.end, zone),
          minutesDuration: Math.max(1, Math.round((during.end - during.start) / MINUTE_MS)),
        }),
    ...(facts.slots.length === 0 ? {} : { slot: facts.slots.map((id) => ({ reference: `Slot/${id}` })) }),
    created,
    ...(comment === undefined ? {} : { comment }),
    ...(basedOn === undefined ? {} : { basedOn }),
    // app-1 and the cardinality 1..*: a visit of which we know nobody still has a participant to be named.
    participant: participant.length > 0 ? participant : [{ type: [{ text: 'unknown' }], status: 'needs-action' }],
  };
}

function withStatus(
  people: readonly AppointmentParticipant[],
  status: AppointmentParticipant['status'],
): readonly AppointmentParticipant[] {
  return people.map((one) => ({ ...one, status }));
}

/** What it replaces, and what it belongs to; what the message does not state stays. */
function extensions({ change, before, replaces, asked }: AppointmentFacts): readonly Extension[] {
  const { parents, group } = change;
  const stated: readonly Extension[] = [
    ...(replaces === null
      ? []
      : [{ url: EXTENSIONS.replaces, valueReference: { reference: `Appointment/${replaces}` } }]),
    ...(parents ?? []).map((parent) => ({ url: EXTENSIONS.parent, valueIdentifier: identifierOf(parent) })),
    ...(group === undefined ? [] : [{ url: EXTENSIONS.group, valueIdentifier: identifierOf(group) }]),
  ];
  const urls = new Set(stated.map(({ url }) => url));
  return [...((before?.resource ?? asked)?.extension ?? []).filter(({ url }) => !urls.has(url)), ...stated];
}

function identifierOf({ system, value, type }: SiteIdentifier): Identifier {
  return {
    ...(type === undefined ? {} : { type: { coding: [{ system: SYSTEMS.identifierType, code: type }] } }),
    system,
    value,
  };
}

/** The order itself is the ordering system's: only its number is known here. */
function orderOf(order: SiteIdentifier): Reference {
  return { type: 'ServiceRequest', identifier: identifierOf(order) };
}

/** The caller's own identifiers stay; the site's are those it states now. */
function mergeIdentifiers(context: ApplyContext, change: AppointmentChange, old: readonly Identifier[]): Identifier[] {
  const { site } = context;
  const key: Identifier = { system: canonical.siteSystem(site.id, 'appointment'), value: change.key };
  const stated = change.identifiers.map(identifierOf);
  const all = [key, ...stated, ...old];
  const seen = new Map(all.reverse().map((one) => [`${one.system ?? ''}|${one.value ?? ''}`, one]));
  return [...seen.values()].reverse();
}

/** Who cancelled through the hub stays known when the site repeats the news in its own words. */
function withWho(stated: CodeableConcept, old: CodeableConcept | undefined): CodeableConcept {
  const ours = (reason: CodeableConcept | undefined): readonly Coding[] =>
    (reason?.coding ?? []).filter(({ system }) => system === SYSTEMS.cancellationReason);
  if (ours(stated).length > 0 || ours(old).length === 0) return stated;
  return { ...stated, coding: [...(stated.coding ?? []), ...ours(old)] };
}

function concept(stated: CodedText): CodeableConcept {
  return {
    ...(stated.coding.length === 0 ? {} : { coding: stated.coding }),
    ...(stated.text === undefined ? {} : { text: stated.text }),
  };
}
