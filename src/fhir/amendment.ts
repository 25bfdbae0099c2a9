/**
 * What may be amended of a visit without moving it or changing its status: the comment, the reason, and whether the
 * patient has said that they come. Pure.
 */
import type { Appointment, AppointmentStatus, CodeableConcept } from './types.ts';

/** Nothing of such a visit is amended. */
export const OVER: ReadonlySet<AppointmentStatus> = new Set(['cancelled', 'noshow', 'fulfilled', 'entered-in-error']);

/**
 * The patient's part in the visit: `accepted` where they have said that they come, `needs-action` where they have still
 * to be asked. At a site that keeps no such mark a booked visit counts as accepted (fhir-scheduling.md section 4).
 */
export type Attendance = Appointment['participant'][number]['status'];

/** Texts are whole: what is named replaces what stood there. */
export interface Amendment {
  readonly comment?: string;
  readonly reason?: string;
  readonly attendance?: Attendance;
}

export const AMENDABLE = ['comment', 'reason', 'attendance'] as const satisfies readonly (keyof Amendment)[];

/** How these parts stand now. */
export function amendmentOf(appointment: Appointment): Amendment {
  const { comment } = appointment;
  const reason = reasonText(appointment.reasonCode);
  const attendance = appointment.participant.find(isPatient)?.status;
  return {
    ...(comment === undefined ? {} : { comment }),
    ...(reason === undefined ? {} : { reason }),
    ...(attendance === undefined ? {} : { attendance }),
  };
}

/** The first reason in words, as it is passed to sites. */
export function reasonText(reasons: readonly CodeableConcept[] | undefined): string | undefined {
  const first = reasons?.[0];
  return first?.text ?? first?.coding?.[0]?.display ?? first?.coding?.[0]?.code;
}

export function amended(appointment: Appointment, to: Amendment): Appointment {
  const { comment, reason, attendance } = to;
  return {
    ...appointment,
    ...(comment === undefined ? {} : { comment }),
    ...(reason === undefined ? {} : { reasonCode: [{ text: reason }, ...(appointment.reasonCode ?? []).slice(1)] }),
    ...(attendance === undefined
      ? {}
      : { participant: appointment.participant.map((one) => (isPatient(one) ? { ...one, status: attendance } : one)) }),
  };
}

/** Equal but for blank lines and the space around lines, which not every system keeps. */
export function sameText(left: string | undefined, right: string | undefined): boolean {
  return plain(left) === plain(right);
}

function plain(text = ''): string {
  return text
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

function isPatient({ actor }: Appointment['participant'][number]): boolean {
  return actor?.reference?.startsWith('Patient/') === true;
}
