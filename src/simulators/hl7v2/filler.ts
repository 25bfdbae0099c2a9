/**
 * The filler application: decides what an SRM asks (standard sheet sections 1 and 7). One write per request, so the
 * first commit wins among those who race for a time.
 */
import { instant, MINUTE_MS, type Instant, type Interval } from '../../core/instant.ts';
import type { Writer } from '../kit/store.ts';
import { Denial, missing, OBSTACLES, type Reason } from './denial.ts';
import { answerWish, freeStarts, isLive, isRoomFree } from './calendar.ts';
import { newVisit, settingsOf, tell, type Clinic, type Plan, type Trigger } from './clinic.ts';
import { VISITS, type RoomTime, type Visit } from './model.ts';
import {
  namesRooms,
  noteOf,
  patientAsked,
  placerOf,
  practitionerAsked,
  roomAsked,
  roomsBesides,
  timeAsked,
  typeAsked,
  windowsAsked,
} from './ask.ts';
import type { Incoming, Segment } from '../kit/hl7-read.ts';
import type { Practitioner, VisitType } from './seed.ts';

/** `trigger` null: it is so already, by the same request sent before; nobody is told again. */
export interface Done {
  readonly visit: Visit;
  readonly trigger: Trigger | null;
}

type Handler = (clinic: Clinic, tx: Writer, asked: Incoming, arq: Segment) => Done;

const HANDLERS: Readonly<Record<string, Handler>> = {
  S01: book,
  S02: reschedule,
  S03: modify,
  S04: (...about) => end(...about, { trigger: 'S15', status: 'Cancelled', reason: 'PATCAN' }),
  S05: (...about) => end(...about, { trigger: 'S16', status: 'Dc', reason: 'DISCONT' }),
  S06: (...about) => end(...about, { trigger: 'S17', status: 'Deleted', reason: 'ERROR' }),
};

export function knowsTrigger(trigger: string): boolean {
  return Object.hasOwn(HANDLERS, trigger);
}

/** What is to become of the visit; `announce` stores and tells it in the same write. @throws Denial */
export function decide(clinic: Clinic, tx: Writer, asked: Incoming): Done {
  const handler = HANDLERS[asked.header.get(9, 2)];
  const arq = asked.first('ARQ');
  if (handler === undefined || arq === undefined) throw new Denial('100', 'ARQ', 'MISSING', 'there is no ARQ segment');
  return handler(clinic, tx, asked, arq);
}

/** Stored, and the SIU that follows, as for what staff do. */
export function announce(clinic: Clinic, tx: Writer, { visit, trigger }: Done): void {
  if (trigger !== null) tell(clinic, tx, trigger, visit);
}

function book(clinic: Clinic, tx: Writer, asked: Incoming, arq: Segment): Done {
  const placer = placerOf(arq);
  if (placer.length === 0) throw missing('ARQ^1^1', 'the placer appointment id');
  const type = typeAsked(clinic, asked) ?? raise(missing('AIS^1^3', 'the visit type'));
  const practitioner = practitionerAsked(clinic, asked) ?? raise(missing('AIP^1^3', 'the practitioner'));
  const start = startOf(clinic, tx, asked, practitioner, type);
  const before = tx.all(VISITS).find((one) => isLive(one) && isSame(one.placer ?? [], placer));
  if (before !== undefined) {
    const isRepeat =
      before.start === start && before.practitioner === practitioner.id && before.visitType === type.code;
    return repeat(clinic, tx, before, isRepeat, 'the placer appointment id is in use');
  }
  const patient = patientAsked(clinic, tx, asked) ?? raise(missing('PID^1^3', 'the patient'));
  const during = { start, end: instant(start + type.minutes * MINUTE_MS) };
  const besides = roomsBesides(clinic, asked, start, type.minutes);
  const room = roomFor(clinic, tx, practitioner, during, roomAsked(clinic, asked), '', besides);
  const rooms = freeRooms(tx, besides, { room, during, visit: '' });
  const plan: Plan = { practitioner, type, start, mrn: patient.mrn, room, placer, note: noteOf(asked) };
  const reason = reasonOf(arq);
  const visit = newVisit(clinic, tx, reason === '' ? plan : { ...plan, reason });
  return { visit: rooms.length === 0 ? visit : { ...visit, rooms }, trigger: 'S12' };
}

