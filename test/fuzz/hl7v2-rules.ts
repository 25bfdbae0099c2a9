/** What must hold of every wire, whatever it carries. Each rule throws with a sentence that says what was broken. */
import assert from 'node:assert/strict';
import { ackCode, acknowledge, readAcknowledgement, type AckContent } from '../../src/hl7v2/acknowledge.ts';
import { acknowledgeFrame, frameParts } from '../../src/hl7v2/acknowledge-frame.ts';
import { splitMessages } from '../../src/hl7v2/batch.ts';
import { encodeFrame, FrameDecoder, type FrameEvent } from '../../src/hl7v2/frame.ts';
import { header } from '../../src/hl7v2/header.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { readRequest } from '../../src/hl7v2/request-read.ts';
import { writeAnswer } from '../../src/hl7v2/schedule-write.ts';
import { contentOf, placerOf } from '../../src/mllp/request-names.ts';
import { hl7Feed } from '../../src/connectors/kit/hl7/feed.ts';
import type { Hl7v2Settings } from '../../src/connectors/kit/hl7/wire.ts';
import { hl7v2Mapping } from '../../src/mappings/hl7v2/index.ts';
import { hl7Site, RECEIVED, visitTypes } from '../fixtures/siu/site.ts';
import { heardByDecoder, heardByModel } from './frame-model.ts';
import { checkParsing } from './hl7v2-parsing.ts';
import type { Wire } from './hl7v2-cases.ts';
import type { StepCounter } from './steps.ts';

export function checkWire(wire: Wire, steps: StepCounter | null): void {
  const work = (): void => {
    for (const frame of decoded(wire)) {
      checkAnswers(frame);
      checkParsing(frame);
      checkMapping(frame);
      checkRequests(frame);
    }
  };
  if (steps === null) {
    work();
    return;
  }
  const [count, bytes] = [steps.of(work), wire.bytes.length];
  // Two bytes are a frame and four a message, and each is parsed, mapped and answered.
  const messages =
    wire.bytes.filter((byte) => byte === 0x0b).length + wire.bytes.toString('latin1').split('MSH').length;
  const most =
    STEPS_AT_MOST + STEPS_PER_BYTE * bytes + STEPS_PER_READ * wire.cuts.length + STEPS_PER_MESSAGE * messages;
  assert.ok(count <= most, `${bytes} bytes took ${count} steps, ${most} are allowed`);
}

/**
 * Far above what any message needs, far below what a loop within a loop takes on a long one. The first number is for
 * what does not depend on the length.
 */
const STEPS_AT_MOST = 60_000;
const STEPS_PER_BYTE = 300;
const STEPS_PER_READ = 200;
const STEPS_PER_MESSAGE = 2_000;

/** The frames as the model hears them, each with its bytes; and nothing kept beyond the limit on the way. */
function decoded(wire: Wire): readonly Uint8Array[] {
  const options = { maxFrame_bytes: wire.maxFrame_bytes, finalCr: wire.finalCr };
  const decoder = new FrameDecoder(options);
  const events: FrameEvent[] = [];
  let from = 0;
  for (const to of [...wire.cuts, wire.bytes.length]) {
    events.push(...decoder.push(wire.bytes.subarray(from, to)));
    assert.ok(decoder.held_bytes <= wire.maxFrame_bytes, `the decoder holds ${decoder.held_bytes} bytes`);
    assert.ok(decoder.pending_bytes <= to, 'the decoder says that more is pending than has come');
    from = to;
  }
  events.push(...decoder.end());
  assert.equal(decoder.pending_bytes, 0, 'nothing is pending behind the end');
  assert.deepEqual(
    heardByDecoder(events, options),
    heardByModel(wire.bytes.toString('latin1'), options),
    'the decoder hears what the model hears',
  );
  const frames = events.flatMap((event) => (event.kind === 'frame' ? [event.bytes] : []));
  for (const frame of frames) checkFraming(frame);
  return frames;
}

/** What was taken out of a frame can be put into one again, and comes out the same. */
function checkFraming(bytes: Uint8Array): void {
  const decoder = new FrameDecoder({ maxFrame_bytes: bytes.length + 1 });
  const again = decoder.push(encodeFrame(bytes)).filter((event) => event.kind === 'frame');
  assert.equal(again.length, 1, 'one frame stays one frame');
  assert.deepEqual(Buffer.from(again[0]?.bytes ?? []), Buffer.from(bytes), 'a frame keeps its bytes');
}

const OUTCOMES = ['accepted', 'error', 'rejected'] as const;
const CONTENT = { controlId: 'H1', at: RECEIVED } as const;

