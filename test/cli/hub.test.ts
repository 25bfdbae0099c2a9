/** The commands against a hub that runs, as an operator has it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MIDTOWN, RIVERSIDE } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { eventually } from '../support/wait.ts';
import { slotwire, type Said } from './terminal.ts';

const PROJECT = join(import.meta.dirname, '../..');
const anyHl7 = await readFile(join(PROJECT, 'config/sites/any-hl7.yaml'), 'utf8');
const hub = await startHub(
  { after },
  { sites: [MIDTOWN, RIVERSIDE], configure: (config) => config.write('sites/any-hl7.yaml', anyHl7) },
);
const folder = await mkdtemp(join(tmpdir(), 'slotwire-cli-hub-'));
after(() => rm(folder, { recursive: true, force: true }));

const variables = { DATA_DIR: hub.dataDir, CONFIG_DIR: hub.config.path };
const run = (...words: readonly string[]): Promise<Said> => slotwire(words, variables);
async function json<T>(...words: readonly string[]): Promise<T> {
  const { code, out, err } = await run(...words, '--json');
  assert.deepEqual([code, err], [0, '']);
  return JSON.parse(out) as T;
}

interface FeedReport {
  readonly counts: {
    readonly files: number;
    readonly empty: number;
    readonly messages: number;
    readonly acknowledgement: Readonly<Record<string, number>>;
    readonly outcome: Readonly<Record<string, number>>;
    readonly repeated: number;
  };
  readonly messages: readonly {
    readonly file: string;
    readonly number: number;
    readonly acknowledgement: string | null;
    readonly outcome: string;
    readonly why: string;
    readonly site: string | null;
    readonly message: number | null;
    readonly repeated: boolean;
  }[];
}

let ids = 0;
/** A visit of a sender that no site file names. */
function siu(more: { readonly start?: string; readonly type?: string; readonly rest?: string } = {}): string {
  const { start = '20300107090000', type = 'SIU^S12', rest = '' } = more;
  const id = (ids += 1);
  return [
    `MSH|^~\\&|STRANGER|ELSEWHERE|||20261001120000||${type}|C${id}|P|2.5${rest}`,
    `SCH|P${id}|F${id}|||||||30|min|^^30^${start}`,
    `PID|1||${id}^^^ELSEWHERE^MR||Sample^Person||19800101|F`,
    'RGS|1',
    'AIP|1||DOC1^Doe^Jo',
    '',
  ].join('\r');
}

async function feed(files: Readonly<Record<string, string>>): Promise<FeedReport> {
  const place = await mkdtemp(join(folder, 'feed-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(place, name), text);
  return json<FeedReport>('feed', place);
}

test('feed tells of each message the acknowledgement and what became of it', async () => {
  const { counts, messages } = await feed({
    '1-applied.hl7': siu(),
    '2-batch.hl7': siu() + siu(),
    '3-parked.hl7': siu({ start: '' }),
    '4-ignored.hl7': siu({ type: 'ADT^A38' }),
    '5-refused.hl7': siu({ type: 'SRM^S01' }),
    '6-silent.hl7': siu({ rest: '|||NE|NE' }),
    '7-no-message.txt': 'a letter',
    '8-empty.dat': '',
  });
  assert.deepEqual(
    messages.map((one) => [one.file, one.number, one.acknowledgement, one.outcome, one.site]),
    [
      ['1-applied.hl7', 1, 'AA', 'applied', 'any-hl7'],
      ['2-batch.hl7', 1, 'AA', 'applied', 'any-hl7'],
      ['2-batch.hl7', 2, 'AA', 'applied', 'any-hl7'],
      ['3-parked.hl7', 1, 'AA', 'parked', 'any-hl7'],
      ['4-ignored.hl7', 1, 'AA', 'ignored', 'any-hl7'],
      ['5-refused.hl7', 1, 'AE', 'refused', null],
      ['6-silent.hl7', 1, 'unwanted', 'applied', 'any-hl7'],
      ['7-no-message.txt', 1, 'AR', 'refused', null],
    ],
  );
  assert.match(messages[3]?.why ?? '', /^map MESSAGE_INCOMPLETE: SCH-11/);
  assert.match(messages[4]?.why ?? '', /undoes a planned stay/);
  assert.match(messages[5]?.why ?? '', /takes no bookings by SRM/);
  assert.deepEqual([counts.files, counts.empty, counts.messages, counts.repeated], [8, 1, 8, 0]);
});

test('feed says on the terminal what its JSON says, and tells what was known before', async () => {
  const place = await mkdtemp(join(folder, 'twice-'));
  await writeFile(join(place, 'visit.hl7'), siu());
  const first = await run('feed', place);
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /^AA +visit\.hl7 +SIU\^S12 +applied.* \(any-hl7, message \d+\)$/m);
  assert.match(first.out, /^1 file, 1 message: 1 AA; 1 applied\.$/m);
  const second = await run('feed', place);
  assert.equal(second.code, 0);
  assert.match(second.out, /, known before\)$/m);
});

