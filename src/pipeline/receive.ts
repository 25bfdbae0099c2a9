/**
 * Stage receive: what a site sends is stored before it is acknowledged. Many senders share one commit: whoever waits
 * while a commit is under way goes into the next one, so that throughput grows with connections and every answer still
 * follows its commit.
 *
 * Two commits may be under way at once, so that the hub reads and seals the next messages while the disk writes the
 * last ones. What must stay in order never stands in both: messages that share a sequence key, and messages of one
 * sender. The second waits until the first is committed, so its id is higher, and nobody sees it before the first.
 */
import type { SiteMessage } from '../connectors/contract.ts';
import type { Clock } from '../core/clock.ts';
import type { ErrorCode } from '../core/error-catalogue.ts';
import { asHubError, HubError } from '../core/errors.ts';
import type { Stored, Via } from '../store/contract-inbox.ts';
import { systemScope, type Store } from '../store/contract.ts';
import type { StageEvents } from './events.ts';
import { heardFeeds } from './heard.ts';

export interface Receiver {
  /**
   * Resolves after the commit with one answer per message, in order. Rejects when nothing was stored.
   *
   * `sender` stands for a connection that may have several calls under way: they are stored in their order, and after
   * one that failed no later one is stored (it rejects with the same error), or what the sender repeats would come
   * behind what it sent later.
   */
  store(
    site: string,
    via: Via,
    messages: readonly SiteMessage[],
    trace: string | null,
    sender?: object,
  ): Promise<readonly Stored[]>;
  /** No more is taken; resolves when what was taken is committed. */
  stop(): Promise<void>;
}

export interface ReceiveStage extends Receiver {
  /** Messages that wait for a commit that has not begun. */
  backlog(): number;
}

export interface ReceiverOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: StageEvents;
  /** Rung after each commit, once for each site. */
  readonly stored: (site: string, hints: boolean) => void;
  /** Messages that one commit may carry. */
  readonly maxBatch?: number;
}

interface Waiting {
  readonly site: string;
  readonly via: Via;
  readonly messages: readonly SiteMessage[];
  readonly trace: string | null;
  /** What orders it against others. */
  readonly keys: readonly (string | object)[];
  readonly sender: object | undefined;
  readonly resolve: (stored: readonly Stored[]) => void;
  readonly reject: (error: unknown) => void;
}

const SCOPE = systemScope('receive');
/** Commits under way at once. */
const LANES = 2;
/** A second commit begins beside the first only for so many: for a few it would cost more than it gains. */
const SECOND_LANE_MESSAGES = 16;

/** Nothing that one message could be to blame for: trying each alone would only take longer to fail. */
const STORE_TROUBLE: ReadonlySet<ErrorCode> = new Set([
  'DATABASE_UNREACHABLE',
  'DATABASE_ANSWER_LOST',
  'DATABASE_REFUSED',
  'DISK_FULL',
  'TOO_BUSY',
]);

