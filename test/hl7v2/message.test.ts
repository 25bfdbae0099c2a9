import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { header } from '../../src/hl7v2/header.ts';
import { parseMessage, type Message } from '../../src/hl7v2/message.ts';
import { bytesOf, fixture, segmentOf } from './fixture.ts';

const MSH = 'MSH|^~\\&|APP|FAC|HUB|HUB|20261020||SIU^S12^SIU_S12|C1|P|2.5.1';

function read(bytes: Uint8Array): Message {
  const { message, issues } = parseMessage(bytes);
  assert.deepEqual(issues, []);
  return message;
}

function names(message: Message): string {
  return message.segments.map((segment) => segment.name).join(' ');
}

test('fields, components and sub-components are counted from one, and MSH-1 is the separator', () => {
  const message = read(fixture('siu-s12-two-groups.hl7'));
  const msh = segmentOf(message, 'MSH');
  assert.equal(msh.field(1), '|');
  assert.equal(msh.field(2), '^~\\&');
  assert.deepEqual([msh.component(2, 1), msh.component(2, 2)], ['^~\\&', undefined]);
  assert.deepEqual(
    msh.repetitions(2).map((one) => one.component(1)),
    ['^~\\&'],
  );
  assert.equal(msh.component(3, 1), 'CADENCE');
  assert.equal(msh.component(4, 2), '1.2.3.4');
  assert.equal(msh.field(10), 'RV0000001');
  assert.equal(msh.fieldCount, 18);
  assert.deepEqual(
    [message.messageCode, message.triggerEvent, message.controlId, message.version],
    ['SIU', 'S12', 'RV0000001', '2.5.1'],
  );
  const pid = segmentOf(message, 'PID');
  assert.equal(pid.component(3, 4, 2), '1.2.3.4');
  assert.equal(pid.component(5, 1), 'VANDERMEER');
  assert.equal(pid.component(5, 1, 2), 'VAN DER');
  assert.equal(pid.component(5, 1, 'all'), 'VANDERMEER&VAN DER');
  assert.equal(pid.component(5, 2), 'ÅSA');
  assert.equal(pid.field(7), '19790214');
  assert.equal(message.first('SCH')?.component(11, 4), '20261101090000');
  assert.equal(message.first('SCH')?.component(7, 2), 'Ear & nose follow-up');
});

test('a place that was not sent is undefined, whether empty or behind the end', () => {
  const pid = segmentOf(read(bytesOf(MSH, 'PID|1||A^^B')), 'PID');
  assert.equal(pid.field(2), undefined);
  assert.equal(pid.field(40), undefined);
  assert.equal(pid.component(3, 2), undefined);
  assert.equal(pid.component(3, 9), undefined);
  assert.equal(pid.component(3, 1, 2), undefined);
  assert.equal(pid.component(40, 1), undefined);
  assert.deepEqual(pid.repetitions(2), []);
});

test('null is two quotes as a whole field, repetition, component or sub-component, and nothing else', () => {
  const message = read(bytesOf(MSH, 'PID|""|""^B|A~""|A^""^C|A&""|"" and more|"'));
  const pid = segmentOf(message, 'PID');
  assert.equal(pid.field(1), null);
  assert.equal(pid.isNull(1), true);
  assert.equal(pid.component(1, 7), null, 'a field of "" is null in all its parts');
  assert.deepEqual(pid.repetitions(1), []);
  assert.equal(pid.component(2, 1), null);
  assert.equal(pid.component(2, 2), 'B');
  assert.equal(pid.isNull(2), false);
  assert.equal(pid.repetitions(3)[1]?.text, null);
  assert.equal(pid.component(4, 2), null);
  assert.equal(pid.component(5, 1, 2), null);
  assert.equal(pid.field(6), '"" and more');
  assert.equal(pid.field(7), '"');
});

test('repetitions keep their order and number; empty ones carry nothing and are left out', () => {
  const message = read(bytesOf(MSH, 'PID|1||A^^^X~~B^^^Y~'));
  const repetitions = message.first('PID')?.repetitions(3) ?? [];
  assert.deepEqual(
    repetitions.map((one) => [one.index, one.component(1), one.component(4), one.text]),
    [
      [1, 'A', 'X', 'A^^^X'],
      [3, 'B', 'Y', 'B^^^Y'],
    ],
  );
});

