/** Files of HL7 v2 messages, sent to a hub through MLLP as a scheduling system would send them. */
import type { Clock } from './core/clock.ts';
import { sha256 } from './core/ids.ts';
import { ackCode } from './hl7v2/acknowledge.ts';
import { splitMessages } from './hl7v2/batch.ts';
import { header } from './hl7v2/header.ts';
import { createSender } from './mllp/sender.ts';

export interface FileMessage {
  readonly bytes: Uint8Array;
  /** Under which a hub knows the message: the digest of its bytes. */
  readonly eventId: string;
  /** MSH-10; empty where there is none. */
  readonly controlId: string;
  /** `SIU^S12`; empty without a header. */
  readonly type: string;
  /** False: MSH-15 and MSH-16 say that the sender wants no acknowledgement of what was taken (NE, ER). */
  readonly wantsAnswer: boolean;
}

export type Answer =
  | { readonly kind: 'answered'; readonly code: string; readonly text: string }
  /** None came and none was wanted. */
  | { readonly kind: 'silent' }
  /** Nobody listens. */
  | { readonly kind: 'unreachable'; readonly because: string }
  /** Provably not there. */
  | { readonly kind: 'unsent'; readonly because: string }
  /** May be there: the answer was lost. */
  | { readonly kind: 'unknown'; readonly because: string };

export interface Feed {
  /** One message after the other; never rejects. */
  send(message: FileMessage): Promise<Answer>;
  close(): Promise<void>;
}

const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;
/** Long enough for a refusal, which a sender may want although it wants nothing else. */
const SILENCE_MS = 1_000;
const VT = 0x0b;
const FS = 0x1c;

/**
 * A file with one message is one message, byte for byte: whatever a sender does to its line ends and character set
 * must reach the
 * hub as it is. A batch, and messages that follow one another, are taken apart; so is a file that holds whole frames,
 * because
 * a frame cannot hold another.
 */
export function messagesOfFile(bytes: Uint8Array): readonly FileMessage[] {
  if (bytes.length === 0) return [];
  const { messages, isBatch } = splitMessages(bytes);
  const framed = bytes.includes(VT) || bytes.includes(FS);
  const parts = isBatch || framed || messages.length > 1 ? messages.map((one) => one.bytes) : [bytes];
  return parts.map((part) => {
    const head = header(part);
    const type = [head.messageCode, head.triggerEvent].filter((text) => text !== '').join('^');
    const wantsAnswer = ackCode(head, 'accepted') !== null;
    return { bytes: part, eventId: sha256(part), controlId: head.controlId, type, wantsAnswer };
  });
}

export function openFeed(options: { readonly host: string; readonly port: number; readonly clock: Clock }): Feed {
  const common = { ...options, connect_ms: CONNECT_MS, unnamed: true };
  const sender = createSender({ ...common, ack_ms: ANSWER_MS });
  const impatient = createSender({ ...common, ack_ms: SILENCE_MS });
  return {
    async send(message) {
      const outcome = await (message.wantsAnswer ? sender : impatient).send(message.bytes);
      switch (outcome.kind) {
        case 'accepted':
        case 'refused':
          return { kind: 'answered', code: outcome.ack.code, text: outcome.ack.text.trim() };
        case 'unsent': {
          const { code, detail } = outcome.error;
          return { kind: code === 'SITE_UNREACHABLE' ? 'unreachable' : 'unsent', because: detail };
        }
        case 'unknown':
          if (!message.wantsAnswer) return { kind: 'silent' };
          return { kind: 'unknown', because: outcome.error.detail };
      }
    },
    async close() {
      await Promise.all([sender.close(), impatient.close()]);
    },
  };
}
