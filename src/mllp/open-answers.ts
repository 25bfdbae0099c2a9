/**
 * Messages whose answer is open, by MSH-10 as sent; and what an answer, or the end of its connection, says about them.
 */
import type { Hl7SendOptions } from '../connectors/contract-hl7.ts';
import { HubError } from '../core/errors.ts';
import { ackClass, ackErrors } from '../hl7v2/ack-class.ts';
import { readAcknowledgement, type Acknowledgement, type AckCode } from '../hl7v2/acknowledge.ts';
import type { Line } from './line.ts';

export type SendOutcome =
  /** AA or CA. */
  | { readonly kind: 'accepted'; readonly ack: ReceivedAck }
  /** AE, AR, CE or CR. */
  | {
      readonly kind: 'refused';
      readonly code: RefusalCode;
      readonly repeat: boolean;
      readonly text: string;
      readonly ack: ReceivedAck;
    }
  | { readonly kind: 'unsent'; readonly error: HubError }
  | { readonly kind: 'unknown'; readonly error: HubError };

export type RefusalCode = Exclude<AckCode, 'AA' | 'CA'>;

export interface ReceivedAck extends Acknowledgement {
  /** The whole answer: an SRR carries the appointment. */
  readonly bytes: Uint8Array;
}

export interface OpenAnswer {
  /** CA came, and the application's word is wanted and open. */
  readonly kept: Promise<'kept'>;
  readonly final: Promise<SendOutcome>;
  /** What is to be said when nobody waits any longer: CA, where it came. */
  stands(): SendOutcome | null;
}

interface Entry {
  readonly line: Line;
  readonly wantsDecision: boolean;
  ca: ReceivedAck | null;
  keep(): void;
  settle(outcome: SendOutcome): void;
}

/**
 * Release 2 of MLLP answers with a block of one byte. ACK says only that the bytes came; NAK that they were not kept.
 */
const TRANSPORT_ACK = 0x06;
const TRANSPORT_NAK = 0x15;

export class OpenAnswers {
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  has(rawControlId: string): boolean {
    return this.#entries.has(rawControlId);
  }

  expect(rawControlId: string, line: Line, until: Hl7SendOptions['until']): OpenAnswer {
    const final = Promise.withResolvers<SendOutcome>();
    const kept = Promise.withResolvers<'kept'>();
    const entry: Entry = {
      line,
      wantsDecision: until === 'application',
      ca: null,
      keep: () => kept.resolve('kept'),
      settle: final.resolve,
    };
    this.#entries.set(rawControlId, entry);
    return { kept: kept.promise, final: final.promise, stands: () => (entry.ca === null ? null : accepted(entry.ca)) };
  }

  forget(rawControlId: string): void {
    this.#entries.delete(rawControlId);
  }

  /** A frame of that connection. `stray`: it answers nothing that is open. */
  read(line: Line, bytes: Uint8Array): 'answer' | 'transport' | 'stray' {
    if (bytes.length === 1 && bytes[0] === TRANSPORT_ACK) return 'transport';
    if (bytes.length === 1 && bytes[0] === TRANSPORT_NAK) {
      this.#notKept(line);
      return 'transport';
    }
    const ack = readAcknowledgement(bytes);
    const entry = ack === null ? undefined : this.#entries.get(ack.rawControlId);
    // Matched by MSA-2 alone: order proves nothing once an answer was late.
    if (ack === null || entry?.line !== line) return 'stray';
    const received = { ...ack, bytes };
    const { code, text } = ack;
    if (code === 'CA' && entry.wantsDecision) {
      entry.ca = received;
      entry.keep();
    } else if (code === 'AA' || code === 'CA') {
      entry.settle(accepted(received));
    } else {
      const repeat = ackClass(code, ackErrors(bytes)) === 'transient';
      entry.settle({ kind: 'refused', code, repeat, text, ack: received });
    }
    return 'answer';
  }

  /** Nothing more will come of that connection. */
  lose(line: Line, error: HubError): void {
    for (const one of this.#on(line)) one.settle(one.ca === null ? { kind: 'unknown', error } : accepted(one.ca));
  }

  /** It names no message: with several under way nobody knows whose bytes were not kept. */
  #notKept(line: Line): void {
    const detail = 'the receiver did not keep the bytes';
    const [only, ...more] = this.#on(line);
    if (more.length > 0) this.lose(line, new HubError('SITE_ANSWER_LOST', { detail }));
    else only?.settle({ kind: 'unsent', error: new HubError('SITE_FAILED', { detail }) });
  }

  #on(line: Line): readonly Entry[] {
    return [...this.#entries.values()].filter((one) => one.line === line);
  }
}

function accepted(ack: ReceivedAck): SendOutcome {
  return { kind: 'accepted', ack };
}
