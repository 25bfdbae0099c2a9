/** Patient records as they are made: from the seed, from invented people, by staff. */
import type { View, Writer } from '../kit/store.ts';
import { person } from '../kit/people.ts';
import { opaqueId, type Hospital } from './hospital.ts';
import { PATIENTS, type Patient } from './model.ts';
import type { GivenPatient } from './seed.ts';

const FIRST_EPI = 990_017;

export function addPatient(hospital: Hospital, tx: Writer, given: GivenPatient): Patient {
  const { mrn, family, given: first, birthDate, sex, phone = '', email = '' } = given;
  const patient: Patient = {
    ...{ mrn, family, given: first, birthDate, sex, email },
    id: opaqueId('patient', hospital.seed.site.oid, mrn),
    epi: `Z${tx.nextNumber('epi', FIRST_EPI)}`,
    phone: phone.replace(/\D/g, ''),
    mergedInto: null,
    isRestricted: false,
  };
  tx.put(PATIENTS, patient.id, patient);
  return patient;
}

/** The record of an invented person, who is the same at every simulated site; made when it is not there yet. */
export function patientOfPerson(hospital: Hospital, tx: Writer, number: number): Patient {
  const mrn = mrnOfPerson(hospital, number);
  const known = byMrn(tx, mrn);
  if (known !== undefined) return known;
  const { firstName, lastName, ...rest } = person(number);
  return addPatient(hospital, tx, { ...rest, mrn, family: lastName, given: firstName });
}

export function mrnOfPerson({ seed }: Pick<Hospital, 'seed'>, number: number): string {
  return `${seed.mrnPrefix}${10_000 + number}`;
}

export function byMrn(view: View, mrn: string): Patient | undefined {
  return view.all(PATIENTS).find((one) => one.mrn === mrn);
}
