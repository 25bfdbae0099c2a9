/**
 * What a caller of `$book` means: the Parameters read, and the one visit that they ask for. `$book-set` reads each of
 * its visits by the same functions.
 */
import type { PlaceRequest } from '../booking/contract.ts';
import { HubError } from '../core/errors.ts';
import { parseInstant, type Instant } from '../core/instant.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import { readOfferId } from '../fhir/proposal.ts';
import { appointmentIssues } from '../fhir/rules.ts';
import type { Appointment, Identifier, Parameters, Patient, Resource } from '../fhir/types.ts';
import type { Tx } from '../store/contract.ts';
import { actingNamed, checkParticipants, othersIn, patientNamed, patientOf, slotsOf } from './fhir-book-parts.ts';

export const VISIT_PARAMETERS: readonly string[] = [
  'appointment-reference', 'appointment-resource', 'patient-resource', 'comment', 'channel',
  'allow-patient-overlap',
]; // prettier-ignore

export type Parameter = NonNullable<Parameters['parameter']>[number];

export interface BookInput {
  readonly appointment: Appointment | null;
  /** `Appointment/<id>`; exactly one of the two is given. */
  readonly reference: string | null;
  readonly patients: readonly Patient[];
  readonly comment: string | null;
  readonly channel: 'patient' | 'staff';
  readonly allowPatientOverlap: boolean;
}

/**
 * All problems of one visit at once. `path`: where its parameters stand; `also`: further names that mean something
 * there.
 * @throws IssuesError REQUEST_INVALID, RULE_BROKEN
 */
export function readVisit(
  parameters: readonly Parameter[],
  path = 'Parameters.parameter',
  also: readonly string[] = [],
): BookInput {
  const names = [...VISIT_PARAMETERS, ...also];
  const unknown = parameters.filter(({ name }) => !names.includes(name));
  if (unknown.length > 0) {
    const what = path === 'Parameters.parameter' ? 'This operation takes' : 'A visit has';
    const text = `${what} ${names.join(', ')}; ${unknown.length} of the parameters have another name. Leave them out.`;
    throw new IssuesError('REQUEST_INVALID', [problem('REQUEST_INVALID', text, `${path}.name`)]);
  }
  const index = parameters.findIndex(({ name }) => name === 'appointment-resource');
  const resource = parameters[index]?.resource;
  const reference = parameters.find(({ name }) => name === 'appointment-reference')?.valueReference?.reference ?? null;
  const named = parameters.filter(({ name }) => name.startsWith('appointment-'));
  if (named.length !== 1 || (resource?.resourceType !== 'Appointment' && reference === null)) {
    const text = 'Send one appointment-resource with an Appointment, or one appointment-reference, and not both.';
    throw new IssuesError('REQUEST_INVALID', [problem('REQUEST_INVALID', text, path)]);
  }
  const appointment = isAppointment(resource) ? resource : null;
  if (appointment !== null) {
    const broken = appointmentIssues(appointment, `${path}[${index}].resource`);
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
    channel: readChannel(parameters, path),
    allowPatientOverlap: readOverlap(parameters, path),
  };
}

function isAppointment(resource: Resource | undefined): resource is Appointment {
  return resource?.resourceType === 'Appointment';
}
function isPatient(resource: Resource | undefined): resource is Patient {
  return resource?.resourceType === 'Patient';
}

/** The code of a parameter, also where it was sent as a string; undefined: it is not there. */
export function codeOf(parameters: readonly Parameter[], name: string): string | undefined {
  const given = parameters.find((one) => one.name === name) as { valueCode?: string; valueString?: string } | undefined;
  return given === undefined ? undefined : (given.valueCode ?? given.valueString ?? '');
}

function readChannel(parameters: readonly Parameter[], path: string): 'patient' | 'staff' {
  const channel = codeOf(parameters, 'channel') ?? 'staff';
  if (channel === 'patient' || channel === 'staff') return channel;
  throw new IssuesError('REQUEST_INVALID', [
    problem('REQUEST_INVALID', 'channel is patient or staff.', `${path}.value`),
  ]);
}

