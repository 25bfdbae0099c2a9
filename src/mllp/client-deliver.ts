/**
 * Answers and news to clients that ask by HL7 v2: what is owed stands in the outbox, and goes to each client over one
 * connection of ours, in order for each appointment, until it is accepted. A message keeps its MSH-10 however often it
 * goes, so that a receiver knows it again.
 */
import type { Clock } from '../core/clock.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { plus, type Instant } from '../core/instant.ts';
import type { Hl7Exchange, Hl7ExchangeOptions, Hl7Outcome } from '../connectors/contract-hl7.ts';
import type { ClientAnswers } from '../settings/client-hl7-shape.ts';
import type { Delivery } from '../store/contract-bookings.ts';
import { systemScope, type Store } from '../store/contract.ts';
import { refusedForGood, taken, withoutAddress } from './unheard.ts';
import type { BoundClient } from './request-clients.ts';

export interface ClientDeliverDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly clients: () => readonly BoundClient[];
  readonly sender: (options: Hl7ExchangeOptions) => Hl7Exchange;
  readonly told: (client: string, kind: 'answer' | 'notice', outcome: Hl7Outcome['kind']) => void;
  readonly onError: (error: unknown) => void;
}

export interface ClientDeliver {
  ring(): void;
  stop(): Promise<void>;
}

const SCOPE = systemScope('client-answers');
const TICK_MS = 1_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 60_000;
const DEADLINE_SLACK_MS = 5_000;

interface Open {
  readonly answers: ClientAnswers;
  readonly exchange: Hl7Exchange;
}

export function deliverToClients(deps: ClientDeliverDeps): ClientDeliver {
  const open = new Map<string, Open>();
  const busy = new Map<string, Promise<void>>();
  let isStopping = false;

  const exchangeOf = (id: string, answers: ClientAnswers): Hl7Exchange => {
    const kept = open.get(id);
    if (kept !== undefined && JSON.stringify(kept.answers) === JSON.stringify(answers)) return kept.exchange;
    kept?.exchange.close().catch(deps.onError);
    const exchange = deps.sender(optionsOf(answers));
    open.set(id, { answers, exchange });
    return exchange;
  };
  const run = async (id: string, answers: ClientAnswers): Promise<void> => {
    const exchange = exchangeOf(id, answers);
    while (!isStopping && (await sendNext(deps, id, answers, exchange)) === 'more');
  };
  /** Clients whose answers have nowhere to go, and a person knows. */
  const lost = new Set<string>();
  const step = async (): Promise<boolean> => {
    const due = await deps.store.read(SCOPE, (tx) => tx.outbox.receiversDue('client', deps.clock.now()));
    await tellLost(deps, due, lost);
    for (const { id, hl7 } of deps.clients()) {
      if (hl7.answers === undefined || !due.includes(id) || busy.has(id)) continue;
      const ended = run(id, hl7.answers)
        .catch(deps.onError)
        .then(() => {
          busy.delete(id);
        });
      busy.set(id, ended);
    }
    return false;
  };
  const loop: Loop = startLoop({ clock: deps.clock, tick_ms: TICK_MS, step, onError: deps.onError });
  return {
    ring: () => loop.ring(),
    async stop() {
      isStopping = true;
      await loop.stop();
      await Promise.all([...open.values()].map(({ exchange }) => exchange.close()));
      await Promise.all(busy.values());
    },
  };
}

/** Of a client that left hub.yaml, or has no address there any more: its answers are kept until it has one again. */
async function tellLost(deps: ClientDeliverDeps, due: readonly string[], lost: Set<string>): Promise<void> {
  const heard = new Set(deps.clients().flatMap(({ id, hl7 }) => (hl7.answers === undefined ? [] : [id])));
  for (const id of heard) lost.delete(id);
  const fresh = due.filter((id) => !heard.has(id) && !lost.has(id));
  if (fresh.length === 0) return;
  await deps.store.transaction(SCOPE, async (tx) => {
    for (const id of fresh) await withoutAddress(tx, id, deps.clock.now());
  });
  for (const id of fresh) lost.add(id);
}

/**
 * `sent` in a commit of its own before the first byte leaves; after a crash its deadline puts it back into the queue.
 */
async function sendNext(
  deps: ClientDeliverDeps,
  client: string,
  answers: ClientAnswers,
  exchange: Hl7Exchange,
): Promise<'more' | 'none'> {
  const now = deps.clock.now();
  const deadline = plus(now, answers.connectWithin_ms + answers.answerWithin_ms + DEADLINE_SLACK_MS);
  const claimed = await deps.store.transaction(SCOPE, async (tx) => {
    const [delivery] = await tx.outbox.claim('client', client, now, deadline, 1);
    if (delivery === undefined) return null;
    const request = await tx.hl7Requests.get(Number(delivery.body['request']));
    const bytes = delivery.kind === 'notice' ? request?.notice : request?.answer;
    // Answered anew since, or forgotten: there is nothing to say any more.
    if (bytes === undefined || bytes === null) await tx.outbox.finish(delivery.id, 'done', null);
    return { delivery, bytes: bytes ?? null };
  });
  if (claimed === null) return 'none';
  const { delivery, bytes } = claimed;
  if (bytes === null) return 'more';
  const outcome = await exchange.send(bytes);
  await settle(deps, delivery, outcome);
  deps.told(client, delivery.kind === 'notice' ? 'notice' : 'answer', outcome.kind);
  return outcome.kind === 'accepted' || outcome.kind === 'refused' ? 'more' : 'none';
}

async function settle({ store, clock }: ClientDeliverDeps, delivery: Delivery, outcome: Hl7Outcome): Promise<void> {
  await store.transaction(SCOPE, async (tx) => {
    switch (outcome.kind) {
      case 'accepted':
        await tx.outbox.finish(delivery.id, 'done', null);
        await taken(tx, delivery, clock.now());
        return;
      case 'refused':
        if (outcome.repeat) {
          await tx.outbox.requeue(delivery.id, later(clock, delivery), outcome.ack.code);
          return;
        }
        // It will be refused the next time as well, and what comes behind it must not wait for that.
        await tx.outbox.finish(delivery.id, 'parked', outcome.ack.code);
        await refusedForGood(tx, delivery, outcome.ack.code, clock.now());
        return;
      default:
        // Not heard is not proven to be there: it goes again, under the same MSH-10.
        await tx.outbox.requeue(delivery.id, later(clock, delivery, outcome.error.retryAfter_ms), outcome.error.code);
    }
  });
}

function later(clock: Clock, { attempts }: Delivery, wait_ms = 0): Instant {
  return plus(clock.now(), Math.max(wait_ms, Math.min(RETRY_FIRST_MS * 2 ** attempts, RETRY_MAX_MS)));
}

function optionsOf(answers: ClientAnswers): Hl7ExchangeOptions {
  const { host, port, tls } = answers;
  return {
    host,
    port,
    connect_ms: answers.connectWithin_ms,
    ack_ms: answers.answerWithin_ms,
    maxQuiet_ms: answers.keepOpen_s * 1000,
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
            servername: tls.serverName ?? host,
          },
        }),
  };
}
