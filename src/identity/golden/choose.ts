/** One value of several: rule after rule leaves the best, until all that are left say the same. */
import type { SingleAttribute } from './decision.ts';
import type { Ground, Member, Rule, Survivorship } from './member.ts';

export interface Candidate<T> {
  readonly member: Member;
  readonly value: T;
  /** Equal for values that say the same, however they are written. */
  readonly same: string;
  /** How much of it there is. */
  readonly completeness: number;
}

export interface Choice<T> {
  readonly winner: Candidate<T>;
  /** The rule that left one value only. */
  readonly ground: Ground;
}

/** Null where there is no candidate. The order in which they are given makes no difference. */
export function choose<T>(
  attribute: SingleAttribute,
  candidates: readonly Candidate<T>[],
  survivorship: Survivorship,
): Choice<T> | null {
  let left = [...candidates].sort((one, other) => byAge(one.member, other.member));
  let ground: Ground | null = isOne(left) ? 'only-value' : null;
  const steps: readonly (readonly [Ground, Score<T>])[] = [
    ['in-use', ({ member }) => (member.inUse ? 1 : 0)],
    ...survivorship.order.map((rule) => [rule, scoreOf<T>(rule, attribute, candidates, survivorship)] as const),
  ];
  for (const [name, score] of steps) {
    const best = left.reduce((most, one) => Math.max(most, score(one)), -Infinity);
    left = left.filter((one) => score(one) === best);
    if (ground === null && isOne(left)) ground = name;
  }
  const [winner] = left;
  return winner === undefined ? null : { winner, ground: ground ?? 'oldest' };
}

export function byAge(one: Member, other: Member): number {
  return one.since - other.since || (one.id < other.id ? -1 : 1);
}

/** Of two sites the more trusted has the higher number. */
export function trustIn(site: string, ranked: readonly string[]): number {
  const place = ranked.indexOf(site);
  return place < 0 ? -ranked.length : -place;
}

type Score<T> = (candidate: Candidate<T>) => number;

function scoreOf<T>(
  rule: Rule,
  attribute: SingleAttribute,
  all: readonly Candidate<T>[],
  survivorship: Survivorship,
): Score<T> {
  switch (rule) {
    case 'trust': {
      const ranked = survivorship.trustFor[attribute] ?? survivorship.trust;
      return ({ member }) => trustIn(member.site, ranked);
    }
    case 'verified':
      return ({ member }) => (member.verified.includes(attribute) ? 1 : 0);
    case 'recency':
      return ({ member }) => member.statedAt;
    case 'frequency': {
      const inUse = all.filter(({ member }) => member.inUse);
      return ({ same }) => inUse.filter((one) => one.same === same).length;
    }
    case 'completeness':
      return ({ completeness }) => completeness;
  }
}

function isOne<T>(candidates: readonly Candidate<T>[]): boolean {
  return candidates.length > 0 && candidates.every(({ same }) => same === candidates[0]?.same);
}
