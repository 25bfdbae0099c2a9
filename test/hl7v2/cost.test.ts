/** What a message costs grows with its length and no faster, whatever it is made of. Counted in steps, not in time. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { instant } from '../../src/core/instant.ts';
import { acknowledge, mllpRefusal } from '../../src/hl7v2/acknowledge.ts';
import { acknowledgeFrame, frameParts } from '../../src/hl7v2/acknowledge-frame.ts';
import { FrameDecoder } from '../../src/hl7v2/frame.ts';
import { header } from '../../src/hl7v2/header.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { StepCounter } from '../fuzz/steps.ts';

/** What an attacker, or a program gone wrong, would repeat. */
const REPEATED = [
  'a',
  ' ',
  '\t',
  '|',
  '^',
  '~',
  '&',
  '\\',
  '""',
  '\u00ff',
  '\u0000',
  '\ufeff',
  '\r',
  '\n',
  '\r\n',
  '\r ',
  'MSH',
  'MSH|',
  ' MSH',
  '\rMSH|',
  '\rMSH|^~\\&|',
  '\rmsh|',
  '\rEVN|',
  '\rBHS|',
  '\rBTS|1',
  '\rFHS|',
  '\rFTS|',
  '\rNTE|1',
  '\rnote',
  '\nZ',
  '\x0b',
  '\x0bMSH',
  '\x1c',
  '\x1c\x0b',
  '\x1cMSH|',
  '&amp;',
  '\\X41\\',
  '\\X4',
  '\\.br\\',
  '\\E',
  '\\H\\',
  '\x1b$B',
  '\x83\\',
] as const;

const HEADS = [
  '',
  'MSH|^~\\&|A|B|C|D|2026||',
  'MSH|^~\\\\&|',
  'MSH|^~\\&amp;|',
  'MSH|^~\\&|||||||||||||||||ISO IR87\rNTE|',
];
const CONTENT = { controlId: 'H1', at: instant(0), code: 'AA' } as const;

function read(bytes: Uint8Array): void {
  const head = header(bytes);
  mllpRefusal(bytes, head);
  acknowledge(head, CONTENT);
  const frame = frameParts(bytes);
  const answers = frame.parts.map(() => CONTENT);
  acknowledgeFrame(frame, answers, { at: instant(0), controlId: () => 'B1' });
  const { message } = parseMessage(bytes);
  for (const segment of message.segments) {
    for (let n = 1; n <= segment.fieldCount; n += 1) {
      segment.field(n);
      segment.component(n, 2);
      for (const one of segment.repetitions(n)) one.component(1);
    }
  }
}

function decode(bytes: Uint8Array, chunk: number): void {
  const decoder = new FrameDecoder({ maxFrame_bytes: 1_000_000 });
  decoder.push(Buffer.from([0x0b]));
  for (let at = 0; at < bytes.length; at += chunk) decoder.push(bytes.subarray(at, at + chunk));
  decoder.end();
}

// Before the counting begins, which makes everything slower.
test('a hundred thousand bytes of anything are read to their end', () => {
  for (const piece of REPEATED) read(Buffer.from(`MSH|^~\\&|A\r${piece.repeat(100_000 / piece.length)}`, 'latin1'));
});

let steps: StepCounter | null = null;
after(() => steps?.close());

/** A loop within a loop over this many bytes would take millions of steps. */
const LENGTH = 16_000;
const STEPS_PER_BYTE = 50;

function isLinear(what: string, work: (bytes: Uint8Array) => void, head: string, piece: string): void {
  steps ??= new StepCounter();
  const bytes = Buffer.from(head + piece.repeat(LENGTH / piece.length), 'latin1');
  steps.of(() => undefined);
  const count = steps.of(() => work(bytes));
  assert.ok(count <= STEPS_PER_BYTE * LENGTH, `${what} of ${JSON.stringify(head + piece)}: ${count} steps`);
}

for (const head of HEADS) {
  test(`reading and answering: no loop within a loop, behind ${JSON.stringify(head)}`, () => {
    for (const piece of REPEATED) isLinear('reading', read, head, piece);
  });
}

test('framing: no loop within a loop, byte by byte and in large reads', () => {
  for (const piece of REPEATED) {
    for (const chunk of [1, 7, 100_000]) isLinear(`framing by ${chunk}`, (bytes) => decode(bytes, chunk), '', piece);
  }
});
