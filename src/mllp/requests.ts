/**
 * Requests for appointments (SRM) of clients: stored, then acknowledged; carried out; answered.
 *
 *   frame --> row --> CA (enhanced mode), or the connection waits (original mode)
 *              |
 *              +--> carried out at the booking desk --> SRR: on the connection, or to the client's address
 *                                                        |
 *                                                        +--> pending: SIU to its address once it is decided
 *
 * A row is there before anything is said, and everything behind it finds out what was done before: after a kill at any
 * moment the request is carried out or found done, once, and its answer goes out. Requests about one appointment of a
 * client are carried out one after the other.
 */
import type { BookingAnswer } from '../booking/contract.ts';
import { isAway } from '../booking/lost-answer.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { ackModeOf } from '../hl7v2/acknowledge.ts';
import type { FramePart } from '../hl7v2/acknowledge-frame.ts';
import { header, type Header } from '../hl7v2/header.ts';
import { parseMessage } from '../hl7v2/message.ts';
import { readRequest } from '../hl7v2/request-read.ts';
import { writeAnswer, writeNews } from '../hl7v2/schedule-write.ts';
import type { Hl7Reply, Hl7Request } from '../store/contract-requests.ts';
import { systemScope } from '../store/contract.ts';
import type { Peer } from './admission.ts';
import { carryOut, type CarryDeps, type Carried } from './request-carry.ts';
import type { BoundClient } from './request-clients.ts';
import { denialBy } from './request-denial.ts';
import { contentOf, placerOf } from './request-names.ts';
import { asItIsNow, owe } from './request-rows.ts';
import { charsetOf, controlId, isWanted, replyOf } from './request-reply.ts';
import { news, told, type Told } from './request-told.ts';
import { Speaking } from './speaking.ts';

export interface RequestsDeps extends CarryDeps {
  readonly clients: () => readonly BoundClient[];
  /** Something is owed to a client's address. */
  readonly owed: () => void;
  readonly carried: (client: string, trigger: string, code: 'AA' | 'AE' | 'AR', pending: boolean) => void;
  readonly onError: (error: unknown) => void;
}

export interface Requests {
  /** Resolves with the SRR for a sender that waits for it on the connection, else with null once it is stored. */
  take(client: BoundClient, part: FramePart, peer: Peer | undefined): Promise<Uint8Array | null>;
  stop(): Promise<void>;
}

const SCOPE = systemScope('requests');
const TICK_MS = 500;
const AT_ONCE = 64;
const RECHECK_MS = 250;
const RETRY_MS = 500;
const FAREWELL_MS = 4_000;

export function clientRequests(deps: RequestsDeps): Requests {
  return new Work(deps);
}

