/**
 * Stands in for the hub in a process of its own, to be killed: holds the data folder, starts the database, commits row
 * after row, and prints what happened, one JSON object per line.
 *
 *   node embedded-child.ts DATA_DIR [start | write | hang | idle]
 */
import { once } from 'node:events';
import { systemClock } from '../../src/core/clock.ts';
import { asHubError } from '../../src/core/errors.ts';
import { holdDataDir } from '../../src/store/embedded-lock.ts';
import { startEmbedded } from '../../src/store/embedded.ts';
import { openPool, type Pool } from '../../src/store/postgres.ts';
import { transaction } from '../../src/store/transaction.ts';

const [dataDir = '', what = 'start'] = process.argv.slice(2);

function say(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function write(pool: Pool): Promise<void> {
  await pool.query('CREATE TABLE IF NOT EXISTS rows (id bigint PRIMARY KEY)');
  for (;;) {
    const id = await transaction(pool, async (tx) => {
      const { rows } = await tx.query<{ id: number }>(
        'INSERT INTO rows SELECT coalesce(max(id), 0) + 1 FROM rows RETURNING id',
      );
      return rows[0]?.id;
    });
    say({ committed: id });
  }
}

/** A transaction that holds its row and its lock until the process is killed, and the server beyond that. */
async function hang(pool: Pool): Promise<void> {
  await pool.query('CREATE TABLE rows (id bigint PRIMARY KEY)');
  await transaction(pool, async (tx) => {
    await tx.query('INSERT INTO rows VALUES (1)');
    say({ hangs: true });
    await tx.query('SET LOCAL statement_timeout = 0');
    await tx.query('SELECT pg_sleep(600)');
  });
}

try {
  const hold = await holdDataDir(dataDir);
  say({ held: true });
  const log = { info: () => undefined, warn: (text: string) => say({ warning: text }) };
  const database = await startEmbedded({ dataDir, log, clock: systemClock });
  const { pid, port, adopted, url } = database;
  const max = 2;
  const pool = await openPool({
    url,
    max,
    applicationName: 'child',
    statementTimeout_ms: 5_000,
    onError: () => undefined,
  });
  say({ up: true, pid, port, adopted, uid: process.getuid?.() ?? 0 });
  if (what === 'write') await write(pool);
  if (what === 'hang') await hang(pool);
  if (what === 'idle') await once(process, 'SIGTERM');
  const { rows } = await pool.query<{ there: boolean }>(`SELECT to_regclass('rows') IS NOT NULL AS there`);
  const counted = rows[0]?.there === true ? await pool.query<{ n: number }>('SELECT count(*) AS n FROM rows') : null;
  say({ rows: counted?.rows[0]?.n ?? 0 });
  await pool.close();
  await database.stop();
  await hold.release();
} catch (error) {
  const { code, detail } = asHubError(error);
  say({ error: code, detail });
  process.exitCode = 1;
}
