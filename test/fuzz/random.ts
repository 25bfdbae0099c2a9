/** Random choices that a seed repeats, on any machine. */

export class Random {
  #state: number;

  /** One stream per seed and number, so that a case can be made again without the cases before it. */
  constructor(seed: number, number = 0) {
    this.#state = mixed(mixed(seed >>> 0) ^ mixed((number + 0x9e3779b9) >>> 0));
  }

  /** 32 bits (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let word = this.#state;
    word = Math.imul(word ^ (word >>> 15), word | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (word ^ (word >>> 14)) >>> 0;
  }

  /** From 0 to `below` - 1; 0 where `below` is 0. */
  below(below: number): number {
    return below <= 1 ? 0 : this.next() % below;
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.below(from.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  /** Small mostly, sometimes large: what breaks is found near the ends. */
  size(most: number): number {
    return Math.min(most, this.below(1 << this.below(16)));
  }

  bytes(length: number): Buffer {
    const made = Buffer.alloc(length);
    for (let at = 0; at < length; at += 1) made[at] = this.below(256);
    return made;
  }
}

function mixed(word: number): number {
  let mix = word;
  mix = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad);
  mix = Math.imul(mix ^ (mix >>> 15), 0x735a2d97);
  return (mix ^ (mix >>> 15)) >>> 0;
}
