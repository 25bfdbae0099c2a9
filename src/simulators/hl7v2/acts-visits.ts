/** Acts about visits and time: booked, moved, ended, begun; resources; blocks and hours. */
import { MINUTE_MS } from '../../core/instant.ts';
import { ActError } from '../kit/kind.ts';
import type { Writer } from '../kit/store.ts';
import type { Act } from './acts-people.ts';
import { moveVisit } from './acts-people.ts';
import { visitStatus } from './adt.ts';
import { bookVisit, patientByMrn, post, settingsOf, tell, tellBlock, type Clinic } from './clinic.ts';
import { BLOCKS, DAY_HOURS, VISITS, type Equipment, type Visit } from './model.ts';
import { planOf, practitionerOf, textOf, timeOf, typeOf, visitById, type Request } from './wishes.ts';

type VisitAct = (clinic: Clinic, tx: Writer, request: Request) => Visit;

export const VISIT_ACTS: Readonly<Record<string, VisitAct>> = {
  book: (clinic, tx, request) => bookVisit(clinic, tx, planOf(clinic, tx, request)),
  'walk-in': (clinic, tx, request) => {
    const now = Math.ceil(clinic.clock.now() / (5 * MINUTE_MS)) * 5 * MINUTE_MS;
    return bookVisit(clinic, tx, planOf(clinic, tx, { start: now, reason: 'WALKIN', ...request }));
  },
  move,
  modify,
  cancel: (clinic, tx, request) => end(clinic, tx, request, 'Cancelled', textOf(request['reason']) || 'PATCAN'),
  discontinue: (clinic, tx, request) => end(clinic, tx, request, 'Dc', textOf(request['reason']) || 'DISCONT'),
  'no-show': (clinic, tx, request) => end(clinic, tx, request, 'Noshow', 'NOSHOW'),
  delete: (clinic, tx, request) => end(clinic, tx, request, 'Deleted', 'ERROR'),
  arrive: (clinic, tx, request) => {
    const { arrivesBy } = settingsOf(clinic.seed, tx).habits;
    return attend(clinic, tx, request, arrivesBy, 'Booked', 'Started');
  },
  'cancel-arrival': (clinic, tx, request) => attend(clinic, tx, request, 'A11', 'Started', 'Booked'),
  depart: (clinic, tx, request) => attend(clinic, tx, request, 'A03', 'Started', 'Complete'),
  'cancel-departure': (clinic, tx, request) => attend(clinic, tx, request, 'A13', 'Complete', 'Started'),
  'add-resource': addResource,
  'change-resource': changeResource,
  'remove-resource': removeResource,
  'move-visit': moveVisit,
};

export const TIME_ACTS: Readonly<Record<string, Act>> = {
  block,
  unblock: (clinic, tx, request) => {
    const row = tx.get(BLOCKS, textOf(request['id']));
    if (row === undefined) throw new ActError('there is no block with that id');
    tellBlock(clinic, tx, 'S24', row);
    return row;
  },
  'change-hours': changeHours,
};

function move(clinic: Clinic, tx: Writer, request: Request): Visit {
  const old = visitById(tx, request['id']);
  const practitioner = practitionerOf(clinic, request['practitioner'] ?? old.practitioner);
  const isSame = practitioner.id === old.practitioner;
  const room = textOf(request['room']) || (isSame ? old.room : practitioner.room);
  const start = timeOf(clinic, request['start'], 'start');
  const eventReason = 'RESCHED';
  return tell(clinic, tx, 'S13', { ...old, practitioner: practitioner.id, room, start, status: 'Booked', eventReason });
}

function modify(clinic: Clinic, tx: Writer, request: Request): Visit {
  const old = visitById(tx, request['id']);
  const type = typeOf(clinic, request['visitType'] ?? old.visitType);
  const given = (name: 'note' | 'reason' | 'room'): string =>
    request[name] === undefined ? old[name] : textOf(request[name]);
  return tell(clinic, tx, 'S14', {
    ...old,
    visitType: type.code,
    minutes: type.minutes,
    note: given('note'),
    reason: given('reason'),
    room: given('room'),
    practitioner: practitionerOf(clinic, request['practitioner'] ?? old.practitioner).id,
    eventReason: 'MODIFY',
  });
}

const TRIGGERS = { Cancelled: 'S15', Dc: 'S16', Noshow: 'S26', Deleted: 'S17' } as const;

