/**
 * `POST Appointment/$book` (IHE ITI-117, ihe-scheduling.md section 4): reads what the caller means and hands it to
 * the booking desk. An Appointment that the hub does not know is a new booking whatever status it carries; a known
 * one with status `cancelled` cancels, otherwise changes.
 */
import type { Request, Response } from 'express';
import { HubError } from '../core/errors.ts';
import { isUuid, randomToken, sha256 } from '../core/ids.ts';
import { parseInstant, type Instant } from '../core/instant.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import { readOfferId } from '../fhir/proposal.ts';
import { appointmentIssues } from '../fhir/rules.ts';
import type { Appointment, Parameters, Patient, Resource } from '../fhir/types.ts';
import { structureIssues } from '../fhir/validate.ts';
import type { Tx } from '../store/contract.ts';
import { demand, type Caller } from './auth.ts';
import { canonicalJson, FHIR_JSON, readJson } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { sendAnswer } from './fhir-answer.ts';
import { checkParticipants, patientOf, slotOf } from './fhir-book-parts.ts';
import { auditingRefusals } from './fhir-audit.ts';
import { cancelKnown } from './fhir-cancel.ts';
import { moveKnown } from './fhir-move.ts';

const PARAMETERS = ['appointment-reference', 'appointment-resource', 'patient-resource', 'comment', 'channel'];

export interface BookInput {
  readonly appointment: Appointment | null;
  /** `Appointment/<id>`; exactly one of the two is given. */
  readonly reference: string | null;
  readonly patients: readonly Patient[];
  readonly comment: string | null;
  readonly channel: 'patient' | 'staff';
}

export async function book(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await auditingRefusals(req, res, deps, 'book', async () => {
    const caller = callerOf(req);
    demand(caller, 'book');
    const body = readJson(req, FHIR_JSON);
    const input = readInput(body);
    const known = await knownAppointment(input, caller, deps);
    if (known !== null) await bookKnown(req, res, deps, { input, known, body });
    else await place(req, res, deps, input, sha256(canonicalJson(body)));
  });
}

/** All problems of the body at once. @throws IssuesError REQUEST_INVALID, RULE_BROKEN */
export function readInput(body: unknown): BookInput {
  const structure = structureIssues('Parameters', body);
  if (structure.length > 0) throw new IssuesError('REQUEST_INVALID', structure);
  const parameters = (body as Parameters).parameter ?? [];
  const unknown = parameters.filter(({ name }) => !PARAMETERS.includes(name));
  if (unknown.length > 0) {
    const text = `$book takes ${PARAMETERS.join(', ')}; ${unknown.length} of the parameters have another name.`;
    throw new IssuesError('REQUEST_INVALID', [problem('REQUEST_INVALID', text, 'Parameters.parameter.name')]);
  }
  const index = parameters.findIndex(({ name }) => name === 'appointment-resource');
  const resource = parameters[index]?.resource;
  const reference = parameters.find(({ name }) => name === 'appointment-reference')?.valueReference?.reference ?? null;
  const named = parameters.filter(({ name }) => name.startsWith('appointment-'));
  if (named.length !== 1 || (resource?.resourceType !== 'Appointment' && reference === null)) {
    const text = 'Send one appointment-resource with an Appointment, or one appointment-reference, and not both.';
    throw new IssuesError('REQUEST_INVALID', [problem('REQUEST_INVALID', text, 'Parameters.parameter')]);
  }
  const appointment = isAppointment(resource) ? resource : null;
  if (appointment !== null) {
    const broken = appointmentIssues(appointment, `Parameters.parameter[${index}].resource`);
    if (broken.length > 0) throw new IssuesError('RULE_BROKEN', broken);
  }
  return {
    appointment,
    reference,
    patients: parameters
      .filter(({ name }) => name === 'patient-resource')
      .map(({ resource: patient }) => patient)
      .filter(isPatient),
    comment: parameters.find(({ name }) => name === 'comment')?.valueString ?? null,
    channel: readChannel(parameters),
  };
}

