/** Moving a visit: a known Appointment that comes with another slot or time, by $book, PUT or PATCH. */
import type { Request, Response } from 'express';
import type { MoveRequest } from '../booking/contract.ts';
import { randomToken, sha256 } from '../core/ids.ts';
import { parseInstant } from '../core/instant.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import type { Appointment, Reference } from '../fhir/types.ts';
import type { SetMode } from '../store/contract-sets.ts';
import { canonicalJson } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { sendAnswer, type Form } from './fhir-answer.ts';
import { checkActing, checkParticipants, slotsOf } from './fhir-book-parts.ts';
import { requestKey } from './fhir-book.ts';
import { sendSet } from './fhir-book-set.ts';
import { ifMatch } from './fhir-read.ts';

export interface MoveFacts {
  readonly known: Appointment;
  /** As the caller would have it. What is as it was says nothing about where the visit goes. */
  readonly wanted: Appointment;
  readonly form: Form;
  /** As it was sent: what makes a repeated request key a repeat. */
  readonly body: unknown;
  readonly channel: 'patient' | 'staff';
  readonly allowPatientOverlap?: boolean;
  /** Of a series: all that follow it are shifted as well. */
  readonly following?: SetMode;
}

/** None: it is told by its start. One that asks for what is so names the slot that the visit is in. */
function slotsWanted(wanted: Appointment, known: Appointment): readonly string[] {
  if (!sameSlots(wanted, known)) return slotsOf(wanted);
  return isMove(wanted, known) ? [] : slotsOf({ ...known, slot: (known.slot ?? []).slice(0, 1) });
}

/** Whether the two differ in when or in which slot the visit is. */
export function isMove(wanted: Appointment, known: Appointment): boolean {
  return !sameSlots(wanted, known) || !sameTime(wanted.start, known.start) || !sameTime(wanted.end, known.end);
}

export async function moveKnown(req: Request, res: Response, deps: HttpDeps, facts: MoveFacts): Promise<void> {
  const { known, wanted, form, body, channel, allowPatientOverlap = false } = facts;
  const caller = callerOf(req);
  const { requestId, trace } = contextOf(req);
  const [slotId = null, ...also] = slotsWanted(wanted, known);
  const patientId = checkPatient(wanted, known);
  checkActing(wanted, known);
  if (slotId !== null) {
    // Who takes part in the visit now may be sent along, though it is somebody else's slot that it moves to.
    const now = known.participant.flatMap(({ actor }) => actor?.reference ?? []);
    const others = wanted.participant.filter(({ actor }) => !now.includes(relative(actor)));
    await deps.store.read(caller.scope, (tx) =>
      checkParticipants(tx, { ...wanted, participant: others }, slotId, also),
    );
  }
  const changed = (text: string | undefined, old: string | undefined): MoveRequest['start'] =>
    text === undefined || sameTime(text, old) ? null : parseInstant(text);
  const appointmentId = known.id ?? '';
  const request: MoveRequest = {
    client: caller.id,
    requestKey: keyOf(req, facts, slotId, also),
    digest: sha256(canonicalJson({ move: appointmentId, body })),
    requestId,
    trace,
    appointmentId,
    slotId,
    ...(also.length === 0 ? {} : { also }),
    start: changed(wanted.start, known.start),
    // An end that was left as it was, or that no longer lies behind the start, is the slot's to tell.
    end: changed(wanted.end, known.end),
    channel,
    ...(allowPatientOverlap ? { allowPatientOverlap } : {}),
    version: ifMatch(req),
  };
  if (facts.following !== undefined) {
    const mode = facts.following;
    sendSet(req, res, await deps.sets.moveFollowing({ ...request, mode }, caller.scope));
    return;
  }
  const answer = await deps.desk.move(request, caller.scope);
  sendAnswer(req, res, answer, { form, scope: caller.scope, patientId });
}

/**
 * Without a header the key is made of the visit as the caller knows it and of where it is to go: so that the same
 * request sent twice is one, and moving it there again later, after it was moved away, is another.
 */
function keyOf(req: Request, { known, wanted }: MoveFacts, slotId: string | null, also: readonly string[]): string {
  const key = requestKey(req, wanted.identifier?.[0]);
  if (key === null) return `none:${randomToken()}`;
  if (req.get('idempotency-key') !== undefined) return key;
  const target = sha256(canonicalJson({ slotId, also, start: wanted.start ?? null })).slice(0, 16);
  return `move:${known.meta?.versionId ?? ''}:${target}:${key}`;
}

/** The patient of the visit; null: it has none. @throws IssuesError RULE_BROKEN when the caller names another one */
function checkPatient(wanted: Appointment, known: Appointment): string | null {
  const patients = (one: Appointment): readonly string[] =>
    one.participant.map(({ actor }) => relative(actor)).filter((reference) => reference.startsWith('Patient/'));
  const own = patients(known);
  if (patients(wanted).some((reference) => !own.includes(reference))) {
    const text = 'A visit is moved with its patient. For another patient cancel this visit and book a new one.';
    throw new IssuesError('RULE_BROKEN', [problem('RULE_BROKEN', text, 'Appointment.participant')]);
  }
  return own[0]?.slice('Patient/'.length) ?? null;
}

function relative(reference: Reference | undefined): string {
  return (reference?.reference ?? '').split('/').slice(-2).join('/');
}

export function sameTime(left: string | undefined, right: string | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return Date.parse(left) === Date.parse(right);
}

export function sameSlots(wanted: Appointment, known: Appointment): boolean {
  const ids = (appointment: Appointment): string =>
    (appointment.slot ?? [])
      .map(({ reference = '' }) => reference.split('/').at(-1))
      .sort()
      .join(' ');
  return wanted.slot === undefined || ids(wanted) === ids(known);
}
