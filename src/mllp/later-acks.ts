/**
 * The second answer of the enhanced mode (HL7 v2 chapter 2, "message acknowledgement"): MSH-16 asks what the
 * application made of a message that CA said is safe. AA or AE is sent on the connection that the message came by, once
 * it is applied or parked. Where that connection is gone nothing is sent: who asks again by repeating the message is
 * answered then.
 */
import type { Clock } from '../core/clock.ts';
import { randomToken } from '../core/ids.ts';
import { startLoop } from '../core/loop.ts';
import { DAY_MS, plus } from '../core/instant.ts';
import { acknowledge } from '../hl7v2/acknowledge.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import { systemScope, type Store } from '../store/contract.ts';
import type { OwedAck } from './intake.ts';

export interface LaterAcksOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** How far back a repeat may point. */
  readonly window_days: () => number;
  readonly answered: (site: string, code: string) => void;
  readonly onError: (error: unknown) => void;
}

export interface LaterAcks {
  owe(ack: OwedAck): void;
  stop(): Promise<void>;
}

const TICK_MS = 500;
const BATCH = 500;
/** Nobody waits longer; a message that is not decided by then is one for people. */
const PATIENCE_MS = 600_000;
/** Beyond, a sender that floods is answered CA alone. */
const MOST = 20_000;
const SCOPE = systemScope('acknowledge');

type Outcome = Pick<InboxMessage, 'status' | 'code'>;

export function laterAcks(options: LaterAcksOptions): LaterAcks {
  const owed: { readonly ack: OwedAck; readonly until: number }[] = [];
  const settle = (ack: OwedAck, { status, code }: Outcome): boolean => {
    if (status === 'received') return false;
    const done = status !== 'parked';
    const asked = ack.head.component(16).trim().toUpperCase();
    if (asked === (done ? 'ER' : 'SU')) return true;
    const text = `It is stored and waits for a person at the hub (${code ?? 'no code'}).`;
    const message = acknowledge(ack.head, {
      code: done ? 'AA' : 'AE',
      controlId: randomToken(12).slice(0, 20),
      at: options.clock.now(),
      zone: ack.site.timeZone,
      ...(done ? {} : { text, errors: [{ code: '207', text }] }),
    });
    const said = ack.peer.say?.(message) ?? 'gone';
    if (said === 'said') options.answered(ack.site.id, done ? 'AA' : 'AE');
    return said !== 'busy';
  };
  const step = async (): Promise<boolean> => {
    const batch = owed.splice(0, BATCH);
    if (batch.length === 0) return false;
    const since = plus(options.clock.now(), -options.window_days() * DAY_MS);
    const ids = [...new Set(batch.map(({ ack }) => ack.id))];
    try {
      const found = await options.store.read(SCOPE, (tx) => tx.inbox.outcomes(ids, since));
      const outcomes = new Map<number, Outcome>(found.map((one) => [one.id, one]));
      const left = batch.filter(({ ack, until }) => {
        const outcome = outcomes.get(ack.id);
        return outcome !== undefined && !settle(ack, outcome) && options.clock.monotonic() < until;
      });
      // What is not decided goes to the end, or a message that waits for long would keep the others waiting.
      owed.push(...left);
      return left.length === 0 && owed.length > 0;
    } catch (error) {
      owed.push(...batch);
      throw error;
    }
  };
  const loop = startLoop({ clock: options.clock, tick_ms: TICK_MS, step, onError: options.onError });
  return {
    owe(ack) {
      if (owed.length < MOST) owed.push({ ack, until: options.clock.monotonic() + PATIENCE_MS });
    },
    stop: () => loop.stop(),
  };
}
