import { levelOf } from './levels.ts';
import type { BirthDate } from './person.ts';

export const BIRTH = {
  missing: 0,
  exact: levelOf('birth', 'exact'),
  near: levelOf('birth', 'near'),
  swapped: levelOf('birth', 'swapped'),
  parts: levelOf('birth', 'parts'),
  coarse: levelOf('birth', 'coarse'),
  differ: levelOf('birth', 'differ'),
} as const;

/**
 * `near`: one digit typed wrongly, or two neighbours swapped. `swapped`: day and month changed places. `parts`: two of
 * year, month and day agree, or the year is one off and the rest agrees. `coarse`: one of them knows less than a day,
 * and what it knows agrees.
 */
export function compareBirth(a: BirthDate | null, b: BirthDate | null): number {
  if (a === null || b === null) return BIRTH.missing;
  if (a.precision !== 'day' || b.precision !== 'day') return compareCoarse(a, b);
  if (a.digits === b.digits) return BIRTH.exact;
  if (isOneSlip(a.digits, b.digits)) return BIRTH.near;
  const isSameYear = a.year === b.year;
  if (isSameYear && a.month === b.day && a.day === b.month) return BIRTH.swapped;
  const same = (isSameYear ? 1 : 0) + (a.month === b.month ? 1 : 0) + (a.day === b.day ? 1 : 0);
  return same >= 2 ? BIRTH.parts : BIRTH.differ;
}

function compareCoarse(a: BirthDate, b: BirthDate): number {
  if (a.year !== b.year) return BIRTH.differ;
  return a.month === 0 || b.month === 0 || a.month === b.month ? BIRTH.coarse : BIRTH.differ;
}

/** Eight digits each: one differs, or two neighbours are swapped. */
export function isOneSlip(a: string, b: string): boolean {
  let first = -1;
  let count = 0;
  for (let at = 0; at < 8; at += 1) {
    if (a.charCodeAt(at) === b.charCodeAt(at)) continue;
    if (count === 0) first = at;
    else if (count === 2 || at !== first + 1) return false;
    count += 1;
  }
  if (count !== 2) return count === 1;
  return a.charCodeAt(first) === b.charCodeAt(first + 1) && a.charCodeAt(first + 1) === b.charCodeAt(first);
}
