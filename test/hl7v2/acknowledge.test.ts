import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { instant } from '../../src/core/instant.ts';
import {
  ackCode,
  acknowledge,
  ackModeOf,
  mllpRefusal,
  readAcknowledgement,
  type AckContent,
} from '../../src/hl7v2/acknowledge.ts';
import { encodeFrame } from '../../src/hl7v2/frame.ts';
import { header } from '../../src/hl7v2/header.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { fixture } from './fixture.ts';

const AT = instant(Date.UTC(2026, 9, 20, 13, 15, 1));
const CONTENT: AckContent = { code: 'AA', controlId: 'HUB1', at: AT };

function msh(tail: string): Uint8Array {
  return Buffer.from(`MSH|^~\\&|APP|FAC|HUB|SITE|20261020||${tail}\rPID|1\r`, 'latin1');
}

function answer(bytes: Uint8Array, more: Partial<AckContent> = {}): string[] {
  return Buffer.from(acknowledge(header(bytes), { ...CONTENT, ...more }))
    .toString('latin1')
    .split('\r');
}

test('an answer goes back to who sent the message, under its control id, and every segment ends with CR', () => {
  const bytes = fixture('siu-s12-two-groups.hl7');
  assert.deepEqual(answer(bytes, { code: 'CA', zone: 'America/Chicago' }), [
    'MSH|^~\\&|HUB|SLOTWIRE|CADENCE|RIVERSIDE^1.2.3.4^ISO|20261020081501-0500||ACK^S12^ACK|HUB1|P|2.5.1||||||' +
      'UNICODE UTF-8',
    'MSA|CA|RV0000001',
    '',
  ]);
});

test('before version 2.3.1 the message type is ACK alone; from there on it names the event', () => {
  for (const [version, type] of [
    ['2.1', 'ACK'],
    ['2.3', 'ACK'],
    ['2.3.1', 'ACK^S12^ACK'],
    ['2.5.1^USA', 'ACK^S12^ACK'],
    ['2.10', 'ACK^S12^ACK'],
    ['', 'ACK'],
  ] as const) {
    assert.equal(answer(msh(`SIU^S12|1|P|${version}`))[0]?.split('|')[8], type, version);
  }
  assert.equal(answer(msh('SIU|1|P|2.5'))[0]?.split('|')[8], 'ACK', 'without an event there is none to name');
});

test('MSA-2 is the sender’s MSH-10 byte for byte, whatever it is', () => {
  const id = fc.uint8Array({ maxLength: 30 }).map((bytes) => bytes.filter((byte) => ![0, 10, 13, 0x7c].includes(byte)));
  fc.assert(
    fc.property(id, (control) => {
      const text = Buffer.from(control).toString('latin1');
      const bytes = msh(`SIU^S12|${text}|P|2.5.1||||||8859/1`);
      const ack = acknowledge(header(bytes), CONTENT);
      assert.equal(Buffer.from(ack).toString('latin1').split('\r')[1]?.split('|')[2], text);
      assert.equal(readAcknowledgement(ack)?.rawControlId, header(bytes).raw(10));
    }),
  );
});

test('block characters in MSH-10 or as separators leave an answer that can be framed', () => {
  for (const text of [
    'MSH|^~\\&|APP|FAC|HUB|SITE|2026||SIU^S12|C1\x1c\rPID|1\r',
    'MSH|^~\\&|APP|FAC|HUB|SITE|2026||SIU^S12|C1|P|2.5||||||\x1c\n',
    'MSH\x1c^~\\&\x1cAPP\x1cFAC\r',
    'MSH|\x0b~\\&|APP|FAC\x0bX\x1c',
  ]) {
    const ack = acknowledge(header(Buffer.from(text, 'latin1')), CONTENT);
    assert.doesNotThrow(() => encodeFrame(ack), JSON.stringify(text));
  }
  const lines = answer(Buffer.from('MSH|^~\\&|APP|FAC|HUB|SITE|2026||SIU^S12|C1\x1c\r', 'latin1'));
  assert.equal(lines[1], 'MSA|AA|C1\x1c|');
});

test('zero bytes in a control id are sent back; only those of UTF-16 fall out', () => {
  const bytes = msh('SIU^S12|C\u00001|P|2.3');
  assert.equal(answer(bytes)[1], 'MSA|AA|C\u00001');
});

test('the answer has the bytes of the sender’s character set in the names it repeats', () => {
  const bytes = fixture('adt-a40-latin1.hl7');
  const ack = acknowledge(header(bytes), CONTENT);
  assert.ok(Buffer.from(ack).includes(Buffer.from('SÜD', 'latin1')));
  assert.equal(parseMessage(ack).message.first('MSH')?.component(6, 1), 'SÜD');
});

test('the answer uses the sender’s separators, mended where they were damaged', () => {
  assert.match(answer(fixture('siu-s14-odd-separators.hl7'))[0] ?? '', /^MSH\$%\*@!\$HUB\$HUB\$ODD\$SITE\$/);
  assert.match(answer(Buffer.from('MSH|^~&|A|B|C|D|2026||SIU|7|P|2.3\r'))[0] ?? '', /^MSH\|\^~\\&\|C\|D\|A\|B\|/);
});

