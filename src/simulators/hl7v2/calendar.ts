/** The calendar: opening hours, what is taken, and why a wish cannot be met. */
import { DAY_MS, instant, localDate, MINUTE_MS, type Instant, type Interval } from '../../core/instant.ts';
import { addDays, onDate, weekday } from '../kit/calendar.ts';
import type { View } from '../kit/store.ts';
import { endOf } from './segments.ts';
import { BLOCKS, DAY_HOURS, VISITS, type Visit } from './model.ts';
import type { Practitioner, Seed, VisitType } from './seed.ts';

/** Starts of that type which nothing overlaps, between two moments, oldest first. */
export function freeStarts(seed: Seed, view: View, who: Practitioner, type: VisitType, window: Interval): Instant[] {
  const zone = seed.clinic.timezone;
  const busy = busyOf(view, who, window, '');
  const starts: Instant[] = [];
  const last = localDate(instant(window.end), zone);
  for (let date = localDate(window.start, zone); date <= last; date = addDays(date, 1)) {
    for (const hours of openHours(seed, view, who, date)) {
      for (let start = hours.start; start + type.minutes * MINUTE_MS <= hours.end;) {
        const end = start + type.minutes * MINUTE_MS;
        const isWithin = start >= window.start && start < window.end;
        if (isWithin && hasRoomFor(who, busy, { start, end: instant(end) })) starts.push(start);
        start = instant(end);
      }
    }
  }
  return starts;
}

export function openHours(seed: Seed, view: View, who: Practitioner, date: string): Interval[] {
  const zone = seed.clinic.timezone;
  const ranges = view.get(DAY_HOURS, `${who.id} ${date}`) ?? who.hours[weekday(date)] ?? [];
  return ranges.flatMap((range) => {
    const [from, to] = range.split('-');
    const start = onDate(date, from ?? '', zone);
    const end = onDate(date, to ?? '', zone);
    return start === null || end === null || end <= start ? [] : [{ start, end }];
  });
}

export type Obstacle = 'PAST' | 'OUTSIDE_HOURS' | 'TAKEN' | 'ROOM_TAKEN';

export interface Wish {
  readonly who: Practitioner;
  readonly during: Interval;
  /** Empty: any that is free. */
  readonly room: string;
  /** The visit that is to be there, which is no obstacle to itself; empty for a new one. */
  readonly visit: string;
  /** Wanted besides, so that none of them is given where any room will do. */
  readonly not?: readonly string[];
}

/**
 * What stands against a wish, or the room that it gets: the one named, else the practitioner's own, else a free one.
 */
export function answerWish(
  seed: Seed,
  view: View,
  wish: Wish,
  now: Instant,
): { obstacle: Obstacle } | { room: string } {
  const { who, during } = wish;
  if (during.start < now) return { obstacle: 'PAST' };
  const date = localDate(during.start, seed.clinic.timezone);
  const hours = openHours(seed, view, who, date);
  if (!hours.some((open) => open.start <= during.start && open.end >= during.end)) return { obstacle: 'OUTSIDE_HOURS' };
  if (!hasRoomFor(who, busyOf(view, who, during, wish.visit), during)) return { obstacle: 'TAKEN' };
  const others = view.all(VISITS).filter((one) => isLive(one) && one.id !== wish.visit && one.practitioner !== who.id);
  const isFree = (room: string): boolean =>
    !others.some((one) => one.room === room && overlaps(one, during)) &&
    isRoomFree(view, room, during, wish.visit, 'besides');
  const any = [who.room, ...seed.rooms.filter((room) => room !== who.room)];
  const choice = wish.room === '' ? any.filter((room) => wish.not?.includes(room) !== true) : [wish.room];
  const room = choice.find(isFree);
  return room === undefined ? { obstacle: 'ROOM_TAKEN' } : { room };
}

/** Whether no other visit has the room then; `besides`: but for those whose own room it is. */
export function isRoomFree(view: View, room: string, during: Interval, except: string, which?: 'besides'): boolean {
  return !view
    .all(VISITS)
    .filter((one) => isLive(one) && one.id !== except)
    .some((one) => {
      if (which === undefined && one.room === room && overlaps(one, during)) return true;
      return (one.rooms ?? []).some((other) => {
        const start = one.start + other.offset * MINUTE_MS;
        return other.room === room && start < during.end && start + other.minutes * MINUTE_MS > during.start;
      });
    });
}

/** Takes time: not cancelled, not missed, not over. */
export function isLive(visit: Visit): boolean {
  return visit.status === 'Booked' || visit.status === 'Started';
}

function overlaps(visit: Visit, during: Interval): boolean {
  return visit.start < during.end && endOf(visit) > during.start;
}

interface Taken extends Interval {
  /** A block takes the whole person, a visit one of the places. */
  readonly isBlock: boolean;
}

function hasRoomFor(who: Practitioner, busy: readonly Taken[], during: Interval): boolean {
  const there = busy.filter((taken) => taken.start < during.end && taken.end > during.start);
  return !there.some((taken) => taken.isBlock) && there.length < (who.capacity ?? 1);
}

function busyOf(view: View, who: Practitioner, window: Interval, except: string): Taken[] {
  const visits = view.all(VISITS).filter((one) => one.practitioner === who.id && isLive(one) && one.id !== except);
  const taken = [
    ...visits.map((one) => ({ start: one.start, end: endOf(one), isBlock: false })),
    ...view
      .all(BLOCKS)
      .filter((one) => one.practitioner === who.id)
      .map((one) => ({ start: one.start, end: one.end, isBlock: true })),
  ];
  const near = taken.filter((one) => one.start < window.end + DAY_MS && one.end > window.start - DAY_MS);
  return near.map((one) => ({ ...one, start: instant(one.start), end: instant(one.end) }));
}
