/**
 * Blocking in memory, for files: which pairs share a key, with caps that show. The index in the database does the same.
 */
import { keysOf, type KeyKind } from './keys.ts';
import type { Person } from './person.ts';

/** Records that may share one key before its tight form is asked instead. */
export const KEY_CAP = 500;

export interface Capped {
  readonly kind: KeyKind;
  /** Keys over the cap, and those of them that have no tight form below it: there pairs are lost. */
  readonly keys: number;
  readonly lost: number;
}

/** Records that share a key, by their places. */
interface Block {
  readonly kind: KeyKind;
  readonly left: number[];
  readonly right: number[];
  /** The block of the looser key, of a tight one. */
  readonly loose: Block | null;
}

/** By kind, loose and tight apart: one map holds 16.7 million keys, and a million people have more. */
type Blocks = Map<string, Map<string, Block>>;

/**
 * Tells each pair that shares a key once, left record by left record.
 *
 * @param right null: pairs within `left`, the smaller place first
 */
export function eachCandidate(
  left: readonly Person[],
  right: readonly Person[] | null,
  visit: (left: number, right: number) => void,
  cap = KEY_CAP,
): readonly Capped[] {
  const blocks: Blocks = new Map();
  const ofLeft = left.map((person, at) => filed(person, at, blocks, 'left'));
  right?.forEach((person, at) => filed(person, at, blocks, 'right'));
  const isFull = ({ left: as, right: bs }: Block): boolean => as.length + bs.length > cap;
  // The left record that a right one was last told with, one up.
  const told = new Uint32Array((right ?? left).length);
  ofLeft.forEach((own, i) => {
    for (const block of own) {
      if (isFull(block) || (block.loose !== null && !isFull(block.loose))) continue;
      for (const j of right === null ? block.left : block.right) {
        if (told[j] === i + 1 || (right === null && j <= i)) continue;
        told[j] = i + 1;
        visit(i, j);
      }
    }
  });
  return countedCaps(blocks, isFull);
}

/** All of them at once: left and right place of each pair, one behind the other. */
export function candidatePairs(
  left: readonly Person[],
  right: readonly Person[] | null,
  cap = KEY_CAP,
): { readonly pairs: Uint32Array; readonly capped: readonly Capped[] } {
  const pairs: number[] = [];
  const capped = eachCandidate(left, right, (i, j) => pairs.push(i, j), cap);
  return { pairs: Uint32Array.from(pairs), capped };
}

/** Puts a record into the blocks of its keys, and of their tight forms; answers those. */
function filed(person: Person, at: number, blocks: Blocks, side: 'left' | 'right'): readonly Block[] {
  return keysOf(person).flatMap(({ kind, value, tight }) => {
    const block = blockOf(blocks, kind, value, null);
    block[side].push(at);
    if (tight === null) return [block];
    const inner = blockOf(blocks, kind, tight, block);
    inner[side].push(at);
    return [block, inner];
  });
}

function blockOf(blocks: Blocks, kind: KeyKind, value: string, loose: Block | null): Block {
  const name = loose === null ? kind : `${kind}+`;
  const ofKind = blocks.get(name) ?? new Map<string, Block>();
  if (ofKind.size === 0) blocks.set(name, ofKind);
  const known = ofKind.get(value);
  if (known !== undefined) return known;
  const block: Block = { kind, left: [], right: [], loose };
  ofKind.set(value, block);
  return block;
}

function countedCaps(blocks: Blocks, isFull: (block: Block) => boolean): readonly Capped[] {
  const full = new Set<Block>();
  const helped = new Set<Block>();
  for (const ofKind of blocks.values()) {
    for (const block of ofKind.values()) {
      if (block.loose === null) {
        if (isFull(block)) full.add(block);
      } else if (isFull(block.loose) && !isFull(block)) helped.add(block.loose);
    }
  }
  const counts = new Map<KeyKind, { keys: number; lost: number }>();
  for (const block of full) {
    const { keys, lost } = counts.get(block.kind) ?? { keys: 0, lost: 0 };
    counts.set(block.kind, { keys: keys + 1, lost: lost + (helped.has(block) ? 0 : 1) });
  }
  return [...counts].map(([kind, count]) => ({ kind, ...count }));
}
