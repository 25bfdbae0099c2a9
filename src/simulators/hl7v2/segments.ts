/** Segments that messages of several kinds share. */
import { MINUTE_MS } from '../../core/instant.ts';
import { components, escape, repeat, segment, timestamp } from '../kit/hl7-encode.ts';
import { ENGINE } from './habits.ts';
import type { Patient, Visit } from './model.ts';
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

/** What a message draws from: the clinic as it is now, and the settings in force. */
export interface Letterhead {
  readonly seed: Seed;
  readonly settings: Settings;
}

export const CLERK = components('9001', 'CLERK', 'ANN');

export function isOld(letter: Letterhead): boolean {
  return letter.settings.version === '2.3';
}

export function msh(letter: Letterhead, header: Header, structure: string): string {
  const { seed, settings } = letter;
  const [code, trigger] = header.event.split('^');
  const sender = settings.habits.engine ? ENGINE : seed.clinic;
  return segment('MSH', {
    2: '^~\\&',
    3: escape(sender.application),
    4: escape(sender.facility),
    5: header.to?.[0] ?? escape(settings.receivingApplication),
    6: header.to?.[1] ?? escape(settings.receivingFacility),
    7: timestamp(header.sentAt, seed.clinic.timezone, settings.offsets),
    9: isOld(letter) ? components(code ?? '', trigger ?? '') : components(code ?? '', trigger ?? '', structure),
    10: escape(header.controlId),
    11: settings.processingId,
    12: header.version ?? settings.version,
    ...(settings.enhancedAcknowledgement && !isOld(letter) ? { 15: 'AL', 16: 'NE' } : {}),
    ...(settings.characterSet === '' ? {} : { 18: settings.characterSet }),
  });
}

export function evn(letter: Letterhead, header: Header, more: Readonly<Record<number, string>> = {}): string {
  const at = timestamp(header.sentAt, letter.seed.clinic.timezone, letter.settings.offsets);
  return segment('EVN', { 1: isOld(letter) ? (header.event.split('^')[1] ?? '') : '', 2: at, ...more });
}

/**
 * An empty phone is sent as `""`: this system then says that there is none. An unknown birth date is no statement
 * (section 12).
 */
export function pid(letter: Letterhead, patient: Patient, setId = '1'): string {
  const old = isOld(letter);
  const { phone } = patient;
  const others = letter.settings.tellsOtherIds ? (patient.otherIds ?? []) : [];
  const number = old ? phone : components('', 'PRN', 'PH', '', '1', phone.slice(0, 3), phone.slice(3));
  const mail = patient.email === '' || old ? '' : components('', 'NET', 'Internet', patient.email);
  return segment('PID', {
    1: setId,
    3: repeat(recordNumber(letter.seed, patient.mrn), ...others.map((one) => components(...one))),
    5: old ? components(patient.family, patient.given) : components(patient.family, patient.given, '', '', '', '', 'L'),
    7: patient.birthDate.replaceAll('-', ''),
    8: patient.sex,
    13: phone === '' ? '""' : repeat(number, mail),
  });
}

export function recordNumber(seed: Seed, mrn: string): string {
  return components(mrn, '', '', seed.clinic.authority, 'MR');
}

export function visitNumber(seed: Seed, id: string): string {
  return components(id, '', '', seed.clinic.facility, 'VN');
}

/** The visit in words of ADT: place, practitioner, service and number. */
export function pv1(letter: Letterhead, visit: Visit): string {
  const { seed } = letter;
  return segment('PV1', {
    1: '1',
    2: 'O',
    3: place(seed, visit.room),
    7: person(letter, practitionerById(seed, visit.practitioner)),
    10: visit.visitType,
    19: visitNumber(seed, visit.id),
  });
}

export function place(seed: Seed, room: string): string {
  return components(seed.clinic.pointOfCare, room, '', seed.clinic.facility);
}

/** XCN: the clinic's own id first; from 2.5 on the NPI as a second repetition, and by habit a third. */
export function person(letter: Letterhead, practitioner: Practitioner): string {
  const { id, family, given, prefix = '', degree = '', npi } = practitioner;
  const local = components(id, family, given, '', '', prefix, degree, '', letter.seed.clinic.authority);
  const payer = components(`P${id}`, family, given, '', '', prefix, degree, '', 'PAYER');
  const third = letter.settings.habits.threeAuthorities ? payer : '';
  if (npi === undefined || isOld(letter)) return repeat(local, third);
  const authority = ['NPI', '2.16.840.1.113883.4.6', 'ISO'];
  return repeat(
    local,
    components(npi, family, given, '', '', prefix, degree, '', authority, 'L', '', '', 'NPI'),
    third,
  );
}

export function practitionerById(seed: Seed, id: string): Practitioner {
  const found = seed.practitioners.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`there is no practitioner ${id}`);
  return found;
}

export function endOf(visit: Pick<Visit, 'start' | 'minutes'>): number {
  return visit.start + visit.minutes * MINUTE_MS;
}
