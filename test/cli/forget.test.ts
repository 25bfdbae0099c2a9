import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startHub } from '../support/hub.ts';
import { eventually } from '../support/wait.ts';
import { slotwire } from './terminal.ts';

const GONE = 'any-hl7';
const file = await readFile(join(import.meta.dirname, '../../config/sites', `${GONE}.yaml`), 'utf8');
const hub = await startHub(
  { after },
  { sites: ['riverside-hl7'], configure: (config) => config.write(`sites/${GONE}.yaml`, file) },
);

async function run(...words: string[]): Promise<{ readonly code: number; readonly err: string; readonly out: string }> {
  return slotwire(words, { DATA_DIR: hub.dataDir, CONFIG_DIR: hub.config.path });
}

test('a site is forgotten only when no file names it, and what was done stays written down', async () => {
  const early = await run('sites', 'forget', GONE);
  assert.equal(early.code, 1);
  assert.match(early.err, /a site file names it/);
  const never = await run('sites', 'forget', 'nowhere');
  assert.equal(never.code, 1);
  assert.match(never.err, /There is no such site/);

  await hub.config.remove(`sites/${GONE}.yaml`);
  hub.signal('SIGHUP');
  await eventually('the plan without the site is in force', async () => !(await run('sites')).out.includes(GONE));
  const { rows: kept } = await hub.query('SELECT id FROM resource WHERE site = $1', [GONE]);
  assert.ok(kept.length > 0, 'removing the file alone deletes nothing');

  const done = await run('sites', 'forget', GONE);
  assert.deepEqual([done.code, done.err], [0, '']);
  const { rows: left } = await hub.query('SELECT id FROM resource WHERE site = $1', [GONE]);
  assert.deepEqual(left, []);
  const { rows } = await hub.query(`SELECT actor FROM audit WHERE action = 'operate' AND site = $1`, [GONE]);
  assert.deepEqual(rows, [{ actor: 'client:admin' }]);
});
