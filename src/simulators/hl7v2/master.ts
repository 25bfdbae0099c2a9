/** MFN: master files of staff (M02) and places (M05), one record each (standard sheet section 10). */
import { components, escape, segment, timestamp } from '../kit/hl7-encode.ts';
import { msh, place, type Header, type Letterhead } from './segments.ts';
import type { Practitioner } from './seed.ts';

export function staffRecord(letter: Letterhead, header: Header, who: Practitioner, isActive: boolean): string {
  const { clinic } = letter.seed;
  const key = components(who.id, '', clinic.authority);
  const number = who.npi === undefined ? '' : components(who.npi, 'NPI');
  return [
    msh(letter, header, 'MFN_M02'),
    ...entry(letter, header, 'STF', isActive ? 'MUP' : 'MDC', key),
    segment('STF', {
      1: key,
      2: components(who.id, '', '', clinic.authority),
      3: components(who.family, who.given, '', '', who.prefix ?? '', who.degree ?? ''),
      7: isActive ? 'A' : 'I',
    }),
    segment('PRA', { 1: key, ...(number === '' ? {} : { 6: number }) }),
  ].join('');
}

export interface PlaceRecord {
  readonly room: string;
  readonly description: string;
  readonly isActive: boolean;
}

export function placeRecord(letter: Letterhead, header: Header, record: PlaceRecord): string {
  const { seed } = letter;
  const key = place(seed, record.room);
  return [
    msh(letter, header, 'MFN_M05'),
    ...entry(letter, header, 'LOC', record.isActive ? 'MUP' : 'MDC', key),
    segment('LOC', { 1: key, 2: escape(record.description), 3: 'R' }),
    segment('LDP', { 1: key, 2: components(seed.clinic.pointOfCare), 6: record.isActive ? 'A' : 'I' }),
  ].join('');
}

function entry(letter: Letterhead, header: Header, file: string, event: string, key: string): string[] {
  const at = timestamp(header.sentAt, letter.seed.clinic.timezone, letter.settings.offsets);
  return [
    segment('MFI', { 1: components(file), 3: 'UPD', 5: at, 6: 'NE' }),
    segment('MFE', { 1: event, 2: escape(header.controlId), 3: at, 4: key, 5: file === 'STF' ? 'CWE' : 'PL' }),
  ];
}
