/** What every message begins with, in this vendor's habits (sheet 4.1). */
import { components, escape, segment, timestamp } from '../kit/hl7-encode.ts';
import type { Patient } from './model.ts';
import type { Seed, Settings } from './seed.ts';

export interface Letter {
  readonly seed: Seed;
  readonly settings: Settings;
  /** `SIU^S12` */
  readonly event: string;
  readonly controlId: string;
  readonly sentAt: number;
}

/** MSH-7 with 16 digits: hundredths without a point. No zone stands anywhere. */
export function msh(letter: Letter, structure: string): string {
  const { seed, settings } = letter;
  const [type = '', trigger = ''] = letter.event.split('^');
  const hundredths = String(Math.floor((letter.sentAt % 1000) / 10)).padStart(2, '0');
  const seconds = timestamp(letter.sentAt, seed.site.timezone);
  return segment('MSH', {
    2: '^~\\&',
    3: escape(seed.site.application),
    4: escape(seed.site.facility),
    5: escape(settings.receivingApplication),
    6: escape(settings.receivingFacility),
    7: settings.msh7Digits === 16 ? `${seconds}${hundredths}` : seconds,
    9: settings.structureInMsh9 ? components(type, trigger, structure) : components(type, trigger),
    10: escape(letter.controlId),
    11: 'P',
    12: settings.version,
  });
}

/** PID-3 repeats: the person's id, and the medical record number. */
export function pid(letter: Letter, patient: Patient): string {
  const { phone } = patient;
  const number = phone === '' ? '' : `(${phone.slice(0, 3)})${phone.slice(3, 6)}-${phone.slice(6)}`;
  return segment('PID', {
    1: '1',
    3: personIds(letter.seed, patient),
    5: components(patient.family, patient.given),
    7: patient.birthDate.replaceAll('-', ''),
    8: patient.sex,
    13: escape(number),
  });
}

export function personIds({ site }: Seed, { epi, mrn }: Pick<Patient, 'epi' | 'mrn'>): string {
  return `${components(epi, '', '', site.authority, site.authority)}~${components(mrn, '', '', 'MRN', 'MRN')}`;
}
