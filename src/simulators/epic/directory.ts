/** Practitioner and Location search (R4); Slot and Schedule, read by id only (STU3); sheet 3.6. */
import { instant } from '../../core/instant.ts';
import type { Answer, Call } from '../kit/route.ts';
import { fhir, refusal, searchset, type Resource } from './answers.ts';
import { departmentById, practitionerById, type Hospital } from './hospital.ts';
import type { Practitioner } from './seed.ts';
import { displayOf, reference, scheduleId, showLocation, showPractitioner, slotId, unpacked, utc } from './render.ts';
import { searchOf, tokenValue, unknownIssues } from './search.ts';
import { endOf, offers } from './templates.ts';

export function searchPractitioners(hospital: Hospital, call: Call): Answer {
  const { query, self } = searchOf(hospital, call);
  const issues = unknownIssues(hospital, query, ['_id', 'identifier', 'family', 'given', 'name', 'address', '_count']);
  const found = hospital.seed.practitioners.filter((one) => isWanted(one, query));
  const shown = found.map((one) => ({ resource: showPractitioner(hospital, one) }));
  return fhir(searchset(hospital, 'R4', self, shown, { issues }));
}

/** An identifier overrides everything else that is asked. */
function isWanted(who: Practitioner, query: URLSearchParams): boolean {
  const identifier = query.get('identifier');
  if (identifier !== null) return [who.npi, who.id].includes(tokenValue(identifier));
  const starts = (text: string, name: string): boolean =>
    query.get(name) === null || text.toLowerCase().startsWith((query.get(name) ?? '').toLowerCase());
  const id = query.get('_id');
  const name = query.get('name');
  const isNamed = name === null || [who.family, who.given].some((one) => starts(one, 'name'));
  return (id === null || id === who.fhirId) && starts(who.family, 'family') && starts(who.given, 'given') && isNamed;
}

export function readPractitioner(hospital: Hospital, call: Call): Answer {
  const who = hospital.seed.practitioners.find((one) => one.fhirId === call.params['id']);
  if (who === undefined) throw refusal(hospital, 404, { code: '4102' });
  return fhir(showPractitioner(hospital, who));
}

export function searchLocations(hospital: Hospital, call: Call): Answer {
  const { query, self } = searchOf(hospital, call);
  const issues = unknownIssues(hospital, query, ['_id', 'identifier', 'type', 'name', 'address', '_count']);
  const [ids, identifier, name] = [query.get('_id')?.split(','), query.get('identifier'), query.get('name')];
  const found = hospital.seed.departments.filter(
    (one) =>
      (ids === undefined || ids.includes(one.fhirId)) &&
      (identifier === null || tokenValue(identifier) === one.id) &&
      (name === null || one.name.toLowerCase().startsWith(name.toLowerCase())),
  );
  const shown = found.map((one) => ({ resource: showLocation(hospital, one) }));
  return fhir(searchset(hospital, 'R4', self, shown, { issues }));
}

export function readLocation(hospital: Hospital, call: Call): Answer {
  const department = hospital.seed.departments.find((one) => one.fhirId === call.params['id']);
  if (department === undefined) throw refusal(hospital, 404, { code: '4102' });
  return fhir(showLocation(hospital, department));
}

/** Free when staff could still book it: a template that was closed or a visit makes it busy. */
export function readSlot(hospital: Hospital, call: Call): Answer {
  const { seed } = hospital;
  const id = call.params['id'] ?? '';
  const [practitioner = '', department = '', visitType = '', start = ''] = unpacked('eSlt', id) ?? [];
  const type = seed.visitTypes.find((one) => one.code === visitType);
  const at = Number(start);
  const isThere = seed.templates.some((one) => one.practitioner === practitioner && one.department === department);
  if (type === undefined || !isThere || !Number.isInteger(at)) throw refusal(hospital, 404, { code: '4102' });
  const offer = { practitioner, department, visitType, start: at, minutes: type.minutes };
  const window = { start: instant(at), end: instant(at + 1) };
  const isFree = offers(seed, call.view, 'staff', window, offer).some((one) => one.practitioner === practitioner);
  return fhir({
    resourceType: 'Slot',
    id: slotId(offer),
    schedule: reference(hospital, 'STU3', 'Schedule', scheduleId(offer)),
    status: isFree ? 'free' : 'busy',
    start: utc(at),
    end: utc(endOf(offer)),
  });
}

export function readSchedule(hospital: Hospital, call: Call): Answer {
  const id = call.params['id'] ?? '';
  const { seed } = hospital;
  const template = seed.templates.find((one) => scheduleId(one) === id);
  if (template === undefined) throw refusal(hospital, 404, { code: '4102' });
  const who = practitionerById(seed, template.practitioner);
  const where = departmentById(seed, template.department);
  const actor: Resource[] = [
    reference(hospital, 'STU3', 'Practitioner', who.fhirId, displayOf(who)),
    reference(hospital, 'STU3', 'Location', where.fhirId, where.name),
  ];
  return fhir({ resourceType: 'Schedule', id, actor });
}