function reschedule(clinic: Clinic, tx: Writer, asked: Incoming, arq: Segment): Done {
  const old = visitAsked(clinic, tx, asked, arq);
  mustBe(old, ['Booked']);
  const type = typeAsked(clinic, asked) ?? typeOf(clinic, old.visitType);
  const practitioner = practitionerAsked(clinic, asked) ?? practitionerOf(clinic, old.practitioner);
  const start = startOf(clinic, tx, asked, practitioner, type);
  const minutes = type.code === old.visitType ? old.minutes : type.minutes;
  const wished = namesRooms(asked) ? roomsBesides(clinic, asked, start, minutes) : (old.rooms ?? []);
  const isSame = sameRooms(wished, old.rooms ?? []);
  const isThere = isSame && old.start === start && old.practitioner === practitioner.id && old.visitType === type.code;
  if (isThere) return repeat(clinic, tx, old, true, 'the visit is there already');
  const during = { start, end: instant(start + minutes * MINUTE_MS) };
  const room = roomFor(clinic, tx, practitioner, during, roomAsked(clinic, asked), old.id, wished);
  const rooms = freeRooms(tx, wished, { room, during, visit: old.id });
  const moved = { practitioner: practitioner.id, visitType: type.code, minutes, start, room, eventReason: 'RESCHED' };
  const { rooms: _before, ...visit } = old;
  return { visit: { ...visit, ...moved, ...(rooms.length === 0 ? {} : { rooms }) }, trigger: 'S13' };
}

function sameRooms(one: readonly RoomTime[], other: readonly RoomTime[]): boolean {
  const text = (rooms: readonly RoomTime[]): string =>
    rooms.map(({ room, offset, minutes }) => `${room} ${offset} ${minutes}`).join('|');
  return text(one) === text(other);
}

function modify(clinic: Clinic, tx: Writer, asked: Incoming, arq: Segment): Done {
  const old = visitAsked(clinic, tx, asked, arq);
  mustBe(old, ['Booked', 'Started']);
  const type = typeAsked(clinic, asked) ?? typeOf(clinic, old.visitType);
  const practitioner = practitionerAsked(clinic, asked) ?? practitionerOf(clinic, old.practitioner);
  const minutes = type.code === old.visitType ? old.minutes : type.minutes;
  const during = { start: instant(old.start), end: instant(old.start + minutes * MINUTE_MS) };
  const room = roomAsked(clinic, asked) || (practitioner.id === old.practitioner ? old.room : practitioner.room);
  const takesOther = practitioner.id !== old.practitioner || minutes !== old.minutes || room !== old.room;
  if (takesOther) roomFor(clinic, tx, practitioner, during, room, old.id);
  const next: Visit = {
    ...old,
    practitioner: practitioner.id,
    visitType: type.code,
    minutes,
    room,
    note: noteOf(asked) || old.note,
    reason: reasonOf(arq) || old.reason,
    eventReason: 'MODIFY',
  };
  return { visit: next, trigger: 'S14' };
}

interface End {
  readonly trigger: Trigger;
  readonly status: Visit['status'];
  readonly reason: string;
}

function end(clinic: Clinic, tx: Writer, asked: Incoming, arq: Segment, how: End): Done {
  const old = visitAsked(clinic, tx, asked, arq);
  if (old.status === how.status) return repeat(clinic, tx, old, true, `the visit is ${old.status} already`);
  mustBe(old, how.trigger === 'S15' ? ['Booked'] : ['Booked', 'Started']);
  if (how.trigger === 'S16' && old.status === 'Booked' && old.start > clinic.clock.now()) {
    throw new Denial('207', 'ARQ^1^2', 'NOT_STARTED', 'a visit that has not begun is cancelled, not discontinued');
  }
  const visit = { ...old, status: how.status, eventReason: arq.get(6) || how.reason };
  return { visit, trigger: how.trigger };
}

function repeat(clinic: Clinic, tx: Writer, visit: Visit, isRepeat: boolean, text: string): Done {
  if (isRepeat && settingsOf(clinic.seed, tx).repeatPolicy === 'same') return { visit, trigger: null };
  throw new Denial('205', 'ARQ^1^1', 'DUPLICATE', text);
}

/** ARQ-7, a CE: its code, or the words alone where the placer has no code. */
function reasonOf(arq: Segment): string {
  return arq.get(7) || arq.get(7, 2);
}

