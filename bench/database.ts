/**
 * PostgreSQL as the hub starts it (same binaries, same settings, fsync on), but begun here, so that the hub under
 * measurement and the bare inserts beside it use one server and one disk, and so that statements can be counted.
 */
import pg from 'pg';
import { systemClock } from '../src/core/clock.ts';
import { startEmbedded } from '../src/store/embedded.ts';

/** Work that does not depend on how busy the machine is. */
export interface Counted {
  readonly statements: number;
  /**
   * Transactions that may have written; each waits for the disk once. Messages are mostly stored by a statement that is
   * a transaction by itself, so each of those counts, also the few that stand in a larger one.
   */
  readonly writes: number;
  /** Of these, those that stored messages. */
  readonly receiving: number;
  /** Time that the server was at it. */
  readonly server_ms: number;
}

export interface Database {
  /** The hub's database, under the hub's role. */
  readonly url: string;
  /** A database beside it for bare inserts. */
  readonly bareUrl: string;
  /** Everything that the hub's role has run so far. */
  counted(): Promise<Counted>;
  /**
   * From here to the end of what it gives, the hub stores messages and applies none: it waits for a table that only
   * applying needs. At the end what was stored meanwhile is taken out of the queue, but for what the hub has in hand.
   */
  holdApplying(): Promise<() => Promise<void>>;
  /** Rows of a table of the hub. */
  count(table: 'inbox_queue' | 'inbox'): Promise<number>;
  /** The statements that took most time so far, for whoever looks for waste. */
  costly(limit: number): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const CONNECTIONS = '160';

export async function openDatabase(dataDir: string): Promise<Database> {
  const embedded = await startEmbedded({
    dataDir,
    clock: systemClock,
    log: { info: () => undefined, warn: () => undefined },
    settings: { shared_preload_libraries: 'pg_stat_statements', max_connections: CONNECTIONS },
  });
  const admin = new pg.Client({ connectionString: embedded.adminUrl });
  const reader = new pg.Client({ connectionString: embedded.url });
  try {
    await admin.connect();
    await reader.connect();
    await admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    await admin.query('CREATE DATABASE bare');
  } catch (error) {
    await embedded.stop();
    throw error;
  }
  const bareUrl = new URL(embedded.adminUrl);
  bareUrl.pathname = '/bare';
  const role = decodeURIComponent(new URL(embedded.url).username);
  return {
    url: embedded.url,
    bareUrl: bareUrl.href,
    async counted() {
      const { rows } = await admin.query<Record<keyof Counted, number>>(
        `SELECT COALESCE(sum(s.calls), 0)::float8 AS statements, COALESCE(sum(s.total_exec_time), 0) AS server_ms,
                COALESCE(sum(CASE WHEN s.query = 'COMMIT' OR s.query ~ 'INTO dedupe' THEN s.calls
                  WHEN s.query ~ 'READ ONLY' THEN -s.calls END), 0)::float8 AS writes,
                COALESCE(sum(s.calls) FILTER (WHERE s.query ~ 'INTO dedupe'), 0)::float8 AS receiving
         FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = $1`,
        [role],
      );
      const { statements = 0, writes = 0, receiving = 0, server_ms = 0 } = rows[0] ?? {};
      return { statements, writes, receiving, server_ms };
    },
    async holdApplying() {
      const holder = new pg.Client({ connectionString: embedded.url });
      await holder.connect();
      await holder.query('BEGIN; LOCK TABLE appointment_key IN ACCESS EXCLUSIVE MODE');
      return async () => {
        await reader.query(
          `WITH free AS (SELECT inbox_id FROM inbox_queue FOR UPDATE SKIP LOCKED),
           pending AS (DELETE FROM inbox_pending WHERE inbox_id IN (SELECT inbox_id FROM free))
           DELETE FROM inbox_queue WHERE inbox_id IN (SELECT inbox_id FROM free)`,
        );
        await holder.query('ROLLBACK');
        await holder.end();
      };
    },
    async count(name) {
      const { rows } = await reader.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${name}`);
      return rows[0]?.count ?? 0;
    },
    async costly(limit) {
      const { rows } = await admin.query<{ line: string }>(
        `SELECT format('%s ms in %s calls, %s ms each: %s', round(s.total_exec_time::numeric, 1), s.calls,
                  round(s.mean_exec_time::numeric, 3), left(regexp_replace(s.query, '\\s+', ' ', 'g'), 110)) AS line
         FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = $1
         ORDER BY s.total_exec_time DESC LIMIT $2`,
        [role, limit],
      );
      return rows.map((row) => row.line);
    },
    async stop() {
      await reader.end();
      await admin.end();
      await embedded.stop();
    },
  };
}
