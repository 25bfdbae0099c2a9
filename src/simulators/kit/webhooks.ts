/** Outgoing webhooks: written with the change that causes them, sent afterwards, repeated by the vendor's own rule. */
import { systemClock } from '../../core/clock.ts';
import type { SimulatedClock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Store, Table, Writer } from './store.ts';

export interface Attempt {
  /** Milliseconds since 1970, by the vendor's clock. */
  readonly at: number;
  readonly status?: number;
  readonly error?: string;
}

export interface Delivery {
  readonly id: string;
  readonly hook: string;
  readonly event: string;
  readonly target: string;
  readonly contentType: string;
  readonly body: string;
  readonly createdAt: number;
  readonly dueAt: number;
  /** `refused`: an answer that this vendor does not repeat after; `lost`: the fault loseWebhooks. */
  readonly state: 'pending' | 'delivered' | 'refused' | 'given-up' | 'lost';
  readonly attempts: readonly Attempt[];
}

export interface WebhookRules {
  /** Headers that prove the sender, over the exact body. */
  sign(delivery: Delivery): Readonly<Record<string, string>>;
  /** What an attempt leads to; `retryAt` by the vendor's clock. */
  judge(delivery: Delivery, attempt: Attempt): { readonly state: Delivery['state']; readonly retryAt?: number };
  /** Told in the same write as the attempt: a vendor that switches off failing hooks does it here. */
  settled(tx: Writer, delivery: Delivery): void;
}

const DELIVERIES: Table<Delivery> = { name: 'webhook-deliveries' };
const KEEP_SETTLED = 5000;
const IN_FLIGHT = 8;
const TIMEOUT_MS = 15_000;
const REORDER_WINDOW_MS = 250;

export class WebhookSender {
  readonly #store: Store;
  readonly #faults: Faults;
  readonly #clock: SimulatedClock;
  readonly #rules: WebhookRules;
  readonly #stopper = new AbortController();
  readonly #flying = new Set<string>();
  readonly #attempted = new Map<string, () => void>();
  #timer: NodeJS.Timeout | null = null;
  #reversing = false;
  readonly #queued: string[] = [];
  /** Ids that may be pending: settled deliveries are kept by the thousand and must not be searched on every ring. */
  readonly #open = new Set<string>();

  constructor(store: Store, faults: Faults, clock: SimulatedClock, rules: WebhookRules) {
    this.#store = store;
    this.#faults = faults;
    this.#clock = clock;
    this.#rules = rules;
    for (const delivery of store.all(DELIVERIES)) this.#open.add(delivery.id);
  }

