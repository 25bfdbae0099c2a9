/**
 * Upkeep of the tables that grow for ever: a partition per month (UTC), made ahead, dropped whole when it is past
 * retention. What is not done is never dropped. Rows that came while their month had no partition stand in the DEFAULT
 * one and are moved.
 *
 * Each step is a transaction of its own and waits for its lock a short while only: behind a long transaction it would
 * hold up everybody who comes after it. What could not be done is done the next time; until then DEFAULT takes the
 * rows.
 */
import { HubError } from '../core/errors.ts';
import { DAY_MS, instant, type Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Retention } from './contract.ts';
import { RELEASE_ORPHANS } from './inbox-claim.ts';
import type { Pool, Queryable } from './postgres.ts';
import { transaction } from './transaction.ts';

interface Partitioned {
  readonly table: string;
  readonly column: string;
  /** Days, or null: kept for ever (what the ledger or the audit trail lost could never be had again). */
  keeps(retention: Retention): number | null;
  /** True when the partition `$name`, which ends at $1, still holds something to do. */
  readonly undone: string | null;
}

const TABLES: readonly Partitioned[] = [
  {
    table: 'inbox',
    column: 'received_at',
    keeps: (retention) => retention.inbox_days,
    // The queues are small, and what is parked has an index: a month's rows are not read.
    undone: `EXISTS (SELECT FROM inbox_queue WHERE received_at < $1)
             OR EXISTS (SELECT FROM hint_queue WHERE received_at < $1)
             OR EXISTS (SELECT FROM $name WHERE status = 'parked')`,
  },
  {
    table: 'outbox',
    column: 'created_at',
    keeps: (retention) => retention.inbox_days,
    undone: `EXISTS (SELECT FROM $name WHERE state = 'queued') OR
             EXISTS (SELECT FROM $name WHERE state IN ('sent', 'unknown', 'parked'))`,
  },
  { table: 'history', column: 'recorded_at', keeps: (retention) => retention.history_days, undone: null },
  { table: 'ledger', column: 'at', keeps: () => null, undone: null },
  { table: 'audit', column: 'at', keeps: () => null, undone: null },
];

const AHEAD_MONTHS = 2;
const LOCK_WAIT = '500ms';
/** In the space of migrate.ts: one hub at a time. */
const LOCK = [0x510a, 2] as const;

interface Month {
  /** `inbox_2026_11` */
  readonly name: string;
  readonly start: Instant;
  readonly end: Instant;
}

export async function maintain(pool: Pool, now: Instant, retention: Retention): Promise<readonly string[]> {
  const done: string[] = [];
  for (const table of TABLES) done.push(...(await maintainTable(pool, table, now, retention)));
  const { rowCount: released } = await pool.query(RELEASE_ORPHANS);
  if (released > 0) done.push(`released ${released} messages that waited for nothing`);
  const { rowCount: forgotten } = await pool.query({
    name: 'dedupe-trim', // dedupe_seen
    text: 'DELETE FROM dedupe WHERE seen_at < $1',
    values: [timestamptz(instant(now - retention.dedupe_days * DAY_MS))],
  });
  if (forgotten > 0) done.push(`forgot ${forgotten} event ids`);
  const { rowCount: requests } = await pool.query({
    name: 'hl7-request-trim', // hl7_request_received, outbox_appointment
    text: `DELETE FROM hl7_request r WHERE r.received_at < $1 AND r.state = 'done' AND NOT EXISTS (
             SELECT FROM outbox o WHERE o.appointment_id = r.lineage AND o.state IN ('queued', 'sent'))`,
    values: [timestamptz(instant(now - retention.inbox_days * DAY_MS))],
  });
  if (requests > 0) done.push(`forgot ${requests} requests by HL7 v2`);
  return done;
}

async function maintainTable(
  pool: Pool,
  table: Partitioned,
  now: Instant,
  retention: Retention,
): Promise<readonly string[]> {
  const days = table.keeps(retention);
  const steps: ((tx: Queryable) => Promise<string | null>)[] = [];
  for (const month of await wanted(pool, table, now)) steps.push((tx) => create(tx, table, month));
  const done: string[] = [];
  if (!(await taken(pool, steps, done)) || days === null) return done;
  const old = await past(pool, table, instant(now - days * DAY_MS));
  await taken(
    pool,
    old.map((month) => (tx) => drop(tx, table, month)),
    done,
  );
  return done;
}

/**
 * Notes what was done. False when a lock was not to be had in time: then the rest of this table waits for the next time
 * too.
 */
