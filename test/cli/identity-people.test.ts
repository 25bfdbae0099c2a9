/** Who is who, through the operations API and the command line, over real records of two sites. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import { startTestHub, TOKENS, type Answer, type TestHub, type Who } from '../http/hub.ts';
import { ids } from '../store/search-world.ts';
import { slotwire, type Said } from './terminal.ts';

const hub: TestHub = await startTestHub({ after });
const { bob, annSouth, carl } = ids;

const ask = (who: Who, path: string, body?: unknown): Promise<Answer> =>
  hub.request(`/ops/api/identity${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${TOKENS[who]}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const run = (...line: readonly string[]): Promise<Said> =>
  slotwire(['identity', ...line], { SLOTWIRE_URL: hub.url, SLOTWIRE_TOKEN: TOKENS.admin });

test('only an admin asks and decides, with a verdict, a reason and ids of Patients', async () => {
  const word = { verdict: 'same', reason: 'front desk' };
  for (const path of ['', '/reviews', '/verdicts', `/pairs/${bob}/${annSouth}`]) {
    assert.equal((await ask('scheduler', path)).status, 403);
    assert.equal((await ask('admin', path)).status, 200, path);
  }
  assert.equal((await ask('scheduler', `/pairs/${bob}/${annSouth}`, word)).status, 403);
  for (const wrong of [{ verdict: 'maybe', reason: 'x' }, { verdict: 'same' }, { verdict: 'same', reason: ' ' }]) {
    assert.equal((await ask('admin', `/pairs/${bob}/${annSouth}`, wrong)).status, 400, JSON.stringify(wrong));
  }
  assert.equal((await ask('admin', `/pairs/seven/${annSouth}`, word)).status, 400);
  assert.equal((await ask('admin', `/pairs/${bob}/${bob.replace(/.$/, bob.endsWith('0') ? '1' : '0')}`)).status, 404);
  assert.equal((await ask('admin', '/unmerge', { records: [], reason: 'x' })).status, 400);
  assert.equal((await ask('admin', '/reviews?limit=0')).status, 400);
  assert.equal((await ask('admin', '/verdicts?after=x')).status, 400);
});

test('a person is put together and taken apart by commands that tell what they wrote', async () => {
  const same = await run('decide', 'same', bob, annSouth, '--reason', 'asked at the desk');
  assert.equal(same.code, 0, same.err);
  assert.match(same.out, /Written down as \d+/);
  assert.match(same.out, new RegExp(`(${bob}, ${annSouth}|${annSouth}, ${bob})`));
  const again = await run('decide', 'same', bob, annSouth, '--reason', 'asked twice');
  assert.match(again.out, /stood already/);
  const explained = await run('explain', bob, annSouth);
  assert.match(explained.out, /one person here[\s\S]*link [\s\S]*by person \S+: asked at the desk/);
  assert.doesNotMatch(explained.out, /Secret|ann-mrn/, 'no value of a record is printed');
  const apart = await run('unmerge', bob, '--reason', 'it was a namesake');
  assert.equal(apart.code, 0, apart.err);
  const json = JSON.parse((await run('explain', bob, annSouth, '--json', '-')).out) as { samePerson: boolean };
  assert.equal(json.samePerson, false);
  const stats = await run('stats');
  assert.match(stats.out, /patient records of \d+ people/);
  assert.match(stats.out, /decided by person: not-same 1/);
});

test('a value is said from a file, shown without itself, and withdrawn; a decision is undone by its number', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-identity-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'name.json');
  await writeFile(file, '{"family":"Quillfeather","given":["Ann"]}');
  const told = await run('override', annSouth, 'name', '--value', file, '--reason', 'her passport');
  assert.equal(told.code, 0, told.err);
  const number = /Written down as (\d+)/.exec(told.out)?.[1] ?? '';
  const person = await run('explain', annSouth);
  assert.match(person.out, new RegExp(`name: said by a person \\(${number}\\)[\\s\\S]*her passport`));
  assert.doesNotMatch(person.out, /Quillfeather/);
  const answer = await ask('admin', `/people/${annSouth}`);
  assert.match(JSON.stringify(answer.body), /Quillfeather/);
  assert.equal((await ask('scheduler', `/people/${annSouth}`)).status, 403);
  const undone = await run('undo', number, '--reason', 'another Ann');
  assert.equal(undone.code, 0, undone.err);
  assert.match((await run('explain', annSouth)).out, /another Ann/);
  assert.doesNotMatch((await run('explain', annSouth)).out, /said by a person/);
  assert.equal((await run('undo', number, '--reason', 'x')).code, 1);
  const none = await run('override', annSouth, 'name', '--withdraw', '--reason', 'x');
  assert.deepEqual([none.code, /nothing to withdraw/.test(none.err)], [1, true]);
  for (const wrong of [
    ['override', annSouth, 'name', '--reason', 'x'],
    ['override', annSouth, 'name', '--value', file, '--withdraw', '--reason', 'x'],
    ['undo', 'seven', '--reason', 'x'],
    ['undo', number],
  ]) {
    assert.equal((await run(...wrong)).code, 2, wrong.join(' '));
  }
  const path = `/people/${annSouth}/override`;
  for (const wrong of [{ attribute: 'shoe', value: 4 }, { attribute: 'name' }, { attribute: 'name', value: null }]) {
    assert.equal((await ask('admin', path, wrong)).status, 400, JSON.stringify(wrong));
  }
  assert.equal((await ask('admin', path, { attribute: 'gender', value: 'x', reason: 'x' })).status, 422);
  assert.equal((await ask('admin', '/decisions/x/undo', { reason: 'x' })).status, 400);
  assert.equal((await ask('admin', '/decisions/4711/undo', { reason: 'x' })).status, 404);
});

test('why two records are alike is drawn as a waterfall', async () => {
  const { out } = await run('explain', bob, annSouth);
  assert.match(out, /start +two records at random/);
  assert.match(out, /total/);
  assert.match(out, /A person is asked from .*\(R\) on, nobody from .*\(A\)/);
});

test('a person is erased by an admin who says why, once and for good', async () => {
  const wish = { records: [annSouth], reason: 'asked in writing' };
  assert.equal((await ask('scheduler', '/erase', wish)).status, 403);
  assert.equal((await ask('admin', '/erase', { records: [annSouth] })).status, 400);
  assert.equal((await run('erase', annSouth)).code, 2);
  const read = (id = annSouth): Promise<Answer> =>
    hub.request(`/fhir/R4/Patient/${id}`, { headers: { authorization: `Bearer ${TOKENS.admin}` } });
  assert.equal((await read()).status, 200);
  assert.equal((await read(goldenIdOf(annSouth))).status, 200);
  const toCome = await run('erase', carl, '--reason', 'asked in writing');
  assert.match(toCome.err, /visits to come; have them cancelled first \(\d+\)/);
  const said = await run('erase', annSouth, '--reason', 'asked in writing');
  assert.equal(said.code, 0, said.err);
  assert.match(said.out, new RegExp(`Erased: ${annSouth}; nobody can bring this back`));
  assert.equal((await read()).status, 410);
  assert.equal((await read(goldenIdOf(annSouth))).status, 404);
  assert.match((await run('erase', annSouth, '--reason', 'again')).out, /Erased before/);
  assert.equal((await run('decide', 'same', bob, annSouth, '--reason', 'x')).code, 1);
});

test('what is wrong with the command line, or with the wish, is said in a sentence', async () => {
  assert.deepEqual(await run('decide', 'same', bob, annSouth).then(({ code }) => code), 2); // prettier-ignore
  assert.deepEqual(await run('explain', bob, annSouth, carl).then(({ code }) => code), 2); // prettier-ignore
  assert.deepEqual(await run('unmerge', '--reason', 'x').then(({ code }) => code), 2); // prettier-ignore
  const alone = await run('unmerge', bob, '--reason', 'x');
  assert.equal(alone.code, 1);
  assert.match(alone.err, /nothing joins these records to others/);
});
