/**
 * The answer to a frame that may hold more than one message: a batch, or messages that simply follow one another.
 *
 * Every message is answered for itself, in the order in which they came, and all answers travel in one frame:
 *   [FHS] { [BHS] ACK ... [BTS] } [FTS]   where the sender wrote a batch (HL7 v2 chapter 2, "batch protocol")
 *   ACK ACK ...                           where messages stood side by side without one
 * One frame in, one frame out, because a sender over MLLP waits for one block before it sends the next: of two blocks
 * it would take the second for the answer to its next message.
 */
import { acknowledge, segmentBytes, type AckContent, type AckError } from './acknowledge.ts';
import { splitMessages } from './batch.ts';
import type { DefaultCharset } from './charset.ts';
import type { Instant } from '../core/instant.ts';
import { escape } from './escapes.ts';
import { Header, header, headerText } from './header.ts';
import { encodingCharacters } from './separators.ts';
import { formatTime } from './time.ts';

/** One message of a frame. */
export interface FramePart {
  /** As sent. The whole frame, what stands around the message included, where it holds one message and no batch. */
  readonly bytes: Uint8Array;
  readonly head: Header;
  /** 0-based number of its batch; null outside a batch. */
  readonly batch: number | null;
  /**
   * Why it must not be taken whatever it says: its batch was cut short on its way. Answer it with `rejected`; the
   * sender repeats the batch, and what was taken of it would come twice.
   */
  readonly refusal: AckError | null;
}

export interface FrameParts {
  /** In the order of the frame; at least one, unless it is a batch without messages. */
  readonly parts: readonly FramePart[];
  readonly isBatch: boolean;
  /** FHS, read like an MSH; null where there is none. */
  readonly file: Header | null;
  /** BHS of each batch, read like an MSH. */
  readonly batches: readonly Header[];
}

/** Takes a frame apart. Never throws; bytes without a header are one part, whose `head.found` is false. */
export function frameParts(frame: Uint8Array, defaultCharset: DefaultCharset = 'auto'): FrameParts {
  const split = splitMessages(frame);
  const line = (bytes: Uint8Array): Header => new Header(headerText(bytes), defaultCharset);
  const file = split.file === null ? null : line(split.file);
  const batches = split.batches.map((batch) => line(batch.header));
  if (!split.isBatch && split.messages.length <= 1) {
    const whole = { bytes: frame, head: header(frame, defaultCharset), batch: null, refusal: null };
    return { parts: [whole], isBatch: false, file, batches };
  }
  const parts = split.messages.map(({ bytes, batch }) => {
    const of = batch === null ? undefined : split.batches[batch];
    const cutShort = of !== undefined && of.told !== null && of.told !== of.holds;
    const refusal = cutShort ? wrongCount(of.told, of.holds) : null;
    return { bytes, head: header(bytes, defaultCharset), batch, refusal };
  });
  return { parts, isBatch: split.isBatch, file, batches };
}

function wrongCount(told: number, holds: number): AckError {
  return {
    code: '100',
    text: `BTS-1 says ${told} messages, the batch holds ${holds}. Nothing of it was taken. Send it again whole.`,
    at: { segment: 'BTS', field: 1 },
  };
}

/** What the batch segments of the answer are written with. */
export interface FrameAckContent {
  readonly at: Instant;
  /** Zone of BHS-7 and FHS-7. Default UTC. */
  readonly zone?: string;
  /** A new control id at each call, at most 20 characters: BHS-11 and FHS-11 of the answer. */
  readonly controlId: () => string;
}

/**
 * The bytes of the answer. `answers` stand in the order of `frame.parts`, bytes are one that is written already; null
 * for a message whose sender wants none (see `ackCode`). Null when there is nothing to say: messages came, and none of
 * them is answered. A batch without messages, which is legal, is answered by one.
 */
export function acknowledgeFrame(
  frame: FrameParts,
  answers: readonly (AckContent | Uint8Array | null)[],
  content: FrameAckContent,
): Uint8Array | null {
  const acks = frame.parts.map(({ head }, at) => {
    const answer = answers[at] ?? null;
    return answer === null || answer instanceof Uint8Array ? answer : acknowledge(head, answer);
  });
  if (acks.length > 0 && acks.every((ack) => ack === null)) return null;
  const written: Uint8Array[] = [];
  if (frame.file !== null) written.push(opening('FHS', frame.file, content));
  for (const { batch, from, to } of runs(frame)) {
    const given = acks.slice(from, to).filter((ack) => ack !== null);
    if (batch !== undefined) written.push(opening('BHS', batch, content));
    // Not as arguments of one call: a frame may hold more messages than a call takes.
    for (const ack of given) written.push(ack);
    if (batch !== undefined) written.push(trailer('BTS', batch, given.length));
  }
  if (frame.file !== null) written.push(trailer('FTS', frame.file, frame.batches.length));
  return Buffer.concat(written);
}

/** Neighbours of one batch, and batches without messages between them. */
function runs({ parts, batches }: FrameParts): readonly { batch: Header | undefined; from: number; to: number }[] {
  const found: { batch: Header | undefined; from: number; to: number }[] = [];
  let next = 0;
  let from = 0;
  const empty = (before: number): void => {
    for (; next < before; next += 1) found.push({ batch: batches[next], from, to: from });
  };
  while (from < parts.length) {
    const number = parts[from]?.batch ?? null;
    let to = from + 1;
    while (to < parts.length && (parts[to]?.batch ?? null) === number) to += 1;
    if (number !== null) {
      empty(number);
      next = number + 1;
    }
    found.push({ batch: number === null ? undefined : batches[number], from, to });
    from = to;
  }
  empty(batches.length);
  return found;
}

/** FHS and BHS: parties changed over, our control id in field 11, the sender's (byte for byte) in field 12. */
function opening(name: 'FHS' | 'BHS', sent: Header, { at, zone, controlId }: FrameAckContent): Uint8Array {
  const { separators } = sent;
  const parties = [sent.raw(5), sent.raw(6), sent.raw(3), sent.raw(4)];
  const fields = [name + separators.field + encodingCharacters(separators), ...parties, formatTime(at, zone)];
  fields.push('', '', '', escape(controlId(), separators), sent.raw(11));
  return segmentBytes([fields.join(separators.field)], separators);
}

function trailer(name: 'BTS' | 'FTS', sent: Header, count: number): Uint8Array {
  return Buffer.from(`${name}${sent.separators.field}${count}\r`, 'latin1');
}
