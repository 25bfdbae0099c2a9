/**
 * PUT and PATCH of an Appointment. One request is one call at the site: another status, another time, or an amendment
 * (comment, reason, attendance). New visits go to $book.
 */
import type { Request, Response } from 'express';
import { HubError } from '../core/errors.ts';
import { randomToken, sha256 } from '../core/ids.ts';
import { AMENDABLE } from '../fhir/amendment.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import { appointmentIssues } from '../fhir/rules.ts';
import type { Appointment } from '../fhir/types.ts';
import { structureIssues } from '../fhir/validate.ts';
import type { Served } from '../store/contract-resources.ts';
import { sendFhir } from './answer.ts';
import { demand } from './auth.ts';
import { canonicalJson, FHIR_JSON, readJson } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { sendAnswer, type Form } from './fhir-answer.ts';
import { auditingRefusals } from './fhir-audit.ts';
import { requestKey } from './fhir-book.ts';
import { cancelKnown } from './fhir-cancel.ts';
import { differences, type Differences } from './fhir-differences.ts';
import { moveKnown } from './fhir-move.ts';
import { patched, type PatchStep } from './fhir-patch.ts';
import { idOf, ifMatch, versionHeaders } from './fhir-read.ts';

export async function updateAppointment(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await auditingRefusals(req, res, deps, 'change', () => update(req, res, deps));
}

export async function patchAppointment(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await auditingRefusals(req, res, deps, 'change', () => patch(req, res, deps));
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
  await change(req, res, deps, { body, served: await current(req, deps), wantedOf: () => wanted });
}

async function patch(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  demand(callerOf(req), 'book');
  const body = readJson(req, ['application/json-patch+json']);
  const structure = structureIssues('JsonPatch', body);
  if (structure.length > 0) throw new IssuesError('REQUEST_INVALID', structure);
  const wantedOf = (known: Appointment): Appointment => {
    const wanted = patched(body as readonly PatchStep[], known);
    const broken = structureIssues('Appointment', wanted);
    if (broken.length > 0) throw new IssuesError('REQUEST_INVALID', broken);
    return wanted;
  };
  await change(req, res, deps, { body, served: await current(req, deps), wantedOf });
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

interface Update {
  readonly body: unknown;
  readonly served: Served;
  readonly wantedOf: (known: Appointment) => Appointment;
}

async function change(req: Request, res: Response, deps: HttpDeps, about: Update): Promise<void> {
  const { body, served } = about;
  const known = JSON.parse(served.json) as Appointment;
  const wanted = about.wantedOf(known);
  const different = differences(wanted, known);
  // A cancel says all that it says by its status: what else is in the body may be as it was before the site's own
  // record came, and a visit is not kept because of that.
  const cancels = different.status === 'cancelled';
  if (different.fixed.length > 0 && !cancels) throw new IssuesError('RULE_BROKEN', different.fixed.map(fixed));
  demandOneCall(different);
  // A patch may break app-4, say. Of one that moves the end may be left to the slot.
  const broken = different.moves ? [] : appointmentIssues(wanted, 'Appointment');
  if (broken.length > 0) throw new IssuesError('RULE_BROKEN', broken);
  if (different.moves) {
    await moveKnown(req, res, deps, { known, wanted, form: 'resource', body, channel: 'staff' });
  } else if (cancels) {
    const reason = wanted.cancelationReason;
    await cancelKnown(req, res, deps, { known, reason, form: 'resource', identifier: undefined });
  } else if (different.status !== null || isAmended(different)) {
    await changeKnown(req, res, deps, { known, wanted, different, form: 'resource' });
  } else {
    // As it is: nobody need be asked.
    versionHeaders(res, served);
    sendFhir(res, 200, served.json);
  }
}

function fixed(path: string): ReturnType<typeof problem> {
  const text =
    'This cannot be changed through the hub. What can: status, slot with start and end, comment, reasonCode[0], and ' +
    'whether the patient comes.';
  return problem('RULE_BROKEN', text, path);
}

export function isAmended({ amendment }: Differences): boolean {
  return Object.keys(amendment).length > 0;
}

/** Sites take them in calls of their own, of which the second may fail: then half of the request would be done. */
export function demandOneCall(different: Differences): void {
  const { status, moves, amendment } = different;
  const parts = [
    ...(status === null ? [] : [`the status (${status})`]),
    ...(moves ? ['the time (slot, start, end)'] : []),
    ...(isAmended(different) ? [AMENDABLE.filter((part) => amendment[part] !== undefined).join(', ')] : []),
  ];
  if (parts.length < 2) return;
  const detail = `one request is one call at the site: send a request for each of these in turn: ${parts.join('; ')}`;
  throw new HubError('RULE_BROKEN', { detail });
}

export interface ChangeFacts {
  readonly known: Appointment;
  readonly wanted: Appointment;
  readonly different: Differences;
  readonly form: Form;
}

/** A status other than cancelled, or an amendment. */
export async function changeKnown(req: Request, res: Response, deps: HttpDeps, facts: ChangeFacts): Promise<void> {
  const { known, wanted, different, form } = facts;
  const caller = callerOf(req);
  const { requestId, trace } = contextOf(req);
  const appointmentId = known.id ?? '';
  const { status, amendment: to } = different;
  const reason = wanted.cancelationReason?.text ?? wanted.cancelationReason?.coding?.[0]?.display;
  const base = {
    client: caller.id,
    // Without a header each request is one of its own; the same one that is still open is recognised all the same.
    requestKey:
      (req.get('idempotency-key') === undefined ? null : requestKey(req, undefined)) ?? `none:${randomToken()}`,
    digest: sha256(canonicalJson({ change: appointmentId, status, to, reason: reason ?? null })),
    requestId,
    trace,
    appointmentId,
    version: ifMatch(req),
  };
  const answer =
    status === null
      ? await deps.desk.amend({ ...base, to }, caller.scope)
      : await deps.desk.setStatus({ ...base, status, ...(reason === undefined ? {} : { reason }) }, caller.scope);
  sendAnswer(req, res, answer, { form, scope: caller.scope, patientId: null });
}