test('CR, LF and CRLF end a segment, the last one may lack its end, and the content is the same', () => {
  const segments = [MSH, 'SCH|1|2', 'PID|1||A'];
  for (const end of ['\r', '\n', '\r\n', '\r\n\r', '\n\n']) {
    for (const last of ['', end]) {
      const message = read(Buffer.from(segments.join(end) + last));
      assert.deepEqual(
        message.segments.map((segment) => segment.raw),
        segments,
      );
    }
  }
});

test('segments of resource groups are found group by group', () => {
  const groups = read(fixture('siu-s12-two-groups.hl7')).groups('RGS');
  assert.deepEqual(
    groups.map((group) => group.segments.map((segment) => segment.name).join(' ')),
    ['RGS AIS NTE AIL AIP', 'RGS AIS AIG AIP ZAP'],
  );
  assert.deepEqual(
    groups.map((group) => group.head?.field(3)),
    ['G1', 'G2'],
  );
});

test('resources without an RGS make a group without a head', () => {
  const message = read(bytesOf(MSH, 'SCH|1', 'PID|1', 'AIG|1', 'NTE|1', 'RGS|1', 'AIP|1', 'ZZZ|1'));
  const groups = message.groups('RGS', { members: ['AIS', 'AIG', 'AIL', 'AIP'], ends: ['ZZZ'] });
  assert.deepEqual(
    groups.map((group) => [group.head?.name, group.segments.map((segment) => segment.name).join(' ')]),
    [
      [undefined, 'AIG NTE'],
      ['RGS', 'RGS AIP'],
    ],
  );
});

test('notes belong to the segment directly before them', () => {
  const message = read(bytesOf(MSH, 'SCH|1', 'NTE|1||a', 'NTE|2||b', 'PID|1', 'NTE|1||c'));
  const [sch, pid] = [message.first('SCH'), message.first('PID')];
  assert.ok(sch !== undefined && pid !== undefined);
  assert.deepEqual(
    message.following(sch, 'NTE').map((note) => note.field(3)),
    ['a', 'b'],
  );
  assert.deepEqual(
    message.following(pid, 'NTE').map((note) => note.field(3)),
    ['c'],
  );
});

test('segments know their place among all and among their kind; Z segments are kept', () => {
  const message = read(fixture('siu-s12-two-groups.hl7'));
  const second = message.all('AIP')[1];
  assert.deepEqual([second?.index, second?.ordinal], [14, 2]);
  assert.equal(message.first('ZAP')?.component(2, 2), 'data');
});

test('a line end inside a text does not lose the text behind it', () => {
  const { message, issues } = parseMessage(Buffer.from(`${MSH}\rNTE|1||first\nsecond line\nthe third\rPID|1\r`));
  assert.equal(message.first('NTE')?.field(3), 'first\nsecond line\nthe third');
  assert.equal(names(message), 'MSH NTE PID');
  assert.deepEqual(new Set(issues.map((issue) => issue.kind)), new Set(['segment-continued']));
});

test('MSH ends with its line, for the parser as for the header: text behind it stands for itself', () => {
  const bytes = Buffer.from('MSH|^~\\&|A|B\nroom|||||ADT^A04|C9\nPID|1\n');
  const { message } = parseMessage(bytes);
  assert.deepEqual(
    message.segments.map((segment) => [segment.name, segment.raw]),
    [
      ['MSH', 'MSH|^~\\&|A|B'],
      ['', 'room|||||ADT^A04|C9'],
      ['PID', 'PID|1'],
    ],
  );
  assert.equal(message.controlId, header(bytes).controlId);
});

test('indented and lower-case segments are read and told', () => {
  const { message, issues } = parseMessage(Buffer.from(`\n  ${MSH}\n  SCH|1|F1\n\tpid|1||A\n  `));
  assert.equal(names(message), 'MSH SCH PID');
  assert.equal(message.first('PID')?.field(3), 'A');
  assert.deepEqual(
    issues.map((issue) => issue.kind),
    ['segment-name', 'segment-name'],
  );
});

test('bytes before MSH are left out and told; a byte order mark and line ends are nothing to tell', () => {
  assert.deepEqual(parseMessage(Buffer.from(`\ufeff\r\n${MSH}\r`)).issues, []);
  const { message, issues } = parseMessage(Buffer.from(`strange\r${MSH}\rPID|1\r`));
  assert.equal(names(message), 'MSH PID');
  assert.deepEqual(
    issues.map((issue) => issue.kind),
    ['bytes-before-header'],
  );
});