/** The time asked for, else the first free one of the windows asked for (ARQ-11 repeats). */
function startOf(clinic: Clinic, tx: Writer, asked: Incoming, who: Practitioner, type: VisitType): Instant {
  const exact = timeAsked(clinic, asked);
  if (exact !== null) return exact;
  const windows = windowsAsked(clinic, asked);
  if (windows.length === 0) throw missing('ARQ^1^11', 'the wanted time');
  for (const { start, end: last } of windows) {
    if (last <= start) return start;
    const from = instant(Math.max(start, clinic.clock.now()));
    const [first] = freeStarts(clinic.seed, tx, who, type, { start: from, end: last });
    if (first !== undefined) return first;
  }
  throw new Denial('207', 'ARQ^1^11', 'TAKEN', 'nothing is free within the wanted times');
}

/** @throws Denial saying what is in the way */
function roomFor(
  clinic: Clinic,
  tx: Writer,
  who: Practitioner,
  during: Interval,
  room: string,
  visit: string,
  besides: readonly RoomTime[] = [],
): string {
  const not = besides.map((one) => one.room);
  const answer = answerWish(clinic.seed, tx, { who, during, room, visit, not }, clinic.clock.now());
  if ('room' in answer) return answer.room;
  const reason: Reason = answer.obstacle;
  throw new Denial('207', reason === 'ROOM_TAKEN' ? 'AIL^1^3' : 'ARQ^1^11', reason, OBSTACLES[answer.obstacle]);
}

/** All of them, or the request is denied. */
function freeRooms(
  tx: Writer,
  rooms: readonly RoomTime[],
  own: { readonly room: string; readonly during: Interval; readonly visit: string },
): readonly RoomTime[] {
  for (const { room, offset, minutes } of rooms) {
    const start = instant(own.during.start + offset * MINUTE_MS);
    const during = { start, end: instant(start + minutes * MINUTE_MS) };
    const isOwn = room === own.room && start < own.during.end && during.end > own.during.start;
    if (isOwn || !isRoomFree(tx, room, during, own.visit)) {
      throw new Denial('207', 'AIL^2^3', 'ROOM_TAKEN', OBSTACLES.ROOM_TAKEN);
    }
  }
  return rooms;
}

/** By the filler's id where it is given, else by the placer's. */
function visitAsked(clinic: Clinic, tx: Writer, asked: Incoming, arq: Segment): Visit {
  const [filler = '', namespace = ''] = arq.lists(2)[0] ?? [];
  const placer = placerOf(arq);
  if (filler === '' && placer.length === 0) throw missing('ARQ^1^1', 'the placer or filler appointment id');
  const isOurs = namespace === '' || namespace === clinic.seed.clinic.facility;
  const byPlacer = (): Visit | undefined => {
    const all = tx.all(VISITS).filter((one) => isSame(one.placer ?? [], placer));
    return all.find(isLive) ?? all.at(-1);
  };
  const visit = filler === '' ? byPlacer() : isOurs ? tx.get(VISITS, filler) : undefined;
  if (visit === undefined) {
    throw new Denial('204', filler === '' ? 'ARQ^1^1' : 'ARQ^1^2', 'UNKNOWN_VISIT', 'there is no such appointment');
  }
  const patient = patientAsked(clinic, tx, asked);
  if (patient !== null && patient.mrn !== visit.mrn) {
    throw new Denial('204', 'PID^1^3', 'OTHER_PATIENT', 'the appointment is of another patient');
  }
  // A visit that was made here carries the id of the first placer who speaks of it.
  if ((visit.placer ?? []).length > 0 || placer.length === 0) return visit;
  return { ...visit, placerId: placer[0] ?? '', placer };
}

function mustBe(visit: Visit, statuses: readonly Visit['status'][]): void {
  if (statuses.includes(visit.status)) return;
  throw new Denial('207', 'ARQ^1^2', 'NOT_OPEN', `the appointment is ${visit.status}`);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length > 0 && one.join('^') === other.join('^');
}

function practitionerOf(clinic: Clinic, id: string): Practitioner {
  return clinic.seed.practitioners.find((one) => one.id === id) ?? raise(new RangeError(`no practitioner ${id}`));
}

function typeOf(clinic: Clinic, code: string): VisitType {
  return clinic.seed.visitTypes.find((one) => one.code === code) ?? raise(new RangeError(`no visit type ${code}`));
}

function raise(error: Error): never {
  throw error;
}