/** Every message can be answered under its own control id, and the answer can be framed and read. */
function checkAnswers(frame: Uint8Array): void {
  const taken = frameParts(frame);
  const answers = taken.parts.map(({ head }, at): AckContent | null => {
    const code = ackCode(head, OUTCOMES[at % OUTCOMES.length] ?? 'error');
    return code === null ? null : { ...CONTENT, code, text: 'A | B', errors: [{ code: '207', text: 'C ^ D' }] };
  });
  for (const [at, { head, bytes }] of taken.parts.entries()) {
    const told = controlIdOf(Buffer.from(bytes).toString('latin1'));
    if (told !== null) assert.equal(head.raw(10), told, 'the control id is that of the message');
    const ack = acknowledge(head, answers[at] ?? { ...CONTENT, code: 'AA' });
    assert.equal(encodeFrame(ack).length, ack.length + 3, 'an answer can be framed');
    const back = readAcknowledgement(ack);
    assert.ok(back !== null, 'an answer reads as one');
    assert.equal(back.rawControlId, head.raw(10), 'MSA-2 is MSH-10 of the sender, byte for byte');
  }
  const whole = acknowledgeFrame(taken, answers, { at: RECEIVED, controlId: () => 'B1' });
  if (whole === null) return;
  checkFraming(whole);
  const given = answers.filter((answer) => answer !== null);
  if (taken.parts.length < 2 || frame.includes(0x1c)) return;
  assert.equal(splitMessages(whole).messages.length, given.length, 'each message is answered once');
}

/** Read as a request for an appointment, whatever it is: told apart, and answered under its own control id. */
function checkRequests(frame: Uint8Array): void {
  for (const part of frameParts(frame).parts) {
    const { message } = parseMessage(part.bytes);
    const { request, issues } = readRequest(message, 'America/Chicago');
    assert.ok(request !== null || issues.length > 0, 'what is no request says why');
    assert.ok(placerOf(part) !== '' && contentOf(part.bytes).length <= part.bytes.length, 'a request is told apart');
    const facts =
      request === null
        ? null
        : { ...request, zone: 'America/Chicago', notes: ['E'], resources: request.groups[0] ?? [] };
    const error = { code: '207', text: 'C ^ D', application: 'SLOT_TAKEN' } as const;
    const said = { ...CONTENT, code: 'AE', text: 'A | B', errors: [error], facts, asksAccept: false } as const;
    const answer = writeAnswer(part.head, said);
    assert.equal(encodeFrame(answer).length, answer.length + 3, 'an SRR can be framed');
    assert.equal(readAcknowledgement(answer)?.rawControlId, part.head.raw(10), 'MSA-2 of an SRR is MSH-10');
  }
}

/** Worked out without the parser, where MSH is sound; null where that cannot be told so simply. */
function controlIdOf(message: string): string | null {
  if (!message.startsWith('MSH|^~\\&|')) return null;
  const line = message.slice(0, 16_384).split(/[\r\n]/, 1)[0] ?? '';
  return line.split('|')[9] ?? '';
}

const SITE = hl7Site({ unknownIdentifiers: 'local-only' });
const SETTINGS = SITE.settings as unknown as Hl7v2Settings;
const FEED = hl7Feed({ id: SITE.id, file: SITE, settings: SETTINGS });

/** The feed makes one event of it, with its bytes; the mapping has a result for it. */
function checkMapping(frame: Uint8Array): void {
  const event = FEED.read(frame, RECEIVED);
  assert.equal(event.body, frame, 'the event has the bytes of the frame');
  assert.ok(event.sequenceKeys.length > 0, 'every event has a place in a sequence');
  const { parts } = frameParts(frame);
  const [first] = parts;
  if (parts.length === 1 && first !== undefined && first.head.found && first.bytes.length < 16_000) {
    const { messageCode, triggerEvent } = first.head;
    const kind = triggerEvent === '' || messageCode === 'ACK' ? messageCode : `${messageCode}^${triggerEvent}`;
    const told = messageCode === '' ? 'HL7' : kind;
    if (isPlain(frame)) assert.equal(event.kind, told, 'header and parser see the same trigger');
  }
  const { kind, contentType, occurredAt } = event;
  const stored = { kind, shape: 'event', object: null, body: frame, contentType, readAt: null, occurredAt } as const;
  const mapped = hl7v2Mapping.map({ ...stored, receivedAt: RECEIVED }, { site: SITE, visitTypes });
  assert.match(mapped.kind, /^(changes|ignored|unreadable)$/);
  if (mapped.kind === 'unreadable') assert.ok(mapped.issues.length > 0, 'what is parked says why');
  assert.ok(header(frame).separators.field.length === 1);
}

/** Printable ASCII and line ends: nothing that bytes and text could see differently. */
function isPlain(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x0d || byte === 0x0a || (byte >= 0x20 && byte < 0x7f));
}
