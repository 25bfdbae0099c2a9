/** ADT: people, the state of visits, and visits themselves where a hospital books by ADT (standard sheet section 9). */
import { components, escape, segment, timestamp } from '../kit/hl7-encode.ts';
import type { Patient, Visit } from './model.ts';
import {
  endOf,
  evn,
  isOld,
  msh,
  pid,
  pv1,
  recordNumber,
  visitNumber,
  type Header,
  type Letterhead,
} from './segments.ts';

/** A31: what is known of a person changed. */
export function personUpdate(letter: Letterhead, header: Header, patient: Patient): string {
  return [
    msh(letter, header, 'ADT_A05'),
    evn(letter, header),
    pid(letter, patient),
    segment('PV1', { 1: '1', 2: 'N' }),
  ].join('');
}

/** A40 (ADT_A39): the record `from` was merged into `survivor`. A47 (ADT_A30): its number was wrong and is another. */
export function personMerge(letter: Letterhead, header: Header, survivor: Patient, from: Patient): string {
  const structure = header.event.endsWith('A40') ? 'ADT_A39' : 'ADT_A30';
  return [msh(letter, header, structure), evn(letter, header), pid(letter, survivor), mrg(letter, from)].join('');
}

/** A24, A37: two records are of one person, or are not after all. */
export function personLink(letter: Letterhead, header: Header, one: Patient, other: Patient): string {
  const structure = header.event.endsWith('A24') ? 'ADT_A24' : 'ADT_A37';
  return [msh(letter, header, structure), evn(letter, header), pid(letter, one), pid(letter, other, '2')].join('');
}

/** A45: a visit that stood under another record. */
export function visitMove(letter: Letterhead, header: Header, to: Patient, from: Patient, visit: Visit): string {
  const parts = [msh(letter, header, 'ADT_A45'), evn(letter, header), pid(letter, to)];
  return [...parts, mrg(letter, from, visitNumber(letter.seed, visit.id)), pv1(letter, visit)].join('');
}

function mrg(letter: Letterhead, from: Patient, priorVisit = ''): string {
  return segment('MRG', {
    1: recordNumber(letter.seed, from.mrn),
    5: priorVisit,
    7: components(from.family, from.given),
  });
}

const STRUCTURES: Readonly<Record<string, string>> = { A03: 'ADT_A03', A10: 'ADT_A09', A11: 'ADT_A09', A05: 'ADT_A05' };

/** A01, A04, A10, A11, A03, A13: the visit is known by PV1-19. */
export function visitStatus(letter: Letterhead, header: Header, visit: Visit, patient: Patient): string {
  const structure = STRUCTURES[header.event.slice(4)] ?? 'ADT_A01';
  const parts = [msh(letter, header, structure), evn(letter, header), pid(letter, patient), pv1(letter, visit)];
  return parts.join('');
}

/** A05, A08, A38: a visit booked, changed or cancelled, its time in PV2-8 and PV2-9. */
export function visitByAdt(letter: Letterhead, header: Header, visit: Visit, patient: Patient): string {
  const zone = letter.seed.clinic.timezone;
  const structure = header.event.endsWith('A38') ? 'ADT_A38' : (STRUCTURES[header.event.slice(4)] ?? 'ADT_A01');
  const trigger = header.event.split('^')[1] ?? '';
  return [
    msh(letter, header, structure),
    evn(letter, header, { 1: isOld(letter) ? trigger : '', 4: visit.eventReason }),
    pid(letter, patient),
    pv1(letter, visit),
    segment('PV2', {
      3: escape(visit.reason),
      8: timestamp(visit.start, zone),
      9: timestamp(endOf(visit), zone),
      12: escape(visit.note),
    }),
  ].join('');
}
