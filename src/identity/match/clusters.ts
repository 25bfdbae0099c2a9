/**
 * From pairs to people. A link joins two groups only where no member of one contradicts a member of the other: checked
 * against all, not only along the link, because chains of good links end in two people.
 */
import { contradicts } from './guards.ts';
import type { Verdict } from './matcher.ts';

export interface Link {
  readonly a: number;
  readonly b: number;
  readonly score: number;
}

/** More records than one person has: a group that would grow beyond is looked at by a person. */
export const LARGEST_GROUP = 50;

export interface Groups<L = Link> {
  /** Name of each record's group: the smallest record in it. */
  readonly groupOf: readonly number[];
  /** Links that a contradiction, or the size of the group, kept from being made. */
  readonly refused: readonly L[];
}

/**
 * Links are made best first. `judge` is asked for each pair of members that a link would bring together.
 *
 * @param records how many there are; links name them from 0
 */
export function grouped(records: number, links: readonly Link[], judge: (a: number, b: number) => Verdict): Groups {
  const sorted = links.toSorted((one, other) => other.score - one.score || one.a - other.a || one.b - other.b);
  return joinedInOrder(
    records,
    sorted,
    (as, bs) => as.length + bs.length <= LARGEST_GROUP && !as.some((a) => bs.some((b) => contradicts(judge(a, b)))),
  );
}

/**
 * Links are made in the order in which they are given.
 *
 * @param mayJoin asked with the members of the two groups that a link would make one
 */
export function joinedInOrder<L extends Pick<Link, 'a' | 'b'>>(
  records: number,
  links: readonly L[],
  mayJoin: (as: readonly number[], bs: readonly number[]) => boolean,
): Groups<L> {
  const groupOf = Array.from({ length: records }, (_one, at) => at);
  const members = new Map<number, readonly number[]>();
  const refused: L[] = [];
  const membersOf = (group: number): readonly number[] => members.get(group) ?? [group];
  for (const link of links) {
    const one = groupOf[link.a] ?? link.a;
    const other = groupOf[link.b] ?? link.b;
    if (one === other) continue;
    const [as, bs] = [membersOf(one), membersOf(other)];
    if (!mayJoin(as, bs)) {
      refused.push(link);
      continue;
    }
    const joined = [...as, ...bs].sort((a, b) => a - b);
    const name = joined[0] ?? one;
    for (const member of joined) groupOf[member] = name;
    members.set(name, joined);
  }
  return { groupOf, refused };
}
