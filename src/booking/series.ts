/**
 * A rule of a recurring visit, laid out. 9:00 stays 9:00: the rule counts days of the calendar at the place of the
 * visit, and each is turned into a moment by the clocks of that day. Pure.
 */
import { HubError } from '../core/errors.ts';
import { DAY_MS, formatInstant, instant, localDate, localInstant, type Instant } from '../core/instant.ts';

import type { Occurrence, Recurrence, Weekday } from './contract-set.ts';

/** Monday first, as ISO 8601 counts. */
export const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/**
 * @param first when the first visit begins: it gives the time of day, and has to be one of the rule's own dates
 * @throws HubError RULE_BROKEN when it is not, when nothing is left, or when there are more than `max`
 */
export function occurrences(rule: Recurrence, first: Instant, zone: string, max: number): readonly Occurrence[] {
  const start = dayOf(localDate(first, zone));
  const time = wallClockOf(first, zone) - start * DAY_MS;
  const last = rule.until === null ? null : dayOf(rule.until);
  const kept: Occurrence[] = [];
  let counted = 0;
  for (const day of days(rule, start)) {
    if (day < start) continue;
    if (counted === 0 && day !== start) {
      throw new HubError('RULE_BROKEN', {
        detail: 'the first visit is not on a day of its own recurrence; choose a slot on one, or mend day-of-week',
      });
    }
    if ((last !== null && day > last) || (rule.count !== null && counted >= rule.count)) break;
    counted += 1;
    const date = dateOf(day);
    if (rule.exceptions.includes(date)) continue;
    if (kept.length === max) {
      throw new HubError('RULE_BROKEN', { detail: `the recurrence has more than ${max} visits; end it earlier` });
    }
    const { at } = wallClockToInstant(day * DAY_MS + time, zone);
    kept.push({ step: kept.length + 1, date, at });
  }
  if (kept.length === 0)
    throw new HubError('RULE_BROKEN', { detail: 'the recurrence has no visit; its exceptions take out every date' });
  return kept;
}

/** Days since 1970-01-01 that the rule names, from the period of `start` on. Without an end. */
function* days(rule: Recurrence, start: number): Generator<number> {
  const every = Math.max(1, Math.trunc(rule.interval));
  const weekdays =
    rule.daysOfWeek.length === 0 ? [weekdayOf(start)] : rule.daysOfWeek.map((day) => WEEKDAYS.indexOf(day));
  const sorted = [...new Set(weekdays)].sort((one, other) => one - other);
  if (rule.frequency === 'daily') {
    for (let day = start; ; day += every) yield day;
  }
  if (rule.frequency === 'weekly') {
    for (let monday = start - weekdayOf(start); ; monday += 7 * every) yield* sorted.map((one) => monday + one);
  }
  const begun = new Date(start * DAY_MS);
  const week = rule.weekOfMonth ?? Math.ceil(begun.getUTCDate() / 7);
  for (let month = begun.getUTCFullYear() * 12 + begun.getUTCMonth(); month < MONTHS_END; month += every) {
    // A month without a fifth such day has none.
    yield* sorted.flatMap((weekday) => inMonth(month, weekday, week) ?? []).sort((one, other) => one - other);
  }
}

/** Years far beyond any calendar, so that a rule that names no day of any month ends. */
const MONTHS_END = 2200 * 12;

function inMonth(month: number, weekday: number, week: number): number | null {
  const first = monthStart(month);
  const next = monthStart(month + 1);
  if (week < 0) {
    const last = next - 1;
    return last - ((weekdayOf(last) - weekday + 7) % 7);
  }
  const day = first + ((weekday - weekdayOf(first) + 7) % 7) + (week - 1) * 7;
  return day < next ? day : null;
}

function monthStart(month: number): number {
  return Date.UTC(Math.floor(month / 12), month % 12, 1) / DAY_MS;
}

/** 0 is Monday; 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS;
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** What clocks in the zone show at this moment, as milliseconds of a day of UTC that shows the same. */
export function wallClockOf(at: Instant, zone: string): number {
  return Date.parse(`${formatInstant(instant(Math.floor(at / 1000) * 1000), zone).slice(0, 19)}Z`);
}

/**
 * The moment at which clocks in the zone show this: the earlier of two, and where they jump over it as much later.
 * `exact`: it happens, and once.
 */
export function wallClockToInstant(wall: number, zone: string): { readonly at: Instant; readonly exact: boolean } {
  const shown = new Date(wall);
  const parts = {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
  };
  const found = localInstant(parts, zone);
  if (found === null)
    throw new HubError('RULE_BROKEN', { detail: 'a date of the recurrence lies too far off; end it earlier' });
  return found;
}
