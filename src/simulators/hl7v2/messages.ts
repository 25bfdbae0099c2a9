/** The messages of this system, filled as the standard sheet's examples V1 (2.5.1) and V1b (2.3). */
import { MINUTE_MS } from '../../core/instant.ts';
import { components, escape, repeat, segment, timestamp } from './encode.ts';
import type { Block, Patient, Visit } from './model.ts';
import type { Practitioner, Seed, Settings } from './seed.ts';

export interface Header {
  readonly event: string;
  readonly controlId: string;
  readonly sentAt: number;
  /** MSH-5 and MSH-6, encoded, where the settings do not name the receiver. */
  readonly to?: readonly [application: string, facility: string];
  /** MSH-12 of an answer: that of the question. */
  readonly version?: string;
}

/** What a message draws from: the clinic, and the settings in force. */
export interface Letterhead {
  readonly seed: Seed;
  readonly settings: Settings;
}

const CLERK = components('9001', 'CLERK', 'ANN');

export function msh(letter: Letterhead, header: Header, structure: string): string {
  const { seed, settings } = letter;
  const [code, trigger] = header.event.split('^');
  const isOld = settings.version === '2.3';
  return segment('MSH', {
    2: '^~\\&',
    3: escape(seed.clinic.application),
    4: escape(seed.clinic.facility),
    5: header.to?.[0] ?? escape(settings.receivingApplication),
    6: header.to?.[1] ?? escape(settings.receivingFacility),
    7: timestamp(header.sentAt, seed.clinic.timezone, settings.offsets),
    9: isOld ? components(code ?? '', trigger ?? '') : components(code ?? '', trigger ?? '', structure),
    10: escape(header.controlId),
    11: settings.processingId,
    12: header.version ?? settings.version,
    ...(settings.enhancedAcknowledgement && !isOld ? { 15: 'AL', 16: 'NE' } : {}),
    ...(settings.characterSet === '' ? {} : { 18: settings.characterSet }),
  });
}

/** SIU S12, S13, S14, S15, S17, S26: the whole visit each time. */
export function siu(letter: Letterhead, header: Header, visit: Visit, patient: Patient): string {
  const action = header.event.endsWith('S12') ? 'A' : 'U';
  return [msh(letter, header, 'SIU_S12'), ...scheduled(letter, visit, patient, action)].join('');
}

/** SCH and everything behind it; `placer` is SCH-1 where an answer must repeat what was asked. */
export function scheduled(
  letter: Letterhead,
  visit: Visit,
  patient: Patient,
  action: string,
  placer = visit.placer ?? [visit.placerId],
): string[] {
  const { seed } = letter;
  const practitioner = practitionerById(seed, visit.practitioner);
  return [
    sch(letter, visit, placer),
    letter.settings.version === '2.3' ? '' : tq1(letter, visit.start, endOf(visit)),
    visit.note === '' ? '' : segment('NTE', { 1: '1', 3: escape(visit.note) }),
    pid(letter, patient),
    segment('PV1', { 1: '1', 2: 'O', 3: place(seed, visit.room), 7: person(letter, practitioner) }),
    ...resources(letter, visit, practitioner, action),
  ];
}

function sch(letter: Letterhead, visit: Visit, placer: readonly string[]): string {
  const { seed } = letter;
  const isOld = letter.settings.version === '2.3';
  const zone = seed.clinic.timezone;
  const coded = (code: string, name: string, system: string): string => (isOld ? code : components(code, name, system));
  return segment('SCH', {
    1: components(...placer),
    2: components(visit.id, seed.clinic.facility),
    5: components(`SCHED_${visit.practitioner}`),
    6: coded(visit.eventReason, EVENT_REASONS[visit.eventReason] ?? visit.eventReason, 'L'),
    7: coded(visit.reason, visit.reason.toLowerCase(), 'HL70276'),
    8: coded('Normal', 'Normal', 'HL70277'),
    9: String(visit.minutes),
    10: coded('min', 'minutes', 'ISO+'),
    11: `^^M${visit.minutes}^${timestamp(visit.start, zone)}^${timestamp(endOf(visit), zone)}`,
    16: CLERK,
    20: CLERK,
    25: isOld ? visit.status.toUpperCase() : components(visit.status, visit.status, 'HL70278'),
  });
}

const EVENT_REASONS: Readonly<Record<string, string>> = {
  NEW: 'New booking',
  RESCHED: 'Rescheduled',
  MODIFY: 'Details changed',
  PATCAN: 'Patient cancelled',
  CLINCAN: 'Clinic cancelled',
  NOSHOW: 'Patient did not come',
  ERROR: 'Entered in error',
};

function tq1(letter: Letterhead, start: number, end: number): string {
  const { offsets } = letter.settings;
  const zone = letter.seed.clinic.timezone;
  return segment('TQ1', { 1: '1', 7: timestamp(start, zone, offsets), 8: timestamp(end, zone, offsets) });
}

