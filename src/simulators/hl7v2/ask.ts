/** What an SRM asks for, read by the field tables of the standard sheet (sections 5, 7 and 8). */
import { MINUTE_MS, type Instant, type Interval } from '../../core/instant.ts';
import type { Writer } from '../kit/store.ts';
import { settingsOf, type Clinic } from './clinic.ts';
import { Denial } from './denial.ts';
import { PATIENTS, type Patient, type RoomTime } from './model.ts';
import { readTime, type Incoming, type Segment } from '../kit/hl7-read.ts';
import type { Practitioner, VisitType } from './seed.ts';

/** ARQ-1, the parts of an EI; none when it is empty. */
export function placerOf(arq: Segment): readonly string[] {
  const parts = arq.lists(1)[0] ?? [];
  return parts[0] === undefined || parts[0] === '' ? [] : parts;
}

/** AIS-3. Null: none is named. */
export function typeAsked(clinic: Clinic, asked: Incoming): VisitType | null {
  const code = asked.first('AIS')?.get(3) ?? '';
  if (code === '') return null;
  const type = clinic.seed.visitTypes.find((one) => one.code === code);
  if (type === undefined) throw new Denial('103', 'AIS^1^3', 'UNKNOWN_TYPE', `Unknown visit type ${code}`);
  return type;
}

/** AIP-3 by the clinic's own id or by NPI; AIG-3 where no AIP is there. A visit has one practitioner. */
export function practitionerAsked(clinic: Clinic, asked: Incoming): Practitioner | null {
  const { practitioners } = clinic.seed;
  const people = wanted(asked, 'AIP').filter((one) => one.get(3) !== '');
  const named = people.length > 0 ? people : wanted(asked, 'AIG').filter((one) => one.get(3) !== '');
  if (named.length === 0) return null;
  const found = named.map((segment) => {
    const ids = segment.lists(3).map(([id]) => id);
    const who = practitioners.find((one) => ids.includes(one.id) || (one.npi !== undefined && ids.includes(one.npi)));
    if (who !== undefined) return who;
    const place = `${segment.name}^1^3`;
    throw new Denial('204', place, 'UNKNOWN_PRACTITIONER', `Unknown practitioner ${ids[0] ?? ''}`);
  });
  const [first, ...others] = found;
  if (first === undefined || others.some((one) => one !== first)) {
    throw new Denial('207', 'AIP^2^3', 'UNSUPPORTED', 'An appointment has one practitioner here');
  }
  return first;
}

/** PL-2 of AIL-3; PL-1 alone names the place, where any room will do. Empty: any. */
export function roomAsked(clinic: Clinic, asked: Incoming): string {
  return roomIn(clinic, wanted(asked, 'AIL')[0]);
}

/** Segments of a resource but those that take it out of the visit (field 2, table 0206 D). */
function wanted(asked: Incoming, name: 'AIP' | 'AIG' | 'AIL'): readonly Segment[] {
  return asked.all(name).filter((one) => one.get(2) !== 'D');
}

/** A request that names no room besides and takes none out leaves them as they are, at their offsets. */
export function namesRooms(asked: Incoming): boolean {
  return asked.all('AIL').length > 1;
}

/** Further AIL, each a room with its own start and duration. */
export function roomsBesides(clinic: Clinic, asked: Incoming, start: Instant, minutes: number): readonly RoomTime[] {
  return wanted(asked, 'AIL')
    .slice(1)
    .map((segment, index) => {
      const place = `AIL^${index + 2}`;
      const room = roomIn(clinic, segment);
      if (room === '') throw new Denial('101', `${place}^3`, 'MISSING', 'Required: the room that is needed besides');
      const text = segment.get(6);
      const from = text === '' ? start : moment(clinic, text, `${place}^6`);
      const lasts = Number(segment.get(9) || minutes);
      if (!Number.isInteger(lasts) || lasts < 1) throw new Denial('102', `${place}^9`, 'UNREADABLE', 'Not a duration');
      return { room, offset: (from - start) / MINUTE_MS, minutes: lasts };
    });
}

