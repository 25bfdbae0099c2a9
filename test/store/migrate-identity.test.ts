/** What an earlier release stored of patients and of what sites decided is counted, copied and made due. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { migrate } from '../../src/store/migrate.ts';
import { identityStore } from '../../src/store/identity.ts';
import { indexStore } from '../../src/store/patient-index.ts';
import { openKeys } from '../../src/store/seal.ts';
import { transaction } from '../../src/store/transaction.ts';
import { freshDatabase } from '../support/database.ts';
import { at } from './opened.ts';

const SHIPPED = join(import.meta.dirname, '../../src/store/sql');

test('records of an earlier release have their order, and what sites decided of them is in the log', async (t) => {
  const { pool } = await freshDatabase(t, { migrations: null });
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-migrate-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const name of await readdir(SHIPPED)) {
    if (name < '0013') await cp(join(SHIPPED, name), join(folder, name));
  }
  await migrate(pool, folder);
  const ids = [randomUUID(), randomUUID(), randomUUID()];
  const link = async (id: string, key: string, minute: number): Promise<void> => {
    await pool.query(
      `INSERT INTO patient_link (patient_id, golden_id, site, site_key, linked_at) VALUES ($1, $1, 'north', $2, $3)`,
      [id, key, new Date(at(minute))],
    );
  };
  for (const [number, id] of ids.entries()) await link(id, String(number), -number);
  await pool.query(
    `INSERT INTO patient_decision (site, kind, one, other, at, reason, actor, recorded_at)
     VALUES ('north', 'merge', '0', '1', $1, 'ADT^A40', 'hub:apply', $1)`,
    [new Date(at(0))],
  );

  await migrate(pool, SHIPPED);
  const { rows } = await pool.query<{ key: string }>('SELECT site_key AS key FROM patient_link ORDER BY ordinal');
  assert.deepEqual(
    rows.map(({ key }) => key),
    ['2', '1', '0'],
  );
  await link(randomUUID(), '3', 5);
  const keys = await openKeys({ file: join(folder, 'keys.json') });
  await transaction(pool, async (q) => {
    const [log, index] = [identityStore(q, keys), indexStore(q, keys)];
    assert.equal(await index.size(), 4);
    assert.deepEqual([...(await log.copySiteDecisions(10, at(6)))].sort(), ids.slice(0, 2).sort());
    assert.deepEqual((await log.about([ids[0] ?? '']))[0]?.kind, 'merge');
    assert.equal(await index.dueUnindexed(1, 10, at(6)), 4);
    assert.equal((await index.takeDue(at(6), 1))[0]?.id, ids[2], 'the oldest goes first');
  });
});