test('bytes without MSH are reported, and read with the standard separators', () => {
  const { message, issues } = parseMessage(Buffer.from('PID|1||A^B\r'));
  assert.equal(message.first('PID')?.component(3, 2), 'B');
  assert.deepEqual(
    issues.map((issue) => issue.kind),
    ['no-header'],
  );
  assert.equal(message.controlId, '');
});

test('text that begins like a segment and is none has no name', () => {
  const { message, issues } = parseMessage(Buffer.from('PIDGIN is spoken\rMSHAPE\r'));
  assert.deepEqual([message.first('PID'), message.first('MSH')], [undefined, undefined]);
  assert.equal(message.segments[0]?.raw, 'PIDGIN is spoken\nMSHAPE');
  assert.equal(issues[0]?.kind, 'no-header');
});

test('several messages in one piece are told: applied as one they would mix patients', () => {
  const { issues } = parseMessage(bytesOf(MSH, 'PID|1', MSH, 'PID|2'));
  assert.deepEqual(
    issues.map((issue) => issue.kind),
    ['several-messages'],
  );
});

test('an MSH that stops anywhere is read as far as it goes', () => {
  for (let length = 3; length <= MSH.length; length += 1) {
    const { message } = parseMessage(Buffer.from(`${MSH.slice(0, length)}\rPID|1||A\r`));
    assert.equal(message.first('PID')?.component(3, 1), 'A', MSH.slice(0, length));
  }
});

test('a message that stops anywhere is read as far as it goes, and only its last segment is shorter', () => {
  for (const name of [
    'siu-s12-two-groups.hl7',
    'siu-s14-odd-separators.hl7',
    'adt-a40-latin1.hl7',
    'mfn-m02-hex.hl7',
  ]) {
    const bytes = fixture(name);
    const whole = parseMessage(bytes).message.segments.map((segment) => segment.raw);
    // From where MSH is complete: before that its separators are not all there.
    for (let length = bytes.indexOf(0x0d) + 1; length <= bytes.length; length += 1) {
      const cut = parseMessage(bytes.subarray(0, length)).message.segments.map((segment) => segment.raw);
      assert.deepEqual(cut.slice(0, -1), whole.slice(0, cut.length - 1), `${name} cut at ${length}`);
      for (const segment of parseMessage(bytes.subarray(0, length)).message.segments) {
        for (let n = 1; n <= segment.fieldCount; n += 1) segment.field(n);
      }
    }
  }
});

test('an event that MSH-9 leaves out is taken from EVN-1', () => {
  const message = read(bytesOf('MSH|^~\\&|A|B|C|D|2026||ADT|1|P|2.1', 'EVN|A04|2026'));
  assert.equal(message.triggerEvent, 'A04');
});

test('escapes are undone in every reading, and separators that were escaped do not split', () => {
  const message = read(bytesOf(MSH, 'NTE|1||A\\T\\B^C\\S\\D~E\\R\\F|G\\F\\H'));
  const nte = segmentOf(message, 'NTE');
  assert.equal(nte.field(3), 'A&B^C^D~E~F');
  assert.equal(nte.component(3, 2), 'C^D');
  assert.equal(nte.repetitions(3)[1]?.text, 'E~F');
  assert.equal(nte.field(4), 'G|H');
});

test('hexadecimal escapes are bytes in the character set of the message', () => {
  const stf = segmentOf(read(fixture('mfn-m02-hex.hl7')), 'STF');
  assert.equal(stf.component(3, 1), 'FRANÇOIS');
  assert.equal(stf.component(3, 2), 'JOSé \\E', 'an escape that is not closed stays as it is');
});

test('any bytes are parsed without a throw, and every segment can be read', () => {
  const piece = fc.constantFrom(
    'MSH',
    'PID',
    '|',
    '^',
    '~',
    '\\',
    '&',
    '\r',
    '\n',
    '""',
    'ab',
    '\\X41\\',
    '\\.br\\',
    'é',
  );
  const wild = fc.oneof(
    fc.array(piece, { maxLength: 60 }).map((parts) => Buffer.from(parts.join(''))),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(piece, { maxLength: 60 }).map((parts) => Buffer.from(`MSH|^~\\&|${parts.join('')}`)),
  );
  fc.assert(
    fc.property(wild, (bytes) => {
      const { message } = parseMessage(bytes);
      for (const segment of message.segments) {
        for (let n = 0; n <= segment.fieldCount; n += 1) {
          segment.field(n);
          segment.component(n, 1);
          segment.component(n, 2, 2);
          for (const repetition of segment.repetitions(n)) repetition.component(1, 'all');
        }
      }
    }),
    { numRuns: 1000 },
  );
});
