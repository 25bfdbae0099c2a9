import { sha256 } from '../../core/ids.ts';

/** Numbers in [0, 1) that are a pure function of the name, so that a seed makes the same clinic on every machine. */
export function randomFrom(name: string): () => number {
  let state = Number.parseInt(sha256(name).slice(0, 8), 16);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(from: readonly T[], random: () => number): T {
  const item = from[Math.floor(random() * from.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}
