/** Cancelling a visit: a known Appointment that comes with status `cancelled`, by $book, PUT or PATCH. */
import type { Request, Response } from 'express';
import type { CancelRequest } from '../booking/contract.ts';
import { randomToken, sha256 } from '../core/ids.ts';
import type { Appointment, CodeableConcept, Identifier } from '../fhir/types.ts';
import { canonicalJson } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { sendAnswer, type Form } from './fhir-answer.ts';
import { requestKey } from './fhir-book.ts';
import { sendSet } from './fhir-book-set.ts';
import { ifMatch } from './fhir-read.ts';

export interface CancelFacts {
  readonly known: Appointment;
  readonly reason: CodeableConcept | undefined;
  readonly form: Form;
  readonly identifier: Identifier | undefined;
  /** Of a series: all that follow it as well. */
  readonly following?: boolean;
}

/**
 * Hands the cancelling to the desk. Its request key is never the bare identifier, which is the key of the booking
 * itself: the cancel would be taken for a repeat of it with another body.
 */
export async function cancelKnown(req: Request, res: Response, deps: HttpDeps, facts: CancelFacts): Promise<void> {
  const caller = callerOf(req);
  const { requestId, trace } = contextOf(req);
  const appointmentId = facts.known.id ?? '';
  const reason = facts.reason?.text ?? facts.reason?.coding?.[0]?.display ?? facts.reason?.coding?.[0]?.code;
  const key = requestKey(req, facts.identifier);
  const byHeader = req.get('idempotency-key') !== undefined;
  const what = facts.following === true ? 'cancel-following' : 'cancel';
  const request: CancelRequest = {
    client: caller.id,
    requestKey: key === null ? `none:${randomToken()}` : byHeader ? key : `${what}:${key}`,
    digest: sha256(canonicalJson({ [what]: appointmentId, reason: reason ?? null })),
    requestId,
    trace,
    appointmentId,
    ...(reason === undefined ? {} : { reason }),
    by: byWhom(facts.reason),
    version: ifMatch(req),
  };
  if (facts.following === true) {
    sendSet(req, res, await deps.sets.cancelFollowing(request, caller.scope));
    return;
  }
  const answer = await deps.desk.cancel(request, caller.scope);
  sendAnswer(req, res, answer, { form: facts.form, scope: caller.scope, patientId: null });
}

/** The codes of appointment-cancellation-reason begin with who cancels: pat, pat-crs ..., prov, prov-dch ... */
function byWhom(reason: CodeableConcept | undefined): 'patient' | 'practitioner' | 'staff' {
  const code = reason?.coding?.[0]?.code ?? '';
  if (/^pat(?:-|$)/.test(code)) return 'patient';
  return /^prov(?:-|$)/.test(code) ? 'practitioner' : 'staff';
}
