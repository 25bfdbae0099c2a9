/** What the loops of a connection wait for. */

/** Wakes the one loop that waits; a ring that nobody waits for is kept for the next wait. */
export class Bell {
  #waiting: (() => void) | null = null;
  #rung = false;

  ring(): void {
    this.#rung = true;
    this.#waiting?.();
  }

  async wait(): Promise<void> {
    if (!this.#rung) await new Promise<void>((resolve) => (this.#waiting = resolve));
    this.#rung = false;
    this.#waiting = null;
  }
}