class Work implements Requests {
  readonly #deps: RequestsDeps;
  /** By client: one all of whose requests wait keeps no other waiting. */
  readonly #underWay = new Map<string, Map<number, Promise<void>>>();
  readonly #waiting = new Map<number, Set<(answer: Uint8Array | HubError) => void>>();
  readonly #speaking: Speaking;
  readonly #stop = new AbortController();
  readonly #loop: Loop;
  /** Stored one after the other: two of one connection keep their order. */
  #storing: Promise<unknown> = Promise.resolve();
  /** Connections of which one was not stored: what came behind it comes again behind it. */
  readonly #undone = new WeakSet<Peer>();

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
    this.#speaking = new Speaking(deps.clock, deps.onError);
    this.#loop = startLoop({
      clock: deps.clock,
      tick_ms: TICK_MS,
      step: () => this.#step(),
      onError: deps.onError,
    });
  }

  async take(client: BoundClient, part: FramePart, peer: Peer | undefined): Promise<Uint8Array | null> {
    const stored = this.#storing.then(() => this.#store(client, part, peer));
    this.#storing = stored.catch(() => undefined);
    const { request, reply } = await stored;
    if (reply === 'connection') return this.#answerOf(request.id);
    if (reply === 'address' && client.hl7.answers === undefined && peer?.say !== undefined)
      this.#speaking.expect(request.id, peer);
    if (request.state !== 'received' && request.answer !== null) this.#say(request.id, request.answer);
    this.#loop.ring();
    return null;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop.stop();
    // What is at its site just now is answered still; who waits for anything else asks again after the start.
    const underWay = [...this.#underWay.values()].flatMap((of) => [...of.values()]);
    await Promise.race([Promise.all(underWay), this.#deps.clock.sleep(FAREWELL_MS)]);
    await this.#speaking.stop();
    for (const waiting of this.#waiting.values()) for (const resolve of waiting) resolve(new HubError('STOPPING'));
  }

  async #store(
    client: BoundClient,
    part: FramePart,
    peer: Peer | undefined,
  ): Promise<{ readonly request: Hl7Request; readonly reply: Hl7Reply }> {
    const { store, clock, plan } = this.#deps;
    const zone = plan().hub.timeZone;
    if (this.#stop.signal.aborted) throw new HubError('STOPPING');
    if (peer !== undefined && this.#undone.has(peer)) throw new HubError('NOT_READY');
    const reply = replyOf(part.head);
    const asked = {
      client: client.id,
      placer: placerOf(part),
      content: contentOf(part.bytes),
      reply,
      body: part.bytes,
    };
    try {
      const now = clock.now();
      const request = await store.transaction(SCOPE, async (tx) => {
        const { request: found, isNew } = await tx.hl7Requests.take(asked, now);
        const row = isNew ? found : await asItIsNow(tx, found, part, asked, zone);
        // It is owed its answer again: the first one may have gone with its connection, or with its receiver.
        const isAnswered = !isNew && row.state !== 'received' && row.answer !== null;
        if (isAnswered && reply === 'address' && client.hl7.answers !== undefined) await owe(tx, row, 'answer', now);
        return row;
      });
      if (request.state !== 'received') this.#deps.owed();
      return { request, reply };
    } catch (error) {
      if (peer !== undefined) this.#undone.add(peer);
      throw error;
    }
  }

  /** @throws HubError STOPPING: no answer, the sender asks again */
  async #answerOf(id: number): Promise<Uint8Array> {
    const answer = await new Promise<Uint8Array | HubError>((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting.add(resolve));
      this.#loop.ring();
      // Registered before it is read: one that is answered between the two is not missed.
      this.#deps.store
        .read(SCOPE, (tx) => tx.hl7Requests.get(id))
        .then((row) => {
          if (row !== null && row.state !== 'received' && row.answer !== null) this.#say(id, row.answer);
          if (this.#stop.signal.aborted) resolve(new HubError('STOPPING'));
        }, this.#deps.onError);
    });
    if (answer instanceof HubError) throw answer;
    return answer;
  }

  #say(id: number, answer: Uint8Array): void {
    for (const resolve of this.#waiting.get(id) ?? []) resolve(answer);
    this.#waiting.delete(id);
    this.#speaking.say(id, answer);
  }

  async #step(): Promise<boolean> {
    const { store, clients } = this.#deps;
    const bound = new Map(clients().map((client) => [client.id, client]));
    const told = [...bound.values()].filter(({ hl7 }) => hl7.answers !== undefined).map(({ id }) => id);
    const { received, settled } = await store.read(SCOPE, async (tx) => ({
      received: await tx.hl7Requests.received([...bound.keys()], AT_ONCE),
      settled: told.length === 0 ? [] : await tx.hl7Requests.settled(told, AT_ONCE),
    }));
    const start = (row: Hl7Request, work: (client: BoundClient) => Promise<boolean>): void => {
      const client = bound.get(row.client);
      const of = this.#underWay.get(row.client) ?? new Map<number, Promise<void>>();
      if (client === undefined || of.has(row.id) || of.size >= AT_ONCE) return;
      const ended = work(client).then(
        (isDone) => {
          of.delete(row.id);
          // The next one about the same appointment may go. What came to nothing is tried again at the next tick.
          if (isDone) this.#loop.ring();
        },
        (error: unknown) => {
          of.delete(row.id);
          this.#deps.onError(error);
        },
      );
      this.#underWay.set(row.client, of.set(row.id, ended));
    };
    for (const row of received) start(row, (client) => this.#carry(client, row));
    for (const row of settled) start(row, (client) => this.#tell(client, row));
    return false;
  }

  async #carry(client: BoundClient, row: Hl7Request): Promise<boolean> {
    const { clock, store, plan } = this.#deps;
    const { hl7, scope } = client;
    const patience_ms = row.reply === 'connection' ? hl7.wait_ms : hl7.decideWithin_ms;
    const carried = await this.#carriedOut(client, row, clock.monotonic() + patience_ms);
    if (carried === null) return false;
    const isToldLater = hl7.answers !== undefined;
    const facts = await store.read(scope, (tx) => told(tx, plan(), { ...carried, isToldLater }));
    const head = header(row.body);
    const answer = this.#written(head, carried, facts, row.reply);
    const now = clock.now();
    const isOpen = facts.isPending && isToldLater;
    const isSaid = await store.transaction(SCOPE, async (tx) => {
      const { code, bookingId, appointmentId } = facts;
      const isFinal = code !== 'AR' && (!facts.isPending || isOpen);
      const outcome = { code, isFinal, answer, bookingId, appointmentId, state: isOpen ? 'open' : 'done' } as const;
      const isFirst = await tx.hl7Requests.answered(row.id, outcome, now);
      const isOwed = row.reply === 'address' && isToldLater && isWanted(head, code);
      if (isFirst && isOwed) await owe(tx, row, 'answer', now);
      return isFirst;
    });
    if (!isSaid) return true;
    this.#deps.carried(client.id, head.triggerEvent, facts.code, facts.isPending);
    if (row.reply === 'connection' || isWanted(head, facts.code)) this.#say(row.id, answer);
    this.#deps.owed();
    return true;
  }

  /** Null: the hub stops; the request is carried out after its start. */
  async #carriedOut(client: BoundClient, row: Hl7Request, until: number): Promise<Carried | null> {
    const { clock } = this.#deps;
    let carried: Carried;
    for (;;) {
      try {
        carried = await carryOut(this.#deps, client, row);
        break;
      } catch (thrown) {
        if (this.#stop.signal.aborted) return null;
        const error = asHubError(thrown);
        // Behind CA nobody asks again: trouble of the hub's own is waited out.
        const isPatient = row.reply === 'address' && isAway(error);
        const isOver = error.class === 'permanent' || (clock.monotonic() >= until && !isPatient);
        if (isOver) {
          if (error.code === 'INTERNAL') this.#deps.onError(thrown);
          return refusedBy(error, row, this.#deps.plan().hub.timeZone);
        }
        await clock.sleep(RETRY_MS, this.#stop.signal);
      }
    }
    const outcome = await this.#decided(client, carried.outcome, until);
    return outcome === null ? null : { ...carried, outcome };
  }

  /** As it stands when it is decided, or when nobody waits any longer; null: the hub stops. */
  async #decided(client: BoundClient, outcome: Carried['outcome'], until: number): Promise<Carried['outcome'] | null> {
    const { clock, desk } = this.#deps;
    let now = outcome;
    while (now.kind === 'pending' && now.until === undefined && clock.monotonic() < until) {
      await clock.sleep(RECHECK_MS, this.#stop.signal);
      if (this.#stop.signal.aborted) return null;
      const next: BookingAnswer | null = await desk.status(now.bookingId, client.scope).catch(() => null);
      if (next !== null) now = next;
    }
    return now;
  }

  #written(head: Header, { message }: Carried, facts: Told, reply: Hl7Reply): Uint8Array {
    const at = this.#deps.clock.now();
    const content = { ...facts, controlId: controlId(), at, asksAccept: reply === 'address' };
    return writeAnswer(head, content, charsetOf(message.encoding));
  }

  /** A booking that was told as pending is decided. False: not to be told now, as of one out of sight. */
  async #tell(client: BoundClient, row: Hl7Request): Promise<boolean> {
    const { store, desk, clock, plan } = this.#deps;
    const { message } = parseMessage(row.body);
    const { request } = readRequest(message, plan().hub.timeZone);
    const { bookingId } = row;
    const answer = bookingId === null ? null : await desk.status(bookingId, client.scope);
    if (request === null || bookingId === null || answer === null || answer.kind === 'pending') return false;
    const said = await store.read(client.scope, async (tx) => {
      const booking = await tx.bookings.get(bookingId);
      return booking === null ? null : news(tx, plan(), request, answer, booking);
    });
    if (said === null) return false;
    const head = header(row.body);
    const now = clock.now();
    const asksAccept = ackModeOf(head) === 'enhanced';
    const content = { ...said, controlId: controlId(), at: now, asksAccept };
    const notice = writeNews(head, content, charsetOf(message.encoding));
    await store.transaction(SCOPE, async (tx) => {
      if (await tx.hl7Requests.noticed(row.id, notice)) await owe(tx, row, 'notice', now);
    });
    this.#deps.owed();
    return true;
  }
}

function refusedBy(error: HubError, row: Hl7Request, zone: string): Carried {
  const { message } = parseMessage(row.body);
  return { message, request: readRequest(message, zone).request, outcome: denialBy(error) };
}