function isAppointment(resource: Resource | undefined): resource is Appointment {
  return resource?.resourceType === 'Appointment';
}
function isPatient(resource: Resource | undefined): resource is Patient {
  return resource?.resourceType === 'Patient';
}

function readChannel(parameters: NonNullable<Parameters['parameter']>): 'patient' | 'staff' {
  const given = parameters.find(({ name }) => name === 'channel') as
    { valueCode?: string; valueString?: string } | undefined;
  const channel = given?.valueCode ?? given?.valueString ?? 'staff';
  if (channel === 'patient' || channel === 'staff') return channel;
  throw new IssuesError('REQUEST_INVALID', [
    problem('REQUEST_INVALID', 'channel is patient or staff.', 'Parameters.parameter.value'),
  ]);
}

async function knownAppointment(input: BookInput, caller: Caller, deps: HttpDeps): Promise<Appointment | null> {
  const id = input.appointment?.id ?? input.reference?.replace(/^.*Appointment\//, '');
  if (id === undefined || !isUuid(id)) return null;
  const served = await deps.store.read(caller.scope, (tx) => tx.resources.read('Appointment', id));
  return served === null || served.deleted ? null : (JSON.parse(served.json) as Appointment);
}

async function bookKnown(
  req: Request,
  res: Response,
  deps: HttpDeps,
  { input, known, body }: { readonly input: BookInput; readonly known: Appointment; readonly body: unknown },
): Promise<void> {
  const { appointment: wanted, channel } = input;
  if (wanted?.status === 'cancelled') {
    const reason = wanted.cancelationReason;
    await cancelKnown(req, res, deps, { known, reason, form: 'bundle', identifier: wanted.identifier?.[0] });
    return;
  }
  if (wanted === null) {
    const detail = `this Appointment is known already and is ${known.status}; there is nothing to book`;
    throw new HubError('RULE_BROKEN', { detail });
  }
  await moveKnown(req, res, deps, { known, wanted, form: 'bundle', body, channel });
}

async function place(req: Request, res: Response, deps: HttpDeps, input: BookInput, digest: string): Promise<void> {
  const caller = callerOf(req);
  const { requestId, trace } = contextOf(req);
  const wanted = await deps.store.read(caller.scope, (tx) => readWanted(tx, input));
  const { appointment } = input;
  const identifiers = (appointment?.identifier ?? []).flatMap(({ system, value }) =>
    value === undefined ? [] : [{ value, ...(system === undefined ? {} : { system }) }],
  );
  const reason = appointment?.reasonCode?.[0];
  const reasonText =
    reason?.text ?? reason?.coding?.[0]?.display ?? reason?.coding?.[0]?.code ?? appointment?.description;
  const comment = input.comment ?? appointment?.comment;
  const answer = await deps.desk.place(
    {
      client: caller.id,
      requestKey: requestKey(req, identifiers[0]) ?? `none:${randomToken()}`,
      digest,
      requestId,
      trace,
      ...wanted,
      channel: input.channel,
      ...(reasonText === undefined ? {} : { reason: reasonText }),
      ...(comment === undefined ? {} : { comment }),
      identifiers,
    },
    caller.scope,
  );
  sendAnswer(req, res, answer, { form: 'bundle', scope: caller.scope, patientId: wanted.patientId });
}

interface Wanted {
  readonly slotId: string;
  readonly start: Instant | null;
  readonly end: Instant | null;
  readonly patientId: string;
}

async function readWanted(tx: Tx, input: BookInput): Promise<Wanted> {
  const { appointment, reference } = input;
  if (appointment === null) {
    const offer = readOfferId((reference ?? '').replace(/^.*Appointment\//, ''));
    if (offer === null)
      throw new HubError('NOT_FOUND', { detail: 'the hub neither knows nor offered this Appointment' });
    return { ...offer, start: null, end: null };
  }
  const slotId = slotOf(appointment);
  const patientId = await patientOf(tx, appointment, input.patients);
  await checkParticipants(tx, appointment, slotId);
  const at = (text: string | undefined): Instant | null => (text === undefined ? null : parseInstant(text));
  return { slotId, start: at(appointment.start), end: at(appointment.end), patientId };
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
