/** What the hub says to its own server over single connections, before and beside the pool. */
import pg from 'pg';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { ADMIN_ROLE, HUB_DATABASE, HUB_ROLE, type Passwords } from './embedded-cluster.ts';
import { until } from './embedded-process.ts';
import { databaseError } from './sqlstate.ts';

const CONNECT_TIMEOUT_MS = 3_000;
/** How long the connection of a hub that was killed may take to be noticed as gone. */
const GUARD_WAIT_MS = 6_000;
const END_OTHERS_MS = 5_000;
/** One number for "a hub works on this database"; migrate.ts has the other one of this pair. */
const GUARD_LOCK = [0x510a, 2] as const;

export function serverUrl(port: number, role: string, password: string, database: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
}

export type Meeting =
  | { readonly kind: 'ready'; readonly admin: pg.Client }
  /** It answers, and replays its log after a crash: however long that takes, it is at work. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'silent' }
  /** It is alive and not ours, or the secret is not the one that it was made with. */
  | { readonly kind: 'stranger' };

/**
 * Tries once. With SCRAM the server too proves that it knows the password: a stranger on the port is not taken for
 * ours.
 */
export async function meet(port: number, passwords: Passwords): Promise<Meeting> {
  const admin = client(serverUrl(port, ADMIN_ROLE, passwords.admin, 'postgres'));
  try {
    await admin.connect();
    return { kind: 'ready', admin };
  } catch (error) {
    await admin.end().catch(() => undefined);
    if (error instanceof pg.DatabaseError) {
      if (error.code === '57P03') return { kind: /shutting down/.test(error.message) ? 'stopping' : 'starting' };
      if (error.code === '28P01' || error.code === '28000') return { kind: 'stranger' };
    }
    return error instanceof Error && /SASL|SCRAM/.test(error.message) ? { kind: 'stranger' } : { kind: 'silent' };
  }
}

/** The hub's role and database; made at the first start, or at the next one when that was cut short. */
export async function ensureDatabase(admin: pg.Client, passwords: Passwords): Promise<void> {
  const { rows } = await admin.query<{ role: boolean; database: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '${HUB_ROLE}') AS role,
            EXISTS (SELECT FROM pg_database WHERE datname = '${HUB_DATABASE}') AS database`,
  );
  if (rows[0]?.role !== true) await admin.query(`CREATE ROLE ${HUB_ROLE} LOGIN PASSWORD '${passwords.hub}'`);
  if (rows[0]?.database !== true) await admin.query(`CREATE DATABASE ${HUB_DATABASE} OWNER ${HUB_ROLE}`);
}

/**
 * A connection that stays open as long as the hub runs and holds a lock in its session: two hubs never work on one
 * database even where DATA_DIR lies on a disk without file locks. Its end is also the first news of a server that died.
 * @throws HubError DATA_DIR_IN_USE
 */
export async function takeGuard(clock: Clock, port: number, passwords: Passwords): Promise<pg.Client> {
  const guard = client(serverUrl(port, HUB_ROLE, passwords.hub, HUB_DATABASE));
  try {
    await guard.connect();
    // It is idle for weeks, on purpose.
    await guard.query(`SET application_name = 'slotwire guard'; SET idle_session_timeout = 0`);
    const got = await until(clock, GUARD_WAIT_MS, async () => {
      const { rows } = await guard.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS got', [
        ...GUARD_LOCK,
      ]);
      return rows[0]?.got === true;
    });
    if (!got) throw new HubError('DATA_DIR_IN_USE', { detail: 'another hub is connected to its database' });
    return guard;
  } catch (error) {
    await guard.end().catch(() => undefined);
    throw databaseError(error);
  }
}

/**
 * Ends what a killed hub left running: a transaction of the dead that commits after the new hub has looked would be
 * news out of order.
 */
export async function endOthers(admin: pg.Client, guard: pg.Client): Promise<void> {
  const { rows } = await guard.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await admin.query(
    `SELECT pg_terminate_backend(pid, ${END_OTHERS_MS}) FROM pg_stat_activity WHERE usename = $1 AND pid <> $2`,
    [HUB_ROLE, rows[0]?.pid ?? 0],
  );
}

export async function runningName(admin: pg.Client): Promise<string> {
  const { rows } = await admin.query<{ name: string }>(`SELECT current_setting('cluster_name') AS name`);
  return rows[0]?.name ?? '';
}

function client(connectionString: string): pg.Client {
  const made = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true });
  // Unheard, a connection that breaks would end the process; the callers notice by their queries or by 'end'.
  made.on('error', () => undefined);
  return made;
}
