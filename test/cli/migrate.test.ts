import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { freshDatabase } from '../support/database.ts';
import { slotwire } from './terminal.ts';

const folder = await mkdtemp(join(tmpdir(), 'slotwire-migrate-'));
after(() => rm(folder, { recursive: true, force: true }));

test('migrate applies what is missing, names it, and finds nothing to do the second time', async () => {
  const { url } = await freshDatabase({ after }, { migrations: null });
  const variables = { DATABASE_URL: url, DATA_DIR: folder };
  const first = await slotwire(['migrate'], variables);
  assert.deepEqual([first.code, first.err], [0, '']);
  assert.match(first.out, /^applied 0001_\w+\.sql$/m);
  assert.match(first.out, /\d+ migrations? applied\.$/);
  assert.deepEqual(await slotwire(['migrate'], variables), { code: 0, out: 'The schema is up to date.', err: '' });
});

test('a database that refuses the login is said, and the password is not', async () => {
  const { url } = await freshDatabase({ after }, { migrations: null });
  const wrong = new URL(url);
  wrong.password = 'not-the-password';
  const { code, err } = await slotwire(['migrate'], { DATABASE_URL: wrong.href, DATA_DIR: folder });
  assert.equal(code, 1);
  assert.match(err, /The database refused the login\. Check user, password/);
  assert.doesNotMatch(err, /not-the-password/);
});
