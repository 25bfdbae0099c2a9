/** However long the log of decisions is, what one record is concerned by is found along an index. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { identityStore } from '../../src/store/identity.ts';
import type { Queryable } from '../../src/store/postgres.ts';
import { openedStore } from './opened.ts';
import { readWhole } from './whole-reads.ts';

const { pool, keys } = await openedStore({ after });
const empty = new Set<string>();
const ids = Array.from({ length: 50 }, () => randomUUID());

/** 8,000 records in people of 20, and one of 50; of each two of a person who follow each other a link. */
before(async () => {
  await pool.query(
    `INSERT INTO patient_link (patient_id, golden_id, site, site_key, linked_at)
     SELECT id, first_value(id) OVER (PARTITION BY person ORDER BY n), 's' || n % 20, n::text, now()
     FROM (SELECT md5('r' || n)::uuid AS id, n / 20 AS person, n FROM generate_series(1, 8000) n
       UNION ALL
       SELECT u.id, 9999, 10000 + u.place FROM unnest($1::uuid[]) WITH ORDINALITY AS u(id, place)) AS records`,
    [ids],
  );
  await pool.query(
    `INSERT INTO identity_decision (kind, one, other, actor_kind, actor, reason, at, recorded_at)
     SELECT 'link', one, other, 'hub', 'slotwire', 'the records match', now(), now()
     FROM (SELECT patient_id AS one, lead(patient_id) OVER (PARTITION BY golden_id ORDER BY ordinal) AS other
       FROM patient_link) AS pairs WHERE other IS NOT NULL`,
  );
  await pool.query(`INSERT INTO golden_holding SELECT golden_id, patient_id FROM patient_link`);
  await pool.query(
    `INSERT INTO golden_patient (id, state, changed_at) SELECT DISTINCT golden_id, 'active', now() FROM patient_link`,
  );
  await pool.query('ANALYZE');
  const { rows } = await pool.query<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE reltuples <= 0`);
  for (const { name } of rows) empty.add(name);
});

const wholeReads = (work: (q: Queryable) => Promise<unknown>): Promise<readonly string[]> =>
  readWhole(pool, empty, work);

test('what was decided about a record and all whom decisions connect with it', async () => {
  let found = 0;
  assert.deepEqual(
    await wholeReads(async (q) => {
      const store = identityStore(q, keys);
      found = (await store.about(ids.slice(0, 1))).length;
      await store.about(ids);
    }),
    [],
  );
  assert.equal(found, 49);
});

test('the golden ids that ever stood for records, and all for whom these stood', async () => {
  let held: ReadonlyMap<string, readonly string[]> = new Map();
  assert.deepEqual(
    await wholeReads(async (q) => {
      held = await identityStore(q, keys).holdings(ids);
    }),
    [],
  );
  assert.deepEqual(
    [...held.values()].map((one) => [...one].sort()),
    [[...ids].sort()],
  );
});
