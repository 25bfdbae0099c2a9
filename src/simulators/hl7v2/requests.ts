/**
 * What becomes of an SRM: taken or not, decided at once or later, and every way in which that goes wrong on purpose.
 */
import { systemClock } from '../../core/clock.ts';
import type { Faults } from '../kit/faults.ts';
import type { Writer } from '../kit/store.ts';
import { replyTo, type Reply } from './answers.ts';
import { newControlId, settingsOf, type Clinic } from './clinic.ts';
import { Denial } from './denial.ts';
import { announce, decide, knowsTrigger } from './filler.ts';
import { REQUESTS, type Request } from './model.ts';
import { isPersonQuery, peopleFound } from './people-query.ts';
import { isRegistration, register, tellRegistered } from './registration.ts';
import { Incoming } from '../kit/hl7-read.ts';
import type { Answered } from '../kit/request-port.ts';

const KEEP_DONE = 5000;
const ECHO_LIMIT_MS = 5000;
const DUE_EVERY_MS = 20;

interface Settled {
  readonly reply: Reply;
  readonly answer: string;
}

export class Requests {
  readonly #clinic: Clinic;
  readonly #faults: Faults;
  readonly #stopper = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** Sequences of what was accepted and is not decided yet. */
  readonly #waiting: Set<string>;
  #transient = 0;

  constructor(clinic: Clinic, faults: Faults) {
    this.#clinic = clinic;
    this.#faults = faults;
    const waiting = clinic.store.all(REQUESTS).filter((one) => one.state === 'waiting');
    this.#waiting = new Set(waiting.map((one) => String(one.sequence)));
    this.#timer = setInterval(() => this.#decideDue(), DUE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stopper.abort();
  }

  /** The answer to one message; null: the connection is cut instead. */
  async answer(text: string): Promise<Answered | null> {
    const faults = this.#faults;
    const asked = Incoming.read(text);
    // Without a header there is nobody to answer.
    if (asked === null) return null;
    const event = `${asked.header.get(9)}^${asked.header.get(9, 2)}`;
    await this.#pause(faults.felt('latencyMs'));
    if (faults.take('outage', event)) return null;
    if (isPersonQuery(asked)) return this.#people(asked, event);
    const { habits, registrations } = settingsOf(this.#clinic.seed, this.#clinic.store);
    if (isRegistration(asked) && registrations !== 'unsupported') {
      const acknowledged = this.#register(asked, event);
      await this.#pause(faults.felt('answerDelayMs'));
      return acknowledged;
    }
    const refusal = refusalOf(asked, habits.speaks === 'ADT') ?? this.#transientRefusal();
    const question = { asked, event, text, refusal };
    const answered = this.#isLater(asked) ? this.#accept(question) : await this.#answerAtOnce(question);
    await this.#pause(faults.felt('answerDelayMs'));
    return answered;
  }

  #people(asked: Incoming, event: string): Answered | null {
    const text = this.#clinic.store.write((tx) => peopleFound(this.#clinic, tx, asked, newControlId(this.#clinic, tx)));
    return this.#faults.take('dropAnswer', event) ? null : { text, after: () => undefined };
  }

  /** In enhanced mode CA, and the ACK as a message of its own. */
  #register(asked: Incoming, event: string): Answered | null {
    const { store, sender } = this.#clinic;
    const refusal = unreadableHeader(asked) ?? this.#transientRefusal();
    const isDropped = this.#faults.take('dropAnswer', event);
    const isSilent = refusal === null && this.#faults.take('silentDrop', event);
    const isLater = refusal === null && this.#isLater(asked);
    const reply = store.write((tx) => this.#registered(tx, asked, refusal), isSilent);
    const text = store.write((tx) => {
      const clinic = this.#clinic;
      if (!isLater) return replyTo(clinic, tx, asked, newControlId(clinic, tx), reply);
      const controlId = newControlId(clinic, tx);
      const own = replyTo(clinic, tx, asked, controlId, { ...reply, isOwn: true });
      sender.queue(tx, { controlId, event: event.replace('ADT', 'ACK'), about: '', text: own });
      return replyTo(clinic, tx, asked, newControlId(clinic, tx), { code: 'CA', type: 'ACK' });
    });
    this.#tell();
    if (isDropped) return null;
    return { text, after: () => sender.ring() };
  }

