/** `POST Appointment/$book-set`: several visits as one booking, and how such a booking stands (docs/booking.md). */
import type { Request, Response } from 'express';
import type { SetAnswer, SetVisit, VisitWish } from '../booking/contract-set.ts';
import { called } from '../booking/sequence.ts';
import { ERRORS } from '../core/error-catalogue.ts';
import { HubError } from '../core/errors.ts';
import { isUuid, randomToken, sha256 } from '../core/ids.ts';
import { issue, issuesOf, outcome } from '../fhir/outcome.ts';
import type { OperationOutcomeIssue } from '../fhir/types.ts';
import type { Served } from '../store/contract-resources.ts';
import type { StepState } from '../store/contract-sets.ts';
import { sendFhir } from './answer.ts';
import { demand } from './auth.ts';
import { canonicalJson, FHIR_JSON, readJson } from './body.ts';
import { callerOf, contextOf, fhirBase } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { sendAnswer, sendPendingAt } from './fhir-answer.ts';
import { auditingRefusals } from './fhir-audit.ts';
import { knownAppointment, requestKey } from './fhir-book.ts';
import { wishOf } from './fhir-book-input.ts';
import { searchset } from './fhir-bundle.ts';
import { readSet } from './fhir-set-input.ts';

export async function bookSet(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await auditingRefusals(req, res, deps, 'book', async () => {
    const caller = callerOf(req);
    demand(caller, 'book');
    const body = readJson(req, FHIR_JSON);
    const { visits: inputs, mode, rules } = readSet(body, deps.currentPlan().hub.booking.setVisits);
    const visits: VisitWish[] = [];
    for (const [index, input] of inputs.entries()) {
      if ((await knownAppointment(input, caller, deps)) !== null) {
        const detail =
          `visit ${index + 1} is an Appointment that is known already; a set books new ` +
          'visits; move or change that one by itself';
        throw new HubError('RULE_BROKEN', { detail });
      }
      const wish = await deps.store.read(caller.scope, (tx) => wishOf(tx, input));
      visits.push({ ...wish, name: input.name, recurrence: input.recurrence });
    }
    const { requestId, trace } = contextOf(req);
    const key = requestKey(req, visits[0]?.identifiers[0]) ?? `none:${randomToken()}`;
    const digest = sha256(canonicalJson(body));
    const asked = { client: caller.id, requestKey: key, digest, requestId, trace };
    const answer = await deps.sets.place({ ...asked, mode, rules, visits }, caller.scope);
    sendSet(req, res, answer);
  });
}

/** 202 until it is settled, then what the call would have answered. */
export async function setStatus(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  const caller = callerOf(req);
  demand(caller, 'read');
  const id = req.params['set'];
  const answer = typeof id === 'string' && isUuid(id) ? await deps.sets.status(id, caller.scope) : null;
  if (answer === null) throw new HubError('NOT_FOUND');
  sendSet(req, res, answer);
}

export function sendSet(req: Request, res: Response, answer: SetAnswer): void {
  res.setHeader('Cache-Control', 'no-store');
  if (answer.kind === 'pending') {
    sendPendingAt(res, `${fhirBase(req)}/Appointment/$set-status/${answer.setId}`, answer.until);
    return;
  }
  if (answer.kind === 'conflict') {
    const { alternatives, patientId, visit } = answer;
    const detail = `${called(visit)} is taken, so nothing was held. ${answer.error.detail}`.trim();
    const error = new HubError('SLOT_TAKEN', { detail });
    sendAnswer(
      req,
      res,
      { kind: 'conflict', error, alternatives },
      { form: 'bundle', scope: callerOf(req).scope, patientId },
    );
    return;
  }
  const { set, visits, repeated } = answer;
  const warnings = visits.flatMap((visit) => told(visit, set.action));
  if (set.state === 'done' || set.state === 'partly') {
    const matches = visits.flatMap((visit) => standing(visit) ?? []);
    const base = fhirBase(req);
    const status = repeated || set.action !== 'place' ? 200 : 201;
    sendFhir(res, status, searchset({ base, total: matches.length, links: [], matches, included: [], warnings }));
    return;
  }
  const failed = visits.find(({ step }) => step === set.failedStep);
  sendFhir(res, failed !== undefined && isTaken(failed) ? 409 : 422, JSON.stringify(outcome(warnings)));
}

function isTaken({ answer, code }: SetVisit): boolean {
  return answer?.kind === 'conflict' || code === 'SLOT_TAKEN';
}

function standing({ state, answer }: SetVisit): Served | null {
  return state === 'done' && answer !== null && 'appointment' in answer ? answer.appointment : null;
}

const DONE = { place: 'is booked', move: 'has its new time', cancel: 'is cancelled' } as const;
const SAYS: Readonly<Record<Exclude<StepState, 'done' | 'refused'>, string>> = {
  held: 'was not sent to its site.',
  owed: 'waits for its site.',
  released: 'was not sent to its site, and its time is free again.',
  undoing: 'is being taken back.',
  undone: 'was taken back.',
  stuck: 'could not be taken back: it may still stand at its site, and a person has been asked to see to it.',
};

/** One issue or more for each visit: what came of it, and why. */
function told(visit: SetVisit, action: keyof typeof DONE): readonly OperationOutcomeIssue[] {
  const which = called(visit);
  const name = `${which.charAt(0).toUpperCase()}${which.slice(1)}`;
  if (visit.state === 'done') return [issue('information', 'informational', `${name} ${DONE[action]}.`)];
  if (visit.state === 'stuck') return [issue('error', 'incomplete', `${name} ${SAYS.stuck}`)];
  if (visit.state !== 'refused') return [issue('information', 'informational', `${name} ${SAYS[visit.state]}`)];
  const { answer, code, detail } = visit;
  const error =
    answer !== null && 'error' in answer
      ? answer.error
      : new HubError(code ?? 'SITE_REFUSED', detail === null ? {} : { detail });
  const text = ERRORS[error.code].text;
  const why = error.detail === '' ? text : `${text} (${error.detail})`;
  return issuesOf(error).map((one) => ({ ...one, diagnostics: `${name}: ${why}` }));
}
