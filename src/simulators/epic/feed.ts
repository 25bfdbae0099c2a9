/** Messages to the hub: queued in the write that causes them, sent in order, repeated until acknowledged. */
import type { SimulatedClock } from '../kit/clock.ts';
import type { Faults } from '../kit/faults.ts';
import type { Echo } from '../kit/kind.ts';
import { MllpSender } from '../kit/mllp-sender.ts';
import { OUTBOUND } from '../kit/outbound.ts';
import type { Store, Writer } from '../kit/store.ts';
import { settingsOf } from './hospital.ts';
import type { Letter } from './letter.ts';
import type { Seed } from './seed.ts';

interface FeedOptions {
  readonly seed: Seed;
  readonly store: Store;
  readonly faults: Faults;
  readonly clock: SimulatedClock;
}

export class Feed implements Echo {
  readonly #options: FeedOptions;
  readonly #sender: MllpSender;
  #queued: string[] = [];

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#sender = new MllpSender({
      ...options,
      settings: () => {
        const own = settingsOf(options);
        return { ...own, characterSet: '', repeatsRefused: own.afterError === 'retry' };
      },
    });
    options.faults.onChange(() => this.ring());
  }

  /** Inside the write that causes it. */
  post(tx: Writer, event: string, about: string, write: (letter: Letter) => string): void {
    const { seed, clock } = this.#options;
    const controlId = String(tx.nextNumber('control-id', 88_213));
    const letter = { seed, settings: settingsOf(this.#options, tx), event, controlId, sentAt: clock.now() };
    const sequence = this.#sender.queue(tx, { controlId, event, about, text: write(letter) });
    this.#queued.push(String(sequence));
  }

  /** The same bytes again. */
  repeat(tx: Writer, sequence: string): boolean {
    const old = tx.get(OUTBOUND, sequence);
    if (old === undefined) return false;
    this.#queued.push(String(this.#sender.queue(tx, old)));
    return true;
  }

  start(): void {
    this.#sender.start();
  }

  takeQueued(): string[] {
    return this.#queued.splice(0).filter((id) => this.#options.store.get(OUTBOUND, id)?.state === 'queued');
  }

  /** The feed is one line: what stands before those messages goes out before them. */
  async firstAttempts(_ids: readonly string[], limit_ms: number): Promise<void> {
    this.#sender.ring();
    await this.#sender.emptied(limit_ms);
  }

  ring(): void {
    this.#sender.ring();
  }

  stop(): Promise<void> {
    return this.#sender.stop();
  }
}