export function receiver(options: ReceiverOptions): ReceiveStage {
  const maxBatch = options.maxBatch ?? 256;
  const heard = heardFeeds(options);
  const failed = new WeakMap<object, HubError>();
  const lanes = new Set<Promise<void>>();
  const underWay = new Set<string | object>();
  let waiting: Waiting[] = [];
  let backlog = 0;
  let begun = false;
  let stopped = false;

  const commit = async (group: readonly Waiting[]): Promise<void> => {
    const now = options.clock.now();
    const arrivals = group.flatMap(({ site, via, trace, messages }) =>
      messages.map((message) => ({ site, via, trace, message })),
    );
    const stored = await heard.with(arrivals, (news) => options.store.receive(SCOPE, arrivals, news, now));
    let from = 0;
    const answers = group.map((one) => stored.slice(from, (from += one.messages.length)));
    report(options, group, answers);
    group.forEach((one, index) => one.resolve(answers[index] ?? []));
  };

  const fail = (one: Waiting, error: unknown): void => {
    if (one.sender !== undefined) failed.set(one.sender, asHubError(error));
    one.reject(error);
  };

  /** Behind one that failed nothing of its sender is stored. True when that was the case. */
  const isBehindFailed = (one: Waiting): boolean => {
    if (one.sender === undefined || !failed.has(one.sender)) return false;
    one.reject(failed.get(one.sender));
    return true;
  };

  /** One that cannot be stored must not take the others with it. */
  const alone = async (group: readonly Waiting[]): Promise<void> => {
    for (const one of group) {
      if (isBehindFailed(one)) continue;
      try {
        await commit([one]);
      } catch (error) {
        fail(one, error);
      }
    }
  };

  const lane = async (group: readonly Waiting[]): Promise<void> => {
    try {
      await commit(group);
    } catch (error) {
      if (group.length > 1 && !(error instanceof HubError && STORE_TROUBLE.has(error.code))) await alone(group);
      else for (const one of group) fail(one, error);
    }
    for (const one of group) for (const key of one.keys) underWay.delete(key);
  };

  /** The first that fit into one commit, but for what must follow something that is under way or left behind. */
  const next = (): readonly Waiting[] => {
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    const behind = new Set<string | object>();
    let count = 0;
    backlog = 0;
    for (const one of waiting) {
      const full = count > 0 && count + one.messages.length > maxBatch;
      if (full || one.keys.some((key) => underWay.has(key) || behind.has(key))) {
        left.push(one);
        backlog += one.messages.length;
        for (const key of one.keys) behind.add(key);
      } else if (!isBehindFailed(one)) {
        group.push(one);
        count += one.messages.length;
      }
    }
    waiting = left;
    return group;
  };

  const begin = (): void => {
    begun = false;
    while (waiting.length > 0 && (lanes.size === 0 || (lanes.size < LANES && backlog >= SECOND_LANE_MESSAGES))) {
      const group = next();
      if (group.length === 0) return;
      for (const one of group) for (const key of one.keys) underWay.add(key);
      const running = lane(group).then(() => {
        lanes.delete(running);
        begin();
      });
      lanes.add(running);
    }
  };

  return {
    store(site, via, messages, trace, sender) {
      if (stopped) return Promise.reject(new HubError('STOPPING', { site }));
      const earlier = sender === undefined ? undefined : failed.get(sender);
      if (earlier !== undefined) return Promise.reject(earlier);
      return new Promise((resolve, reject) => {
        const keys = orderOf(site, messages, sender);
        waiting.push({ site, via, messages, trace, keys, sender, resolve, reject });
        backlog += messages.length;
        if (begun || lanes.size === LANES) return;
        begun = true;
        // Behind everything that is readable now, so that it shares the first commit too.
        setImmediate(begin);
      });
    },
    backlog: () => backlog,
    async stop() {
      stopped = true;
      while (lanes.size > 0 || waiting.length > 0) await Promise.all([turn(), ...lanes]);
      await heard.stop();
    },
  };
}

/** Sequence keys name the same thing at one site only. */
function orderOf(site: string, messages: readonly SiteMessage[], sender?: object): readonly (string | object)[] {
  const keys = messages.flatMap((message) => message.sequenceKeys.map((key) => `${site} ${key}`));
  return sender === undefined ? keys : [sender, ...keys];
}

/** Once for each site and way in, and not for each message: in a flood that would cost more than storing them. */
function report(options: ReceiverOptions, group: readonly Waiting[], answers: readonly (readonly Stored[])[]): void {
  interface Sum {
    readonly site: string;
    readonly via: Via;
    inserted: number;
    repeated: number;
    hints: boolean;
  }
  const sums = new Map<string, Sum>();
  for (const [index, { site, via, messages }] of group.entries()) {
    const sum = sums.get(`${via} ${site}`) ?? { site, via, inserted: 0, repeated: 0, hints: false };
    sums.set(`${via} ${site}`, sum);
    for (const { kind } of answers[index] ?? []) sum[kind === 'inserted' ? 'inserted' : 'repeated'] += 1;
    sum.hints ||= messages.some(({ shape }) => shape === 'hint');
  }
  for (const { site, via, inserted, repeated, hints } of sums.values()) {
    options.events.received(site, via, inserted, repeated);
    if (inserted > 0) options.stored(site, hints);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
