import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeMessage, type DescribedMessage } from '../../src/hl7v2/describe.ts';
import { segmentName } from '../../src/hl7v2/names.ts';

const message = (...segments: readonly string[]): Uint8Array =>
  Buffer.from(['MSH|^~\\&|APP|FAC|||20261101090000||SIU^S12|C1|P|2.5.1', ...segments, ''].join('\r'), 'utf8');

/** `[path, names, value]` of one segment. */
function rows(described: DescribedMessage, name: string): readonly (readonly [string, string, string | null])[] {
  return described.segments
    .filter((segment) => segment.name === name)
    .flatMap(({ fields }) =>
      fields.flatMap((field) =>
        field.values.map(({ path, name: part, value }) => {
          const names = [field.name, part].filter((one) => one !== null).join(' > ');
          return [path, names, value] as const;
        }),
      ),
    );
}

test('each part of a message stands with its path, its name and its unescaped value', () => {
  const described = describeMessage(message('PID|1||77^^^ACME^MR~88^^^STATE&1.2.3&ISO^SS||O\\T\\Hara^Jo|||F'));
  assert.equal(described.kind, 'SIU^S12');
  assert.deepEqual(rows(described, 'PID'), [
    ['PID-1', 'Set ID', '1'],
    ['PID-3[1].1', 'Patient Identifier List > id', '77'],
    ['PID-3[1].4', 'Patient Identifier List > assigning authority', 'ACME'],
    ['PID-3[1].5', 'Patient Identifier List > type', 'MR'],
    ['PID-3[2].1', 'Patient Identifier List > id', '88'],
    ['PID-3[2].4.1', 'Patient Identifier List > assigning authority', 'STATE'],
    ['PID-3[2].4.2', 'Patient Identifier List > assigning authority', '1.2.3'],
    ['PID-3[2].4.3', 'Patient Identifier List > assigning authority', 'ISO'],
    ['PID-3[2].5', 'Patient Identifier List > type', 'SS'],
    ['PID-5.1', 'Patient Name > family', 'O&Hara'],
    ['PID-5.2', 'Patient Name > given', 'Jo'],
    ['PID-8', 'Administrative Sex', 'F'],
  ]);
});

test('what is to be deleted is told apart from what is not sent', () => {
  const found = rows(describeMessage(message('PID|1||77||Doe^Jo^""|||||||||""')), 'PID');
  assert.deepEqual(found.slice(-2), [
    ['PID-5.3', 'Patient Name > further given', null],
    ['PID-14', 'Phone Number - Business', null],
  ]);
  assert.ok(!found.some(([path]) => path.startsWith('PID-6')));
});

test('the separators, a second segment of a kind, and a segment that nobody knows keep their places', () => {
  const described = describeMessage(message('NTE|1||first', 'NTE|2||second', 'ZPV|own|^b'));
  assert.equal(described.separators, '|^~\\&');
  assert.deepEqual(rows(described, 'MSH').slice(0, 2), [
    ['MSH-1', 'Field Separator', '|'],
    ['MSH-2', 'Encoding Characters', '^~\\&'],
  ]);
  assert.deepEqual(rows(described, 'NTE').at(-1), ['NTE(2)-3', 'Comment', 'second']);
  assert.deepEqual(rows(described, 'ZPV'), [
    ['ZPV-1', '', 'own'],
    ['ZPV-2.2', '', 'b'],
  ]);
});

test('masked, nothing that may name a person is readable, and its shape still is', () => {
  const described = describeMessage(
    message('SCH||F1||||||FU^Follow up', 'PID|1||ab-77||Müller^Jo||19800131', 'NTE|1||calls Ann 5550100', 'ZZZ|Ann'),
    { masked: true },
  );
  const text = JSON.stringify(described.segments);
  for (const secret of ['üller', 'Jo', '1980', 'ab-77', 'Ann', '5550100']) assert.ok(!text.includes(secret), secret);
  assert.deepEqual(rows(described, 'PID').slice(1, 3), [
    ['PID-3.1', 'Patient Identifier List > id', 'xx-99'],
    ['PID-5.1', 'Patient Name > family', 'xxxxxx'],
  ]);
  assert.deepEqual(rows(described, 'SCH').at(-1), ['SCH-8.2', 'Appointment Type > text', 'Follow up']);
});

test('control characters are shown by their number and cannot move the cursor', () => {
  const found = rows(describeMessage(message('NTE|1||a\\X1B\\b\\X0D\\c')), 'NTE');
  assert.equal(found.at(-1)?.[2], 'a<1b>b<0d>c');
});

test('segments have as many fields as version 2.5.1 gives them', () => {
  const counts = { MSH: 21, PID: 40, PV1: 52, SCH: 27, AIS: 12, AIG: 14, AIL: 12, AIP: 12, ARQ: 25, MRG: 7, TQ1: 14 };
  for (const [name, count] of Object.entries(counts)) assert.equal(segmentName(name)?.fields.length, count, name);
});