function readOverlap(parameters: readonly Parameter[], path: string): boolean {
  const given = parameters.find(({ name }) => name === 'allow-patient-overlap') as
    { valueBoolean?: unknown } | undefined;
  if (given === undefined || typeof given.valueBoolean === 'boolean') return given?.valueBoolean === true;
  throw new IssuesError('REQUEST_INVALID', [
    problem('REQUEST_INVALID', 'allow-patient-overlap is a valueBoolean.', `${path}.value`),
  ]);
}

/** What is to be placed, without who asks for it under which key. */
export type Wish = Omit<PlaceRequest, 'client' | 'requestKey' | 'digest' | 'requestId' | 'trace'>;

export async function wishOf(tx: Tx, input: BookInput): Promise<Wish> {
  return wished(input, wantedAsNamed(input) ?? (await lookedUp(tx, input)));
}

/** As `wishOf` where the request names everything by its id, as most do; null: something has to be looked up. */
export function wishAsNamed(input: BookInput): Wish | null {
  const wanted = wantedAsNamed(input);
  return wanted === null ? null : wished(input, wanted);
}

function wished(input: BookInput, wanted: Wanted): Wish {
  return {
    ...wanted,
    channel: input.channel,
    ...saidBy(input),
    ...(input.allowPatientOverlap ? { allowPatientOverlap: true } : {}),
  };
}

/** What the site is told beside who and when. */
export function saidBy(input: BookInput): Pick<PlaceRequest, 'reason' | 'comment' | 'identifiers'> {
  const { appointment } = input;
  const reason = appointment?.reasonCode?.[0];
  const reasonText =
    reason?.text ?? reason?.coding?.[0]?.display ?? reason?.coding?.[0]?.code ?? appointment?.description;
  const comment = input.comment ?? appointment?.comment;
  return {
    ...(reasonText === undefined ? {} : { reason: reasonText }),
    ...(comment === undefined ? {} : { comment }),
    identifiers: identifiersOf(appointment?.identifier ?? []),
  };
}

function identifiersOf(identifiers: readonly Identifier[]): PlaceRequest['identifiers'] {
  return identifiers.flatMap(({ system, value }) =>
    value === undefined ? [] : [{ value, ...(system === undefined ? {} : { system }) }],
  );
}

interface Wanted {
  readonly slotId: string;
  readonly also?: readonly string[];
  readonly start: Instant | null;
  readonly end: Instant | null;
  readonly patientId: string;
  readonly acting?: string;
}

function wantedAsNamed({ appointment, reference, patients }: BookInput): Wanted | null {
  if (appointment === null) {
    const offer = readOfferId((reference ?? '').replace(/^.*Appointment\//, ''));
    if (offer === null)
      throw new HubError('NOT_FOUND', {
        detail: 'the hub neither knows nor offered this Appointment: search free Slots, and book one',
      });
    return { ...offer, start: null, end: null };
  }
  const slots = slotsOf(appointment);
  const patientId = patientNamed(appointment, patients);
  if (typeof patientId !== 'string' || othersIn(appointment).length > 0) return null;
  return wantedAt(appointment, slots, patientId);
}

async function lookedUp(tx: Tx, { appointment, patients }: BookInput): Promise<Wanted> {
  if (appointment === null) throw new HubError('INTERNAL', { detail: 'an offer was looked up' });
  const slots = slotsOf(appointment);
  const [slotId, ...also] = slots;
  const patientId = await patientOf(tx, appointment, patients);
  await checkParticipants(tx, appointment, slotId, also);
  return wantedAt(appointment, slots, patientId);
}

function wantedAt(
  appointment: Appointment,
  [slotId, ...also]: readonly [string, ...string[]],
  patientId: string,
): Wanted {
  const { start, end } = appointment;
  const at = (text: string | undefined): Instant | null => (text === undefined ? null : parseInstant(text));
  const acting = actingNamed(appointment);
  return {
    slotId,
    ...(also.length === 0 ? {} : { also }),
    start: at(start),
    end: at(end),
    patientId,
    ...(acting === undefined ? {} : { acting }),
  };
}