  #registered(tx: Writer, asked: Incoming, refusal: Reply | null): Reply {
    if (refusal !== null) return { ...refusal, type: 'ACK' };
    try {
      if (settingsOf(this.#clinic.seed, tx).registrations === 'deny') {
        throw new Denial('207', 'PID^1', 'UNSUPPORTED', 'People are registered at the desk alone');
      }
      register(this.#clinic, tx, asked);
      return { code: 'AA', type: 'ACK' };
    } catch (error) {
      if (error instanceof Denial) return { code: 'AE', type: 'ACK', denial: error };
      throw error;
    }
  }

  #tell(): void {
    if (tellRegistered(this.#clinic)) this.#clinic.sender.ring();
  }

  #isLater(asked: Incoming): boolean {
    const { answers } = settingsOf(this.#clinic.seed, this.#clinic.store);
    if (answers !== 'as-asked') return answers === 'later';
    return asked.header.get(15) !== '' || asked.header.get(16) !== '';
  }

  #transientRefusal(): Reply | null {
    if (!this.#faults.takeShare('errorRate')) return null;
    this.#transient += 1;
    const trouble = new Denial('207', 'MSH^1', 'SYSTEM', 'The system is in trouble; send it again');
    const locked = new Denial('206', 'ARQ^1^2', 'LOCKED', 'The record is locked; send it again');
    if (this.#transient % 2 === 1) return { code: 'AR', type: 'ACK', denial: trouble };
    return { code: 'AE', type: 'SRR', denial: locked };
  }

  async #answerAtOnce({ asked, event, text, refusal }: Question): Promise<Answered | null> {
    const { sender } = this.#clinic;
    const isDropped = this.#faults.take('dropAnswer', event);
    const { reply, answer } = this.#settle(asked, event, refusal, false, (tx, settled) => {
      keep(tx, { ...rowOf(this.#clinic, tx, asked, event, text, settled), state: isDropped ? 'dropped' : 'answered' });
    });
    if (reply.done !== undefined && this.#faults.take('echoFirst', event)) {
      sender.ring();
      await sender.emptied(ECHO_LIMIT_MS);
    }
    if (!isDropped) return { text: answer, after: () => sender.ring() };
    sender.ring();
    return null;
  }

  /** The request on disk first, then CA: what was accepted is decided also after a restart. */
  #accept({ asked, event, text, refusal }: Question): Answered | null {
    const clinic = this.#clinic;
    const answer = clinic.store.write((tx) => {
      const reply: Reply = refusal === null ? { code: 'CA', type: 'ACK' } : acceptanceOf(refusal);
      const written = replyTo(clinic, tx, asked, newControlId(clinic, tx), reply);
      const row = rowOf(clinic, tx, asked, event, text, { reply, answer: written });
      const dueAt = clinic.clock.due() + settingsOf(clinic.seed, tx).answerDelay_ms;
      keep(tx, refusal === null ? { ...row, state: 'waiting', dueAt, code: '' } : row);
      if (refusal === null) this.#waiting.add(String(row.sequence));
      return written;
    });
    return this.#faults.take('dropAnswer', event) ? null : { text: answer, after: () => undefined };
  }

  #decideDue(): void {
    const { store, clock, sender } = this.#clinic;
    const now = clock.due();
    this.#tell();
    for (const sequence of this.#waiting) {
      const row = store.get(REQUESTS, sequence);
      const asked = row?.state === 'waiting' ? Incoming.read(row.text) : null;
      if (row !== undefined && asked !== null && (row.dueAt ?? 0) > now) continue;
      this.#waiting.delete(sequence);
      if (row !== undefined && asked !== null) this.#answerLater(row, asked);
      sender.ring();
    }
  }

  #answerLater(row: Request, asked: Incoming): void {
    const { sender } = this.#clinic;
    this.#settle(asked, row.event, null, true, (tx, { reply, answer }) => {
      const fillerId = reply.done?.visit.id ?? row.fillerId;
      const event = row.event.replace('SRM', 'SRR');
      const controlId = Incoming.read(answer)?.header.get(10) ?? '';
      sender.queue(tx, { controlId, event, about: fillerId, text: answer });
      const told = { code: reply.code, because: reply.denial?.reason ?? '', fillerId, answer };
      tx.put(REQUESTS, String(row.sequence), { ...row, dueAt: null, state: 'answered', ...told });
    });
  }

  /**
   * Decides, stores and tells in one write. What `silentDrop` undoes is the deed alone: that it was answered is true.
   */
  #settle(
    asked: Incoming,
    event: string,
    refusal: Reply | null,
    isOwn: boolean,
    record: (tx: Writer, settled: Settled) => void,
  ): Settled {
    const clinic = this.#clinic;
    const work = (tx: Writer): Settled => {
      const reply = { ...(refusal ?? decision(clinic, tx, asked)), isOwn };
      return { reply, answer: replyTo(clinic, tx, asked, newControlId(clinic, tx), reply) };
    };
    if (refusal === null && this.#faults.take('silentDrop', event)) {
      const settled = clinic.store.write(work, true);
      clinic.store.write((tx) => record(tx, settled));
      return settled;
    }
    // At once the answer is not in the queue, so only an answer of its own can be overtaken there.
    const isEchoFirst = isOwn && this.#faults.take('echoFirst', event);
    return clinic.store.write((tx) => {
      const settled = work(tx);
      const { done } = settled.reply;
      if (done !== undefined && isEchoFirst) announce(clinic, tx, done);
      record(tx, settled);
      if (done !== undefined && !isEchoFirst) announce(clinic, tx, done);
      return settled;
    });
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await systemClock.sleep(ms, this.#stopper.signal);
  }
}