  /** Inside the write that causes it. Returns the id of the delivery. */
  queue(tx: Writer, what: Pick<Delivery, 'hook' | 'event' | 'target' | 'contentType' | 'body'>): string {
    const id = String(tx.nextNumber('webhook-delivery', 1));
    const lost = this.#faults.take('loseWebhooks', what.event);
    const createdAt = this.#clock.now();
    const state = lost ? 'lost' : 'pending';
    tx.put(DELIVERIES, id, { ...what, id, createdAt, dueAt: this.#clock.due(), state, attempts: [] });
    this.#queued.push(id);
    this.#open.add(id);
    return id;
  }

  /** What was queued since the last call and is still to be sent: an undone write leaves nothing. */
  takeQueued(): string[] {
    return this.#queued.splice(0).filter((id) => this.#store.get(DELIVERIES, id)?.state === 'pending');
  }

  sent(): Delivery[] {
    return this.#store.all(DELIVERIES);
  }

  /** Sends what is due; call it after a write and when the clock was moved. */
  ring(): void {
    if (this.#isStopped()) return;
    const due = this.#pending().filter((one) => !this.#flying.has(one.id));
    const now = this.#clock.due();
    const ready = due.filter((one) => one.dueAt <= now);
    if (this.#faults.strikes('reorderWebhooks')) this.#startReversed();
    else {
      for (const delivery of ready) {
        if (this.#flying.size >= IN_FLIGHT) break;
        this.#send(delivery).catch(ignore);
      }
    }
    const waiting = due.map((one) => one.dueAt).filter((at) => at > now);
    this.#wakeIn(waiting.length === 0 ? null : Math.min(...waiting) - now);
  }

  /** Resolves when each delivery was tried once, or after `limit_ms`. */
  async firstAttempts(ids: readonly string[], limit_ms: number): Promise<void> {
    const tried = ids.map((id) => new Promise<void>((resolve) => this.#attempted.set(id, resolve)));
    this.ring();
    await Promise.race([Promise.all(tried), systemClock.sleep(limit_ms, this.#stopper.signal)]);
    for (const id of ids) this.#attempted.delete(id);
  }

  /** Whatever is under way is cut off and stays pending. */
  stop(): void {
    this.#stopper.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #pending(): Delivery[] {
    const found: Delivery[] = [];
    for (const id of this.#open) {
      const delivery = this.#store.get(DELIVERIES, id);
      if (delivery?.state === 'pending') found.push(delivery);
      else this.#open.delete(id);
    }
    return found;
  }

  /** Read through a function: the signal may abort during an await, which narrowing does not know. */
  #isStopped(): boolean {
    return this.#stopper.signal.aborted;
  }

  #wakeIn(ms: number | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (ms !== null) this.#timer = setTimeout(() => this.ring(), Math.min(ms + 1, 60_000));
  }

  /** Collects for a moment, then sends what gathered newest first, one after the other. */
  #startReversed(): void {
    if (this.#reversing) return;
    this.#reversing = true;
    const run = async (): Promise<void> => {
      await systemClock.sleep(REORDER_WINDOW_MS, this.#stopper.signal);
      const now = this.#clock.due();
      const ready = this.#pending().filter((one) => one.dueAt <= now);
      for (const { id } of ready.toReversed()) {
        // Where the switch was lifted meanwhile it may have been sent in its turn.
        const delivery = this.#store.get(DELIVERIES, id);
        if (delivery?.state === 'pending' && !this.#flying.has(id)) await this.#send(delivery);
      }
      if (ready.length > 1) this.#faults.take('reorderWebhooks');
      this.#reversing = false;
      this.ring();
    };
    run().catch(ignore);
  }

  async #send(delivery: Delivery): Promise<void> {
    this.#flying.add(delivery.id);
    try {
      const attempt = await this.#post(delivery);
      if (this.#isStopped()) return;
      this.#record(delivery, attempt);
      if (this.#faults.take('duplicateWebhooks', delivery.event)) {
        const again = await this.#post(delivery);
        const now = this.#store.get(DELIVERIES, delivery.id);
        if (now !== undefined && !this.#isStopped()) {
          this.#store.write((tx) => tx.put(DELIVERIES, now.id, { ...now, attempts: [...now.attempts, again] }));
        }
      }
    } finally {
      this.#flying.delete(delivery.id);
      this.#attempted.get(delivery.id)?.();
      this.ring();
    }
  }

  #record(delivery: Delivery, attempt: Attempt): void {
    const tried = { ...delivery, attempts: [...delivery.attempts, attempt] };
    const verdict = this.#rules.judge(tried, attempt);
    const next = { ...tried, state: verdict.state, dueAt: verdict.retryAt ?? tried.dueAt };
    this.#store.write((tx) => {
      tx.put(DELIVERIES, next.id, next);
      this.#rules.settled(tx, next);
      const old = tx.get(DELIVERIES, String(Number(next.id) - KEEP_SETTLED));
      if (old !== undefined && old.state !== 'pending') tx.remove(DELIVERIES, old.id);
    });
  }

  async #post(delivery: Delivery): Promise<Attempt> {
    const at = this.#clock.now();
    try {
      const answer = await fetch(delivery.target, {
        method: 'POST',
        redirect: 'manual',
        body: delivery.body,
        headers: { 'content-type': delivery.contentType, ...this.#rules.sign(delivery) },
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#stopper.signal]),
      });
      await answer.arrayBuffer();
      return { at, status: answer.status };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { at, error: cause instanceof Error ? cause.message : 'no answer' };
    }
  }
}

/** The promises it is put on have recorded their failure already. */
function ignore(): void {
  return;
}
