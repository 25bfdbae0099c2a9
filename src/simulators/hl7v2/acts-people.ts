/** Acts about records: people changed, merged, linked, renumbered; visits moved between them; master files. */
import { ActError } from '../kit/kind.ts';
import type { Writer } from '../kit/store.ts';
import { personLink, personMerge, personUpdate, visitMove } from './adt.ts';
import { patientByMrn, post, seedOf, type Clinic } from './clinic.ts';
import { placeRecord, staffRecord } from './master.ts';
import { LINKS, PATIENTS, PLACES, STAFF, VISITS, type Patient, type Visit } from './model.ts';
import { patientFrom, practitionerOf, textOf, visitById, type Request } from './wishes.ts';

export type Act = (clinic: Clinic, tx: Writer, request: Request) => unknown;

export const PEOPLE_ACTS: Readonly<Record<string, Act>> = {
  'change-patient': changePatient,
  merge,
  link: (...about) => link('A24', ...about),
  unlink: (...about) => link('A37', ...about),
  renumber,
  'change-practitioner': changePractitioner,
  'change-location': changeLocation,
};

function changePatient(clinic: Clinic, tx: Writer, request: Request): object {
  const patient = patientFrom(patientByMrn(tx, textOf(request['mrn'])), request);
  tx.put(PATIENTS, patient.mrn, patient);
  post(clinic, tx, 'ADT^A31', patient.mrn, (letter, header) => personUpdate(letter, header, patient));
  return patient;
}

/** The visits of the merged record are the survivor's from now on; only the merge itself is told. */
function merge(clinic: Clinic, tx: Writer, request: Request): object {
  const [from, into] = [patientByMrn(tx, textOf(request['from'])), patientByMrn(tx, textOf(request['into']))];
  if (from.mrn === into.mrn) throw new ActError('from and into are the same record');
  tx.put(PATIENTS, from.mrn, { ...from, mergedInto: into.mrn });
  giveVisits(tx, from.mrn, into.mrn);
  post(clinic, tx, 'ADT^A40', into.mrn, (letter, header) => personMerge(letter, header, into, from));
  return { survivor: into.mrn, merged: from.mrn };
}

function link(trigger: 'A24' | 'A37', clinic: Clinic, tx: Writer, request: Request): object {
  const [one, other] = [patientByMrn(tx, textOf(request['mrn'])), patientByMrn(tx, textOf(request['with']))];
  const key = [one.mrn, other.mrn].sort().join(' ');
  if (trigger === 'A24') tx.put(LINKS, key, { mrn: one.mrn, with: other.mrn });
  else tx.remove(LINKS, key);
  post(clinic, tx, `ADT^${trigger}`, one.mrn, (letter, header) => personLink(letter, header, one, other));
  return { mrn: one.mrn, with: other.mrn };
}

/** The record had a wrong number: the old one is gone, everything stands under the new one. */
function renumber(clinic: Clinic, tx: Writer, request: Request): object {
  const from = patientByMrn(tx, textOf(request['mrn']));
  const to = textOf(request['to']);
  if (to === '' || tx.get(PATIENTS, to) !== undefined) throw new ActError('give to, a number that no record has');
  const patient: Patient = { ...from, mrn: to };
  tx.remove(PATIENTS, from.mrn);
  tx.put(PATIENTS, to, patient);
  giveVisits(tx, from.mrn, to);
  post(clinic, tx, 'ADT^A47', to, (letter, header) => personMerge(letter, header, patient, from));
  return patient;
}

function giveVisits(tx: Writer, from: string, to: string): void {
  for (const visit of tx.all(VISITS)) if (visit.mrn === from) tx.put(VISITS, visit.id, { ...visit, mrn: to });
}

/** A45: one visit had been made under another record. */
export function moveVisit(clinic: Clinic, tx: Writer, request: Request): Visit {
  const old = visitById(tx, request['id']);
  const to = patientByMrn(tx, textOf(request['to']));
  const from = patientByMrn(tx, old.mrn);
  if (to.mrn === from.mrn) throw new ActError('the visit stands under that record already');
  const visit = { ...old, mrn: to.mrn };
  tx.put(VISITS, visit.id, visit);
  post(clinic, tx, 'ADT^A45', visit.id, (letter, header) => visitMove(letter, header, to, from, visit));
  return visit;
}

function changePractitioner(clinic: Clinic, tx: Writer, request: Request): object {
  const { id } = practitionerOf(clinic, request['practitioner']);
  const before = tx.get(STAFF, id);
  const given = ['family', 'given', 'degree'].filter((name) => request[name] !== undefined);
  const named = Object.fromEntries(given.map((name) => [name, textOf(request[name])]));
  const isActive = typeof request['active'] === 'boolean' ? request['active'] : (before?.isActive ?? true);
  tx.put(STAFF, id, { changed: { ...before?.changed, ...named }, isActive });
  const who = practitionerOf({ ...clinic, seed: seedOf(clinic, tx) }, id);
  post(clinic, tx, 'MFN^M02', id, (letter, header) => staffRecord(letter, header, who, isActive));
  return { ...who, isActive };
}

function changeLocation(clinic: Clinic, tx: Writer, request: Request): object {
  const room = textOf(request['room']);
  if (!clinic.seed.rooms.includes(room)) throw new ActError('room is none of this clinic');
  const description = textOf(request['description']);
  const record = { room, description, isActive: request['active'] !== false };
  tx.put(PLACES, room, record);
  post(clinic, tx, 'MFN^M05', room, (letter, header) => placeRecord(letter, header, record));
  return record;
}
