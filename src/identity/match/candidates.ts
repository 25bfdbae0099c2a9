/**
 * Blocking in memory, for files: which pairs share a key, with caps that show. The index in the database does the same.
 */
import { keysOf, type Key, type KeyKind } from './keys.ts';
import type { Person } from './person.ts';

/** Records that may share one key before its tight form is asked instead. */
export const KEY_CAP = 500;

export interface Capped {
  readonly kind: KeyKind;
  /** Keys over the cap, and those of them whose tight form was over it too or missing: there pairs may be lost. */
  readonly keys: number;
  readonly lost: number;
}

export interface Candidates {
  /** Left and right index of each pair, one behind the other; left < right where it is one file. */
  readonly pairs: Uint32Array;
  readonly capped: readonly Capped[];
}

interface Blocks {
  readonly left: Map<string, number[]>;
  readonly right: Map<string, number[]>;
}

/** `right` null: pairs within `left`. */
export function candidatePairs(left: readonly Person[], right: readonly Person[] | null, cap = KEY_CAP): Candidates {
  const blocks: Blocks = { left: new Map(), right: new Map() };
  const tight: Blocks = { left: new Map(), right: new Map() };
  const kinds = new Map<string, KeyKind>();
  fill(left, blocks.left, tight.left, kinds);
  if (right !== null) fill(right, blocks.right, tight.right, kinds);
  const found = new Set<number>();
  const width = Math.max(left.length, right?.length ?? 0);
  const counts = new Map<KeyKind, { keys: number; lost: number }>();
  const over = new Set<string>();
  const pair = (as: readonly number[], bs: readonly number[] | null): void => {
    as.forEach((a, at) => {
      for (const b of bs ?? as.slice(at + 1)) found.add(a * width + b);
    });
  };
  for (const [name, as] of blocks.left) {
    const bs = right === null ? null : blocks.right.get(name);
    if (bs === undefined) continue;
    if (as.length + (bs?.length ?? 0) > cap) over.add(name);
    else pair(as, bs);
  }
  for (const name of over) {
    const kind = kinds.get(name);
    if (kind === undefined) continue;
    const count = counts.get(kind) ?? { keys: 0, lost: 0 };
    counts.set(kind, { keys: count.keys + 1, lost: count.lost });
  }
  if (over.size > 0) tightened(over, tight, right === null, cap, pair, kinds, counts);
  return { pairs: unpacked(found, width), capped: [...counts].map(([kind, count]) => ({ kind, ...count })) };
}

function fill(
  people: readonly Person[],
  blocks: Map<string, number[]>,
  tight: Map<string, number[]>,
  kinds: Map<string, KeyKind>,
): void {
  people.forEach((person, at) => {
    for (const key of keysOf(person)) {
      const name = nameOf(key);
      put(blocks, name, at);
      kinds.set(name, key.kind);
      if (key.tight !== null) put(tight, `${name}\u0000${key.tight}`, at);
    }
  });
}

function nameOf({ kind, value }: Key): string {
  return `${kind} ${value}`;
}

function put(blocks: Map<string, number[]>, name: string, at: number): void {
  const block = blocks.get(name);
  if (block === undefined) blocks.set(name, [at]);
  else block.push(at);
}

function tightened(
  over: ReadonlySet<string>,
  tight: Blocks,
  isOne: boolean,
  cap: number,
  pair: (as: readonly number[], bs: readonly number[] | null) => void,
  kinds: ReadonlyMap<string, KeyKind>,
  counts: Map<KeyKind, { keys: number; lost: number }>,
): void {
  const helped = new Set<string>();
  for (const [name, as] of tight.left) {
    const loose = name.slice(0, name.indexOf('\u0000'));
    if (!over.has(loose)) continue;
    const bs = isOne ? null : (tight.right.get(name) ?? []);
    if (as.length + (bs?.length ?? 0) > cap) continue;
    helped.add(loose);
    pair(as, bs);
  }
  for (const name of over) {
    const kind = kinds.get(name);
    const count = kind === undefined ? undefined : counts.get(kind);
    if (kind !== undefined && count !== undefined && !helped.has(name))
      counts.set(kind, { ...count, lost: count.lost + 1 });
  }
}

function unpacked(found: ReadonlySet<number>, width: number): Uint32Array {
  const pairs = new Uint32Array(found.size * 2);
  let at = 0;
  for (const packed of found) {
    pairs[at] = Math.floor(packed / width);
    pairs[at + 1] = packed % width;
    at += 2;
  }
  return pairs;
}