test('a message whose MSH stops early is answered with what there is', () => {
  assert.deepEqual(answer(Buffer.from('MSH|^~\\&|APP|FAC\r')).slice(0, 2), [
    'MSH|^~\\&|||APP|FAC|20261020131501+0000||ACK|HUB1|P|2.3',
    'MSA|AA|',
  ]);
});

test('original mode is both of MSH-15 and 16 empty; any other is enhanced', () => {
  assert.equal(ackModeOf(header(msh('SIU^S12|1|P|2.5'))), 'original');
  assert.equal(ackModeOf(header(msh('SIU^S12|1|P|2.5|||AL|NE'))), 'enhanced');
  assert.equal(ackModeOf(header(msh('SIU^S12|1|P|2.5||||AL'))), 'enhanced');
});

test('the code of an answer follows mode and wish of the sender', () => {
  const cases = [
    ['', '', 'AA', 'AE', 'AR'],
    ['AL', 'NE', 'CA', 'CE', 'CR'],
    ['AL', '', 'CA', 'CE', 'CR'],
    ['ER', 'NE', null, 'CE', 'CR'],
    ['SU', 'NE', 'CA', null, null],
    ['NE', 'NE', null, null, null],
    ['NE', 'AL', 'AA', 'AE', 'AR'],
    ['', 'AL', 'AA', 'AE', 'AR'],
    ['ER', 'AL', 'AA', 'CE', 'CR'],
    ['odd', '', 'CA', 'CE', 'CR'],
  ] as const;
  for (const [accept, application, ...expected] of cases) {
    const read = header(msh(`SIU^S12|1|P|2.5|||${accept}|${application}`));
    const codes = (['accepted', 'error', 'rejected'] as const).map((outcome) => ackCode(read, outcome));
    assert.deepEqual(codes, expected, `MSH-15 ${accept}, MSH-16 ${application}`);
  }
});

test('a site may force a mode whatever its messages say', () => {
  const read = header(msh('SIU^S12|1|P|2.5|||NE|NE'));
  assert.equal(ackCode(read, 'accepted', 'original'), 'AA');
  assert.equal(ackCode(read, 'rejected', 'enhanced'), 'CR');
});

test('errors are written as ERR-2 to ERR-8 from version 2.5 on, as ERR-1 before', () => {
  const errors = [
    { code: '101', text: 'No start time', at: { segment: 'SCH', field: 11, component: 4 } },
    { code: '201' },
  ] as const;
  assert.deepEqual(answer(msh('SIU^S12|1|P|2.5.1'), { code: 'AE', text: 'No start', errors }).slice(1, 4), [
    'MSA|AE|1|No start',
    'ERR||SCH^1^11^1^4|101^Required field missing^HL70357|E||||No start time',
    'ERR|||201^Unsupported event code^HL70357|E',
  ]);
  assert.deepEqual(answer(msh('SIU^S12|1|P|2.4'), { code: 'AE', errors }).slice(2, 4), [
    'ERR|SCH^1^11^101&Required field missing&HL70357',
    'ERR|^^^201&Unsupported event code&HL70357',
  ]);
});

test('our own words never break the answer: separators are escaped, what is not ASCII is replaced', () => {
  const [, msa] = answer(msh('SIU^S12|1|P|2.5'), { text: 'a|b\rc – ü' });
  assert.equal(msa, 'MSA|AA|1|a\\F\\b\\X0D\\c ? ?');
});

test('an answer that we wrote is read back: code, control id and the words of MSA and ERR', () => {
  const errors = [{ code: '207', text: 'Try later' }] as const;
  const ack = acknowledge(header(msh('SIU^S12|C9|P|2.5')), { ...CONTENT, code: 'AR', text: 'Not now', errors });
  const read = readAcknowledgement(ack);
  assert.deepEqual([read?.code, read?.rawControlId, read?.text], ['AR', 'C9', 'Not now\nTry later']);
});

test('what is no acknowledgement reads as none', () => {
  for (const text of ['', 'MSH|^~\\&|A\rPID|1\r', 'MSH|^~\\&|A\rMSA|XX|1\r', 'MSH|^~\\&|A\rMSA\r']) {
    assert.equal(readAcknowledgement(Buffer.from(text)), null);
  }
});

test('UTF-16 over MLLP is refused with the reason, under its control id, by bytes or by name', () => {
  const text = 'MSH|^~\\&|APP|FAC|HUB|SITE|2026||SIU^S12|W-1|P|2.5\rPID|1\r';
  for (const bytes of [
    iconv.encode(text, 'utf-16le'),
    iconv.encode(text, 'utf-16be', { addBOM: true }),
    msh('SIU^S12|W-1|P|2.5||||||UNICODE UTF-16'),
  ]) {
    const read = header(bytes);
    const refusal = mllpRefusal(bytes, read);
    assert.ok(refusal);
    assert.equal(ackCode(read, 'rejected'), 'AR');
    const lines = answer(bytes, { code: 'AR', errors: [refusal] });
    assert.equal(lines[1], 'MSA|AR|W-1');
    assert.doesNotMatch(lines[0] ?? '', /UTF-16/, 'the answer is not in the set that it refuses');
    assert.match(lines[2] ?? '', /^ERR\|\|MSH\^1\^18\|207.*UTF-8/);
  }
  assert.equal(mllpRefusal(msh('SIU^S12|1|P|2.5'), header(msh('SIU^S12|1|P|2.5'))), null);
});
