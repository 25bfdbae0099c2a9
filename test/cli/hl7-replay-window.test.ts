/** An interface engine sends hours of messages again, with new times and control ids. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
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
const variables = { DATA_DIR: hub.dataDir, CONFIG_DIR: hub.config.path };
const run = (...words: readonly string[]): Promise<Said> => slotwire(words, variables);

const NINE = '20300107090000';
const TEN = '20300107100000';

function siu(trigger: string, id: string, start: string, at: string, control: string): string {
  return [
    `MSH|^~\\&|STRANGER|ELSEWHERE|||${at}||SIU^${trigger}|${control}|P|2.5.1`,
    `SCH|P${id}|F${id}|||||||30|min|^^30^${start}`,
    `PID|1||9${id}^^^ELSEWHERE^MR||Quill^Ada||19800101|F`,
    'RGS|1',
    `AIP|1||DOC${id}^Doe^Jo`,
    '',
  ].join('\r');
}

let controls = 0;
/** Sends and waits until the message is done; answers how it stands. */
async function send(
  trigger: string,
  id: string,
  start: string,
  at: string,
): Promise<{ readonly id: number; readonly status: string; readonly reason: string | null }> {
  const control = `R${(controls += 1)}`;
  await sendFrame(hub, siu(trigger, id, start, at, control));
  return eventually(`${trigger} of ${id} to be done`, async () => {
    const { out } = await run('messages', '--control-id', control, '--json');
    const { messages } = JSON.parse(out) as {
      messages: readonly { readonly id: number; readonly status: string; readonly reason: string | null }[];
    };
    const [found] = messages;
    return found !== undefined && found.status !== 'received' ? found : null;
  });
}

interface Visit {
  readonly status: string;
  readonly start: string;
}

async function visit(id: string): Promise<Visit> {
  const { fhirBaseUrl, tokens } = hub.sandbox();
  const answer = await fetch(`${fhirBaseUrl}/Appointment?identifier=F${id}`, {
    headers: { authorization: `Bearer ${tokens['admin'] ?? ''}` },
  });
  const bundle = (await answer.json()) as { readonly entry: readonly { readonly resource: Visit }[] };
  assert.equal(bundle.entry.length, 1, `one visit ${id}`);
  const [entry] = bundle.entry;
  assert.ok(entry);
  return { status: entry.resource.status, start: new Date(entry.resource.start).toISOString() };
}

test('what an engine sends again changes nothing that later news contradicts, and news among it is applied', async () => {
  // 1: booked and cancelled. 2: booked, then moved. Both before the window.
  await send('S12', '1', NINE, '20261101080000');
  await send('S15', '1', NINE, '20261101090000');
  await send('S12', '2', NINE, '20261101080000');
  await send('S13', '2', TEN, '20261101091500');
  const [cancelled, moved] = [await visit('1'), await visit('2')];
  assert.equal(cancelled.status, 'cancelled');

  const began = await run('hl7', 'replay-window', 'any-hl7');
  assert.equal(began.code, 0, began.err);
  assert.match((await run('sites')).out, /any-hl7 .*replay window open/);

  // The engine stamps them anew, later than everything above.
  const again = [
    await send('S12', '1', NINE, '20261101120000'),
    await send('S15', '1', NINE, '20261101120001'),
    await send('S12', '2', NINE, '20261101120002'),
  ];
  for (const one of again) {
    assert.equal(one.status, 'superseded');
    assert.match(one.reason ?? '', /^says what message \d+ said; sent again within a replay window$/);
  }
  // Says otherwise than any message before, and would bring visit 1 back and move visit 2 to where it was.
  const back = await send('S13', '1', NINE, '20261101120003');
  assert.match(back.reason ?? '', /held back .*the visit is cancelled, and the message would bring it back as booked/);
  const earlier = await send('S14', '2', NINE, '20261101120004');
  assert.match(earlier.reason ?? '', /held back .*the visit was moved since/);
  assert.equal((await send('S12', '3', NINE, '20261101120005')).status, 'applied', 'a visit that nobody knew');
  assert.deepEqual([await visit('1'), await visit('2')], [cancelled, moved]);

  const ended = await run('hl7', 'replay-window', 'any-hl7', '--end');
  assert.equal(ended.code, 0, ended.err);
  assert.match(
    ended.out,
    /^3 sent again \(nothing changed\), 1 applied as news, 2 held back, 0 held back and applied/m,
  );
  assert.match(ended.out, new RegExp(`^${back.id} +held +Appointment/\\S+ +the visit is cancelled`, 'm'));
  assert.doesNotMatch((await run('sites')).out, /replay window open/);

  // An operator who has read it may have it applied; one that came in the window stays held on a replay without that.
  await run('hl7', 'replay', String(earlier.id));
  await eventually('the replay to be done', async () => {
    const { out } = await run('message', String(earlier.id), '--json');
    return (JSON.parse(out) as { readonly status: string }).status === 'superseded';
  });
  assert.deepEqual(await visit('2'), moved);
  await run('hl7', 'replay', String(earlier.id), '--force');
  await eventually('visit 2 to be back at nine', async () => (await visit('2')).start !== moved.start);
  const report = await run('hl7', 'replay-window', 'any-hl7', '--report');
  assert.match(report.out, new RegExp(`^${earlier.id} +forced `, 'm'));

  // Outside of a window newer news is newer news.
  await send('S13', '1', NINE, '20261101130000');
  assert.equal((await visit('1')).status, 'booked');
});

test('a second window, an end without one, and a site that is none are refused in a sentence', async () => {
  assert.match((await run('hl7', 'replay-window', 'any-hl7', '--end')).err, /no replay window is open/);
  assert.equal((await run('hl7', 'replay-window', 'any-hl7', '--until', '2030-01-01T00:00:00Z')).code, 0);
  assert.match((await run('hl7', 'replay-window', 'any-hl7')).err, /open already/);
  assert.equal((await run('hl7', 'replay-window', 'any-hl7', '--end')).code, 0);
  assert.match((await run('hl7', 'replay-window', 'elsewhere')).err, /no site file is named elsewhere/);
  assert.match((await run('hl7', 'replay-window', 'any-hl7', '--from', 'yesterday')).err, /from is a time like/);
});
