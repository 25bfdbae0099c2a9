/** What an Appointment to be booked names: its slot, its patient, and who else is said to take part. */
import { HubError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import { actingIn } from '../fhir/acting.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import type { Appointment, Identifier, Patient, Reference, Schedule, Slot } from '../fhir/types.ts';
import type { Tx } from '../store/contract.ts';

/** The slots of a booking; the first of them is the visit, and its start and end are the Appointment's. */
export function slotsOf(appointment: Appointment): readonly [string, ...string[]] {
  const ids = (appointment.slot ?? []).map((slot, index) => {
    const id = idIn(slot, 'Slot');
    if (id === null)
      throw broken(
        'This is no reference to a Slot of this hub. Send {"reference": "Slot/<id>"}.',
        `Appointment.slot[${index}].reference`,
      );
    return id;
  });
  const [first, ...also] = ids;
  if (first === undefined || ids.length > MOST_SLOTS || new Set(ids).size < ids.length) {
    const text = `A booking names 1 to ${MOST_SLOTS} different slots: {"reference": "Slot/<id>"}.`;
    throw broken(text, 'Appointment.slot');
  }
  return [first, ...also];
}

/** More practitioners, rooms and devices than any one visit takes. */
const MOST_SLOTS = 8;

/**
 * The one patient: a participant `Patient/<id>`, or one named by an identifier, here or in patient-resource, that
 * exactly one visible record carries. The hub creates no patients: they come from the sites.
 */
export async function patientOf(tx: Tx, appointment: Appointment, patients: readonly Patient[]): Promise<string> {
  const named = patientNamed(appointment, patients);
  return typeof named === 'string' ? named : byIdentifier(tx, named);
}

/** Its id, or the identifiers to look it up by. */
export function patientNamed(appointment: Appointment, patients: readonly Patient[]): string | readonly Identifier[] {
  const actors = appointment.participant.flatMap(({ actor }) => (actor === undefined ? [] : [actor]));
  const named = actors.filter((actor) => typeIn(actor) === 'Patient');
  if (named.length > 1 || patients.length > 1) {
    throw broken('A booking is for one patient. Book a visit for each by itself.', 'Appointment.participant');
  }
  const [participant] = named;
  const [resource] = patients;
  if (participant !== undefined) {
    const id = idIn(participant, 'Patient');
    return id ?? (participant.identifier === undefined ? [] : [participant.identifier]);
  }
  if (resource === undefined) {
    throw broken('A booking needs a participant {"actor": {"reference": "Patient/<id>"}}.', 'Appointment.participant');
  }
  if (resource.id !== undefined && isUuid(resource.id)) return resource.id;
  return resource.identifier ?? [];
}

async function byIdentifier(tx: Tx, identifiers: readonly Identifier[]): Promise<string> {
  const anyOf = identifiers.flatMap(({ system, value }) =>
    system === undefined || value === undefined ? [] : [{ system, code: value }],
  );
  if (anyOf.length > 0) {
    const { matches } = await tx.resources.search({
      type: 'Patient',
      criteria: [{ kind: 'token', param: 'identifier', negate: false, anyOf }],
      includes: [],
      sort: [],
      count: 2,
      total: false,
      after: null,
    });
    const [first] = matches;
    if (first !== undefined && matches.length === 1) return first.id;
    if (matches.length > 1) {
      throw broken(
        'Several patient records carry this identifier; name one as Patient/<id>.',
        'Appointment.participant',
      );
    }
  }
  throw broken(
    'No patient record carries this identifier. The hub creates none: have the clinic register the patient.',
    'Appointment.participant',
  );
}

/**
 * Practitioners and places in the request must be those of the slot: a caller who names another one means another
 * visit, and would be booked with somebody else.
 * @throws HubError NOT_FOUND (the slot), IssuesError RULE_BROKEN
 */
export async function checkParticipants(
  tx: Tx,
  appointment: Appointment,
  slotId: string,
  also: readonly string[] = [],
): Promise<void> {
  const others = othersIn(appointment);
  // Whether there is such a slot at all the desk finds out: most callers name nobody but the patient.
  if (others.length === 0) return;
  const served = await tx.resources.read('Slot', slotId);
  if (served === null)
    throw new HubError('NOT_FOUND', { detail: 'Appointment.slot[0]: there is no such Slot; search free Slots' });
  const actors: (string | undefined)[] = [];
  for (const id of [slotId, ...also]) {
    const one = id === slotId ? served : await tx.resources.read('Slot', id);
    const { schedule = {} } = (one === null ? {} : JSON.parse(one.json)) as Partial<Slot>;
    const known = await tx.resources.read('Schedule', (schedule.reference ?? '').replace('Schedule/', ''));
    if (known !== null) actors.push(...(JSON.parse(known.json) as Schedule).actor.map(({ reference }) => reference));
  }
  const wrong = others.filter(({ actor }) => !actors.includes(relative(actor?.reference ?? '')));
  if (wrong.length === 0) return;
  throw new IssuesError(
    'RULE_BROKEN',
    wrong.map(({ index }) =>
      problem(
        'RULE_BROKEN',
        'This participant does not belong to the schedule of the slot. Leave it out, or choose a slot of its schedule.',
        `Appointment.participant[${index}].actor`,
      ),
    ),
  );
}

/** Who beside the patient is named, and where. */
export function othersIn(appointment: Appointment): readonly { readonly actor?: Reference; readonly index: number }[] {
  return appointment.participant
    .map(({ actor }, index) => ({ ...(actor === undefined ? {} : { actor }), index }))
    .filter(({ actor }) => actor?.reference !== undefined && !BESIDE.includes(typeIn(actor)));
}

/** These are of the visit, and of no schedule. */
const BESIDE: readonly (string | undefined)[] = ['Patient', 'RelatedPerson'];

/** Who acts for the patient. @throws IssuesError RULE_BROKEN */
export function actingNamed({ participant }: Appointment): string | undefined {
  const named = participant.flatMap(({ actor }, index) =>
    actor !== undefined && typeIn(actor) === 'RelatedPerson' ? [{ id: idIn(actor, 'RelatedPerson'), index }] : [],
  );
  const [first, second] = named;
  if (first === undefined) return undefined;
  if (first.id === null || second !== undefined) {
    const text =
      'A visit has one RelatedPerson at most, who acts for the patient: {"reference": "RelatedPerson/<id>"}.';
    throw broken(text, `Appointment.participant[${(second ?? first).index}].actor`);
  }
  return first.id;
}

/**
 * What a caller sends of a visit that is known.
 * @throws IssuesError RULE_BROKEN where they name another one to act for the patient than does
 */
export function checkActing(wanted: Appointment, known: Appointment): void {
  const named = actingNamed(wanted);
  if (named === undefined || actingIn(known).includes(named)) return;
  throw broken(
    'A visit keeps who acts for its patient. For somebody else cancel this visit and book a new one.',
    'Appointment.participant',
  );
}

function broken(text: string, where: string): IssuesError {
  return new IssuesError('RULE_BROKEN', [problem('RULE_BROKEN', text, where)]);
}

export function typeIn(reference: Reference): string | undefined {
  return reference.type ?? relative(reference.reference ?? '').split('/')[0];
}

/** `http://any/fhir/R4/Patient/x` and `Patient/x` alike: ids are UUIDs, so another server's can match none of ours. */
function relative(reference: string): string {
  return reference.split('/').slice(-2).join('/');
}

function idIn(reference: Reference, type: string): string | null {
  const [named, id = ''] = relative(reference.reference ?? '').split('/');
  return named === type && isUuid(id) ? id : null;
}
