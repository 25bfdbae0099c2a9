/**
 * However many slots and visits there are, what one visit touches is found along an index, whatever the planner
 * believes.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { HOUR_MS, plus } from '../../src/core/instant.ts';
import { systemScope } from '../../src/store/contract.ts';
import { busyStore } from '../../src/store/busy.ts';
import { Gathered } from '../../src/store/gather.ts';
import type { Queryable, Statement } from '../../src/store/postgres.ts';
import { resourceStore } from '../../src/store/resources.ts';
import { transaction } from '../../src/store/transaction.ts';
import { NOON, openedStore } from './opened.ts';

const { pool, keys } = await openedStore({ after });
const ACTOR = randomUUID();
const VISIT = randomUUID();
const HOUR = { start: NOON, end: plus(NOON, HOUR_MS) };

/**
 * A clinic: sixteen schedules of 600 slots, a third of them taken; the first schedule is the one that is asked about.
 */
before(async () => {
  await pool.query(
    `INSERT INTO schedule_actor (schedule_id, actor_type, actor_id)
     SELECT md5('s' || n)::uuid, type, CASE WHEN n = 1 AND type = 'Practitioner' THEN $1
       ELSE md5(type || CASE WHEN type = 'Location' THEN 0 ELSE n END)::uuid END
     FROM generate_series(1, 16) n, unnest(ARRAY['Practitioner', 'PractitionerRole', 'Location']) type`,
    [ACTOR],
  );
  await pool.query(
    `INSERT INTO slot (id, version, site, site_key, schedule_id, local_visit_type, visit_type, start_at, end_at, status,
       site_status, capacity, security, content, last_updated)
     SELECT gen_random_uuid(), 1, 'a', n || ':' || m, md5('s' || n)::uuid, 'x', 'x',
       $1::timestamptz + m * interval '1 hour',
       $1::timestamptz + (m + 1) * interval '1 hour', 'free', 'free', 1, '{}',
       '{"resourceType":"Slot","status":"free"}', $1
     FROM generate_series(1, 16) n, generate_series(-300, 299) m`,
    [new Date(NOON)],
  );
  await pool.query(
    `INSERT INTO busy (resource_id, during, occupancy, origin, site, appointment_id, tentative)
     SELECT CASE WHEN n = 1 THEN $2 ELSE md5('Practitioner' || n)::uuid END,
       tstzrange($1::timestamptz + m * interval '1 hour', $1::timestamptz + (m + 1) * interval '1 hour'),
       gen_random_uuid(), 'site', 'a', CASE WHEN n = 1 AND m = 0 THEN $3 ELSE gen_random_uuid() END, false
     FROM generate_series(1, 16) n, generate_series(-300, 299, 3) m`,
    [new Date(NOON), ACTOR, VISIT],
  );
  await pool.query(
    `INSERT INTO appointment (id, version, site, site_key, status, tokens, sealed, key_id, ordered_at, last_updated)
     SELECT gen_random_uuid(), 1, 'a', 'k' || n, 'booked', ARRAY['identifier:s|P-' || n, 'identifier:*|P-' || n], '',
       'k', $1, $1::timestamptz - n * interval '1 minute' FROM generate_series(1, 8000) n`,
    [new Date(NOON)],
  );
  // As autovacuum does: what was just written waits beside a GIN index, and is read whole until then.
  await pool.query('VACUUM appointment');
});

/** The most rows that any step of any statement looked at, run with the plan for values that are not known. */
async function mostRows(work: (q: Queryable) => Promise<unknown>): Promise<number> {
  let most = 0;
  let count = 0;
  await transaction(pool, async (tx) => {
    await tx.query('SET LOCAL plan_cache_mode = force_generic_plan');
    const q: Queryable = {
      async query<R>(statement: string | Statement, given?: readonly unknown[]) {
        const { text, values = given ?? [] } = typeof statement === 'string' ? { text: statement } : statement;
        if (/^\s*(?:SELECT|WITH)/.test(text) && !text.includes('INSERT')) {
          // Several may be under way at once.
          const name = `looked_at_${(count += 1)}`;
          await tx.query(`PREPARE ${name} AS ${text}`);
          const { rows } = await tx.query<{ 'QUERY PLAN': readonly { Plan: Step }[] }>(
            `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE ${name}(${values.map(literal).join(', ')})`,
          );
          await tx.query(`DEALLOCATE ${name}`);
          most = Math.max(most, looked(rows[0]?.['QUERY PLAN'][0]?.Plan));
        }
        return tx.query<R>(statement, given);
      },
      async post(statement: Statement) {
        await this.query(statement);
      },
    };
    await work(q);
  });
  return most;
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `'{${value.map((one) => JSON.stringify(one)).join(',')}}'`;
  return value === null ? 'NULL' : `'${value instanceof Date ? value.toISOString() : (value as string)}'`;
}

interface Step {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly Step[];
}

function looked(step: Step | undefined): number {
  if (step === undefined) return 0;
  const removed = (step['Rows Removed by Filter'] ?? 0) + (step['Rows Removed by Join Filter'] ?? 0);
  const own = (step['Actual Rows'] + removed) * step['Actual Loops'];
  return Math.max(own, ...(step.Plans ?? []).map(looked));
}

const cause = { site: null, messageId: null, siteTime: null, now: NOON };
const refresh = (q: Queryable): Promise<unknown> =>
  resourceStore(new Gathered(q), keys, systemScope('test')).refreshSlots([ACTOR], HOUR, cause);
const byToken = (q: Queryable): Promise<unknown> =>
  resourceStore(new Gathered(q), keys, systemScope('test')).appointmentsByToken('a', 'identifier:s|P-7999');
const clashes = (q: Queryable): Promise<unknown> => busyStore(q).clashes([VISIT]);

for (const known of [false, true]) {
  const told = known ? 'once the tables are analysed' : 'before the tables were ever analysed';
  test(`the slots that a visit touches are found among ten thousand by looking at a few, ${told}`, async () => {
    if (known) await pool.query('ANALYZE');
    assert.ok((await mostRows(refresh)) < 200);
  });
  test(`a visit is found by its placer id among eight thousand by looking at a few, ${told}`, async () => {
    if (known) await pool.query('ANALYZE');
    assert.ok((await mostRows(byToken)) < 200);
  });
  test(`clashes of a visit are found among three thousand by looking at a few, ${told}`, async () => {
    if (known) await pool.query('ANALYZE');
    assert.ok((await mostRows(clashes)) < 200);
  });
}