test('feed to a hub whose token is not known tells the acknowledgement alone', async () => {
  const place = await mkdtemp(join(folder, 'alone-'));
  await writeFile(join(place, 'visit.hl7'), siu());
  const { host, port } = hub.sandbox().mllp;
  const words = ['feed', place, '--host', host, '--port', String(port)];
  const { code, out, err } = await slotwire(words, { DATA_DIR: join(folder, 'none') });
  assert.equal(code, 0, err);
  assert.match(out, /1 AA; 1 stored\./);
  assert.match(err, /no admin token is known/);
});

test('sites and lag show each site, as text and as JSON', async () => {
  const { out, code } = await run('sites');
  assert.equal(code, 0);
  for (const site of [MIDTOWN, RIVERSIDE, 'any-hl7']) assert.match(out, new RegExp(`^${site} +\\S+ +live +`, 'm'));
  const { sites } = await json<{ readonly sites: readonly { readonly id: string }[] }>('sites');
  assert.deepEqual(
    sites.map(({ id }) => id),
    ['any-hl7', MIDTOWN, RIVERSIDE],
  );
  const lag = await json<{ readonly feeds: readonly { readonly site: string; readonly lag_s: number | null }[] }>(
    'lag',
  );
  const polled = lag.feeds.find((one) => one.site === MIDTOWN && one.lag_s !== null);
  assert.ok(polled, 'the polled feed has a lag');
  assert.match((await run('lag')).out, new RegExp(`^${MIDTOWN} +poll +\\d+ (s|min)$`, 'm'));
});

interface Listed {
  readonly messages: readonly { readonly id: number; readonly status: string; readonly site: string }[];
}

test('messages are listed by status, site and control id, and one is shown by its number', async () => {
  const { messages } = await feed({ 'a.hl7': siu(), 'b.hl7': siu({ start: '' }) });
  const control = `C${ids}`;
  const found = await json<Listed>('messages', '--control-id', control);
  assert.deepEqual(
    found.messages.map(({ id }) => id),
    [messages[1]?.message],
  );
  const all = await json<Listed>('messages', '--site', 'any-hl7', '--limit', '1000');
  assert.ok(all.messages.every(({ site }) => site === 'any-hl7'));
  const first = await run('messages', '--site', 'any-hl7', '--limit', '1');
  assert.match(first.err, new RegExp(`--after ${all.messages[0]?.id ?? 0} goes on`));
  const parked = await json<Listed>('messages', '--status', 'parked', '--site', 'any-hl7');
  assert.ok(parked.messages.some(({ id }) => id === messages[1]?.message));
  const one = await run('message', String(messages[1]?.message));
  assert.match(one.out, /^status +parked$/m);
  assert.doesNotMatch(one.out, /Sample|19800101/);
  const none = await run('message', '999999999');
  assert.deepEqual([none.code, none.out], [1, '']);
  assert.match(none.err, /there is no message 999999999/);
  const wrong = await run('messages', '--status', 'lost');
  assert.match(wrong.err, /status is one of received, applied/);
});

test('parked messages are grouped by cause, and applied again by number or by code', async () => {
  const { messages } = await feed({ 'a.hl7': siu({ start: '' }), 'b.hl7': siu({ start: '' }) });
  const numbers = messages.map((one) => one.message ?? 0);
  interface Causes {
    readonly causes: readonly { readonly code: string; readonly site: string; readonly count: number }[];
  }
  const { causes } = await json<Causes>('parked', '--site', 'any-hl7');
  const cause = causes.find(({ code }) => code === 'MESSAGE_INCOMPLETE');
  assert.ok(cause !== undefined && cause.count >= 2);
  assert.match((await run('parked')).out, /^MESSAGE_INCOMPLETE: The message lacks something/m);

  const before = await attempts(numbers);
  const dry = await run('replay', '--all-of', 'MESSAGE_INCOMPLETE', '--dry-run');
  assert.match(dry.out, /would be applied again\. Nothing was changed\.$/);
  assert.deepEqual(await attempts(numbers), before);

  const { replayed } = await json<{ readonly replayed: readonly number[] }>(
    'replay',
    ...['--all-of', 'MESSAGE_INCOMPLETE', '--site', 'any-hl7'],
  );
  for (const id of numbers) assert.ok(replayed.includes(id));
  await eventually('they are parked again', async () => {
    const now = await json<Listed>('messages', '--status', 'parked', '--site', 'any-hl7', '--limit', '1000');
    return numbers.every((id) => now.messages.some((one) => one.id === id));
  });
  const byNumber = await run('replay', String(numbers[0]));
  assert.match(byNumber.out, new RegExp(`^1 message will be applied again: ${numbers[0] ?? 0}\\.`));
  const { rows } = await hub.query(
    `SELECT actor, count(*)::int AS count FROM audit WHERE action = 'operate' AND resource_id = $1 GROUP BY actor`,
    [`message:${numbers[0] ?? 0}`],
  );
  assert.deepEqual(rows, [{ actor: 'client:admin', count: 2 }]);
  const nothing = await run('replay', '--all-of', 'NO_SUCH_CODE');
  assert.match(nothing.out, /there is nothing to replay/);
});

