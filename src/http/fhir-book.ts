/**
 * `POST Appointment/$book` (IHE ITI-117, ihe-scheduling.md section 4): reads what the caller means and hands it to
 * the booking desk. An Appointment that the hub does not know is a new booking whatever status it carries; a known
 * one with status `cancelled` cancels, otherwise changes.
 */
import type { Request, Response } from 'express';
import type { RequestBase } from '../booking/contract.ts';
import { HubError } from '../core/errors.ts';
import { isUuid, randomToken, sha256 } from '../core/ids.ts';
import { IssuesError } from '../fhir/outcome.ts';
import type { Appointment, Parameters } from '../fhir/types.ts';
import { structureIssues } from '../fhir/validate.ts';
import { demand, type Caller } from './auth.ts';
import { canonicalJson, FHIR_JSON, readJson } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { sendAnswer } from './fhir-answer.ts';
import { readVisit, saidBy, wishAsNamed, wishOf, type BookInput } from './fhir-book-input.ts';
import { actingNamed, checkActing, patientOf, typeIn } from './fhir-book-parts.ts';
import { auditingRefusals } from './fhir-audit.ts';
import { cancelKnown } from './fhir-cancel.ts';
import { changeKnown, demandOneCall, isAmended } from './fhir-update.ts';
import { differences } from './fhir-differences.ts';
import { isMove, moveKnown } from './fhir-move.ts';
import { ifMatch } from './fhir-read.ts';
import { readScope } from './fhir-set-input.ts';

export type BookingOperation = '$book' | '$hold';

export async function book(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await auditingRefusals(req, res, deps, 'book', async () => {
    const caller = callerOf(req);
    demand(caller, 'book');
    const body = readJson(req, FHIR_JSON);
    const input = readInput(body, '$book');
    const known = await knownAppointment(input, caller, deps);
    if (known !== null) await bookKnown(req, res, deps, { input, known, body });
    else await place(req, res, deps, input, sha256(canonicalJson(body)));
  });
}

/** All problems of the body at once. @throws IssuesError REQUEST_INVALID, RULE_BROKEN */
export function readInput(body: unknown, operation: BookingOperation): BookInput {
  const structure = structureIssues('Parameters', body);
  if (structure.length > 0) throw new IssuesError('REQUEST_INVALID', structure);
  const also = { $book: ['scope', 'mode'], $hold: ['hold-seconds'] }[operation];
  return readVisit((body as Parameters).parameter ?? [], undefined, also);
}

