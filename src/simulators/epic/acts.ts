/** What staff do in the site's own program. Appointment changes are told by SIU, people by ADT, templates never. */
import { instant, DAY_MS, type Instant } from '../../core/instant.ts';
import { readInput } from '../kit/calendar.ts';
import { ActError, type SimulatorParts } from '../kit/kind.ts';
import type { Writer } from '../kit/store.ts';
import {
  departmentById,
  patientBy,
  practitionerById,
  settingsOf,
  visitByCsn,
  visitTypeByCode,
  type Hospital,
} from './hospital.ts';
import { BLOCKS, VISITS, type Patient, type Visit } from './model.ts';
import { textOf, type Act, type Request } from './act.ts';
import { PEOPLE_ACTS } from './acts-people.ts';
import { SITE_ACTS } from './acts-site.ts';
import { patientOfPerson } from './records.ts';
import { offers } from './templates.ts';
import { endVisit, moveVisit, openVisit, told } from './visits.ts';
import { showTruth } from './truth.ts';

const VISIT_ACTS: Readonly<Record<string, Act>> = {
  book: (hospital, tx, request) => showTruth(bookByStaff(hospital, tx, request)),
  move: (hospital, tx, request) => {
    const visit = visitOf(tx, request);
    const start = request['start'] === undefined ? visit.start : timeOf(hospital, request['start']);
    return showTruth(moveVisit(hospital, tx, visit, { start, ...peopleOf(hospital, request) }));
  },
  modify,
  cancel: (hospital, tx, request) =>
    showTruth(endVisit(hospital, tx, visitOf(tx, request), 'cancelled', textOf(request['reason']))),
  delete: (hospital, tx, request) => showTruth(endVisit(hospital, tx, visitOf(tx, request), 'deleted', '')),
  noshow: (hospital, tx, request) => showTruth(endVisit(hospital, tx, visitOf(tx, request), 'noshow', '')),
  arrive: (hospital, tx, request) => {
    const visit = { ...visitOf(tx, request), status: 'arrived' as const };
    tx.put(VISITS, visit.csn, visit);
    return showTruth(settingsOf(hospital, tx).arrivalSends === 'S14' ? told(hospital, tx, 'S14', visit) : visit);
  },
  'close-template': closeTemplate,
  'reopen-template': (_hospital, tx, request) => {
    const id = textOf(request['id']);
    if (tx.get(BLOCKS, id) === undefined) throw new ActError('there is no closed time with that id');
    tx.remove(BLOCKS, id);
    return { id };
  },
};

export function epicActs(hospital: Hospital): SimulatorParts['acts'] {
  const all: Readonly<Record<string, Act>> = { ...VISIT_ACTS, ...PEOPLE_ACTS, ...SITE_ACTS };
  return Object.fromEntries(
    Object.entries(all).map(([name, act]) => [
      name,
      (request: Request): unknown => hospital.store.write((tx) => act(hospital, tx, request)),
    ]),
  );
}

/** Staff book whatever they like: a taken time is no obstacle. What is not said is the first that is free. */
function bookByStaff(hospital: Hospital, tx: Writer, request: Request): Visit {
  const { seed } = hospital;
  const now = hospital.clock.now();
  const window = { start: now, end: instant(now + seed.horizonDays * DAY_MS) };
  const code = request['visitType'] === undefined ? undefined : textOf(request['visitType']);
  const wanted = code === undefined ? {} : { visitType: visitTypeByCode(seed, code).code };
  const given = peopleOf(hospital, request).practitioners;
  const [main] = given ?? [];
  const isMain = (one: { readonly practitioner: string }): boolean => main === undefined || one.practitioner === main;
  const free = offers(seed, tx, 'staff', window, wanted).find(isMain);
  const template = seed.templates.find((one) => isMain(one) && (code === undefined || one.visitTypes.includes(code)));
  const visitType = free?.visitType ?? template?.visitTypes[0];
  const practitioner = main ?? free?.practitioner ?? template?.practitioner;
  const start = request['start'] === undefined ? free?.start : timeOf(hospital, request['start']);
  if (visitType === undefined || practitioner === undefined || start === undefined) {
    throw new ActError('nothing is free; give visitType, practitioner and start');
  }
  const type = visitTypeByCode(seed, code ?? visitType);
  const department = request['department'] === undefined ? template?.department : textOf(request['department']);
  return openVisit(hospital, tx, {
    patient: patientOf(hospital, tx, request).id,
    visitType: type.code,
    minutes: type.minutes,
    department: departmentById(seed, department ?? '').id,
    practitioners: given ?? [practitioner],
    start,
    note: textOf(request['note']),
  });
}

/** S14: the note, the visit type, the practitioners or the patient; a new start is a move. */
function modify(hospital: Hospital, tx: Writer, request: Request): object {
  const visit = visitOf(tx, request);
  const type =
    request['visitType'] === undefined ? undefined : visitTypeByCode(hospital.seed, textOf(request['visitType']));
  return showTruth(
    told(hospital, tx, 'S14', {
      ...visit,
      ...peopleOf(hospital, request),
      ...(type === undefined ? {} : { visitType: type.code, minutes: type.minutes }),
      ...(request['note'] === undefined ? {} : { note: textOf(request['note']) }),
    }),
  );
}

/** No message tells it: only what `$find` no longer offers. */
function closeTemplate(hospital: Hospital, tx: Writer, request: Request): object {
  const practitioner = practitionerById(hospital.seed, textOf(request['practitioner'])).id;
  const department =
    request['department'] === undefined ? '' : departmentById(hospital.seed, textOf(request['department'])).id;
  const [start, end] = [timeOf(hospital, request['start']), timeOf(hospital, request['end'])];
  if (end <= start) throw new ActError('end is not after start');
  const block = { id: `B-${tx.nextNumber('block', 1)}`, practitioner, department, start, end };
  tx.put(BLOCKS, block.id, block);
  return showTruth(block);
}

/** `patient` by FHIR id or record number, else `person` by number, else person 1. */
function patientOf(hospital: Hospital, tx: Writer, request: Request): Patient {
  if (request['patient'] !== undefined) return patientBy(tx, textOf(request['patient']));
  return patientOfPerson(hospital, tx, Number(request['person'] ?? 1));
}

/** `practitioner` or `practitioners`, by the ids of HL7 messages. */
function peopleOf(hospital: Hospital, request: Request): { readonly practitioners?: readonly string[] } {
  const given = request['practitioners'] ?? request['practitioner'];
  if (given === undefined) return {};
  const ids = (Array.isArray(given) ? given : [given]).map(textOf);
  return { practitioners: ids.map((id) => practitionerById(hospital.seed, id).id) };
}

function visitOf(tx: Writer, request: Request): Visit {
  return visitByCsn(tx, textOf(request['csn']));
}

function timeOf(hospital: Hospital, text: unknown): Instant {
  const at = readInput(textOf(text), hospital.seed.site.timezone);
  if (at === null) throw new ActError('a time is missing or cannot be read');
  return at;
}
