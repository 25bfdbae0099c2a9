/**
 * What the vendor's answers to a write mean. The vendor's own sentences are not passed on: they repeat what was sent.
 */
import { asHubError, HubError } from '../../core/errors.ts';
import type { RefusalReason, WriteOutcome } from '../contract.ts';
import type { Written } from './client.ts';

interface Refusal {
  readonly because: RefusalReason;
  readonly detail: string;
}

const TAKEN: Refusal = { because: 'slot-taken', detail: 'The time is no longer open at the site.' };
const TOO_SOON: Refusal = {
  because: 'outside-window',
  detail: 'The site does not take bookings at such short notice. Choose a later time or call the clinic.',
};
const TOO_FAR: Refusal = {
  because: 'outside-window',
  detail: 'The site does not take bookings that far ahead. Choose an earlier time.',
};
const ANSWERS: Refusal = {
  because: 'needs-answers',
  detail: 'The site demands an answer in its intake form that the booking does not carry.',
};
const SETUP: Refusal = {
  because: 'rule',
  detail: 'The site does not know this visit type on this calendar. Compare the site file with the account.',
};
const CERTIFICATE: Refusal = {
  because: 'rule',
  detail: 'The site demands a package or certificate for this visit type.',
};
const needs = (what: string): Refusal => ({
  because: 'needs-answers',
  detail: `The site demands ${what} of the patient; the chosen patient record has none that it accepts.`,
});
const notAllowed = (detail: string): Refusal => ({ because: 'not-allowed', detail });

/** Codes of the `error` field: vendor reference, and for create and cancel a third-party list in the same style. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  not_available: TAKEN,
  no_available_calendar: TAKEN,
  double_booked: TAKEN,
  time_unavailable: TAKEN,
  not_available_min_hours_in_advance: TOO_SOON,
  not_available_max_days_in_advance: TOO_FAR,
  required_first_name: needs('a given name'),
  required_last_name: needs('a family name'),
  required_email: needs('an e-mail address'),
  invalid_email: needs('an e-mail address'),
  required_phone: needs('a phone number'),
  invalid_phone: needs('a phone number'),
  required_field: ANSWERS,
  invalid_fields: ANSWERS,
  required_appointment_type_id: SETUP,
  invalid_appointment_type: SETUP,
  invalid_calendar: SETUP,
  invalid_certificate: CERTIFICATE,
  expired_certificate: CERTIFICATE,
  certificate_uses: CERTIFICATE,
  invalid_certificate_type: CERTIFICATE,
  cancel_not_allowed: notAllowed('The clinic does not let patients cancel this visit themselves. Call the clinic.'),
  cancel_too_close: notAllowed('It is too close to the visit to cancel it other than by calling the clinic.'),
  reschedule_not_allowed: notAllowed('The clinic does not let patients move this visit themselves. Call the clinic.'),
  reschedule_too_close: notAllowed('It is too close to the visit to move it other than by calling the clinic.'),
  reschedule_series: notAllowed('Visits of a series cannot be moved. Call the clinic.'),
  reschedule_canceled: notAllowed('The visit is cancelled at the site and cannot be moved. Place a new booking.'),
};

export function refusalOf(written: Written<unknown> & { readonly ok: false }): WriteOutcome {
  const known = REFUSALS[written.code];
  if (known !== undefined) return { kind: 'refused', ...known };
  if (written.code.startsWith('not_available')) return { kind: 'refused', ...TAKEN };
  // The vendor documents 400 for a lost race; one source saw these two instead.
  if (written.status === 409 || written.status === 422) return { kind: 'refused', ...TAKEN };
  if (written.status === 404 || written.status === 410) {
    return refused('rule', 'The site does not know this visit any more.');
  }
  const code = written.code === '' ? `status ${written.status}` : written.code;
  return refused('rule', `The site refused the request (${code}).`);
}

/** `valid: false` of check-times, with the vendor's reason where it gives one. */
export function refusalOfCheck(code: string | undefined): WriteOutcome {
  return { kind: 'refused', ...((code === undefined ? undefined : REFUSALS[code]) ?? TAKEN) };
}

export function refused(because: RefusalReason, detail: string): WriteOutcome {
  return { kind: 'refused', because, detail };
}

/** Something failed before the write was tried: it is provably not there. */
export function unsent(thrown: unknown): WriteOutcome {
  return { kind: 'unsent', error: asHubError(thrown) };
}

/** The write itself threw: only the class of the error says if it may be there. */
export function failedWrite(thrown: unknown): WriteOutcome {
  const error = asHubError(thrown);
  return error.class === 'ambiguous' ? { kind: 'unknown', error } : { kind: 'unsent', error };
}

/** The vendor said yes, but does not show it: neither booked nor refused may be concluded. */
export function unproven(site: string, cause?: unknown): WriteOutcome {
  const why = cause === undefined ? 'the record does not show it' : 'it could not be read back';
  const detail = `the write was answered with success, but ${why}`;
  return { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST', { detail, site, cause }) };
}

/** More than one visit there fits the booking already: a person must say which is ours. */
export function several(site: string): WriteOutcome {
  const detail = 'several visits at the site fit the booking, so none was added';
  return { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST', { detail, site }) };
}
