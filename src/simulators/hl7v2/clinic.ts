/** What happens at the clinic: each change writes its rows and queues its message in one write. */
import type { SimulatedClock } from '../kit/clock.ts';
import { ActError } from '../kit/kind.ts';
import { person } from '../kit/people.ts';
import type { Store, View, Writer } from '../kit/store.ts';
import { visitByAdt } from './adt.ts';
import { dress } from './habits.ts';
import { blockMessage, siu, type Change } from './messages.ts';
import type { Header, Letterhead } from './segments.ts';
import { BLOCKS, CHANGED, PATIENTS, STAFF, VISITS, type Block, type Patient, type Visit } from './model.ts';
import type { MllpSender } from '../kit/mllp-sender.ts';
import { resolveSettings, type Practitioner, type Seed, type Settings, type VisitType } from './seed.ts';

export interface Clinic {
  readonly seed: Seed;
  readonly store: Store;
  readonly clock: SimulatedClock;
  readonly sender: MllpSender;
}

export type Trigger = 'S12' | 'S13' | 'S14' | 'S15' | 'S16' | 'S17' | 'S18' | 'S19' | 'S20' | 'S21' | 'S22' | 'S26';

export function settingsOf(seed: Seed, view: View): Settings {
  return resolveSettings(seed.settings, view.get(CHANGED, 'settings') ?? {});
}

/** The clinic with the names that its people have now. */
export function seedOf({ seed }: Pick<Clinic, 'seed'>, view: View): Seed {
  const practitioners = seed.practitioners.map((one) => ({ ...one, ...view.get(STAFF, one.id)?.changed }));
  return { ...seed, practitioners };
}

/** The visit as it now is, stored and told. Where a move makes a new visit (ADT), that one is returned. */
export function tell(clinic: Clinic, tx: Writer, trigger: Trigger, visit: Visit, change: Change = {}): Visit {
  const before = tx.get(VISITS, visit.id);
  if (settingsOf(clinic.seed, tx).habits.speaks === 'ADT') return tellByAdt(clinic, tx, trigger, visit, before);
  tx.put(VISITS, visit.id, visit);
  const patient = patientByMrn(tx, visit.mrn);
  const told = trigger === 'S13' && before !== undefined ? { ...change, before } : change;
  post(clinic, tx, `SIU^${trigger}`, visit.id, (letter, header) => siu(letter, header, visit, patient, told));
  return visit;
}

const BY_ADT: Readonly<Partial<Record<Trigger, string>>> = { S12: 'A05', S14: 'A08', S15: 'A38', S16: 'A38' };

function tellByAdt(clinic: Clinic, tx: Writer, trigger: Trigger, visit: Visit, before: Visit | undefined): Visit {
  const say = (event: string, one: Visit): Visit => {
    const patient = patientByMrn(tx, one.mrn);
    tx.put(VISITS, one.id, one);
    post(clinic, tx, `ADT^${event}`, one.id, (letter, header) => visitByAdt(letter, header, one, patient));
    return one;
  };
  if (trigger === 'S13' && before !== undefined) {
    say('A38', { ...before, status: 'Cancelled', eventReason: visit.eventReason });
    return say('A05', { ...visit, id: newVisitId(tx) });
  }
  const event = BY_ADT[trigger];
  if (event === undefined) throw new ActError(`a hospital that books by ADT has no message for ${trigger}`);
  return say(event, visit);
}

export function tellBlock(clinic: Clinic, tx: Writer, trigger: 'S23' | 'S24', block: Block): void {
  if (settingsOf(clinic.seed, tx).habits.speaks === 'ADT') throw new ActError('ADT has no message for blocked time');
  if (trigger === 'S23') tx.put(BLOCKS, block.id, block);
  else tx.remove(BLOCKS, block.id);
  post(clinic, tx, `SIU^${trigger}`, block.id, (letter, header) => blockMessage(letter, header, block));
}

/** One message, written by `write`, dressed by the habits in force, and queued. */
export function post(
  clinic: Clinic,
  tx: Writer,
  event: string,
  about: string,
  write: (letter: Letterhead, header: Header) => string,
): void {
  const written = compose(clinic, tx, event, write);
  clinic.sender.queue(tx, { ...written, event, about });
}

/** The message alone, not queued. */
export function compose(
  clinic: Clinic,
  tx: Writer,
  event: string,
  write: (letter: Letterhead, header: Header) => string,
): { readonly controlId: string; readonly text: string } {
  const controlId = newControlId(clinic, tx);
  const settings = settingsOf(clinic.seed, tx);
  const header = { event, controlId, sentAt: clinic.clock.now() };
  const text = write({ seed: seedOf(clinic, tx), settings }, header);
  return { controlId, text: dress(text, settings.habits) };
}

/** MSH-10 of the next message. */
export function newControlId({ seed }: Clinic, tx: Writer): string {
  const { habits } = settingsOf(seed, tx);
  const number = tx.nextNumber('control-id', 1);
  const prefix = habits.engine ? 'ENG' : seed.clinic.facility.slice(0, 6);
  return `${prefix}${String(habits.controlIds === 'repeating' ? number % 10 : number).padStart(8, '0')}`;
}

export function patientByMrn(view: View, mrn: string): Patient {
  const patient = view.get(PATIENTS, mrn);
  if (patient === undefined) throw new ActError(`there is no patient ${mrn}`);
  return patient;
}

/** The patient record of an invented person; made when it is not there yet. */
export function patientOfPerson(clinic: Clinic, tx: Writer, number: number): Patient {
  const mrn = `${clinic.seed.mrnPrefix}${10_000 + number}`;
  const known = tx.get(PATIENTS, mrn);
  if (known !== undefined) return known;
  const { firstName: given, lastName: family, birthDate, sex, phone, email } = person(number);
  const patient = { mrn, family, given, birthDate, sex, phone, email, mergedInto: null };
  tx.put(PATIENTS, mrn, patient);
  return patient;
}

export interface Plan {
  readonly practitioner: Practitioner;
  readonly type: VisitType;
  readonly start: number;
  readonly mrn: string;
  readonly room?: string;
  readonly reason?: string;
  readonly note?: string;
  /** SCH-1, the parts of an EI. */
  readonly placer?: readonly string[];
}

/** Staff book whatever they like: a taken time is no obstacle. */
export function bookVisit(clinic: Clinic, tx: Writer, plan: Plan): Visit {
  return tell(clinic, tx, 'S12', newVisit(clinic, tx, plan));
}

/** The row alone, without a message: what was there before anyone listened. */
export function newVisit(clinic: Clinic, tx: Writer, plan: Plan): Visit {
  const visit: Visit = {
    id: newVisitId(tx),
    placerId: plan.placer?.[0] ?? '',
    placer: plan.placer ?? [],
    practitioner: plan.practitioner.id,
    room: plan.room ?? plan.practitioner.room,
    visitType: plan.type.code,
    start: plan.start,
    minutes: plan.type.minutes,
    mrn: plan.mrn,
    status: 'Booked',
    reason: plan.reason ?? 'ROUTINE',
    note: plan.note ?? '',
    eventReason: 'NEW',
    createdAt: clinic.clock.now(),
  };
  tx.put(VISITS, visit.id, visit);
  return visit;
}

function newVisitId(tx: Writer): string {
  return `F-${tx.nextNumber('visit', 1001)}`;
}
