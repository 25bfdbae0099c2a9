/** QBP Q22, answered by RSP K22 (IHE Patient Demographics Query, ITI TF-2, 3.21): people by name and date of birth. */
import type { View } from '../kit/store.ts';
import { seedOf, settingsOf, type Clinic } from './clinic.ts';
import { components, escape, segment } from '../kit/hl7-encode.ts';
import { PATIENTS, type Patient } from './model.ts';
import type { Incoming } from '../kit/hl7-read.ts';
import { msh, pid, type Letterhead } from './segments.ts';

export function isPersonQuery({ header }: Incoming): boolean {
  return header.get(9) === 'QBP' && header.get(9, 2) === 'Q22';
}

export function peopleFound(clinic: Clinic, view: View, asked: Incoming, controlId: string): string {
  const { header } = asked;
  const letter: Letterhead = { seed: seedOf(clinic, view), settings: settingsOf(clinic.seed, view) };
  const about = {
    event: 'RSP^K22',
    controlId,
    sentAt: clinic.clock.now(),
    to: [components(...(header.lists(3)[0] ?? [])), components(...(header.lists(4)[0] ?? []))],
    version: header.get(12) || '2.5',
  } as const;
  const qpd = asked.first('QPD');
  const wanted = new Map((qpd?.lists(3) ?? []).map(([name = '', value = '']) => [name, value]));
  const people = view.all(PATIENTS).filter((one) => one.mergedInto === null && fits(one, wanted));
  const status = wanted.size === 0 ? 'AE' : people.length === 0 ? 'NF' : 'OK';
  return [
    msh(letter, about, 'RSP_K21'),
    segment('MSA', { 1: status === 'AE' ? 'AE' : 'AA', 2: escape(header.get(10)) }),
    segment('QAK', { 1: escape(qpd?.get(2) ?? ''), 2: status }),
    segment('QPD', { 1: qpd?.raw(1) ?? '', 2: qpd?.raw(2) ?? '', 3: qpd?.raw(3) ?? '' }),
    ...people.map((one, at) => pid(letter, one, String(at + 1))),
  ].join('');
}

/** Exactly, but for capitals; a parameter that this system does not search by fits nobody. */
function fits(patient: Patient, wanted: ReadonlyMap<string, string>): boolean {
  const known: Readonly<Record<string, string>> = {
    '@PID.5.1': patient.family,
    '@PID.5.1.1': patient.family,
    '@PID.5.2': patient.given,
    '@PID.7': patient.birthDate.replaceAll('-', ''),
    '@PID.8': patient.sex,
  };
  return wanted.size > 0 && [...wanted].every(([name, value]) => known[name]?.toLowerCase() === value.toLowerCase());
}
