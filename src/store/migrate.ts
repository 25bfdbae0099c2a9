/**
 * Brings the schema to what this release needs: files `NNNN_name.sql`, in the order of their numbers, each in one
 * transaction together with the row that records it, so that a kill in between leaves both or neither.
 *
 * A file is never edited once released; its checksum notices. A database that holds a migration this release does not
 * have was written by a newer one: it is refused before anything is touched, because a hub that does not know what a
 * new column means would write rows that lack it. `-- breaking` as first line says more: hubs of older releases that
 * are still running must stop as well (they can ask `schemaState`); without it they may run until they are replaced.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HubError } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import type { Pool, Queryable } from './postgres.ts';
import { transaction } from './transaction.ts';

export interface Migration {
  readonly id: number;
  /** File name, `0001_first.sql`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 over the text with LF line ends, so that a checkout on Windows agrees. */
  readonly checksum: string;
  readonly breaking: boolean;
}

export interface AppliedMigration {
  readonly id: number;
  readonly name: string;
  readonly checksum: string;
  readonly breaking: boolean;
}

export interface SchemaState {
  readonly applied: readonly AppliedMigration[];
  readonly pending: readonly Migration[];
  /** In the database and beyond this release. */
  readonly newer: readonly AppliedMigration[];
}

const FILE = /^(\d{4})_[a-z0-9_]+\.sql$/;
/** Any number that nothing else takes: pg_advisory_xact_lock shares one space with the locks on resources. */
const LOCK = [0x510a, 1] as const;

/** The migrations of a folder, ordered. @throws HubError INTERNAL when a file is misnamed or a number is given twice */
export async function readMigrations(dir: string): Promise<readonly Migration[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  for (const name of names) {
    const id = Number(FILE.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(id))
      throw new HubError('INTERNAL', { detail: `${name}: a migration is named NNNN_lower_case.sql` });
    if (migrations.at(-1)?.id === id) throw new HubError('INTERNAL', { detail: `${name}: its number is given twice` });
    const sql = (await readFile(join(dir, name), 'utf8')).replaceAll('\r\n', '\n');
    migrations.push({ id, name, sql, checksum: sha256(sql), breaking: /^-- breaking\b/.test(sql) });
  }
  return migrations;
}

/**
 * Applies what is missing. Two hubs may call this at once: one waits for the other, and then finds nothing to do.
 * @throws HubError SCHEMA_NEWER, SCHEMA_EDITED (nothing is touched); what PostgreSQL says about a file, with its name
 */
export async function migrate(pool: Pool, dir: string): Promise<{ applied: readonly string[] }> {
  const migrations = await readMigrations(dir);
  const applied: string[] = [];
  for (;;) {
    const name = await transaction(pool, (tx) => applyNext(tx, migrations));
    if (name === null) return { applied };
    applied.push(name);
  }
}

/** Reads only. @throws HubError SCHEMA_EDITED */
export async function schemaState(db: Queryable, dir: string): Promise<SchemaState> {
  return compare(await readMigrations(dir), await readApplied(db));
}

async function applyNext(tx: Queryable, migrations: readonly Migration[]): Promise<string | null> {
  // The wait for the other hub and a long index build are both longer than any statement may otherwise take.
  await tx.query('SET LOCAL statement_timeout = 0');
  await tx.query('SELECT pg_advisory_xact_lock($1, $2)', LOCK);
  const { pending, newer } = compare(migrations, await readApplied(tx));
  const beyond = newer[0];
  if (beyond !== undefined) throw new HubError('SCHEMA_NEWER', { detail: `the database has ${beyond.name}` });
  const next = pending[0];
  if (next === undefined) return null;
  await tx.query(`CREATE TABLE IF NOT EXISTS slotwire_migrations (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    breaking boolean NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`);
  try {
    await tx.query(next.sql);
  } catch (error) {
    throw named(next.name, error);
  }
  await tx.query('INSERT INTO slotwire_migrations (id, name, checksum, breaking) VALUES ($1, $2, $3, $4)', [
    next.id,
    next.name,
    next.checksum,
    next.breaking,
  ]);
  return next.name;
}

async function readApplied(db: Queryable): Promise<readonly AppliedMigration[]> {
  const { rows: found } = await db.query<{ there: boolean }>(
    `SELECT to_regclass('slotwire_migrations') IS NOT NULL AS there`,
  );
  if (found[0]?.there !== true) return [];
  const { rows } = await db.query<AppliedMigration>(
    'SELECT id, name, checksum, breaking FROM slotwire_migrations ORDER BY id',
  );
  return rows;
}

function compare(migrations: readonly Migration[], applied: readonly AppliedMigration[]): SchemaState {
  const last = migrations.at(-1)?.id ?? 0;
  const newer = applied.filter((row) => row.id > last);
  const rows = new Map(applied.map((row) => [row.id, row]));
  const done = applied.at(-1)?.id ?? 0;
  for (const migration of migrations) {
    const row = rows.get(migration.id);
    const skipped = row === undefined && migration.id < done;
    if (skipped)
      throw new HubError('SCHEMA_EDITED', { detail: `${migration.name} was added below one that is applied` });
    if (row !== undefined && row.checksum !== migration.checksum) {
      throw new HubError('SCHEMA_EDITED', {
        detail: `${migration.name} differs from the ${row.name} that was applied`,
      });
    }
  }
  const known = new Set(migrations.map((migration) => migration.id));
  const gone = applied.find((row) => row.id <= last && !known.has(row.id));
  if (gone !== undefined)
    throw new HubError('SCHEMA_EDITED', { detail: `${gone.name} was applied and its file is gone` });
  return { applied, pending: migrations.filter((migration) => !rows.has(migration.id)), newer };
}

function named(name: string, error: unknown): unknown {
  return error instanceof HubError ? new HubError(error.code, { detail: `${name}: ${error.detail}` }) : error;
}
