/**
 * In what an Appointment that a caller sends differs from the one that is known. What the caller leaves out is no
 * statement: the site owns the visit, and nothing of it is removed by being left out.
 */
import type { Amendment, Attendance } from '../fhir/amendment.ts';
import { reasonText, sameText } from '../fhir/amendment.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import type { Appointment, AppointmentParticipant, AppointmentStatus } from '../fhir/types.ts';
import { canonicalJson } from './body.ts';
import { isMove } from './fhir-move.ts';

export interface Differences {
  /** Null: as it is. */
  readonly status: AppointmentStatus | null;
  readonly moves: boolean;
  readonly amendment: Amendment;
  /** Elements that cannot be changed through the hub, as FHIR paths. */
  readonly fixed: readonly string[];
}

const FIXED = [
  'serviceCategory',
  'serviceType',
  'specialty',
  'appointmentType',
  'reasonReference',
  'priority',
  'description',
  'supportingInformation',
  'patientInstruction',
  'basedOn',
  'requestedPeriod',
] as const;

/** @throws IssuesError RULE_BROKEN for an attendance that is not the hub's to set */
export function differences(wanted: Appointment, known: Appointment): Differences {
  const moves = isMove(wanted, known);
  const attendance = attendanceWanted(wanted, known);
  const comment = wanted.comment !== undefined && !sameText(wanted.comment, known.comment) ? wanted.comment : undefined;
  const reason = reasonText(wanted.reasonCode);
  const isOther = reason !== undefined && !sameText(reason, reasonText(known.reasonCode));
  return {
    status: wanted.status === known.status ? null : wanted.status,
    moves,
    amendment: {
      ...(comment === undefined ? {} : { comment }),
      ...(isOther ? { reason } : {}),
      ...(attendance === undefined ? {} : { attendance }),
    },
    fixed: [...fixedElements(wanted, known), ...(moves ? [] : fixedParticipants(wanted, known))],
  };
}

function fixedElements(wanted: Appointment, known: Appointment): readonly string[] {
  const [left, right] = [wanted, known] as unknown as readonly Readonly<Record<string, unknown>>[];
  const differing = FIXED.filter(
    (name) => left?.[name] !== undefined && canonicalJson(left[name]) !== canonicalJson(right?.[name] ?? null),
  );
  const [, ...further] = wanted.reasonCode ?? [];
  const old = (known.reasonCode ?? []).slice(1);
  const isOther = further.length > 0 && canonicalJson(further) !== canonicalJson(old);
  return [...differing, ...(isOther ? ['reasonCode[1]'] : [])].map((name) => `Appointment.${name}`);
}

/** A visit keeps who takes part in it, and only its patient's answer can be changed. */
function fixedParticipants(wanted: Appointment, known: Appointment): readonly string[] {
  return wanted.participant.flatMap((one, index) => {
    if (one.actor?.reference === undefined) return [];
    const old = sameActor(known, one);
    if (old === undefined) return [`Appointment.participant[${index}].actor`];
    return old.status === one.status || isPatient(one) ? [] : [`Appointment.participant[${index}].status`];
  });
}

/** Undefined: not stated, or as it is. */
function attendanceWanted(wanted: Appointment, known: Appointment): Attendance | undefined {
  const index = wanted.participant.findIndex((one) => {
    const old = isPatient(one) ? sameActor(known, one) : undefined;
    return old !== undefined && old.status !== one.status;
  });
  const status = wanted.participant[index]?.status;
  if (status === undefined) return undefined;
  const where = `Appointment.participant[${index}].status`;
  if (known.participant.filter(isPatient).length > 1) {
    const text = 'This visit is one of several patients; the hub cannot say which of them comes. Tell the clinic.';
    throw new IssuesError('RULE_BROKEN', [problem('RULE_BROKEN', text, where)]);
  }
  if (status === 'accepted' || status === 'needs-action') return status;
  const text =
    status === 'declined'
      ? 'A patient who does not come has the visit cancelled: set its status to cancelled, with a cancelationReason.'
      : 'Of a patient the hub passes on that they come (accepted) or have still to be asked (needs-action).';
  throw new IssuesError('RULE_BROKEN', [problem('RULE_BROKEN', text, where)]);
}

function sameActor(known: Appointment, { actor }: AppointmentParticipant): AppointmentParticipant | undefined {
  const reference = relative(actor?.reference);
  return known.participant.find((old) => reference !== '' && relative(old.actor?.reference) === reference);
}

function isPatient({ actor }: AppointmentParticipant): boolean {
  return relative(actor?.reference).startsWith('Patient/');
}

function relative(reference = ''): string {
  return reference.split('/').slice(-2).join('/');
}