function roomIn(clinic: Clinic, segment: Segment | undefined): string {
  const [point = '', room = ''] = segment?.lists(3)[0] ?? [];
  const { rooms, clinic: place } = clinic.seed;
  const name = room === '' && point !== place.pointOfCare ? point : room;
  if (name === '' || rooms.includes(name)) return name;
  throw new Denial('204', 'AIL^1^3', 'UNKNOWN_ROOM', `Unknown room ${name}`);
}

const START_FIELDS = [
  ['AIS', 4],
  ['AIP', 6],
  ['AIG', 8],
  ['AIL', 6],
  ['TQ1', 7],
] as const;

/** The start that a resource says. Null: none does. */
export function timeAsked(clinic: Clinic, asked: Incoming): Instant | null {
  for (const [name, field] of START_FIELDS) {
    const text = asked.first(name)?.get(field) ?? '';
    if (text !== '') return moment(clinic, text, `${name}^1^${field}`);
  }
  return null;
}

/** ARQ-11: wanted windows. A window without an end is a start. */
export function windowsAsked(clinic: Clinic, asked: Incoming): readonly Interval[] {
  const windows = asked.first('ARQ')?.lists(11) ?? [];
  return windows.flatMap(([from = '', to = '']) => {
    if (from === '') return [];
    const start = moment(clinic, from, 'ARQ^1^11');
    return [{ start, end: to === '' ? start : moment(clinic, to, 'ARQ^1^11') }];
  });
}

function moment(clinic: Clinic, text: string, place: string): Instant {
  const at = readTime(text, clinic.seed.clinic.timezone);
  if (at === null) throw new Denial('102', place, 'UNREADABLE', `Not a date and time: ${text}`);
  return at;
}

/** PID-3 of this clinic's authority (or of none). Null: there is no PID. */
export function patientAsked(clinic: Clinic, tx: Writer, asked: Incoming): Patient | null {
  const pid = asked.first('PID');
  if (pid === undefined) return null;
  const { authority } = clinic.seed.clinic;
  const ours = pid.lists(3).find(([id = '', , , from = '']) => id !== '' && (from === '' || from === authority));
  const [mrn] = ours ?? [];
  const patient = mrn === undefined ? undefined : tx.get(PATIENTS, mrn);
  if (patient === undefined) {
    if (settingsOf(clinic.seed, tx).unknownPatients === 'register') return register(clinic, tx, pid, mrn);
    throw new Denial('204', 'PID^1^3', 'UNKNOWN_PATIENT', 'Unknown patient');
  }
  if (patient.mergedInto === null) return patient;
  throw new Denial('204', 'PID^1^3', 'MERGED_PATIENT', 'The patient record was merged into another');
}

function register(clinic: Clinic, tx: Writer, pid: Segment, known: string | undefined): Patient {
  const mrn = known ?? `${clinic.seed.mrnPrefix}${tx.nextNumber('patient', 50_001)}`;
  const [year, month, day] = [pid.get(7).slice(0, 4), pid.get(7).slice(4, 6), pid.get(7).slice(6, 8)];
  const patient: Patient = {
    mrn,
    family: pid.get(5),
    given: pid.get(5, 2),
    birthDate: day === '' ? '' : `${year}-${month}-${day}`,
    sex: pid.get(8) || 'U',
    phone: (pid.get(13) || `${pid.get(13, 6)}${pid.get(13, 7)}`).replace(/\D/g, ''),
    email: pid.get(13, 4),
    mergedInto: null,
  };
  tx.put(PATIENTS, mrn, patient);
  return patient;
}

/** NTE right behind ARQ: notes of the appointment, not of a resource or a patient. */
export function noteOf(asked: Incoming): string {
  const { segments } = asked;
  const from = segments.findIndex((one) => one.name === 'ARQ') + 1;
  const to = segments.findIndex((one, index) => index >= from && !['NTE', 'APR', 'TQ1'].includes(one.name));
  const notes = segments.slice(from, to < 0 ? segments.length : to).filter((one) => one.name === 'NTE');
  return notes.flatMap((one) => one.lists(3).map(([text = '']) => text)).join('\n');
}
