/** Decisions of matching on their way into the log. */
import type { Instant } from '../../core/instant.ts';
import type { Tx } from '../../store/contract.ts';
import type { PairDecision } from '../golden/decision.ts';
import type { Unwritten } from './decisions-of.ts';

export function append(tx: Tx, decision: Unwritten, now: Instant): Promise<number | null> {
  return tx.identity.append({ ...decision, attribute: null, value: null, toldBy: null }, now);
}

/** Behind every place that the log gives. */
const NOT_PLACED_YET = Number.MAX_SAFE_INTEGER - 1_000_000;

/** Many, in their order. None waits for the place of the one before it, which only what supersedes it has to know. */
export class Appending {
  readonly #tx: Tx;
  readonly #now: Instant;
  readonly #sent: Promise<number | null>[] = [];

  constructor(tx: Tx, now: Instant) {
    this.#tx = tx;
    this.#now = now;
  }

  /** As it stands in the log for those that come behind it, though its place is not known yet. */
  async add(decision: Unwritten): Promise<PairDecision> {
    const { supersedes } = decision;
    const isNew = supersedes !== null && supersedes >= NOT_PLACED_YET;
    const earlier = isNew ? await (this.#sent[supersedes - NOT_PLACED_YET] ?? null) : supersedes;
    const sent = append(this.#tx, { ...decision, supersedes: earlier }, this.#now);
    sent.catch(() => undefined);
    return { ...decision, seq: NOT_PLACED_YET + this.#sent.push(sent) - 1 };
  }

  async done(): Promise<void> {
    await Promise.all(this.#sent);
  }
}
