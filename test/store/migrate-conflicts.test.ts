/** What an earlier release has raised as conflicts is looked after by the present one. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { migrate } from '../../src/store/migrate.ts';
import { freshDatabase } from '../support/database.ts';
import { NOON } from './opened.ts';

const SHIPPED = join(import.meta.dirname, '../../src/store/sql');

test('conflicts that an earlier release raised are taken over; closed ones and other work are left alone', async (t) => {
  const { pool } = await freshDatabase(t, { migrations: null });
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-migrate-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const name of await readdir(SHIPPED)) {
    if (name < '0011') await cp(join(SHIPPED, name), join(folder, name));
  }
  await migrate(pool, folder);
  const [one, other, resource] = [randomUUID(), randomUUID(), randomUUID()].sort();
  const raised = async (kind: string, subject: string, evidence: object, closed: boolean): Promise<void> => {
    await pool.query(
      `INSERT INTO work_item (id, kind, subject, site, role, due_at, opened_at, closed_at, evidence)
       VALUES (gen_random_uuid(), $1, $2, 'north', 'scheduling', $3, $3, $4, $5)`,
      [kind, subject, new Date(NOON), closed ? new Date(NOON) : null, JSON.stringify(evidence)],
    );
  };
  const subject = `appointments:${String(one)}:${String(other)}`;
  await raised('conflict', subject, { resource, other }, false);
  await raised('conflict', `appointments:${randomUUID()}:${randomUUID()}`, { resource }, true);
  await raised('parked', 'message:7', {}, false);

  await migrate(pool, SHIPPED);
  const { rows } = await pool.query(
    `SELECT subject, because, visits::text[], sites, resource_id, noted_at, raised_at, look_again FROM conflict`,
  );
  assert.deepEqual(rows, [
    {
      subject,
      because: 'two-sites',
      visits: [one, other],
      sites: ['north'],
      resource_id: resource,
      noted_at: NOON,
      raised_at: NOON,
      look_again: true,
    },
  ]);
});
