/**
 * `POST Appointment/$hold` (IHE ITI-116, ihe-scheduling.md section 3): reads the same body as `$book` and holds the
 * time for the caller. How long, and that the site knows nothing of it, stands in the Appointment and in `Expires`.
 */
import type { Request, Response } from 'express';
import type { BookingAnswer } from '../booking/contract.ts';
import { HubError } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import type { Appointment, Parameters } from '../fhir/types.ts';
import { demand } from './auth.ts';
import { canonicalJson, FHIR_JSON, readJson } from './body.ts';
import { callerOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { sendAnswer } from './fhir-answer.ts';
import { auditingRefusals } from './fhir-audit.ts';
import { askedBy, knownAppointment, patientOfVisit, readInput, requestKey } from './fhir-book.ts';
import { wishOf, type BookInput } from './fhir-book-input.ts';
import { isMove } from './fhir-move.ts';
import { ifMatch } from './fhir-read.ts';

const SECONDS_MAX = 86_400;

export async function hold(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await auditingRefusals(req, res, deps, 'book', async () => {
    const caller = callerOf(req);
    demand(caller, 'book');
    const body = readJson(req, FHIR_JSON);
    const input = readInput(body, '$hold');
    const seconds = secondsOf(body as Parameters);
    const known = await knownAppointment(input, caller, deps);
    const { scope } = caller;
    if (known !== null) {
      sendAnswer(req, res, await longer(req, deps, { input, known, body, seconds }), {
        ...{ form: 'bundle', scope },
        patientId: patientOfVisit(known),
      });
      return;
    }
    const wish = await deps.store.read(scope, (tx) => wishOf(tx, input));
    const asked = askedBy(req, keyOf(req, wish.identifiers[0]), sha256(`hold ${canonicalJson(body)}`));
    const answer = await deps.desk.hold({ ...asked, ...wish, seconds }, scope);
    sendAnswer(req, res, answer, { form: 'bundle', scope, patientId: wish.patientId });
  });
}

/** The pending Appointment of a hold, once more: it is made to last longer. */
async function longer(
  req: Request,
  deps: HttpDeps,
  about: {
    readonly input: BookInput;
    readonly known: Appointment;
    readonly body: unknown;
    readonly seconds: number | null;
  },
): Promise<BookingAnswer> {
  const { input, known, body, seconds } = about;
  const refused = (detail: string): HubError => new HubError('RULE_BROKEN', { detail });
  if (input.appointment !== null && isMove(input.appointment, known)) {
    throw refused('a hold keeps its time: hold the other time by itself, then set this Appointment to cancelled');
  }
  // Its identifiers came with the hold itself: they are no key of this request.
  const key = req.get('idempotency-key') === undefined ? null : requestKey(req, undefined);
  const appointmentId = known.id ?? '';
  const asked = askedBy(req, key, sha256(`hold-longer ${appointmentId} ${canonicalJson(body)}`));
  const request = { ...asked, appointmentId, seconds, version: ifMatch(req) };
  const answer = await deps.desk.holdLonger(request, callerOf(req).scope);
  if (answer !== null) return answer;
  throw refused(`this Appointment is known already and is ${known.status}; hold the slot of a time that is free`);
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
