import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instant } from '../../src/core/instant.ts';
import { acknowledge, readAcknowledgement, type AckContent } from '../../src/hl7v2/acknowledge.ts';
import { acknowledgeFrame, frameParts, type FrameAckContent } from '../../src/hl7v2/acknowledge-frame.ts';
import { splitMessages } from '../../src/hl7v2/batch.ts';
import { encodeFrame, FrameDecoder } from '../../src/hl7v2/frame.ts';
import { bytesOf, fixture } from './fixture.ts';

const AT = instant(Date.UTC(2026, 9, 20, 13, 15, 1));
const TIME = '20261020131501+0000';

function content(): FrameAckContent {
  let number = 0;
  return { at: AT, controlId: () => `B${(number += 1)}` };
}

function answer(code: AckContent['code'], controlId: string): AckContent {
  return { code, controlId, at: AT };
}

function msh(control: string, version = '2.3'): string {
  return `MSH|^~\\&|APP|FAC|HUB|SITE|20261020||SIU^S12|${control}|P|${version}`;
}

function answered(frame: Uint8Array, answers: readonly (AckContent | null)[]): string[] | null {
  const bytes = acknowledgeFrame(frameParts(frame), answers, content());
  return bytes === null ? null : Buffer.from(bytes).toString('latin1').split('\r');
}

const ACK = (control: string): string => `MSH|^~\\&|HUB|SITE|APP|FAC|${TIME}||ACK|${control}|P|2.3`;

test('a frame of one message is one part, byte for byte, and is answered as such', () => {
  for (const name of ['siu-s12-two-groups.hl7', 'siu-s15-lf.hl7', 'adt-a40-latin1.hl7']) {
    const sent = Buffer.concat([Buffer.from('\r\n'), fixture(name), Buffer.from('\n')]);
    const frame = frameParts(sent);
    assert.equal(frame.isBatch, false);
    assert.deepEqual(
      frame.parts.map((part) => Buffer.from(part.bytes)),
      [sent],
    );
    const [part] = frame.parts;
    assert.ok(part !== undefined);
    assert.deepEqual(
      acknowledgeFrame(frame, [answer('AA', 'H1')], content()),
      acknowledge(part.head, answer('AA', 'H1')),
    );
  }
});

test('a frame without a header is one part that says so', () => {
  for (const sent of ['', 'PID|1', '\u0000\u0001']) {
    const { parts } = frameParts(Buffer.from(sent));
    assert.deepEqual(
      parts.map((part) => [part.head.found, Buffer.from(part.bytes).toString()]),
      [[false, sent]],
    );
  }
});

test('messages side by side are answered one after the other in one frame, each under its control id', () => {
  const frame = bytesOf(msh('C1'), 'PID|1', msh('C2'), 'PID|2');
  assert.deepEqual(answered(frame, [answer('AA', 'H1'), answer('AE', 'H2')]), [
    ACK('H1'),
    'MSA|AA|C1',
    ACK('H2'),
    'MSA|AE|C2',
    '',
  ]);
});

test('a batch is answered by a batch: parties changed over, the sender’s batch id in field 12, and a count', () => {
  const frame = bytesOf('BHS|^~\\&|APP|FAC|HUB|SITE|2026||name|note|B77', msh('C1'), msh('C2'), 'BTS|2');
  assert.deepEqual(answered(frame, [answer('AA', 'H1'), answer('AR', 'H2')]), [
    `BHS|^~\\&|HUB|SITE|APP|FAC|${TIME}||||B1|B77`,
    ACK('H1'),
    'MSA|AA|C1',
    ACK('H2'),
    'MSA|AR|C2',
    'BTS|2',
    '',
  ]);
});

test('a file of batches keeps its shape in the answer, batches without messages and loose messages too', () => {
  const frame = bytesOf(
    'FHS|^~\\&|APP|FAC|HUB|SITE|2026||||F1',
    'BHS|^~\\&|A1',
    'BTS|0',
    'BHS|^~\\&|A2',
    msh('C1'),
    'BTS|1',
    msh('C2'),
    'BHS|^~\\&|A3',
    'BTS|0',
    'FTS|3',
  );
  const lines = answered(frame, [answer('AA', 'H1'), answer('AA', 'H2')]) ?? [];
  assert.deepEqual(
    lines.map((line) => line.replace(/^(MSH|FHS|BHS).*/, '$1')),
    ['FHS', 'BHS', 'BTS|0', 'BHS', 'MSH', 'MSA|AA|C1', 'BTS|1', 'MSH', 'MSA|AA|C2', 'BHS', 'BTS|0', 'FTS|3', ''],
  );
  assert.equal(lines[0], `FHS|^~\\&|HUB|SITE|APP|FAC|${TIME}||||B1|F1`);
});

