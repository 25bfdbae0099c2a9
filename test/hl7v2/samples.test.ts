/** Real messages of third parties, read where they lie: SLOTWIRE_SAMPLES, or ../shared/samples beside the checkout. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { splitMessages } from '../../src/hl7v2/batch.ts';
import { encodeFrame, FrameDecoder } from '../../src/hl7v2/frame.ts';
import { header } from '../../src/hl7v2/header.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';

const beside = fileURLToPath(new URL('../../../shared/samples', import.meta.url));
const folder = `${process.env['SLOTWIRE_SAMPLES'] ?? beside}/hl7v2`;
const files = existsSync(folder) ? globSync(`${folder}/**/*.hl7`).sort() : [];
const where = files.length === 0 ? ' (SAMPLES ABSENT: nothing was checked)' : '';

test(`every sample file is cut, framed and parsed without loss${where}`, (t) => {
  t.diagnostic(files.length === 0 ? `samples absent: no ${folder}` : `${files.length} sample files`);
  let messages = 0;
  for (const file of files) {
    const bytes = readFileSync(file);
    const split = splitMessages(bytes);
    assert.deepEqual(split.issues, [], file);
    messages += split.messages.length;
    for (const one of split.messages) {
      const { message, issues } = parseMessage(one.bytes);
      assert.deepEqual(issues, [], file);
      assert.match(message.messageCode, /^(SIU|ADT|MFN|SRM|SRR|ACK)$/, file);
      assert.equal(header(one.bytes).controlId, message.controlId, file);
      // Nothing but line ends may be missing from what the segments hold.
      const raw = message.segments.map((segment) => segment.raw).join('');
      assert.equal(raw.length, [...one.bytes].filter((byte) => byte !== 0x0d && byte !== 0x0a).length, file);
      const [framed] = new FrameDecoder({ maxFrame_bytes: 100_000 }).push(encodeFrame(one.bytes));
      assert.ok(framed?.kind === 'frame' && Buffer.from(framed.bytes).equals(one.bytes), file);
    }
  }
  assert.ok(files.length === 0 || messages > files.length, 'one file holds three messages');
});
