/** Acts about patients: added, changed, merged, put behind break-the-glass. */
import { ActError } from '../kit/kind.ts';
import { textOf, type Act } from './act.ts';
import { personMerge, personUpdate } from './adt.ts';
import { patientBy } from './hospital.ts';
import { PATIENTS, VISITS, type Patient } from './model.ts';
import { addPatient, byMrn, patientOfPerson } from './records.ts';

export const PEOPLE_ACTS: Readonly<Record<string, Act>> = {
  'add-patient': (hospital, tx, request) => {
    if (request['person'] !== undefined) return patientOfPerson(hospital, tx, Number(request['person']));
    const [mrn, family, given, birthDate] = ['mrn', 'family', 'given', 'birthDate'].map((name) =>
      textOf(request[name]),
    );
    if (!mrn || !family || !given || !birthDate) throw new ActError('give mrn, family, given, birthDate');
    if (byMrn(tx, mrn) !== undefined) throw new ActError('a record has that number already');
    const sex = request['sex'] === 'M' ? 'M' : 'F';
    const [phone, email] = [textOf(request['phone']), textOf(request['email'])];
    return addPatient(hospital, tx, { mrn, family, given, birthDate, sex, phone, email });
  },
  'change-patient': (hospital, tx, request) => {
    const names = ['family', 'given', 'birthDate', 'phone', 'email'].filter((name) => request[name] !== undefined);
    const changed = Object.fromEntries(names.map((name) => [name, textOf(request[name])]));
    const patient: Patient = { ...patientBy(tx, textOf(request['patient'])), ...changed };
    tx.put(PATIENTS, patient.id, patient);
    hospital.feed.post(tx, 'ADT^A31', patient.id, (letter) => personUpdate(letter, patient));
    return patient;
  },
  /** The visits of the merged record are the survivor's from now on; only the merge itself is told. */
  merge: (hospital, tx, request) => {
    const [from, into] = [patientBy(tx, textOf(request['from'])), patientBy(tx, textOf(request['into']))];
    if (from.id === into.id) throw new ActError('from and into are the same record');
    tx.put(PATIENTS, from.id, { ...from, mergedInto: into.id });
    for (const visit of tx.all(VISITS)) {
      if (visit.patient === from.id) tx.put(VISITS, visit.csn, { ...visit, patient: into.id });
    }
    hospital.feed.post(tx, 'ADT^A40', into.id, (letter) => personMerge(letter, into, from));
    return { survivor: into.id, merged: from.id };
  },
  'break-the-glass': (_hospital, tx, request) => {
    const patient = { ...patientBy(tx, textOf(request['patient'])), isRestricted: request['on'] !== false };
    tx.put(PATIENTS, patient.id, patient);
    return patient;
  },
};