interface Question {
  readonly asked: Incoming;
  readonly event: string;
  readonly text: string;
  readonly refusal: Reply | null;
}

function decision(clinic: Clinic, tx: Writer, asked: Incoming): Reply {
  try {
    return { code: 'AA', type: 'SRR', done: decide(clinic, tx, asked) };
  } catch (error) {
    if (error instanceof Denial) return { code: 'AE', type: 'SRR', denial: error };
    throw error;
  }
}

/** What cannot be processed at all (section 11: 200 to 203). */
function refusalOf({ header }: Incoming, isAdtOnly: boolean): Reply | null {
  const refuse = (code: '200' | '201', field: number, text: string): Reply => {
    return { code: 'AR', type: 'ACK', denial: new Denial(code, `MSH^1^${field}`, 'UNSUPPORTED', text) };
  };
  if (isAdtOnly) return refuse('200', 9, 'This hospital books by ADT and takes no requests');
  if (header.get(9) !== 'SRM') return refuse('200', 9, 'Only SRM is taken here');
  if (!knowsTrigger(header.get(9, 2))) return refuse('201', 9, 'Only S01 to S06 are taken here');
  return unreadableHeader({ header });
}

function unreadableHeader({ header }: Pick<Incoming, 'header'>): Reply | null {
  const refuse = (code: '202' | '203', field: number, text: string): Reply => {
    return { code: 'AR', type: 'ACK', denial: new Denial(code, `MSH^1^${field}`, 'UNSUPPORTED', text) };
  };
  if (!['P', 'D', 'T'].includes(header.get(11))) return refuse('202', 11, 'The processing id must be P, D or T');
  if (!/^2\.\d/.test(header.get(12))) return refuse('203', 12, 'Only versions 2.x are taken here');
  return null;
}

/** In enhanced mode what is not accepted is CR by its header and CE for any other reason. */
function acceptanceOf(refusal: Reply): Reply {
  const isHeader = refusal.denial !== undefined && /^20[0-3]$/.test(refusal.denial.code);
  return { ...refusal, type: 'ACK', code: isHeader ? 'CR' : 'CE' };
}

function rowOf(
  clinic: Clinic,
  tx: Writer,
  asked: Incoming,
  event: string,
  text: string,
  { reply, answer }: Settled,
): Request {
  return {
    sequence: tx.nextNumber('request', 1),
    controlId: asked.header.get(10),
    event,
    text,
    receivedAt: clinic.clock.now(),
    dueAt: null,
    state: 'answered',
    code: reply.code,
    because: reply.denial?.reason ?? '',
    placerId: asked.first('ARQ')?.get(1) ?? '',
    fillerId: reply.done?.visit.id ?? asked.first('ARQ')?.get(2) ?? '',
    answer,
  };
}

function keep(tx: Writer, row: Request): void {
  tx.put(REQUESTS, String(row.sequence), row);
  const old = tx.get(REQUESTS, String(row.sequence - KEEP_DONE));
  if (old !== undefined && old.state !== 'waiting') tx.remove(REQUESTS, String(old.sequence));
}
