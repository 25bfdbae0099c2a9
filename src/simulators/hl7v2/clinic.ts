/** What happens at the clinic: each change writes its rows and queues its message in one write. */
import type { SimulatedClock } from '../kit/clock.ts';
import { ActError } from '../kit/kind.ts';
import { person } from '../kit/people.ts';
import type { Store, View, Writer } from '../kit/store.ts';
import { blockMessage, personMerge, personUpdate, siu, type Header, type Letterhead } from './messages.ts';
import { BLOCKS, CHANGED, PATIENTS, VISITS, type Block, type Patient, type Visit } from './model.ts';
import type { MllpSender } from './sender.ts';
import type { Practitioner, Seed, Settings, VisitType } from './seed.ts';

export interface Clinic {
  readonly seed: Seed;
  readonly store: Store;
  readonly clock: SimulatedClock;
  readonly sender: MllpSender;
}

export type Trigger = 'S12' | 'S13' | 'S14' | 'S15' | 'S16' | 'S17' | 'S26';

export function settingsOf(seed: Seed, view: View): Settings {
  return { ...seed.settings, ...view.get(CHANGED, 'settings') };
}

/** The visit as it now is, stored and told. */
export function tell(clinic: Clinic, tx: Writer, trigger: Trigger, visit: Visit): Visit {
  tx.put(VISITS, visit.id, visit);
  const patient = patientByMrn(tx, visit.mrn);
  post(clinic, tx, `SIU^${trigger}`, visit.id, (letter, header) => siu(letter, header, visit, patient));
  return visit;
}

export function tellBlock(clinic: Clinic, tx: Writer, trigger: 'S23' | 'S24', block: Block): void {
  if (trigger === 'S23') tx.put(BLOCKS, block.id, block);
  else tx.remove(BLOCKS, block.id);
  post(clinic, tx, `SIU^${trigger}`, block.id, (letter, header) => blockMessage(letter, header, block));
}

export function tellPerson(clinic: Clinic, tx: Writer, patient: Patient): void {
  tx.put(PATIENTS, patient.mrn, patient);
  post(clinic, tx, 'ADT^A31', patient.mrn, (letter, header) => personUpdate(letter, header, patient));
}

/** The visits of the merged record are the survivor's from now on; only the merge itself is told. */
export function tellMerge(clinic: Clinic, tx: Writer, survivor: Patient, from: Patient): void {
  tx.put(PATIENTS, from.mrn, { ...from, mergedInto: survivor.mrn });
  for (const visit of tx.all(VISITS)) {
    if (visit.mrn === from.mrn) tx.put(VISITS, visit.id, { ...visit, mrn: survivor.mrn });
  }
  post(clinic, tx, 'ADT^A40', survivor.mrn, (letter, header) => personMerge(letter, header, survivor, from));
}

function post(
  clinic: Clinic,
  tx: Writer,
  event: string,
  about: string,
  write: (letter: Letterhead, header: Header) => string,
): void {
  const { seed } = clinic;
  const controlId = newControlId(clinic, tx);
  const header = { event, controlId, sentAt: clinic.clock.now() };
  const text = write({ seed, settings: settingsOf(seed, tx) }, header);
  clinic.sender.queue(tx, { controlId, event, about, text });
}

/** MSH-10 of the next message. */
export function newControlId({ seed }: Clinic, tx: Writer): string {
  return `${seed.clinic.facility.slice(0, 6)}${String(tx.nextNumber('control-id', 1)).padStart(8, '0')}`;
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
    id: `F-${tx.nextNumber('visit', 1001)}`,
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
