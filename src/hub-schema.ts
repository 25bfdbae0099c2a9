/** Brings the database to this release without starting a hub. */
import { MIGRATIONS, type Environment } from './boot.ts';
import type { Clock } from './core/clock.ts';
import { startEmbedded } from './store/embedded.ts';
import { holdDataDir } from './store/embedded-lock.ts';
import { migrate } from './store/migrate.ts';
import { openPool } from './store/postgres.ts';

/**
 * File names of the migrations that were applied.
 * @throws HubError DATA_DIR_IN_USE while a hub runs on the DATA_DIR, and what the start of a hub throws about the
 * database
 */
export async function migrateDatabase(environment: Environment, clock: Clock): Promise<readonly string[]> {
  const hold = await holdDataDir(environment.dataDir);
  try {
    if (environment.databaseUrl !== null) return await migrateAt(environment.databaseUrl);
    const quiet = { info: (): void => undefined, warn: (): void => undefined };
    const embedded = await startEmbedded({ dataDir: environment.dataDir, clock, log: quiet });
    try {
      return await migrateAt(embedded.url);
    } finally {
      await embedded.stop();
    }
  } finally {
    await hold.release();
  }
}

async function migrateAt(url: string): Promise<readonly string[]> {
  const pool = await openPool({
    url,
    max: 2,
    applicationName: 'slotwire migrate',
    statementTimeout_ms: 30_000,
    onError: () => undefined,
  });
  try {
    return (await migrate(pool, MIGRATIONS)).applied;
  } finally {
    await pool.close();
  }
}