function resources(letter: Letterhead, visit: Visit, practitioner: Practitioner, action: string): string[] {
  const { seed } = letter;
  const type = seed.visitTypes.find((one) => one.code === visit.visitType);
  const start = timestamp(visit.start, seed.clinic.timezone);
  const isOld = letter.settings.version === '2.3';
  const status = isOld ? visit.status.toUpperCase() : components(visit.status, visit.status, 'HL70278');
  const minutes = isOld ? 'min' : components('min', 'minutes', 'ISO+');
  const timing = (first: number): Record<number, string> => ({
    [first]: start,
    [first + 3]: String(visit.minutes),
    [first + 4]: minutes,
    [first + 5]: 'No',
    [first + 6]: status,
  });
  const role = isOld ? 'DR' : components('ATND', 'Attending', 'L');
  return [
    segment('RGS', { 1: '1', 2: action, 3: 'G1' }),
    segment('AIS', { 1: '1', 2: action, 3: components(visit.visitType, type?.text ?? '', 'L'), ...timing(4) }),
    segment('AIL', { 1: '1', 2: action, 3: place(seed, visit.room), 4: 'C', ...timing(6) }),
    segment('AIP', { 1: '1', 2: action, 3: person(letter, practitioner), 4: role, ...timing(6) }),
  ];
}

/** S23, S24: time of a practitioner blocked or freed; no patient (example V8). */
export function blockMessage(letter: Letterhead, header: Header, block: Block): string {
  const { seed } = letter;
  const zone = seed.clinic.timezone;
  const minutes = Math.round((block.end - block.start) / MINUTE_MS);
  const practitioner = practitionerById(seed, block.practitioner);
  const status = header.event.endsWith('S23') ? 'Blocked' : 'Cancelled';
  const start = timestamp(block.start, zone);
  return [
    msh(letter, header, 'SIU_S12'),
    segment('SCH', {
      2: components(block.id, seed.clinic.facility),
      5: components(`SCHED_${block.practitioner}`),
      6: components('BLOCK', block.reason, 'L'),
      9: String(minutes),
      10: components('min', 'minutes', 'ISO+'),
      11: `^^M${minutes}^${start}^${timestamp(block.end, zone)}`,
      16: CLERK,
      20: CLERK,
      25: components(status, status, 'HL70278'),
    }),
    letter.settings.version === '2.3' ? '' : tq1(letter, block.start, block.end),
    segment('RGS', { 1: '1', 2: 'A', 3: 'G1' }),
    segment('AIP', {
      1: '1',
      2: 'A',
      3: person(letter, practitioner),
      4: components('ATND', 'Attending', 'L'),
      6: start,
      9: String(minutes),
      10: components('min', 'minutes', 'ISO+'),
    }),
  ].join('');
}

/** ADT A31: what is known of a person changed. */
export function personUpdate(letter: Letterhead, header: Header, patient: Patient): string {
  return [
    msh(letter, header, 'ADT_A05'),
    evn(letter, header),
    pid(letter, patient),
    segment('PV1', { 1: '1', 2: 'N' }),
  ].join('');
}

/** ADT A40: the record `from` was merged into `survivor`. */
export function personMerge(letter: Letterhead, header: Header, survivor: Patient, from: Patient): string {
  const prior = segment('MRG', { 1: recordNumber(letter.seed, from.mrn), 7: components(from.family, from.given) });
  return [msh(letter, header, 'ADT_A39'), evn(letter, header), pid(letter, survivor), prior].join('');
}

function evn(letter: Letterhead, header: Header): string {
  const { settings, seed } = letter;
  const at = timestamp(header.sentAt, seed.clinic.timezone, settings.offsets);
  return segment('EVN', { 1: settings.version === '2.3' ? (header.event.split('^')[1] ?? '') : '', 2: at });
}

/**
 * An empty phone is sent as `""`: this system then says that there is none. An unknown birth date is no statement
 * (section 12).
 */
function pid(letter: Letterhead, patient: Patient): string {
  const isOld = letter.settings.version === '2.3';
  const { phone } = patient;
  const number = isOld ? phone : components('', 'PRN', 'PH', '', '1', phone.slice(0, 3), phone.slice(3));
  const mail = patient.email === '' || isOld ? '' : components('', 'NET', 'Internet', patient.email);
  return segment('PID', {
    1: '1',
    3: recordNumber(letter.seed, patient.mrn),
    5: isOld
      ? components(patient.family, patient.given)
      : components(patient.family, patient.given, '', '', '', '', 'L'),
    7: patient.birthDate.replaceAll('-', ''),
    8: patient.sex,
    13: phone === '' ? '""' : repeat(number, mail),
  });
}

function recordNumber(seed: Seed, mrn: string): string {
  return components(mrn, '', '', seed.clinic.authority, 'MR');
}

function place(seed: Seed, room: string): string {
  return components(seed.clinic.pointOfCare, room, '', seed.clinic.facility);
}

/** XCN: the clinic's own id first; from 2.5 on the NPI as a second repetition. */
function person(letter: Letterhead, practitioner: Practitioner): string {
  const { id, family, given, prefix, degree, npi } = practitioner;
  const local = components(id, family, given, '', '', prefix ?? '', degree ?? '', '', letter.seed.clinic.authority);
  if (npi === undefined || letter.settings.version === '2.3') return local;
  const authority = ['NPI', '2.16.840.1.113883.4.6', 'ISO'];
  return repeat(
    local,
    components(npi, family, given, '', '', prefix ?? '', degree ?? '', '', authority, 'L', '', '', 'NPI'),
  );
}

function practitionerById(seed: Seed, id: string): Practitioner {
  const found = seed.practitioners.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`there is no practitioner ${id}`);
  return found;
}

export function endOf(visit: Pick<Visit, 'start' | 'minutes'>): number {
  return visit.start + visit.minutes * MINUTE_MS;
}