test('a batch without messages is legal and is answered, so that its sender does not wait', () => {
  const lines = answered(bytesOf('BHS|^~\\&|A', 'BTS|0'), []);
  assert.deepEqual(lines?.slice(1), ['BTS|0', '']);
});

test('who wants no answer gets none, and one that wants some is told of those alone', () => {
  const frame = bytesOf('BHS|^~\\&|A', msh('C1'), msh('C2'), 'BTS|2');
  assert.equal(answered(frame, [null, null]), null);
  const lines = answered(frame, [null, answer('AA', 'H2')]) ?? [];
  assert.deepEqual(lines.slice(1), [ACK('H2'), 'MSA|AA|C2', 'BTS|1', '']);
});

test('a batch that was cut short is refused whole, its neighbours are not', () => {
  const frame = bytesOf('BHS|^~\\&|A', msh('C1'), 'BTS|3', 'BHS|^~\\&|A', msh('C2'), 'BTS|1');
  const { parts } = frameParts(frame);
  assert.deepEqual(
    parts.map((part) => [part.head.controlId, part.batch, part.refusal?.code ?? null]),
    [
      ['C1', 0, '100'],
      ['C2', 1, null],
    ],
  );
  assert.match(parts[0]?.refusal?.text ?? '', /BTS-1 says 3 messages, the batch holds 1\./);
});

test('a batch header with damaged or unusual separators is answered in them', () => {
  const frame = Buffer.from('BHS#*~\\&#APP#FAC#HUB#SITE#2026####B7\rMSH|^~\\&|A\rBTS#1\r');
  const lines = answered(frame, [answer('AA', 'H1')]) ?? [];
  assert.equal(lines[0], `BHS#*~\\&#HUB#SITE#APP#FAC#${TIME}####B1#B7`);
  assert.equal(lines.at(-2), 'BTS#1');
});

test('whatever a batch holds, its answer is a batch of the same messages in the same order, and can be framed', () => {
  // FS among them: sent at the end of MSH-10 it would end the frame of the answer.
  const letter = fc.constantFrom('A', '9', '#', '.', '"', '\u001c', '\u00e4');
  const id = fc.array(letter, { minLength: 1, maxLength: 8 }).map((letters) => letters.join(''));
  const batches = fc.array(fc.tuple(fc.array(id, { maxLength: 4 }), fc.boolean()), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(batches, fc.boolean(), (all, asFile) => {
      const lines = all.flatMap(([ids, asBatch]) => {
        const messages = ids.flatMap((one) => [msh(one), 'PID|1']);
        return asBatch ? [`BHS|^~\\&|A|||||||||${ids[0] ?? ''}`, ...messages, `BTS|${ids.length}`] : messages;
      });
      const wire = asFile ? ['FHS|^~\\&|A', ...lines, 'FTS'] : lines;
      const frame = frameParts(Buffer.from(wire.map((line) => `${line}\r`).join(''), 'latin1'));
      const sent = all.flatMap(([ids]) => ids);
      if (sent.length === 0 && !frame.isBatch) return;
      const bytes = acknowledgeFrame(
        frame,
        frame.parts.map((_part, at) => answer('AA', `H${at}`)),
        content(),
      );
      assert.ok(bytes !== null);
      const events = new FrameDecoder({ maxFrame_bytes: 100_000 }).push(encodeFrame(bytes));
      assert.ok(events.filter((event) => event.kind === 'frame').length === 1);
      const back = splitMessages(bytes);
      assert.deepEqual(back.issues, []);
      assert.equal(back.isBatch, frame.isBatch);
      assert.deepEqual(
        back.messages.map((one) => readAcknowledgement(one.bytes)?.rawControlId),
        sent,
      );
      assert.deepEqual(
        back.messages.map((one) => one.batch),
        frame.parts.map((part) => part.batch),
      );
    }),
  );
});
