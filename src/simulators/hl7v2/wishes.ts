/** What an act names: people, times, visits. */
import { DAY_MS, instant, type Instant } from '../../core/instant.ts';
import { readInput } from '../kit/calendar.ts';
import { ActError } from '../kit/kind.ts';
import type { Writer } from '../kit/store.ts';
import { freeStarts } from './calendar.ts';
import { patientByMrn, patientOfPerson, settingsOf, type Clinic, type Plan } from './clinic.ts';
import { PATIENTS, VISITS, type Patient, type Visit } from './model.ts';
import type { Practitioner, VisitType } from './seed.ts';

export type Request = Readonly<Record<string, unknown>>;

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function practitionerOf(clinic: Clinic, id: unknown): Practitioner {
  const found = clinic.seed.practitioners.find((one) => one.id === id || one.npi === id);
  if (found === undefined) throw new ActError('practitioner names nobody of this clinic');
  return found;
}

export function typeOf(clinic: Clinic, code: unknown): VisitType {
  const found = clinic.seed.visitTypes.find((one) => one.code === code);
  if (found === undefined) throw new ActError('visitType is none of this clinic');
  return found;
}

/** Milliseconds, or a text in the clinic's zone unless it says its own. */
export function timeOf(clinic: Clinic, value: unknown, name: string): Instant {
  const at = typeof value === 'number' ? instant(value) : readInput(textOf(value), clinic.seed.clinic.timezone);
  if (at === null) throw new ActError(`${name} cannot be read as a time`);
  return at;
}

/**
 * Without `start`: the first free one after `after` or now. Without a practitioner or type: the first of the clinic.
 */
export function planOf(clinic: Clinic, tx: Writer, request: Request): Plan {
  const practitioner = practitionerOf(clinic, request['practitioner'] ?? clinic.seed.practitioners[0]?.id);
  const type = typeOf(clinic, request['visitType'] ?? clinic.seed.visitTypes[0]?.code);
  const { mrn } = patientFor(clinic, tx, request);
  const optional = ['room', 'reason', 'note'].filter((name) => request[name] !== undefined);
  const placerId = textOf(request['placerId']);
  const placer = placerId === '' ? [] : [placerId, settingsOf(clinic.seed, tx).receivingApplication];
  const more = { ...Object.fromEntries(optional.map((name) => [name, textOf(request[name])])), placer };
  if (request['start'] !== undefined) {
    return { practitioner, type, mrn, start: timeOf(clinic, request['start'], 'start'), ...more };
  }
  const from = request['after'] === undefined ? clinic.clock.now() : timeOf(clinic, request['after'], 'after');
  const window = { start: from, end: instant(from + clinic.seed.horizonDays * DAY_MS) };
  const [start] = freeStarts(clinic.seed, tx, practitioner, type, window);
  if (start === undefined) throw new ActError('there is no free time of that type within the horizon');
  return { practitioner, type, mrn, start, ...more };
}

/** `patient` is a new record, `mrn` one that is there, `person` the record of an invented person (default 1). */
function patientFor(clinic: Clinic, tx: Writer, request: Request): Patient {
  if (typeof request['patient'] === 'object' && request['patient'] !== null) {
    const mrn = `${clinic.seed.mrnPrefix}${tx.nextNumber('patient', 50_001)}`;
    const blank = { mrn, family: '', given: '', birthDate: '', sex: 'U', phone: '', email: '', mergedInto: null };
    const patient = patientFrom(blank, request['patient'] as Request);
    tx.put(PATIENTS, patient.mrn, patient);
    return patient;
  }
  if (request['mrn'] !== undefined) return patientByMrn(tx, textOf(request['mrn']));
  return patientOfPerson(clinic, tx, typeof request['person'] === 'number' ? request['person'] : 1);
}

export function patientFrom(old: Patient, request: Request): Patient {
  const given = (name: Exclude<keyof Patient, 'otherIds'>): string =>
    request[name] === undefined ? (old[name] ?? '') : textOf(request[name]);
  return {
    mrn: given('mrn'),
    family: given('family'),
    given: given('given'),
    birthDate: given('birthDate'),
    sex: given('sex'),
    phone: given('phone'),
    email: given('email'),
    mergedInto: old.mergedInto,
    ...(old.otherIds === undefined ? {} : { otherIds: old.otherIds }),
  };
}

export function visitById(tx: Writer, id: unknown): Visit {
  const visit = tx.get(VISITS, textOf(id));
  if (visit === undefined) throw new ActError('there is no visit with that id');
  return visit;
}
