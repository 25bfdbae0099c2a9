/** What a booking came to, as HTTP (DESIGN section 9): 200 or 201, 202, 409, 422. */
import type { Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import type { BookingAnswer, PendingUntil } from '../booking/contract.ts';
import { ERRORS } from '../core/error-catalogue.ts';
import { HubError } from '../core/errors.ts';
import { issue, issuesOf, outcome } from '../fhir/outcome.ts';
import { forPatient, proposedAppointment } from '../fhir/proposal.ts';
import type { OperationOutcomeIssue } from '../fhir/types.ts';
import type { Served, StoredSlot } from '../store/contract-resources.ts';
import type { Scope } from '../store/contract.ts';
import { sendFhir } from './answer.ts';
import { fhirBase } from './context.ts';
import { searchset } from './fhir-bundle.ts';
import { versionHeaders } from './fhir-read.ts';

/** Extension of an issue: a contained, proposed Appointment that could be booked instead. */
export const ALTERNATIVE = 'urn:slotwire:alternative';
/** Extension of an issue: the pending Appointment that a booking has while it waits. */
export const PENDING_VISIT = 'urn:slotwire:pending-appointment';
/** How soon it is worth asking a pending booking again. */
const ASK_AGAIN_S = 1;
const ASK_AGAIN_LATER_S = 30;

/** `$book` answers with a Bundle, PUT and PATCH with the Appointment itself. */
export type Form = 'bundle' | 'resource';

export interface AnswerFacts {
  readonly form: Form;
  readonly scope: Scope;
  /** For alternatives; null where the call names none (a status question). */
  readonly patientId: string | null;
}

export function sendAnswer(req: Request, res: Response, answer: BookingAnswer, facts: AnswerFacts): void {
  res.setHeader('Cache-Control', 'no-store');
  switch (answer.kind) {
    case 'booked':
      sendAppointment(req, res, answer.repeated ? 200 : 201, answer.appointment, facts.form);
      return;
    case 'moved':
    case 'changed':
    case 'cancelled':
      sendAppointment(req, res, 200, answer.appointment, facts.form);
      return;
    case 'held':
      res.setHeader('Expires', new Date(answer.until).toUTCString());
      sendAppointment(req, res, answer.repeated ? 200 : 201, answer.appointment, facts.form);
      return;
    case 'pending':
      sendPending(req, res, answer, facts.form);
      return;
    case 'conflict':
      sendConflict(res, answer, facts);
      return;
    case 'refused': {
      const status = ERRORS[answer.error.code].http;
      // Whatever the catalogue gives a refusal elsewhere: to the caller it is one, and not a fault of the hub.
      const shown = status >= 400 && status < 500 ? status : 422;
      sendFhir(res, shown, JSON.stringify(outcome(refusal(answer.error, answer.because))));
      return;
    }
  }
}

function sendAppointment(req: Request, res: Response, status: number, served: Served, form: Form): void {
  const base = fhirBase(req);
  versionHeaders(res, served);
  if (status === 201) res.setHeader('Location', `${base}/Appointment/${served.id}/_history/${served.version}`);
  if (form === 'resource') {
    sendFhir(res, status, served.json);
    return;
  }
  sendFhir(res, status, searchset({ base, total: 1, links: [], matches: [served], included: [], warnings: [] }));
}

function sendPending(req: Request, res: Response, answer: Pending, form: Form): void {
  const { bookingId, until, appointmentId } = answer;
  const query = form === 'resource' ? '?form=resource' : '';
  sendPendingAt(res, `${fhirBase(req)}/Appointment/$booking-status/${bookingId}${query}`, until, appointmentId);
}

/** 202, and where to ask again. */
export function sendPendingAt(
  res: Response,
  where: string,
  until: PendingUntil | undefined,
  appointmentId?: string,
): void {
  res.setHeader('Content-Location', where);
  res.setHeader('Retry-After', String(until === undefined ? ASK_AGAIN_S : ASK_AGAIN_LATER_S));
  const why = until === undefined ? [] : [issue('information', 'informational', WAITS[until])];
  const visit = appointmentId === undefined ? [] : [visitIssue(appointmentId)];
  sendFhir(res, 202, JSON.stringify(outcome([...issuesOf(new HubError('BOOKING_PENDING')), ...why, ...visit])));
}

/** Where the visit shows already, as pending, so that its caller can let it go. */
function visitIssue(id: string): ReferringIssue {
  const text =
    'The visit shows as a pending Appointment; while its site is not asked, setting it to cancelled ends it.';
  return {
    ...issue('information', 'informational', text),
    extension: [{ url: PENDING_VISIT, valueReference: { reference: `Appointment/${id}` } }],
  };
}

type Pending = Extract<BookingAnswer, { kind: 'pending' }>;
const WAITS: Readonly<Record<PendingUntil, string>> = {
  'site-back': 'The site is down. The booking keeps its time and is sent when the site is back.',
  approval:
    'A coordinator of the site decides first. What is asked for keeps its time until then; the status address says ' +
    'what was decided.',
};

type Conflict = Extract<BookingAnswer, { kind: 'conflict' }>;
type ReferringIssue = OperationOutcomeIssue & {
  readonly extension?: readonly { readonly url: string; readonly valueReference: { readonly reference: string } }[];
};

function sendConflict(res: Response, answer: Conflict, facts: AnswerFacts): void {
  const patientId = facts.patientId ?? answer.patientId ?? null;
  const { http } = ERRORS[answer.error.code];
  const status = http >= 400 && http < 500 ? http : 409;
  if (patientId === null) {
    sendFhir(res, status, conflictText(answer, null, facts.scope));
    return;
  }
  const known = conflicts.get(answer);
  const isKnown = known?.scope === facts.scope;
  const text = isKnown ? known.text : conflictText(answer, ANYBODY, facts.scope);
  if (!isKnown) conflicts.set(answer, { scope: facts.scope, text });
  sendFhir(res, status, forPatient(text, ANYBODY, patientId));
}

/** Sixty who come too late for one slot are given one answer: its text is made once, and only the patient differs. */
const conflicts = new WeakMap<Conflict, { readonly scope: Scope; readonly text: string }>();
const ANYBODY = randomUUID();

/** Alternatives are contained Appointments; the first issue refers to each by its id. */
function conflictText(answer: Conflict, patientId: string | null, scope: Scope): string {
  const free = patientId === null ? [] : answer.alternatives.filter((slot) => mayOffer(slot, scope));
  const contained = patientId === null ? [] : free.map((slot) => proposedAppointment(slot, patientId));
  const extension = contained.map(({ id }) => ({
    url: ALTERNATIVE,
    valueReference: { reference: `#${id ?? ''}` },
  }));
  const [first, ...rest] = issuesOf(answer.error);
  const issues: readonly ReferringIssue[] = [
    ...(first === undefined ? [] : [{ ...first, ...(extension.length === 0 ? {} : { extension }) }]),
    ...rest,
  ];
  return JSON.stringify({ ...outcome(issues), ...(contained.length === 0 ? {} : { contained }) });
}

/** An offer tells that a time is free, which is more than "busy": it takes the same clearance as the Slot itself. */
function mayOffer(slot: StoredSlot, scope: Scope): boolean {
  const { sites, locations, clearances } = scope;
  return (
    (sites === '*' || sites.includes(slot.site)) &&
    (locations === '*' || slot.locationId === null || locations.includes(slot.locationId)) &&
    (clearances === '*' || slot.security.every((label) => clearances.includes(label)))
  );
}

function refusal(error: HubError, because: string | null): readonly OperationOutcomeIssue[] {
  const issues = issuesOf(error);
  return because === null
    ? issues
    : [...issues, issue('information', 'business-rule', `The site's reason: ${because}.`)];
}