async function attempts(numbers: readonly number[]): Promise<readonly unknown[]> {
  const { rows } = await hub.query('SELECT id, status, done_at::text FROM inbox WHERE id = ANY($1) ORDER BY id', [
    [...numbers],
  ]);
  return rows;
}

test('resync has a site read again from the beginning, is written down, and leaves the hub ready', async () => {
  const cursor = async (): Promise<Readonly<Record<string, unknown>>> => {
    const { rows } = await hub.query(
      `SELECT max(updated_at) FILTER (WHERE ability = 'poll')::text AS poll, bool_and(value = '{"done":true}')
         FILTER (WHERE ability = 'load') AS loaded,
         (SELECT min(verified_at)::text FROM freshness WHERE site = $1) AS verified
       FROM cursor WHERE site = $1`,
      [MIDTOWN],
    );
    return rows[0] ?? {};
  };
  const before = await cursor();
  const { code, out, err } = await run('resync', MIDTOWN);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /is asked for everything again/);
  assert.equal((await fetch(`${hub.origin()}/readyz`)).status, 200);
  await eventually('everything was read again', async () => {
    const now = await cursor();
    return now['poll'] !== before['poll'] && now['loaded'] !== false && now['verified'] !== before['verified'];
  });
  const { rows } = await hub.query(`SELECT actor, outcome FROM audit WHERE action = 'operate' AND site = $1`, [
    MIDTOWN,
  ]);
  assert.deepEqual(rows, [{ actor: 'client:admin', outcome: 'success' }]);
});

test('a site that only sends, and one that is not there, cannot be asked again', async () => {
  const sends = await run('resync', RIVERSIDE);
  assert.equal(sends.code, 1);
  assert.match(sends.err, /it only sends; have its IT team send again what is missing/);
  const unknown = await run('resync', 'nowhere');
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /There is no such site\./);
});

test('plan asks the hub what it would change, and changes nothing', async () => {
  const same = await run('plan');
  assert.deepEqual([same.code, same.err], [0, '']);
  assert.match(same.out, /runs; reading .* again \(SIGHUP\) would bring:\n {2}nothing changes$/);
  await hub.config.edit('sites/any-hl7.yaml', (site) => site.setIn(['stage'], 'shadow'));
  const other = await run('plan');
  assert.match(other.out, /^ {2}change any-hl7: stage "live" -> "shadow"$/m);
  const { sites } = await json<{ readonly sites: readonly { readonly id: string; readonly stage: string }[] }>('sites');
  assert.equal(sites.find(({ id }) => id === 'any-hl7')?.stage, 'live');
  await hub.config.edit('sites/any-hl7.yaml', (site) => site.setIn(['stage'], 'live'));
});

test('check beside a running hub uses its simulators and disturbs nothing', async () => {
  const before = await hub.companions();
  const { code, out } = await run('check');
  assert.equal(code, 0, out);
  assert.match(out, /3 sites rehearsed, all is well\./);
  assert.deepEqual(await hub.companions(), before);
});

test('start is the start of the hub, with its refusals', async () => {
  const child = spawn(process.execPath, ['src/cli.ts', 'start'], {
    cwd: PROJECT,
    env: { ...hub.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 1);
  assert.match(said, /^slotwire: Another hub runs on this DATA_DIR\./);
});

test('migrate is refused while a hub runs on the DATA_DIR', async () => {
  const { code, err } = await run('migrate');
  assert.equal(code, 1);
  assert.match(err, /Another hub runs on this DATA_DIR\. Stop it first/);
});

test('the operations API is for admins alone', async () => {
  const { tokens } = hub.sandbox();
  for (const name of ['scheduler', 'readonly', MIDTOWN]) {
    for (const words of ['sites', 'messages', 'message 1', 'replay 1', `resync ${MIDTOWN}`, 'plan']) {
      const said = await slotwire(words.split(' '), { ...variables, SLOTWIRE_TOKEN: tokens[name] ?? '' });
      assert.equal(said.code, 1, `${name} ${words}`);
      assert.match(said.err, /wants a token with role admin/);
    }
  }
  const wrong = await slotwire(['sites'], { ...variables, SLOTWIRE_TOKEN: 'wrong' });
  assert.match(wrong.err, /does not know this token/);
});
