/**
 * Rules about the times of several visits that are booked together: one before another, one within so long after
 * another, all on one day. Pure.
 */
import {
  DAY_MS,
  formatInstant,
  HOUR_MS,
  instant,
  localDate,
  MINUTE_MS,
  type Instant,
  type Interval,
} from '../core/instant.ts';
import type { Length, Rule } from './contract-set.ts';
import { wallClockOf, wallClockToInstant } from './series.ts';

export interface Timed {
  /** From 1. */
  readonly step: number;
  readonly name: string | null;
  readonly during: Interval;
  /** Of the place of the visit. */
  readonly zone: string;
}

export interface Broken {
  /** Index in the list of rules. */
  readonly rule: number;
  readonly text: string;
}

/** Every rule that these times break, with what is wrong; empty: they keep all. */
export function brokenRules(rules: readonly Rule[], visits: readonly Timed[]): readonly Broken[] {
  return rules.flatMap((rule, index) => sentences(rule, visits).map((text) => ({ rule: index, text })));
}

function sentences(rule: Rule, all: readonly Timed[]): readonly string[] {
  const named = rule.visits.flatMap((step) => all.find((one) => one.step === step) ?? []);
  switch (rule.kind) {
    case 'before':
      return pairs(named).flatMap(([one, next]) => notBefore(one, next));
    case 'after':
      return pairs(named).flatMap(([one, next]) => notBefore(next, one));
    case 'within':
      return pairs(named).flatMap(([one, next]) => notWithin(one, next, rule));
    case 'same-day':
      return notSameDay(named.length === 0 ? all : named, rule.zone ?? all[0]?.zone ?? 'UTC');
  }
}

function notBefore(one: Timed, next: Timed): readonly string[] {
  if (one.during.end <= next.during.start) return [];
  return [
    `${called(one)} must have ended before ${called(next)} begins; it ends at ${clock(one.during.end, one)}, and ` +
      `${called(next)} begins at ${clock(next.during.start, next)}.`,
  ];
}

function notWithin(
  one: Timed,
  next: Timed,
  { min, max }: { readonly min: Length | null; readonly max: Length | null },
): readonly string[] {
  const { end } = one.during;
  const { start } = next.during;
  const said = `${called(next)} begins at ${clock(start, next)}, and ${called(one)} ends at ${clock(end, one)}.`;
  const earliest = min === null ? end : after(end, min, one.zone);
  if (start < earliest) {
    const least = min === null ? 'when' : `at least ${spoken(min)} after`;
    return [`${called(next)} must begin ${least} ${called(one)} has ended; ${said}`];
  }
  if (max !== null && start > after(end, max, one.zone)) {
    return [`${called(next)} must begin within ${spoken(max)} after ${called(one)} has ended; ${said}`];
  }
  return [];
}

function notSameDay(visits: readonly Timed[], zone: string): readonly string[] {
  const dates = visits.map(({ during }) => ({
    begins: localDate(during.start, zone),
    // An end at midnight belongs to the day that it ends.
    ends: localDate(instant(during.end - 1), zone),
  }));
  const [first] = dates;
  if (dates.every(({ begins, ends }) => begins === first?.begins && ends === begins)) return [];
  const told = visits.map((one, index) => `${called(one)} on ${dates[index]?.begins ?? ''}`).join(', ');
  return [`These visits must be on one day (${zone}): ${told}.`];
}

function pairs(visits: readonly Timed[]): readonly (readonly [Timed, Timed])[] {
  return visits.slice(1).flatMap((next, index) => {
    const one = visits[index];
    return one === undefined ? [] : [[one, next] as const];
  });
}

/** As callers are told of it: its number, and the name that they gave it. */
export function called({ step, name }: Pick<Timed, 'step' | 'name'>): string {
  return name === null ? `visit ${step}` : `visit ${step} (${name})`;
}

const SPOKEN: Readonly<Record<Length['unit'], string>> = { min: 'minutes', h: 'hours', d: 'days' };
function spoken({ value, unit }: Length): string {
  return value === 1 ? `1 ${SPOKEN[unit].slice(0, -1)}` : `${value} ${SPOKEN[unit]}`;
}

function after(at: Instant, { value, unit }: Length, zone: string): Instant {
  if (unit === 'd') return wallClockToInstant(wallClockOf(at, zone) + value * DAY_MS, zone).at;
  return instant(at + value * (unit === 'h' ? HOUR_MS : MINUTE_MS));
}

function clock(at: Instant, { zone }: Pick<Timed, 'zone'>): string {
  return formatInstant(at, zone);
}