function end(clinic: Clinic, tx: Writer, request: Request, status: keyof typeof TRIGGERS, eventReason: string): Visit {
  const old = visitById(tx, request['id']);
  return tell(clinic, tx, TRIGGERS[status], { ...old, status, eventReason });
}

/** SIU has no arrival: ADT says it, and names the visit by PV1-19 (section 2). */
function attend(
  clinic: Clinic,
  tx: Writer,
  request: Request,
  trigger: string,
  from: Visit['status'],
  status: Visit['status'],
): Visit {
  const old = visitById(tx, request['id']);
  if (old.status !== from) throw new ActError(`the visit is ${old.status}, not ${from}`);
  const visit = { ...old, status };
  tx.put(VISITS, visit.id, visit);
  const patient = patientByMrn(tx, visit.mrn);
  post(clinic, tx, `ADT^${trigger}`, visit.id, (letter, header) => visitStatus(letter, header, visit, patient));
  return visit;
}

function addResource(clinic: Clinic, tx: Writer, request: Request): Visit {
  const old = visitById(tx, request['id']);
  const equipment = equipmentFrom({ id: '', text: '', offset: 0, minutes: old.minutes }, request);
  if (equipment.id === '') throw new ActError('give resource, the id of the equipment');
  const others = (old.equipment ?? []).filter((one) => one.id !== equipment.id);
  const change = { equipment: { id: equipment.id, action: 'A' as const } };
  return tell(clinic, tx, 'S18', { ...old, equipment: [...others, equipment] }, change);
}

function changeResource(clinic: Clinic, tx: Writer, request: Request): Visit {
  const { visit, equipment } = equipmentOf(tx, request);
  const next = equipmentFrom(equipment, request);
  const all = (visit.equipment ?? []).map((one) => (one.id === next.id ? next : one));
  return tell(clinic, tx, 'S19', { ...visit, equipment: all }, { equipment: { id: next.id, action: 'U' } });
}

/**
 * S20 cancelled; by `how` also S21 (discontinued while it runs) or S22 (was an error). The message names it a last
 * time.
 */
function removeResource(clinic: Clinic, tx: Writer, request: Request): Visit {
  const { visit, equipment } = equipmentOf(tx, request);
  const { how = 'S20' } = request;
  if (how !== 'S20' && how !== 'S21' && how !== 'S22') throw new ActError('how is S20, S21 or S22');
  tell(clinic, tx, how, visit, { equipment: { id: equipment.id, action: 'D' } });
  const left = { ...visit, equipment: (visit.equipment ?? []).filter((one) => one !== equipment) };
  tx.put(VISITS, left.id, left);
  return left;
}

function equipmentOf(tx: Writer, request: Request): { readonly visit: Visit; readonly equipment: Equipment } {
  const visit = visitById(tx, request['id']);
  const equipment = visit.equipment?.find((one) => one.id === request['resource']);
  if (equipment === undefined) throw new ActError('the visit has no such resource');
  return { visit, equipment };
}

function equipmentFrom(old: Equipment, request: Request): Equipment {
  const number = (name: 'offset' | 'minutes'): number => {
    const value = request[name];
    return typeof value === 'number' ? value : old[name];
  };
  const id = textOf(request['resource']) || old.id;
  const text = request['text'] === undefined ? old.text || id : textOf(request['text']);
  return { id, text, offset: number('offset'), minutes: number('minutes') };
}

function block(clinic: Clinic, tx: Writer, request: Request): object {
  const start = timeOf(clinic, request['start'], 'start');
  const finish = timeOf(clinic, request['end'], 'end');
  if (finish <= start) throw new ActError('end must be after start');
  const practitioner = practitionerOf(clinic, request['practitioner']).id;
  const id = `B-${tx.nextNumber('block', 1)}`;
  const row = { id, practitioner, start, end: finish, reason: textOf(request['reason']) };
  tellBlock(clinic, tx, 'S23', row);
  return row;
}

/** No message says so: a push-only feed knows nothing of opening hours. */
function changeHours(clinic: Clinic, tx: Writer, request: Request): object {
  const { id } = practitionerOf(clinic, request['practitioner']);
  const date = textOf(request['date']);
  const hours = request['hours'];
  const isList = Array.isArray(hours) && hours.every((one) => /^\d\d:\d\d-\d\d:\d\d$/.test(textOf(one)));
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || !isList) throw new ActError('give date and hours, a list of 09:00-12:00');
  tx.put(DAY_HOURS, `${id} ${date}`, hours.map(textOf));
  return { practitioner: id, date, hours };
}
