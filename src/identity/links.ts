/**
 * Which of a site's records stand for which, as a pure function of what was decided, in the order of the site's times:
 * so the order of arrival changes nothing, and what a later decision takes back is as if it had never been.
 */
import type { Instant } from '../core/instant.ts';
import type { Patient } from '../fhir/types.ts';
import type { RecordedDecision } from '../store/contract-people.ts';

export interface Links {
  /** Each merge that stands, by the record that was merged away: into which one. */
  readonly merges: ReadonlyMap<string, string>;
  /** Of a merged record the one that stands for it now, at the end of the chain. */
  readonly survivors: ReadonlyMap<string, string>;
  /** Pairs that are one person while both stay in use; each pair once, sorted. */
  readonly same: readonly (readonly [string, string])[];
  /** Since when the site no longer has a record. */
  readonly removed: ReadonlyMap<string, Instant>;
  /** Records of one person: everything that merges and links connect. Sorted. */
  readonly people: readonly (readonly string[])[];
  /** Merges that would have closed a ring, and so were left out. */
  readonly circular: readonly RecordedDecision[];
}

export function linksOf(decisions: readonly RecordedDecision[]): Links {
  const inOrder = [...decisions].sort((one, other) => one.at - other.at || one.id - other.id);
  const into = new Map<string, string>();
  const same = new Map<string, readonly [string, string]>();
  const removed = new Map<string, Instant>();
  const circular: RecordedDecision[] = [];
  const keys = new Set<string>();
  for (const decision of inOrder) {
    const { kind, one, other, at } = decision;
    keys.add(one);
    if (other === null) {
      if (kind === 'remove') removed.set(one, at);
      else removed.delete(one);
      continue;
    }
    keys.add(other);
    const pair: readonly [string, string] = one < other ? [one, other] : [other, one];
    if (kind === 'merge') {
      if (chain(into, other).includes(one)) circular.push(decision);
      // What the site says last of a record holds: its survivor is another one now.
      else into.set(one, other);
    } else if (kind === 'link') {
      same.set(JSON.stringify(pair), pair);
    } else {
      same.delete(JSON.stringify(pair));
      separate(into, one, other);
    }
  }
  const survivors = new Map([...into.keys()].sort().map((key) => [key, chain(into, key).at(-1) ?? key]));
  const pairs = [...same.values()];
  return { merges: into, survivors, same: pairs, removed, people: groups([...keys], [...into, ...pairs]), circular };
}

/** FHIR R4 Patient.link: what stands for this record, what it stands for, and who else is the same person. */
export function linkElements(key: string, links: Links, idOf: (key: string) => string): NonNullable<Patient['link']> {
  const to = (type: 'replaced-by' | 'replaces' | 'seealso', other: string): NonNullable<Patient['link']>[number] => ({
    other: { reference: `Patient/${idOf(other)}` },
    type,
  });
  const survivor = links.survivors.get(key);
  if (survivor !== undefined) return [to('replaced-by', survivor)];
  const merged = [...links.survivors].filter(([, into]) => into === key).map(([from]) => from);
  const standing = (of: string): string => links.survivors.get(of) ?? of;
  const same = links.same
    .map(([one, other]) => [standing(one), standing(other)] as const)
    .flatMap(([one, other]) => (one === key ? [other] : other === key ? [one] : []))
    .filter((other) => other !== key);
  return [
    ...merged.sort().map((from) => to('replaces', from)),
    ...[...new Set(same)].sort().map((other) => to('seealso', other)),
  ];
}

/** A record and all that it was merged into, in this order. */
function chain(into: ReadonlyMap<string, string>, key: string): readonly string[] {
  const found = [key];
  for (let next = into.get(key); next !== undefined; next = into.get(next)) found.push(next);
  return found;
}

/** One of the two may have been merged into the other by way of third ones: it leaves the chain where it entered it. */
function separate(into: Map<string, string>, one: string, other: string): void {
  if (chain(into, one).includes(other)) into.delete(one);
  else if (chain(into, other).includes(one)) into.delete(other);
}

function groups(
  keys: readonly string[],
  edges: readonly (readonly [string, string])[],
): readonly (readonly string[])[] {
  const group = new Map(keys.map((key) => [key, [key]]));
  for (const [one, other] of edges) {
    const [left, right] = [group.get(one) ?? [one], group.get(other) ?? [other]];
    if (left === right) continue;
    const both = [...left, ...right];
    for (const key of both) group.set(key, both);
  }
  return [...new Set(group.values())]
    .map((members) => [...members].sort())
    .sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}
