/** News of people: A31 (changed), A40 (merged); standard sheet section 9. */
import { segment, timestamp } from '../kit/hl7-encode.ts';
import { msh, personIds, pid, type Letter } from './letter.ts';
import type { Patient } from './model.ts';

export function personUpdate(letter: Letter, patient: Patient): string {
  return [msh(letter, 'ADT_A05'), evn(letter), pid(letter, patient), segment('PV1', { 1: '1', 2: 'N' })].join('');
}

export function personMerge(letter: Letter, survivor: Patient, from: Patient): string {
  const prior = segment('MRG', { 1: personIds(letter.seed, from) });
  return [msh(letter, 'ADT_A39'), evn(letter), pid(letter, survivor), prior].join('');
}

function evn(letter: Letter): string {
  const [, trigger = ''] = letter.event.split('^');
  return segment('EVN', { 1: trigger, 2: timestamp(letter.sentAt, letter.seed.site.timezone) });
}