async function taken(
  pool: Pool,
  steps: readonly ((tx: Queryable) => Promise<string | null>)[],
  done: string[],
): Promise<boolean> {
  for (const step of steps) {
    try {
      const line = await transaction(pool, async (tx) => {
        await tx.query(`SET LOCAL lock_timeout = '${LOCK_WAIT}'`);
        // Moving a month of rows takes longer than any statement may otherwise.
        await tx.query('SET LOCAL statement_timeout = 0');
        const { rows } = await tx.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock($1, $2) AS mine', LOCK);
        return rows[0]?.mine === true ? step(tx) : null;
      });
      if (line !== null) done.push(line);
    } catch (error) {
      // 55P03, or a deadlock with a long reader.
      if (error instanceof HubError && error.code === 'TOO_BUSY') return false;
      throw error;
    }
  }
  return true;
}

/** This month and those ahead, and every month that has rows in DEFAULT; those without a partition. */
async function wanted(pool: Pool, { table, column }: Partitioned, now: Instant): Promise<readonly Month[]> {
  const { rows } = await pool.query<{ start: Instant }>(
    `SELECT DISTINCT date_trunc('month', ${column}, 'UTC') AS start FROM ${table}_default`,
  );
  const starts = new Set<Instant>(rows.map((row) => row.start));
  for (let ahead = 0; ahead <= AHEAD_MONTHS; ahead += 1) starts.add(monthStart(now, ahead));
  const there = new Set((await partitions(pool, table)).map((month) => month.start));
  return [...starts]
    .filter((start) => !there.has(start))
    .sort((left, right) => left - right)
    .map((start) => monthOf(table, start));
}

async function past(pool: Pool, { table }: Partitioned, before: Instant): Promise<readonly Month[]> {
  return (await partitions(pool, table)).filter((month) => month.end <= before);
}

async function partitions(q: Queryable, table: string): Promise<readonly Month[]> {
  const { rows } = await q.query<{ name: string }>({
    name: 'partition-list',
    text: `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
           WHERE i.inhparent = to_regclass($1) ORDER BY 1`,
    values: [table],
  });
  return rows.flatMap(({ name }) => {
    const found = /_(\d{4})_(\d{2})$/.exec(name);
    return found === null ? [] : [monthOf(table, instant(Date.UTC(Number(found[1]), Number(found[2]) - 1)))];
  });
}

/**
 * Built beside the table and attached when it is filled. ATTACH alone lets others read and write meanwhile, but for
 * DEFAULT, which it must check: that is locked first, so that no row comes in behind the move.
 */
async function create(tx: Queryable, { table, column }: Partitioned, month: Month): Promise<string | null> {
  const { name, start, end } = month;
  const range = [timestamptz(start), timestamptz(end)];
  if ((await partitions(tx, table)).some((one) => one.name === name)) return null;
  await tx.query(`LOCK TABLE ${table}_default IN ACCESS EXCLUSIVE MODE`);
  // An identity column belongs to the whole table; a partition with one of its own cannot be attached.
  await tx.query(`CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL EXCLUDING IDENTITY)`);
  const { rowCount } = await tx.query(
    `WITH moved AS (DELETE FROM ${table}_default WHERE ${column} >= $1 AND ${column} < $2 RETURNING *)
     INSERT INTO ${name} SELECT * FROM moved`,
    range,
  );
  await tx.query(
    `ALTER TABLE ${table} ATTACH PARTITION ${name}
     FOR VALUES FROM ('${timestamptz(start)}') TO ('${timestamptz(end)}')`,
  );
  return rowCount === 0 ? `created ${name}` : `created ${name} and moved ${rowCount} rows into it`;
}

async function drop(tx: Queryable, { undone }: Partitioned, { name, end }: Month): Promise<string | null> {
  if (undone !== null) {
    const { rows } = await tx.query<{ undone: boolean }>(
      `SELECT ${undone.replaceAll('$name', name)} AS undone, $1 AS ends`,
      [timestamptz(end)],
    );
    if (rows[0]?.undone !== false) return null;
  }
  await tx.query(`DROP TABLE ${name}`);
  return `dropped ${name}`;
}

function monthStart(at: Instant, ahead: number): Instant {
  const date = new Date(at);
  return instant(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead));
}

function monthOf(table: string, start: Instant): Month {
  const [year, month] = new Date(start).toISOString().split('-');
  return { name: `${table}_${year ?? ''}_${month ?? ''}`, start, end: monthStart(start, 1) };
}
