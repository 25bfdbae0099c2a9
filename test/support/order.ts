/** Which test files run, and in which order. Pure, so that the runner's own rules can be tested. */

/**
 * Files whose path holds one of the words; all when there are none. Sorted, so that a seed means one order everywhere.
 */
export function pick(files: readonly string[], words: readonly string[]): readonly string[] {
  const wanted = words.map((word) => word.replace(/^\.\//, ''));
  return files.filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word))).sort();
}

/** @throws Error when the given text is no whole number from 0 to 4294967295 */
export function newSeed(given: string | undefined, now: number): number {
  if (given === undefined || given === '') return now >>> 0;
  const seed = Number(given);
  if (!/^\d+$/.test(given) || seed > 0xffff_ffff) throw new Error('SEED must be a whole number below 4294967296');
  return seed;
}

/** Fisher and Yates, over mulberry32: the same seed gives the same order on every machine. */
export function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const mixed = [...items];
  const next = mulberry32(seed);
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = Math.floor(next() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other]!, mixed[last]!];
  }
  return mixed;
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