export async function knownAppointment(input: BookInput, caller: Caller, deps: HttpDeps): Promise<Appointment | null> {
  const id = input.appointment?.id ?? input.reference?.replace(/^.*Appointment\//, '');
  if (id === undefined || !isUuid(id)) return null;
  const served = await deps.store.read(caller.scope, (tx) => tx.resources.read('Appointment', id));
  return served === null || served.deleted ? null : (JSON.parse(served.json) as Appointment);
}

/** An arrival is taken back by PUT or PATCH alone. */
const HAPPENED: ReadonlySet<string> = new Set(['arrived', 'checked-in', 'fulfilled', 'noshow']);

async function bookKnown(
  req: Request,
  res: Response,
  deps: HttpDeps,
  { input, known, body }: { readonly input: BookInput; readonly known: Appointment; readonly body: unknown },
): Promise<void> {
  const { appointment: wanted, channel, allowPatientOverlap } = input;
  const { following, mode } = readScope(body);
  if (wanted?.status === 'cancelled') {
    const reason = wanted.cancelationReason;
    const identifier = wanted.identifier?.[0];
    await cancelKnown(req, res, deps, { known, reason, form: 'bundle', identifier, following });
    return;
  }
  const happened = wanted !== null && HAPPENED.has(wanted.status);
  if (!happened && (await bookedHold(req, res, deps, input, known, body))) return;
  if (wanted === null) {
    const detail =
      `this Appointment is known already and is ${known.status}; there is nothing to ` +
      'book; to change it, send it with what is to be otherwise';
    throw new HubError('RULE_BROKEN', { detail });
  }
  checkActing(wanted, known);
  const whole = input.comment === null ? wanted : { ...wanted, comment: input.comment };
  const all = differences(whole, known);
  // An Appointment comes back as it was offered or booked, whatever it is by now: only these say that something
  // happened.
  const different = { ...all, status: all.status !== null && HAPPENED.has(all.status) ? all.status : null };
  demandOneCall(different);
  if (different.status !== null || isAmended(different)) {
    await changeKnown(req, res, deps, { known, wanted: whole, different, form: 'bundle' });
    return;
  }
  const whose = { channel, allowPatientOverlap, ...(following ? { following: mode } : {}) };
  await moveKnown(req, res, deps, { known, wanted, form: 'bundle', body, ...whose });
}

async function place(req: Request, res: Response, deps: HttpDeps, input: BookInput, digest: string): Promise<void> {
  const { scope } = callerOf(req);
  const wish = wishAsNamed(input) ?? (await deps.store.read(scope, (tx) => wishOf(tx, input)));
  const asked = { ...askedBy(req, requestKey(req, wish.identifiers[0]), digest), ...wish };
  sendAnswer(req, res, await deps.desk.place(asked, scope), { form: 'bundle', scope, patientId: wish.patientId });
}

/** False: it is not about a time that a caller holds. Otherwise it is answered. */
async function bookedHold(
  req: Request,
  res: Response,
  deps: HttpDeps,
  input: BookInput,
  known: Appointment,
  body: unknown,
): Promise<boolean> {
  const wanted = input.appointment;
  if (wanted !== null && isMove(wanted, known)) return false;
  const { scope } = callerOf(req);
  const appointmentId = known.id ?? '';
  const names = wanted?.participant.some(({ actor }) => actor !== undefined && typeIn(actor) === 'Patient') ?? false;
  const patientId =
    wanted !== null && names ? await deps.store.read(scope, (tx) => patientOf(tx, wanted, input.patients)) : null;
  const acting = wanted === null ? undefined : actingNamed(wanted);
  const said = { ...saidBy(input), ...(acting === undefined ? {} : { acting }) };
  const digest = sha256(canonicalJson({ book: appointmentId, body }));
  const asked = askedBy(req, requestKey(req, said.identifiers[0]), digest);
  const answer = await deps.desk.bookHeld(
    { ...asked, appointmentId, patientId, ...said, version: ifMatch(req) },
    scope,
  );
  if (answer !== null) sendAnswer(req, res, answer, { form: 'bundle', scope, patientId: patientOfVisit(known) });
  return answer !== null;
}

export function patientOfVisit(known: Appointment): string | null {
  const references = known.participant.map(({ actor }) => actor?.reference ?? '');
  return references.find((one) => one.startsWith('Patient/'))?.slice('Patient/'.length) ?? null;
}

/** `key`: null where the caller gave none. */
export function askedBy(req: Request, key: string | null, digest: string): RequestBase {
  const { requestId, trace } = contextOf(req);
  return { client: callerOf(req).id, requestKey: key ?? `none:${randomToken()}`, digest, requestId, trace };
}

/** `Idempotency-Key`, else the first identifier (DESIGN section 9); null: the caller gave none. */
export function requestKey(
  req: Request,
  identifier: { readonly system?: string; readonly value?: string } | undefined,
): string | null {
  const header = req.get('idempotency-key');
  if (header !== undefined && header !== '') {
    if (!/^[\x20-\x7e]{1,200}$/.test(header)) {
      throw new HubError('REQUEST_INVALID', { detail: 'Idempotency-Key has 1 to 200 printable ASCII characters' });
    }
    return header;
  }
  return identifier?.value === undefined ? null : `${identifier.system ?? ''}|${identifier.value}`;
}
