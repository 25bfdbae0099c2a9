import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { feedFiles } from '../../src/cli/feed-files.ts';
import { sha256 } from '../../src/core/ids.ts';
import { messagesOfFile } from '../../src/hub-feed.ts';

const folder = await mkdtemp(join(tmpdir(), 'slotwire-feed-'));
after(() => rm(folder, { recursive: true, force: true }));
for (const name of ['b/2.hl7', 'b/10.HL7', 'a.txt', 'z.dat', 'notes.md', '.hidden']) {
  await mkdir(join(folder, name, '..'), { recursive: true });
  await writeFile(join(folder, name), 'MSH|^~\\&|\r');
}

const MSH = (id: number, more = ''): string => `MSH|^~\\&|A|B|||20260101||SIU^S12|${id}|P|2.5${more}\rSCH|${id}\r`;
const cut = (text: string | Uint8Array): readonly string[] =>
  messagesOfFile(Buffer.from(text)).map((one) => Buffer.from(one.bytes).toString('latin1'));

test('of a folder the HL7 files are taken, those of its folders too, sorted by name', async () => {
  const files = await feedFiles([folder], '/');
  assert.deepEqual(
    files.map((file) => file.name),
    ['a.txt', 'b/10.HL7', 'b/2.hl7', 'z.dat'],
  );
});

test('a file that is named by itself may end as it likes, and is named as it was', async () => {
  assert.deepEqual(await feedFiles(['notes.md'], folder), [{ path: join(folder, 'notes.md'), name: 'notes.md' }]);
});

test('a file that is not there, and a folder without messages, are said', async () => {
  await assert.rejects(feedFiles(['nothing'], folder), /There is no file or folder .*nothing\./);
  await mkdir(join(folder, 'empty'));
  await assert.rejects(feedFiles(['empty'], folder), /holds no file that ends in \.hl7, \.txt or \.dat\./);
});

test('a file with one message is sent byte for byte, whatever its line ends, marks and character set', () => {
  const odd = [
    MSH(1),
    MSH(1).replaceAll('\r', '\n'),
    MSH(1).replaceAll('\r', '\r\n') + '\r\n\r\n',
    `\ufeff${MSH(1)}`,
    'no message at all',
    Buffer.from(MSH(1), 'utf16le'),
    Buffer.from(`${MSH(1)}NTE|1||M\u00fcller\r`, 'latin1'),
  ];
  for (const bytes of odd.map((text) => Buffer.from(text))) {
    const [message, ...others] = messagesOfFile(bytes);
    assert.deepEqual(message?.bytes, bytes);
    assert.equal(message.eventId, sha256(bytes));
    assert.equal(others.length, 0);
  }
});

test('a batch, messages that follow one another, and saved frames go one by one', () => {
  const three = [MSH(1), MSH(2), MSH(3)];
  assert.deepEqual(cut(three.join('')), three);
  assert.deepEqual(cut(`FHS|^~\\&\rBHS|^~\\&\r${three.join('')}BTS|3\rFTS|1\r`), three);
  assert.deepEqual(cut(three.map((text) => `\x0b${text}\x1c\r`).join('')), three);
  assert.deepEqual(cut(`\x0b${MSH(1)}\x1c\r`), [MSH(1)]);
});

test('an empty file, and a batch of none, hold no message', () => {
  assert.deepEqual(cut(''), []);
  assert.deepEqual(cut('FHS|^~\\&\rBHS|^~\\&\rBTS|0\rFTS|1\r'), []);
});

test('a message is named by its header, and says whether it wants to be acknowledged', () => {
  const about = (more: string): unknown => {
    const [message] = messagesOfFile(Buffer.from(MSH(7, more)));
    return [message?.type, message?.controlId, message?.wantsAnswer];
  };
  assert.deepEqual(about(''), ['SIU^S12', '7', true]);
  assert.deepEqual(about('|||AL|NE'), ['SIU^S12', '7', true]);
  assert.deepEqual(about('|||NE|NE'), ['SIU^S12', '7', false]);
  assert.deepEqual(about('|||ER'), ['SIU^S12', '7', false]);
  assert.deepEqual(
    messagesOfFile(Buffer.from('nothing')).map(({ type, controlId }) => [type, controlId]),
    [['', '']],
  );
});
