/** What an operator sees of one HL7 v2 message, against a hub that runs. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RIVERSIDE } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { sendFrame } from '../support/frames.ts';
import { eventually } from '../support/wait.ts';
import { slotwire, type Said } from './terminal.ts';

const PROJECT = join(import.meta.dirname, '../..');
const anyHl7 = await readFile(join(PROJECT, 'config/sites/any-hl7.yaml'), 'utf8');
const hub = await startHub(
  { after },
  { sites: [RIVERSIDE], configure: (config) => config.write('sites/any-hl7.yaml', anyHl7) },
);
const folder = await mkdtemp(join(tmpdir(), 'slotwire-cli-hl7-'));
after(() => rm(folder, { recursive: true, force: true }));
const variables = { DATA_DIR: hub.dataDir, CONFIG_DIR: hub.config.path };
const run = (...words: readonly string[]): Promise<Said> => slotwire(words, variables, folder);

interface Visit {
  readonly id: string;
  readonly start?: string;
  readonly trigger?: string;
  readonly at?: string;
  readonly control?: string;
}

function visit({
  id,
  start = '20300107090000',
  trigger = 'S12',
  at = '20261101120000',
  control = `C${id}`,
}: Visit): string {
  return [
    `MSH|^~\\&|STRANGER|ELSEWHERE|||${at}||SIU^${trigger}|${control}|P|2.5.1`,
    `SCH|P${id}|F${id}|||||||30|min|^^30^${start}`,
    `PID|1||9${id}^^^ELSEWHERE^MR||Quill^Ada||19800101|F`,
    'RGS|1',
    'AIP|1||DOC1^Doe^Jo',
    '',
  ].join('\r');
}

/** The number of a message once it is no longer waiting. */
async function numberOf(controlId: string, nth = 0): Promise<string> {
  return eventually('the message to be done', async () => {
    const { out } = await run('messages', '--control-id', controlId, '--json');
    const { messages } = JSON.parse(out) as { messages: readonly { readonly id: number; readonly status: string }[] };
    const found = messages[nth];
    assert.ok(found !== undefined && found.status !== 'received');
    return String(found.id);
  });
}

test('show names segments and fields, and masks what may name a person when asked', async () => {
  await sendFrame(hub, visit({ id: '101' }));
  const id = await numberOf('C101');
  const { out, code } = await run('hl7', 'show', id);
  assert.equal(code, 0);
  assert.match(out, /^PID {2}Patient Identification$/m);
  assert.match(out, /^ {2}PID-5\.1 +Patient Name, family +Quill$/m);
  assert.match(out, /^ {2}SCH-2\.1 +Filler Appointment ID, id +F101$/m);
  const masked = await run('hl7', 'show', id, '--masked');
  assert.match(masked.out, /^ {2}PID-5\.1 +Patient Name, family +xxxxx$/m);
  assert.doesNotMatch(masked.out, /Quill/);
  assert.match((await run('hl7', 'show', id, '--raw')).out, /^PID\|1\|\|9101\^\^\^ELSEWHERE\^MR\|\|Quill\^Ada/m);
});

test('explain tells how a message was answered, what it made and what stands', async () => {
  await sendFrame(hub, visit({ id: '102' }));
  const id = await numberOf('C102');
  const first = await run('hl7', 'explain', id);
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /^received +\S+ by hl7, answered AA$/m);
  assert.match(first.out, /^ordered by +2026-11-01T\S+ \(MSH-7\)$/m);
  assert.match(first.out, /^made +Appointment\/\S+ version 1, which stands$/m);
  assert.match(first.out, /stands as Appointment\/\S+ version 1: booked, 2030-01-07T/);
  await sendFrame(hub, visit({ id: '102', trigger: 'S15', at: '20261101130000', control: 'C102-off' }));
  await numberOf('C102-off');
  const then = await run('hl7', 'explain', id);
  assert.match(then.out, /^made +Appointment\/\S+ version 1, changed since$/m);
  assert.match(then.out, /the message says otherwise: status/);
});

test('explain of a parked message says what to do, and of a repeated control id where else it was used', async () => {
  await sendFrame(hub, visit({ id: '103', start: '' }));
  const parked = await run('hl7', 'explain', await numberOf('C103'));
  assert.match(parked.out, /^status +parked: map MESSAGE_INCOMPLETE: SCH-11/m);
  assert.match(parked.out, /^to do +\S/m);
  assert.match(parked.out, /Read now it would park:\n {2}MESSAGE_INCOMPLETE +SCH-11/);
  await sendFrame(hub, visit({ id: '104', control: 'C103' }));
  const other = await numberOf('C103', 1);
  assert.match((await run('hl7', 'explain', other)).out, /^control id +used for other messages too: \d+;/m);
});

test('explain and show read a file by the settings of a site without asking the hub', async () => {
  await writeFile(join(folder, 'two.hl7'), visit({ id: '105' }) + visit({ id: '106', start: '' }));
  const { out, code } = await run('hl7', 'explain', '--file', 'two.hl7', '--site', 'any-hl7');
  assert.equal(code, 1, 'one of them would park');
  assert.match(out, /^message 1 of 2: SIU\^S12, ordered by 2026-11-01T/m);
  assert.match(out, /Read now it makes 1 change:/);
  assert.match(out, /Read now it would park:/);
  assert.match((await run('hl7', 'show', '--file', 'two.hl7')).out, /PID-5\.1 +Patient Name, family +Quill/);
});

test('replay through hl7 is replay', async () => {
  await sendFrame(hub, visit({ id: '107' }));
  const id = await numberOf('C107');
  const dry = await run('hl7', 'replay', id, '--dry-run');
  assert.match(dry.out, /1 message would be applied again\. Nothing was changed\./);
  assert.equal((await run('hl7', 'replay', id)).code, 0);
  assert.equal(await numberOf('C107'), id);
});

test('each look at a message is in the audit log, and only an admin has one', async () => {
  await sendFrame(hub, visit({ id: '108' }));
  const id = await numberOf('C108');
  const { tokens, opsUrl } = hub.sandbox();
  const ask = (token: string): Promise<Response> =>
    fetch(`${opsUrl}/api/messages/${id}/hl7`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await ask(tokens['scheduler'] ?? '')).status, 403);
  assert.equal((await ask(tokens['admin'] ?? '')).status, 200);
});

test('a wrong verb, no message and a message of another protocol are told in a sentence', async () => {
  assert.match((await run('hl7', 'look', '1')).err, /knows show, explain, replay and replay-window/);
  assert.match((await run('hl7', 'show')).err, /wants one message/);
  assert.match((await run('hl7', 'show', '999999999')).err, /there is no message 999999999/);
});
