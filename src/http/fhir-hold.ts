/**
 * `POST Appointment/$hold` (IHE ITI-116, ihe-scheduling.md section 3): reads the same body as `$book` and holds the
 * time for the caller. How long, and that the site knows nothing of it, stands in the Appointment and in `Expires`.
 */
import type { Request, Response } from 'express';
import { HubError } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import type { Parameters } from '../fhir/types.ts';
import { demand } from './auth.ts';
import { canonicalJson, FHIR_JSON, readJson } from './body.ts';
import { callerOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { sendAnswer } from './fhir-answer.ts';
import { auditingRefusals } from './fhir-audit.ts';
import { askedBy, knownAppointment, readInput, requestKey } from './fhir-book.ts';
import { wishOf } from './fhir-book-input.ts';

const SECONDS_MAX = 86_400;

export async function hold(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await auditingRefusals(req, res, deps, 'book', async () => {
    const caller = callerOf(req);
    demand(caller, 'book');
    const body = readJson(req, FHIR_JSON);
    const input = readInput(body, '$hold');
    const seconds = secondsOf(body as Parameters);
    const known = await knownAppointment(input, caller, deps);
    if (known !== null) {
      const detail = `this Appointment is known already and is ${known.status}; hold the slot of a time that is free`;
      throw new HubError('RULE_BROKEN', { detail });
    }
    const { scope } = caller;
    const wish = await deps.store.read(scope, (tx) => wishOf(tx, input));
    const asked = askedBy(req, keyOf(req, wish.identifiers[0]), sha256(`hold ${canonicalJson(body)}`));
    const answer = await deps.desk.hold({ ...asked, ...wish, seconds }, scope);
    sendAnswer(req, res, answer, { form: 'bundle', scope, patientId: wish.patientId });
  });
}

/** A bare identifier is the key of the booking itself, which comes later and is another request. */
function keyOf(
  req: Request,
  identifier: { readonly system?: string; readonly value?: string } | undefined,
): string | null {
  const key = requestKey(req, identifier);
  return key === null || req.get('idempotency-key') !== undefined ? key : `hold:${key}`;
}

/** Null: as long as the hub allows, which is also the most that can be had. @throws IssuesError REQUEST_INVALID */
function secondsOf(body: Parameters): number | null {
  const given = (body.parameter ?? []).find(({ name }) => name === 'hold-seconds') as
    { valueInteger?: number; valuePositiveInt?: number; valueUnsignedInt?: number } | undefined;
  if (given === undefined) return null;
  const seconds = given.valuePositiveInt ?? given.valueInteger ?? given.valueUnsignedInt;
  if (seconds !== undefined && Number.isInteger(seconds) && seconds >= 1 && seconds <= SECONDS_MAX) return seconds;
  const text = `hold-seconds is a valuePositiveInt from 1 to ${SECONDS_MAX}.`;
  throw new IssuesError('REQUEST_INVALID', [problem('REQUEST_INVALID', text, 'Parameters.parameter.value')]);
}
