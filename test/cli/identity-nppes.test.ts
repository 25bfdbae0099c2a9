/** `slotwire identity nppes`: files on the operator's disk, sent to a running hub. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { startTestHub, TOKENS, type TestHub } from '../http/hub.ts';
import { deactivationReport, providerFile, type Nppes } from '../support/nppes.ts';
import { slotwire, type Said } from './terminal.ts';

const hub: TestHub = await startTestHub({ after });
const run = (...line: readonly string[]): Promise<Said> =>
  slotwire(['identity', ...line], { SLOTWIRE_URL: hub.url, SLOTWIRE_TOKEN: TOKENS.admin });
const OTHERS: readonly Nppes[] = [
  { npi: '1679576722', entity: '1', family: 'SOMEBODY' },
  { npi: '1558598797', off: '05/31/2020' },
];

async function file(t: TestContext, name: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-nppes-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, name), text);
  return join(folder, name);
}
async function known(): Promise<string> {
  const headers = { authorization: `Bearer ${TOKENS.admin}` };
  const { body } = await hub.request('/ops/api/identity/registry/npis', { headers });
  const [npi] = (body as { readonly npis: readonly string[] }).npis;
  assert.ok(npi !== undefined);
  return npi;
}

test('of a provider file what the hub knows is kept, or all, and stats tell which file it was', async (t) => {
  assert.match((await run('stats')).out, /no file of NPPES is loaded/);
  const npi = await known();
  const text = providerFile([...OTHERS, { npi, entity: '2', organisation: 'GROUP' }]);
  const path = await file(t, 'npidata_pfile_20050523-20260208.csv', text);
  const some = await run('nppes', path);
  assert.equal(some.code, 0, some.err);
  assert.match(some.out, /\(providers, 2026-02-08\): 3 lines read, 1 taken\./);
  assert.match((await run('nppes', path, '--all')).out, /3 lines read, 3 taken/);
  const stats = await run('stats');
  assert.match(stats.out, /NPPES \(providers of 2026-02-08, all\): 1 of \d+ NPIs? of practitioners known, 1 of org/);
});

test('a report of deactivations goes by its own date, and an older file is refused', async (t) => {
  const report = await file(
    t,
    'NPPES Deactivated NPI Report 20260209.csv',
    deactivationReport([[await known(), '01/31/2026']]),
  );
  assert.match((await run('nppes', report)).out, /\(deactivations, 2026-02-09\): 1 line read, 1 taken/);
  const older = await run('nppes', report, '--date', '2026-01-01', '--all');
  assert.equal(older.code, 1);
  assert.match(older.err, /is of 2026-01-01, and NPPES Deactivated NPI Report 20260209\.csv of 2026-02-09 is loaded/);
});

test('a file without a date, of another kind, or that is not there is told', async (t) => {
  const undated = await file(t, 'npidata.csv', providerFile(OTHERS));
  const said = await run('nppes', undated);
  assert.deepEqual([said.code, /holds no date/.test(said.err)], [2, true]);
  const wrong = await run('nppes', await file(t, 'people_20260208.csv', 'site,code\n'));
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /neither the columns of a provider file/);
  assert.match((await run('nppes', '/nowhere/npidata_20260208.csv')).err, /cannot be read \(ENOENT\)/);
  assert.equal((await run('nppes')).code, 2);
});

test('only an admin sends entries, and none that is no NPI', async () => {
  const send = async (token: string, entries: unknown): Promise<number> => {
    const { status } = await hub.request('/ops/api/identity/registry/entries', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'providers', fileDate: '2026-02-08', entries }),
    });
    return status;
  };
  assert.equal(await send(TOKENS.scheduler, []), 403);
  const entry = { npi: '1679576722', entity: 1, family: 'X', otherFamily: null, taxonomy: null, deactivatedOn: null };
  assert.equal(await send(TOKENS.admin, [entry]), 200);
  for (const wrong of [{ npi: '1234567890' }, { entity: 3 }, { family: 'x'.repeat(201) }, { deactivatedOn: 'soon' }])
    assert.equal(await send(TOKENS.admin, [{ ...entry, ...wrong }]), 400, JSON.stringify(wrong));
  assert.equal(await send(TOKENS.admin, 'all'), 400);
});

test('who may be one person is listed, and nobody is linked by it', async () => {
  const said = await run('practitioners', '--limit', '5');
  assert.equal(said.code, 0, said.err);
  assert.match(said.out, /No practitioner without an NPI|who may be one person; \d shown/);
  const json = JSON.parse((await run('practitioners', '--json', '-')).out) as { readonly total: number };
  assert.ok(Number.isSafeInteger(json.total));
  assert.equal((await run('practitioners', '--limit', '0')).code, 2);
});
