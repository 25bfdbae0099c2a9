/** MLLP blocks: 0B, data, 1C 0D (standard sheet section 14). */
const START = 0x0b;
const END = 0x1c;
const CR = 0x0d;
const CLOSING = Buffer.from([END, CR]);

export function frame(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([START]), data, CLOSING]);
}

/** Blocks out of one connection's bytes, however they are cut; bytes outside a block are passed over. */
export class FrameReader {
  #bytes = Buffer.alloc(0);

  push(part: Buffer): Buffer[] {
    this.#bytes = Buffer.concat([this.#bytes, part]);
    const found: Buffer[] = [];
    for (;;) {
      const start = this.#bytes.indexOf(START);
      if (start < 0) {
        this.#bytes = Buffer.alloc(0);
        return found;
      }
      const end = this.#bytes.indexOf(CLOSING, start + 1);
      if (end < 0) return found;
      found.push(this.#bytes.subarray(start + 1, end));
      this.#bytes = this.#bytes.subarray(end + CLOSING.length);
    }
  }
}
