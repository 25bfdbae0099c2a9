/** The canonical Appointment from what a site states and what was known before; pure. */
import { formatInstant, MINUTE_MS, type Interval } from '../core/instant.ts';
import * as canonical from '../fhir/canonical.ts';
import { EXTENSIONS, SYSTEMS, type Appointment, type CodeableConcept, type Identifier } from '../fhir/types.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { AppointmentChange, CodedText } from '../mappings/contract.ts';
import { zoneOf } from '../settings/zone.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import type { ResolvedParticipant } from './participants.ts';

export interface AppointmentFacts {
  readonly change: AppointmentChange;
  readonly before: StoredAppointment | null;
  readonly participants: readonly ResolvedParticipant[];
  readonly patients: readonly string[];
  readonly slots: readonly string[];
  readonly visitType: string | null;
  readonly during: Interval | null;
}

export function buildAppointment(context: ApplyContext, facts: AppointmentFacts): Appointment {
  const { site, plan } = context;
  const { change, before, participants, patients, during, visitType } = facts;
  const old = before?.resource;
  const place = participants.find((one) => one.locationKey !== null)?.locationKey;
  const zone = zoneOf(site, place);
  const serviceType =
    change.visitType === undefined
      ? old?.serviceType
      : [
          canonical.visitTypeConcept(
            site,
            change.visitType.code,
            visitType,
            change.visitType.display ?? (visitType === null ? undefined : plan.hub.visitTypes[visitType]?.name),
          ),
        ];
  const people = patients.map((id) => ({
    actor: { reference: `Patient/${id}` },
    required: 'required' as const,
    status: 'accepted' as const,
  }));
  const oldPeople = (old?.participant ?? []).filter((one) => one.actor?.reference?.startsWith('Patient/') === true);
  const oldOthers = (old?.participant ?? []).filter((one) => one.actor?.reference?.startsWith('Patient/') !== true);
  const others = participants.flatMap((one) => one.participants);
  const participant = [
    ...(people.length > 0 ? people : oldPeople),
    ...(change.participants.length > 0 ? others : oldOthers),
  ];
  const reasons = change.reason === undefined ? old?.reasonCode : [concept(change.reason)];
  const comment = change.comment ?? old?.comment;
  // app-4: a reason for cancelling stands only on what is cancelled or not kept; it goes when the visit is booked
  // again.
  const mayHaveReason = change.status === 'cancelled' || change.status === 'noshow';
  const cancelationReason =
    change.cancelationReason === undefined ? old?.cancelationReason : concept(change.cancelationReason);
  const created = old?.created ?? formatInstant(change.created ?? change.at, zone);
  return {
    resourceType: 'Appointment',
    ...(change.replaces === undefined
      ? old?.extension === undefined
        ? {}
        : { extension: old.extension }
      : {
          extension: [
            {
              url: EXTENSIONS.replaces,
              valueReference: {
                reference: `Appointment/${canonicalId.appointment(site.identity, change.replaces)}`,
              },
            },
          ],
        }),
    identifier: mergeIdentifiers(context, change, old?.identifier ?? []),
    status: change.status,
    ...(mayHaveReason && cancelationReason !== undefined ? { cancelationReason } : {}),
    ...(serviceType === undefined ? {} : { serviceType }),
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
    // app-1 and the cardinality 1..*: a visit of which we know nobody still has a participant to be named.
    participant: participant.length > 0 ? participant : [{ type: [{ text: 'unknown' }], status: 'needs-action' }],
  };
}

/** The caller's own identifiers stay; the site's are those it states now. */
function mergeIdentifiers(context: ApplyContext, change: AppointmentChange, old: readonly Identifier[]): Identifier[] {
  const { site } = context;
  const key: Identifier = { system: canonical.siteSystem(site.id, 'appointment'), value: change.key };
  const stated = change.identifiers.map(({ system, value, type }): Identifier => ({
    ...(type === undefined ? {} : { type: { coding: [{ system: SYSTEMS.identifierType, code: type }] } }),
    system,
    value,
  }));
  const all = [key, ...stated, ...old];
  const seen = new Map(all.reverse().map((one) => [`${one.system ?? ''}|${one.value ?? ''}`, one]));
  return [...seen.values()].reverse();
}

function concept(stated: CodedText): CodeableConcept {
  return {
    ...(stated.coding.length === 0 ? {} : { coding: stated.coding }),
    ...(stated.text === undefined ? {} : { text: stated.text }),
  };
}
