import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { freshDatabase } from '../support/database.ts';

const database = await freshDatabase({ after });

test('every table that names a site is emptied of it when the site is forgotten', async () => {
  const { rows } = await database.pool.query<{ table_name: string }>(
    `SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema,
     table_name)
     WHERE c.table_schema = 'public' AND c.column_name = 'site' AND t.table_type = 'BASE TABLE'
       AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = quote_ident(c.table_name)::regclass)`,
  );
  const { forgottenTables } = await import('../../src/store/forget.ts');
  const kept = new Set(['ledger', 'audit']);
  const missing = rows
    .map((row) => row.table_name)
    .filter((name) => !kept.has(name) && !forgottenTables().includes(name));
  assert.deepEqual(missing, [], 'add a DELETE to src/store/forget.ts, or say here why it stays');
});

test('a slot that began gets one closing record, with what was booked and kept', async () => {
  const { closeOpenings } = await import('../../src/store/openings.ts');
  const { instant } = await import('../../src/core/instant.ts');
  const now = instant(Date.UTC(2026, 10, 21, 12));
  assert.equal(await closeOpenings(database.pool, now, 'hub:sweep'), 0, 'the first call only sets the watermark');
  await database.pool.query(
    `INSERT INTO slot (id, version, site, site_key, schedule_id, local_visit_type, start_at, end_at, status,
       site_status, content,
       last_updated)
     VALUES ('00000000-0000-8000-8000-000000000001', 1, 'midtown', 'k', '00000000-0000-8000-8000-000000000002', 't',
       '2026-11-21T12:30:00Z', '2026-11-21T13:00:00Z', 'busy', 'free', '{}', now())`,
  );
  await database.pool.query(
    `INSERT INTO appointment (id, version, site, status, slots, sealed, key_id, ordered_at, last_updated)
     VALUES ('00000000-0000-8000-8000-000000000003', 1, 'midtown', 'fulfilled',
       ARRAY['00000000-0000-8000-8000-000000000001'::uuid], '\\x00', 'k', now(), now())`,
  );
  const later = instant(now + 3_600_000);
  assert.equal(await closeOpenings(database.pool, later, 'hub:sweep'), 1);
  assert.equal(await closeOpenings(database.pool, later, 'hub:sweep'), 0, 'never twice');
  const { rows } = await database.pool.query<{ data: string }>(`SELECT data FROM ledger WHERE kind = 'opening-closed'`);
  assert.deepEqual(JSON.parse(rows[0]?.data ?? ''), { status: 'busy', capacity: 1, booked: 1, kept: 1 });
});
