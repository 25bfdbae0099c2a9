/**
 * ADT A28 and A04 that come in (standard sheet sections 3, 8 and 9): a person is registered under a number of this
 * clinic, whoever asks, and whoever is there already: registration desks make duplicates. An own number that is known
 * is that record. Acknowledged by ACK; the clinic tells of the record by ADT of its own.
 */
import type { Writer } from '../kit/store.ts';
import { personUpdate } from './adt.ts';
import { post, settingsOf, type Clinic } from './clinic.ts';
import { missing } from './denial.ts';
import { PATIENTS, REGISTRATIONS, type Patient, type Registration } from './model.ts';
import type { Incoming, Segment } from '../kit/hl7-read.ts';

export function isRegistration({ header }: Incoming): boolean {
  return header.get(9) === 'ADT' && ['A28', 'A04'].includes(header.get(9, 2));
}

/** The record, and the row that says when it is to be told. @throws Denial */
export function register(clinic: Clinic, tx: Writer, asked: Incoming): Registration {
  const pid = asked.first('PID');
  if (pid === undefined) throw missing('PID^1', 'the person');
  if (pid.get(3) === '') throw missing('PID^1^3', 'an identifier');
  if (pid.get(5) === '') throw missing('PID^1^5', 'the name');
  const patient = recordFor(clinic, tx, pid);
  tx.put(PATIENTS, patient.mrn, patient);
  const { registrationDelay_ms: delay } = settingsOf(clinic.seed, tx);
  const sequence = tx.nextNumber('registration', 1);
  const event = `ADT^${asked.header.get(9, 2)}`;
  const row = {
    sequence,
    controlId: asked.header.get(10),
    event,
    mrn: patient.mrn,
    tellAt: clinic.clock.due() + delay,
  };
  tx.put(REGISTRATIONS, String(sequence), row);
  return row;
}

/** What is due is told; whether anything was. */
export function tellRegistered(clinic: Clinic): boolean {
  const now = clinic.clock.due();
  const due = clinic.store.all(REGISTRATIONS).filter(({ tellAt }) => tellAt !== null && tellAt <= now);
  if (due.length > 0) clinic.store.write((tx) => due.forEach((one) => tell(clinic, tx, one)));
  return due.length > 0;
}

function tell(clinic: Clinic, tx: Writer, row: Registration): void {
  tx.put(REGISTRATIONS, String(row.sequence), { ...row, tellAt: null });
  const patient = tx.get(PATIENTS, row.mrn);
  if (patient === undefined) return;
  post(clinic, tx, 'ADT^A28', patient.mrn, (letter, header) => personUpdate(letter, header, patient));
}

function recordFor(clinic: Clinic, tx: Writer, pid: Segment): Patient {
  const { authority } = clinic.seed.clinic;
  const ids = pid.lists(3).filter(([id = '']) => id !== '');
  const own = ids.find(([, , , from = '']) => from === authority)?.[0];
  const known = own === undefined ? undefined : tx.get(PATIENTS, own);
  const [year, month, day] = [pid.get(7).slice(0, 4), pid.get(7).slice(4, 6), pid.get(7).slice(6, 8)];
  const [phone = [], mail = []] = ['PH', 'Internet'].map((how) => pid.lists(13).find((one) => one[2] === how));
  return {
    mrn: known?.mrn ?? `${clinic.seed.mrnPrefix}${tx.nextNumber('patient', 50_001)}`,
    family: pid.get(5),
    given: pid.get(5, 2),
    birthDate: day === '' ? '' : `${year}-${month}-${day}`,
    sex: pid.get(8) || 'U',
    phone: (phone[0] || `${phone[5] ?? ''}${phone[6] ?? ''}`).replace(/\D/g, '').slice(-10),
    email: mail[3] ?? '',
    mergedInto: known?.mergedInto ?? null,
    otherIds: ids.filter(([, , , from = '']) => from !== authority),
  };
}
