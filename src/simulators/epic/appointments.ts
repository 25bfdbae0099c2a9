/** Appointment: read and search and nothing else, in both versions (sheet 3.2 and 3.3). */
import type { Answer, Call } from '../kit/route.ts';
import type { View } from '../kit/store.ts';
import { fhir, refusal, type Issue } from './answers.ts';
import {
  departmentById,
  idOfReference,
  practitionerById,
  settingsOf,
  shownId,
  type Hospital,
  type Version,
} from './hospital.ts';
import { PATIENTS, VISITS, type Visit } from './model.ts';
import { SESSION, type Pages } from './pages.ts';
import { csnSystem, showVisit } from './render.ts';
import { dateTest, searchOf, tokenValue, unknownIssues } from './search.ts';

const KNOWN = [
  ...['_id', '_count', '_include', '_revinclude', 'patient', 'date', 'identifier', 'status', 'service-category'],
  ...['onlyscannable', 'actor', 'appointment-type', 'based-on', 'location', 'part-status', 'practitioner'],
  ...['reason-code', 'reason-reference', 'service-type', 'slot', 'specialty', 'supporting-info'],
];

export function readVisit(hospital: Hospital, version: Version, call: Call): Answer {
  const visit = call.view.all(VISITS).find((one) => shownId(hospital, version, one.id) === call.params['id']);
  if (visit === undefined) throw refusal(hospital, 404, { code: '4102' });
  if (visit.status === 'deleted') throw refusal(hospital, 404, { code: '4103' });
  if (isRestricted(call.view, visit.patient)) throw refusal(hospital, 403, { code: '4130' });
  return fhir(showVisit(hospital, call.view, version, visit));
}

export function searchVisits(hospital: Hospital, pages: Pages, version: Version, call: Call): Answer {
  if (call.query.has(SESSION)) return pages.next(version, call.query);
  const { query, self } = searchOf(hospital, call);
  const issues: Issue[] = unknownIssues(hospital, query, KNOWN);
  const found = call.view
    .all(VISITS)
    .filter((one) => one.status !== 'deleted')
    .filter(testOf(hospital, call.view, version, query))
    .sort((one, other) => one.start - other.start)
    .map((one) => ({ resource: showVisit(hospital, call.view, version, one) }));
  return pages.first(version, self, found, query, issues);
}

/** With `_id` all other parameters are ignored; without a patient a search is refused. */
function testOf(hospital: Hospital, view: View, version: Version, query: URLSearchParams): (visit: Visit) => boolean {
  const ids = query.get('_id')?.split(',');
  if (ids !== undefined) return (visit) => ids.includes(shownId(hospital, version, visit.id));
  const patient = patientOf(hospital, view, version, query);
  const tests: ((visit: Visit) => boolean)[] = [];
  if (patient !== null) tests.push((visit) => visit.patient === patient);
  for (const text of query.getAll('date')) {
    const test = dateTest(hospital, text);
    tests.push((visit) => test(visit.start));
  }
  const given = (name: string, test: (visit: Visit, values: readonly string[]) => boolean): void => {
    const values = query.get(name)?.split(',');
    if (values !== undefined) tests.push((visit) => test(visit, values));
  };
  given('identifier', (visit, values) => values.some((one) => isCsn(hospital, visit, one)));
  given('status', (visit, values) => values.includes(visit.status));
  given('service-category', (_, values) => values.some((one) => tokenValue(one) === 'appointment'));
  given('service-type', (visit, values) => values.some((one) => tokenValue(one) === visit.visitType));
  given('practitioner', (visit, values) =>
    visit.practitioners
      .map((id) => shownId(hospital, version, practitionerById(hospital.seed, id).fhirId))
      .some((id) => values.map(idOfReference).includes(id)),
  );
  given('location', (visit, values) =>
    values
      .map(idOfReference)
      .includes(shownId(hospital, version, departmentById(hospital.seed, visit.department).fhirId)),
  );
  return (visit) => tests.every((test) => test(visit));
}

/** @throws Refusal when a patient is needed and missing, or is not one whose appointments may be read */
function patientOf(hospital: Hospital, view: View, version: Version, query: URLSearchParams): string | null {
  const text = query.get('patient') ?? '';
  if (text === '') {
    const isAllowed = settingsOf(hospital).searchWithoutPatient === 'identifier' && query.has('identifier');
    if (!isAllowed) throw refusal(hospital, 400, { code: '4111', location: 'patient' });
    return null;
  }
  const id = idOfReference(text);
  const patient = view.all(PATIENTS).find((one) => shownId(hospital, version, one.id) === id || one.id === id);
  if (patient === undefined) throw refusal(hospital, 400, { code: '4100', location: 'patient' });
  if (patient.mergedInto !== null) throw refusal(hospital, 400, { code: '4107', location: 'patient' });
  if (patient.isRestricted) throw refusal(hospital, 403, { code: '4130', location: 'patient' });
  return patient.id;
}

function isRestricted(view: View, patient: string): boolean {
  return view.get(PATIENTS, patient)?.isRestricted === true;
}

function isCsn(hospital: Hospital, visit: Visit, token: string): boolean {
  const at = token.lastIndexOf('|');
  const isSystem = at < 0 || token.slice(0, at) === csnSystem(hospital);
  return isSystem && visit.csn === tokenValue(token);
}
