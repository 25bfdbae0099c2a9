/** PUT and PATCH of an Appointment: cancelling by its status, moving by its slot or time. New visits go to $book. */
import type { Request, Response } from 'express';
import { HubError } from '../core/errors.ts';
import { randomToken, sha256 } from '../core/ids.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import { appointmentIssues } from '../fhir/rules.ts';
import type { Appointment, CodeableConcept, Identifier } from '../fhir/types.ts';
import { structureIssues } from '../fhir/validate.ts';
import type { Served } from '../store/contract-resources.ts';
import { demand } from './auth.ts';
import { canonicalJson, FHIR_JSON, readJson } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { sendAnswer, type Form } from './fhir-answer.ts';
import { auditingRefusals } from './fhir-audit.ts';
import { requestKey } from './fhir-book.ts';
import { isMove, moveKnown, sameSlots, sameTime } from './fhir-move.ts';
import { idOf, ifMatch, versionHeaders } from './fhir-read.ts';
import { sendFhir } from './answer.ts';

const ONLY_CANCEL =
  'an Appointment is changed here only by setting its status to cancelled, or by another slot or start that it moves ' +
  'to; new bookings go to Appointment/$book';

export async function updateAppointment(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await auditingRefusals(req, res, deps, 'cancel', () => update(req, res, deps));
}

export async function patchAppointment(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await auditingRefusals(req, res, deps, 'cancel', () => patch(req, res, deps));
}

async function update(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  demand(callerOf(req), 'book');
  const body = readJson(req, FHIR_JSON);
  const structure = structureIssues('Appointment', body);
  if (structure.length > 0) throw new IssuesError('REQUEST_INVALID', structure);
  const wanted = body as Appointment;
  if (wanted.id !== req.params['id']) {
    throw new IssuesError('REQUEST_INVALID', [
      problem('REQUEST_INVALID', 'The id in the body must be the id in the address.', 'Appointment.id'),
    ]);
  }
  const broken = appointmentIssues(wanted, 'Appointment');
  if (broken.length > 0) throw new IssuesError('RULE_BROKEN', broken);
  const served = await current(req, deps);
  const known = JSON.parse(served.json) as Appointment;
  if (wanted.status === known.status && isMove(wanted, known)) {
    await moveKnown(req, res, deps, { known, wanted, form: 'resource', body, channel: 'staff' });
    return;
  }
  if (wanted.status !== 'cancelled') throw new HubError('RULE_BROKEN', { detail: ONLY_CANCEL });
  const moved = [
    ...(sameTime(wanted.start, known.start) && sameTime(wanted.end, known.end) ? [] : ['start or end']),
    ...(sameSlots(wanted, known) ? [] : ['slot']),
  ];
  if (moved.length > 0) {
    throw new HubError('RULE_BROKEN', { detail: `${ONLY_CANCEL}; the body has another ${moved.join(' and ')}` });
  }
  await cancelOrRepeat(req, res, deps, served, known, wanted.cancelationReason);
}

