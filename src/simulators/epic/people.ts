/** Patients: read and search with the minimum data set (sheet 3.1). */
import type { Answer, Call } from '../kit/route.ts';
import type { View } from '../kit/store.ts';
import { fhir, refusal, searchset, type Issue } from './answers.ts';
import type { Hospital } from './hospital.ts';
import { PATIENTS, type Patient } from './model.ts';
import { genderOf, mrnSystem, showPatient } from './render.ts';
import { searchOf, unknownIssues } from './search.ts';

const MOST = 100;
const KNOWN = [
  ...['_id', 'identifier', 'family', 'given', 'name', 'birthdate', 'gender', 'legal-sex', 'telecom', 'phone', 'email'],
  ...['address', 'address-city', 'address-state', 'address-postalcode', 'own-name', 'own-prefix'],
  ...['partner-name', 'partner-prefix', 'active', 'death-date', '_count', '_format'],
];

export function readPatient(hospital: Hospital, call: Call): Answer {
  const patient = call.view.get(PATIENTS, call.params['id'] ?? '');
  if (patient === undefined) throw refusal(hospital, 404, { code: '4102' });
  if (patient.mergedInto !== null) {
    const location = `${hospital.base()}/api/FHIR/R4/Patient/${patient.mergedInto}`;
    throw refusal(hospital, 301, { code: '4107' }, { location });
  }
  if (patient.isRestricted) throw refusal(hospital, 403, { code: '4130' });
  return fhir(showPatient(hospital, call.view, patient));
}

export function searchPatients(hospital: Hospital, call: Call): Answer {
  const { query, self } = searchOf(hospital, call);
  if ([...query.keys()].every((name) => name === '_count' || name === '_format')) {
    throw refusal(hospital, 400, { code: '4110' });
  }
  const issues: Issue[] = unknownIssues(hospital, query, KNOWN);
  const has = (...names: readonly string[]): boolean => names.some((name) => (query.get(name) ?? '') !== '');
  const isEnough =
    has('_id', 'identifier') ||
    (has('given') && has('family') && has('birthdate')) ||
    (has('given') && has('family') && has('gender', 'legal-sex') && has('telecom', 'phone', 'email'));
  if (!isEnough) throw refusal(hospital, 400, { code: '4127', diagnostics: 'too few search elements' });
  const found = call.view
    .all(PATIENTS)
    .filter((one) => one.mergedInto === null && fits(hospital, call.view, one, query));
  if (found.length > MOST) throw refusal(hospital, 400, { code: '4127', diagnostics: 'too many results' });
  const open = found.filter((one) => !one.isRestricted);
  // A restricted record is not shown; the search says that there is one.
  if (open.length < found.length) issues.push({ code: '4130' });
  const shown = open.map((one) => ({ resource: showPatient(hospital, call.view, one) }));
  return fhir(searchset(hospital, 'R4', self, shown, { issues }));
}

function fits(hospital: Hospital, view: View, patient: Patient, query: URLSearchParams): boolean {
  const tests: Readonly<Record<string, (value: string) => boolean>> = {
    _id: (id) => patient.id === id,
    identifier: (token) => hasIdentifier(hospital, view, patient, token),
    family: (name) => soundsLike(patient.family, name),
    given: (name) => soundsLike(patient.given, name),
    birthdate: (date) => patient.birthDate === date.replace(/^eq/, ''),
    gender: (gender) => genderOf(patient) === gender,
    'legal-sex': (gender) => genderOf(patient) === gender,
    telecom: (value) => isTelecom(patient, value),
    phone: (value) => isTelecom(patient, value),
    email: (value) => isTelecom(patient, value),
  };
  return [...query].every(([name, value]) => (Object.hasOwn(tests, name) ? (tests[name]?.(value) ?? true) : true));
}

/** `system|value`, `MRN|value` and the like, or the value alone. Numbers of merged records lead to the survivor. */
export function hasIdentifier(hospital: Hospital, view: View, patient: Patient, token: string): boolean {
  const at = token.lastIndexOf('|');
  const [kind, value] = at < 0 ? ['', token] : [token.slice(0, at), token.slice(at + 1)];
  const { oid, authority } = hospital.seed.site;
  const merged = view.all(PATIENTS).filter((one) => one.mergedInto === patient.id);
  const isMrn = [patient, ...merged].some((one) => one.mrn === value);
  const isPerson = patient.epi === value;
  if (kind === '') return isMrn || isPerson;
  if (kind === 'MRN' || kind === mrnSystem(hospital)) return isMrn;
  return (kind === authority || kind === `urn:oid:${oid}.7.5.737384.0`) && isPerson;
}

export function isTelecom(patient: Patient, value: string): boolean {
  const text = value.slice(value.indexOf('|') + 1).toLowerCase();
  const digits = text.replace(/\D/g, '').replace(/^1(?=\d{10}$)/, '');
  return (text !== '' && text === patient.email.toLowerCase()) || (digits.length === 10 && digits === patient.phone);
}

/** The beginning of a name, or another that sounds like it: searches by name find sound-alikes. */
export function soundsLike(name: string, asked: string): boolean {
  const [own, other] = [name.toLowerCase(), asked.trim().toLowerCase()];
  return other !== '' && (own.startsWith(other) || soundex(own) === soundex(other));
}

const SOUNDS: Readonly<Record<string, string>> = Object.fromEntries(
  ['bfpv', 'cgjkqsxz', 'dt', 'l', 'mn', 'r'].flatMap((letters, index) =>
    Array.from(letters, (letter) => [letter, String(index + 1)]),
  ),
);

function soundex(name: string): string {
  const letters = Array.from(name.replace(/[^a-z]/g, ''));
  let last = SOUNDS[letters[0] ?? ''] ?? '';
  const rest = letters.slice(1).flatMap((letter) => {
    const sound = SOUNDS[letter] ?? '';
    const isNew = sound !== '' && sound !== last;
    if (!'hw'.includes(letter)) last = sound;
    return isNew ? [sound] : [];
  });
  return `${letters[0] ?? ''}${rest.join('')}000`.slice(0, 4);
}
