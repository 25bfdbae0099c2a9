/** What staff of the clinic do; each act queues the message that a real system would send. */
import { asHubError } from '../../core/errors.ts';
import { DAY_MS, instant, MINUTE_MS, type Instant } from '../../core/instant.ts';
import { readInput } from '../kit/calendar.ts';
import { ActError, type SimulatorParts } from '../kit/kind.ts';
import type { Writer } from '../kit/store.ts';
import { freeStarts } from './calendar.ts';
import {
  bookVisit,
  patientByMrn,
  patientOfPerson,
  settingsOf,
  tell,
  tellBlock,
  tellMerge,
  tellPerson,
} from './clinic.ts';
import type { Clinic, Plan } from './clinic.ts';
import { dripVisit, makeDays } from './days.ts';
import { BLOCKS, CHANGED, DAY_HOURS, OUTBOUND, PATIENTS, TARGET, VISITS, type Patient, type Visit } from './model.ts';
import { checkSettings, type Practitioner, type VisitType } from './seed.ts';
import { showVisit } from './truth.ts';

type Request = Readonly<Record<string, unknown>>;

export function hl7Acts(clinic: Clinic): SimulatorParts['acts'] {
  const change =
    (work: (tx: Writer, request: Request) => unknown) =>
    (request: Request): unknown => {
      const result = clinic.store.write((tx) => work(tx, request));
      clinic.sender.ring();
      return result;
    };
  const visit = (work: (tx: Writer, request: Request) => Visit): ReturnType<typeof change> =>
    change((tx, request) => showVisit(clinic.seed, work(tx, request)));
  return {
    book: visit((tx, request) => bookVisit(clinic, tx, planOf(clinic, tx, request))),
    'walk-in': visit((tx, request) => {
      const now = Math.ceil(clinic.clock.now() / (5 * MINUTE_MS)) * 5 * MINUTE_MS;
      return bookVisit(clinic, tx, planOf(clinic, tx, { start: now, reason: 'WALKIN', ...request }));
    }),
    move: visit((tx, request) => move(clinic, tx, request)),
    modify: visit((tx, request) => modify(clinic, tx, request)),
    cancel: visit((tx, request) => end(clinic, tx, request, 'Cancelled', textOf(request['reason']) || 'PATCAN')),
    'no-show': visit((tx, request) => end(clinic, tx, request, 'Noshow', 'NOSHOW')),
    delete: visit((tx, request) => end(clinic, tx, request, 'Deleted', 'ERROR')),
    block: change((tx, request) => block(clinic, tx, request)),
    unblock: change((tx, request) => {
      const row = tx.get(BLOCKS, textOf(request['id']));
      if (row === undefined) throw new ActError('there is no block with that id');
      tellBlock(clinic, tx, 'S24', row);
      return row;
    }),
    'change-hours': change((tx, request) => changeHours(clinic, tx, request)),
    'change-patient': change((tx, request) => changePatient(clinic, tx, request)),
    merge: change((tx, request) => merge(clinic, tx, request)),
    resend: change((tx, request) => resend(clinic, tx, request)),
    resync: change((tx) => resync(clinic, tx)),
    'send-raw': change((tx, request) => {
      const controlId = textOf(request['controlId']);
      const message = { controlId, event: 'raw', about: '', text: textOf(request['text']) };
      return { sequence: clinic.sender.queue(tx, message) };
    }),
    'set-target': change((tx, request) => setTarget(tx, request)),
    'change-settings': change((tx, request) => changeSettings(tx, request)),
    drip: change(() => dripVisit(clinic)),
    'roll-days': change(() => makeDays(clinic)),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function practitionerOf(clinic: Clinic, id: unknown): Practitioner {
  const found = clinic.seed.practitioners.find((one) => one.id === id || one.npi === id);
  if (found === undefined) throw new ActError('practitioner names nobody of this clinic');
  return found;
}

function typeOf(clinic: Clinic, code: unknown): VisitType {
  const found = clinic.seed.visitTypes.find((one) => one.code === code);
  if (found === undefined) throw new ActError('visitType is none of this clinic');
  return found;
}

/** Milliseconds, or a text in the clinic's zone unless it says its own. */
function timeOf(clinic: Clinic, value: unknown, name: string): Instant {
  const at = typeof value === 'number' ? instant(value) : readInput(textOf(value), clinic.seed.clinic.timezone);
  if (at === null) throw new ActError(`${name} cannot be read as a time`);
  return at;
}

/**
 * Without `start`: the first free one after `after` or now. Without a practitioner or type: the first of the clinic.
 */
function planOf(clinic: Clinic, tx: Writer, request: Request): Plan {
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

function patientFrom(old: Patient, request: Request): Patient {
  const given = (name: keyof Patient): string =>
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
  };
}

function visitById(tx: Writer, id: unknown): Visit {
  const visit = tx.get(VISITS, textOf(id));
  if (visit === undefined) throw new ActError('there is no visit with that id');
  return visit;
}

function move(clinic: Clinic, tx: Writer, request: Request): Visit {
  const old = visitById(tx, request['id']);
  const practitioner = practitionerOf(clinic, request['practitioner'] ?? old.practitioner);
  const isSame = practitioner.id === old.practitioner;
  const room = textOf(request['room']) || (isSame ? old.room : practitioner.room);
  const start = timeOf(clinic, request['start'], 'start');
  const eventReason = 'RESCHED';
  return tell(clinic, tx, 'S13', { ...old, practitioner: practitioner.id, room, start, status: 'Booked', eventReason });
}

function modify(clinic: Clinic, tx: Writer, request: Request): Visit {
  const old = visitById(tx, request['id']);
  const type = typeOf(clinic, request['visitType'] ?? old.visitType);
  const given = (name: 'note' | 'reason' | 'room'): string =>
    request[name] === undefined ? old[name] : textOf(request[name]);
  return tell(clinic, tx, 'S14', {
    ...old,
    visitType: type.code,
    minutes: type.minutes,
    note: given('note'),
    reason: given('reason'),
    room: given('room'),
    practitioner: practitionerOf(clinic, request['practitioner'] ?? old.practitioner).id,
    eventReason: 'MODIFY',
  });
}

const TRIGGERS = { Cancelled: 'S15', Noshow: 'S26', Deleted: 'S17' } as const;

function end(clinic: Clinic, tx: Writer, request: Request, status: keyof typeof TRIGGERS, eventReason: string): Visit {
  const old = visitById(tx, request['id']);
  return tell(clinic, tx, TRIGGERS[status], { ...old, status, eventReason });
}

function block(clinic: Clinic, tx: Writer, request: Request): object {
  const start = timeOf(clinic, request['start'], 'start');
  const finish = timeOf(clinic, request['end'], 'end');
  if (finish <= start) throw new ActError('end must be after start');
  const practitioner = practitionerOf(clinic, request['practitioner']).id;
  const id = `B-${tx.nextNumber('block', 1)}`;
  const row = { id, practitioner, start, end: finish, reason: textOf(request['reason']) };
  tellBlock(clinic, tx, 'S23', row);
  return row;
}

/** No message says so: a push-only feed knows nothing of opening hours. */
function changeHours(clinic: Clinic, tx: Writer, request: Request): object {
  const { id } = practitionerOf(clinic, request['practitioner']);
  const date = textOf(request['date']);
  const hours = request['hours'];
  const isList = Array.isArray(hours) && hours.every((one) => /^\d\d:\d\d-\d\d:\d\d$/.test(textOf(one)));
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || !isList) throw new ActError('give date and hours, a list of 09:00-12:00');
  tx.put(DAY_HOURS, `${id} ${date}`, hours.map(textOf));
  return { practitioner: id, date, hours };
}

function changePatient(clinic: Clinic, tx: Writer, request: Request): object {
  const next = patientFrom(patientByMrn(tx, textOf(request['mrn'])), request);
  tellPerson(clinic, tx, next);
  return next;
}

function merge(clinic: Clinic, tx: Writer, request: Request): object {
  const [from, into] = [patientByMrn(tx, textOf(request['from'])), patientByMrn(tx, textOf(request['into']))];
  if (from.mrn === into.mrn) throw new ActError('from and into are the same record');
  tellMerge(clinic, tx, into, from);
  return { survivor: into.mrn, merged: from.mrn };
}

/** The same bytes again: by `controlId`, by the `id` of a visit (its last message), else the last message of all. */
function resend(clinic: Clinic, tx: Writer, request: Request): object {
  const wanted = (one: { readonly controlId: string; readonly about: string }): boolean => {
    if (request['controlId'] !== undefined) return one.controlId === request['controlId'];
    return request['id'] === undefined || one.about === request['id'];
  };
  const message = tx.all(OUTBOUND).findLast(wanted);
  if (message === undefined) throw new ActError('no such message was sent');
  const { controlId, event, about, text } = message;
  return { controlId, sequence: clinic.sender.queue(tx, { controlId, event, about, text }) };
}

/** Everything booked from today on, as S12 with new control ids. */
function resync(clinic: Clinic, tx: Writer): object {
  const from = clinic.clock.now() - DAY_MS;
  const current = tx.all(VISITS).filter((one) => one.status === 'Booked' && one.start >= from);
  for (const visit of current) tell(clinic, tx, 'S12', visit);
  return { sent: current.length };
}

function setTarget(tx: Writer, request: Request): object {
  const host = textOf(request['host']);
  const port = Number(request['port']);
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) throw new ActError('give host and port');
  tx.put(TARGET, 'target', { host, port });
  return { host, port };
}

function changeSettings(tx: Writer, request: Request): object {
  try {
    const next = { ...tx.get(CHANGED, 'settings'), ...checkSettings(request['settings']) };
    tx.put(CHANGED, 'settings', next);
    return next;
  } catch (error) {
    throw new ActError(asHubError(error).detail);
  }
}
