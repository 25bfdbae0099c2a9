/** Answers and refusals in the vendor's envelope (sheet 2.3). */
import { Refusal, type Answer } from '../kit/route.ts';

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function failure(status: number, error: string, message: string): Answer {
  return { status, body: { status_code: status, message, error } };
}

/** Thrown by rules; the call then answers this and writes nothing. */
export function refusal(status: number, error: string, message: string): Refusal {
  return new Refusal(failure(status, error, message));
}

const MESSAGES: Readonly<Record<string, string>> = {
  required_first_name: 'Attribute "firstName" is required.',
  required_last_name: 'Attribute "lastName" is required.',
  required_email: 'Attribute "email" is required.',
  invalid_email: 'Attribute "email" is not a valid email address.',
  invalid_fields: 'Attribute "fields" must be an array of known form fields.',
  required_field: 'A required form field is missing.',
  required_appointment_type_id: 'Attribute "appointmentTypeID" is required.',
  invalid_appointment_type: 'The appointment type does not exist.',
  invalid_calendar: 'The calendar does not exist or does not offer this appointment type.',
  required_datetime: 'Attribute "datetime" is required.',
  invalid_timezone: 'Attribute "timezone" is not a known time zone.',
  invalid_datetime: 'Attribute "datetime" cannot be read.',
  no_available_calendar: 'We could not find an available calendar.',
  invalid_certificate: 'The certificate does not exist.',
  expired_certificate: 'The certificate has expired.',
  certificate_uses: 'The certificate has no uses left.',
  invalid_certificate_type: 'The certificate is not for this appointment type.',
  reschedule_not_allowed: 'Clients may not reschedule this appointment.',
  reschedule_too_close: 'It is too close to the start of this appointment to reschedule it.',
  reschedule_series: 'Appointments of a series cannot be rescheduled.',
  reschedule_canceled: 'The appointment is canceled.',
  cancel_not_allowed: 'Clients may not cancel this appointment.',
  cancel_too_close: 'It is too close to the start of this appointment to cancel it.',
};

/** A refusal by rule: HTTP 400 with the vendor's code. */
export function rule(code: string): Refusal {
  return refusal(400, code, MESSAGES[code] ?? code);
}

export function badRequest(message: string): Refusal {
  return refusal(400, 'bad_request', message);
}

export function notFound(what: string): Refusal {
  return refusal(404, 'not_found', `The ${what} could not be found.`);
}

export const FORBIDDEN = failure(403, 'forbidden', 'You do not have access to this resource.');
export const UNAUTHORIZED = failure(401, 'unauthorized', 'Unauthorized');

/** The body of a call. @throws Refusal 400 when it is not JSON of the wanted shape */
export function jsonObject(body: Buffer): Record<string, unknown> {
  const value = json(body);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw badRequest('The request body must be a JSON object.');
}

export function json(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw badRequest('The request body is not valid JSON.');
  }
}

/** A text attribute; numbers count as text, as they do for the vendor. Empty when absent. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
}