interface PatchStep {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

async function patch(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  demand(callerOf(req), 'book');
  const body = readJson(req, ['application/json-patch+json']);
  const structure = structureIssues('JsonPatch', body);
  if (structure.length > 0) throw new IssuesError('REQUEST_INVALID', structure);
  const served = await current(req, deps);
  const known = JSON.parse(served.json) as Appointment;
  const wanted = patched(body as readonly PatchStep[], known);
  const broken = structureIssues('Appointment', wanted);
  if (broken.length > 0) throw new IssuesError('REQUEST_INVALID', broken);
  if (wanted.status === known.status && isMove(wanted, known)) {
    await moveKnown(req, res, deps, { known, wanted, form: 'resource', body, channel: 'staff' });
    return;
  }
  if (isMove(wanted, known))
    throw new HubError('RULE_BROKEN', { detail: 'cancel a visit or move it, not both at once' });
  if (wanted.status !== 'cancelled') throw new HubError('RULE_BROKEN', { detail: ONLY_CANCEL });
  await cancelOrRepeat(req, res, deps, served, known, wanted.cancelationReason);
}

/** RFC 6902, for the elements that a caller may set. A `test` that fails stops the patch (422). */
function patched(steps: readonly PatchStep[], known: Appointment): Appointment {
  let next: Readonly<Record<string, unknown>> = { ...known };
  for (const [index, { op, path, value }] of steps.entries()) {
    const where = `patch[${index}]`;
    if (op === 'test') {
      if (canonicalJson(at(next, path) ?? null) !== canonicalJson(value ?? null)) {
        throw new IssuesError('RULE_BROKEN', [problem('RULE_BROKEN', 'The value tested for is not there.', where)]);
      }
    } else if ((op === 'replace' || op === 'add') && path === '/status') {
      next = { ...next, status: value };
    } else if ((op === 'replace' || op === 'add') && path === '/cancelationReason') {
      next = { ...next, cancelationReason: value };
    } else if ((op === 'replace' || op === 'add') && path === '/cancelationReason/text') {
      next = { ...next, cancelationReason: { ...(next['cancelationReason'] as object | undefined), text: value } };
    } else if ((op === 'replace' || op === 'add') && (path === '/start' || path === '/end' || path === '/slot')) {
      next = { ...next, [path.slice(1)]: value };
    } else if ((op === 'replace' || op === 'add') && (path === '/slot/0' || path === '/slot/0/reference')) {
      next = { ...next, slot: [path === '/slot/0' ? value : { reference: value }] };
    } else {
      const text =
        'Only /status, to cancelled, with /cancelationReason, or /slot, /start and /end can be added or replaced.';
      throw new IssuesError('RULE_BROKEN', [problem('RULE_BROKEN', text, where)]);
    }
  }
  return next as unknown as Appointment;
}

/** JSON Pointer (RFC 6901), own properties only. */
function at(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (inner, part) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, part)
          ? (inner as Readonly<Record<string, unknown>>)[part]
          : undefined,
      value,
    );
}

async function current(req: Request, deps: HttpDeps): Promise<Served> {
  const id = idOf(req);
  const served = await deps.store.read(callerOf(req).scope, (tx) => tx.resources.read('Appointment', id));
  // No update creates: a new visit is booked.
  if (served === null) throw new HubError('NOT_FOUND');
  if (served.deleted) throw new HubError('GONE');
  const version = ifMatch(req);
  if (version !== null && version !== served.version) throw new HubError('VERSION_MISMATCH');
  return served;
}

async function cancelOrRepeat(
  req: Request,
  res: Response,
  deps: HttpDeps,
  served: Served,
  known: Appointment,
  reason: CodeableConcept | undefined,
): Promise<void> {
  if (known.status === 'cancelled') {
    // Already so: the same status again changes nothing, and the site need not be asked.
    versionHeaders(res, served);
    sendFhir(res, 200, served.json);
    return;
  }
  await cancelKnown(req, res, deps, { known, reason, form: 'resource', identifier: undefined });
}

export interface CancelFacts {
  readonly known: Appointment;
  readonly reason: CodeableConcept | undefined;
  readonly form: Form;
  readonly identifier: Identifier | undefined;
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
  const answer = await deps.desk.cancel(
    {
      client: caller.id,
      requestKey: key === null ? `none:${randomToken()}` : byHeader ? key : `cancel:${key}`,
      digest: sha256(canonicalJson({ cancel: appointmentId, reason: reason ?? null })),
      requestId,
      trace,
      appointmentId,
      ...(reason === undefined ? {} : { reason }),
      by: byWhom(facts.reason),
      version: ifMatch(req),
    },
    caller.scope,
  );
  sendAnswer(req, res, answer, { form: facts.form, scope: caller.scope, patientId: null });
}

/** The codes of appointment-cancellation-reason begin with who cancels: pat, pat-crs ..., prov, prov-dch ... */
function byWhom(reason: CodeableConcept | undefined): 'patient' | 'practitioner' | 'staff' {
  const code = reason?.coding?.[0]?.code ?? '';
  if (/^pat(?:-|$)/.test(code)) return 'patient';
  return /^prov(?:-|$)/.test(code) ? 'practitioner' : 'staff';
}
