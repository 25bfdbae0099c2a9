/**
 * The one way to the database: a pool of connections, and transactions that stay on one of them.
 *
 * Three rules hold here and nowhere else:
 *   1. Code inside a transaction cannot reach the pool. With every connection held by a transaction that waits for a
 *      second one, the process hangs for good; so asking the pool from inside is an error at once, on every run, not
 *      a hang under load. What must not be part of the transaction belongs behind it.
 *   2. A connection lost during COMMIT is DATABASE_ANSWER_LOST (ambiguous): the transaction may have been committed.
 *   3. Nothing is kept in a session: no SET, no session locks, no temporary tables. PgBouncer in transaction mode gives
 *      each transaction another session. Where it is seen, named statements and start parameters are left out as well.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';
import pg from 'pg';
import { systemClock, type Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { columnTypes } from './column-types.ts';
import { run } from './run.ts';
import { databaseError, isConnectionLoss, StatementError } from './sqlstate.ts';

/** A statement with a `name` is prepared once per connection and reused; the same name always has the same text. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly name?: string;
  /** What a constraint that refuses a posted statement means to the caller; null: what it is to anybody. */
  readonly refusal?: (constraint: string) => HubError | null;
}

export interface Rows<R> {
  readonly rows: R[];
  /** Rows returned or touched. */
  readonly rowCount: number;
}

export interface Queryable {
  /** @throws HubError; StatementError (sqlstate.ts) for what PostgreSQL refuses, such as a broken constraint */
  query<R = unknown>(statement: string | Statement, values?: readonly unknown[]): Promise<Rows<R>>;
  /**
   * A statement that writes and whose answer nobody needs: within a transaction it is sent and not waited for. What it
   * fails with, the next statement that is waited for throws, or the commit; so nothing goes unheard.
   */
  post(statement: Statement): Promise<void>;
}

/** Outside a transaction each statement commits by itself. */
export interface Pool extends Queryable {
  /** As `server_version_num`: 180004 is 18.4. */
  readonly serverVersion: number;
  readonly max: number;
  stats(): { readonly total: number; readonly idle: number; readonly waiting: number };
  /** Waits for statements and transactions under way. A second call does nothing. */
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly url: string;
  readonly max: number;
  readonly applicationName: string;
  /** The server cancels a statement that runs longer. */
  readonly statementTimeout_ms: number;
  /** How long a caller waits for a free connection, and a connection for the server. Default 10 s. */
  readonly connectTimeout_ms?: number;
  /** Told when an idle connection breaks; the pool replaces it by itself. */
  readonly onError: (error: Error) => void;
  /** True behind PgBouncer; found out by itself when it refuses our start parameters. */
  readonly pooler?: boolean;
  readonly clock?: Clock;
}

/** How a transaction begins. */
export interface BeginOptions {
  /** Default 'read committed'. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
  /**
   * Its prepared statements are run by plans that are made once for whatever values. Measured: planning a statement
   * anew for its values takes three times as long as running it, and PostgreSQL by itself goes on doing so wherever the
   * estimates are near. Only for statements whose plan for unknown values was looked at (test/store/*plans.test.ts).
   */
  readonly keptPlans?: boolean;
}

const KEPT_PLANS = { name: 'kept-plans', text: 'SET LOCAL plan_cache_mode = force_generic_plan' };
const OLDEST_SERVER = 150_000;
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_MS = 30_000;

/** What async code inherits while it runs inside a transaction; `open` turns false when the transaction has ended. */
export const inside = new AsyncLocalStorage<{ open: boolean }>();

/** For transaction.ts; everything else sees a Pool. */
export class PgPool implements Pool {
  readonly max: number;
  readonly clock: Clock;
  readonly pooler: boolean;
  readonly #options: PoolOptions;
  readonly #pool: pg.Pool;
  readonly #sockets = new Set<Socket>();
  #serverVersion = 0;
  #closed: Promise<void> | null = null;

  constructor(options: PoolOptions, pooler: boolean) {
    this.#options = options;
    this.max = options.max;
    this.clock = options.clock ?? systemClock;
    this.pooler = pooler;
    this.#pool = new pg.Pool({
      connectionString: options.url,
      max: options.max,
      application_name: options.applicationName,
      connectionTimeoutMillis: options.connectTimeout_ms ?? CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_MS,
      keepAlive: true,
      types: columnTypes,
      stream: () => this.#socket(),
      // Statements are written one behind the other without waiting for each answer; the server answers in order.
      pipeline: !pooler,
      ...(pooler ? {} : { statement_timeout: options.statementTimeout_ms }),
    });
    this.#pool.on('error', (error) => options.onError(databaseError(error)));
    // A connection that breaks while it is checked out emits 'error' too; unheard, it would end the process. The query
    // under way rejects as well, and that is where it is dealt with.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  get serverVersion(): number {
    return this.#serverVersion;
  }

  async meetServer(): Promise<void> {
    const { rows } = await this.query<{ v: number }>(`SELECT current_setting('server_version_num')::int AS v`);
    this.#serverVersion = rows[0]?.v ?? 0;
    if (this.#serverVersion < OLDEST_SERVER) {
      throw new HubError('DATABASE_TOO_OLD', { detail: `server_version_num is ${this.#serverVersion}` });
    }
  }

  stats(): { total: number; idle: number; waiting: number } {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  async query<R>(statement: string | Statement, values?: readonly unknown[]): Promise<Rows<R>> {
    const client = await this.checkOut();
    let broken = false;
    try {
      return await run<R>(client, this.prepared(statement, values));
    } catch (error) {
      broken = isConnectionLoss(error);
      if (broken && !isRead(statement)) throw answerLost();
      throw databaseError(error);
    } finally {
      client.release(broken);
    }
  }

  async post(statement: Statement): Promise<void> {
    await this.query(statement).catch((error: unknown) => {
      throw refused(error, statement);
    });
  }

  /** @throws HubError INTERNAL when the caller runs inside a transaction: rule 1 */
  async checkOut(): Promise<pg.PoolClient> {
    if (inside.getStore()?.open === true) {
      throw new HubError('INTERNAL', {
        detail: 'a transaction asked the pool for a second connection; pass its own Queryable down instead',
      });
    }
    try {
      return await this.#pool.connect();
    } catch (error) {
      const { total, waiting } = this.stats();
      if (error instanceof Error && error.message.startsWith('timeout exceeded')) {
        const full = total >= this.max;
        throw new HubError(full ? 'TOO_BUSY' : 'DATABASE_UNREACHABLE', {
          detail: full
            ? `all ${this.max} database connections are in use, ${waiting} callers wait`
            : 'connect timed out',
        });
      }
      throw databaseError(error);
    }
  }

  prepared(statement: string | Statement, values?: readonly unknown[]): pg.QueryConfig {
    const { text, name, values: own } = typeof statement === 'string' ? { text: statement } : statement;
    const given = values ?? own;
    return {
      text,
      ...(given === undefined ? {} : { values: [...given] }),
      ...(name === undefined || this.pooler ? {} : { name }),
    };
  }

  /** SET LOCAL ends with the transaction, so it is fit for PgBouncer too. */
  begin(options: BeginOptions): readonly pg.QueryConfig[] {
    const level = options.isolation === undefined ? '' : ` ISOLATION LEVEL ${options.isolation.toUpperCase()}`;
    const begin = `BEGIN${level}${options.readOnly === true ? ' READ ONLY' : ''}`;
    if (this.pooler) return [{ text: `${begin}; SET LOCAL statement_timeout = ${this.#options.statementTimeout_ms}` }];
    return [{ name: begin, text: begin }, ...(options.keptPlans === true ? [KEPT_PLANS] : [])];
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await this.#pool.end();
    // pg forgets a socket whose login failed half-way (no password given): the server would keep it for a minute more.
    for (const socket of this.#sockets) socket.destroy();
  }

  #socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

/**
 * Opens the pool and meets the server once, so that a wrong password is heard of at start and not at the first message.
 * @throws HubError DATABASE_UNREACHABLE, DATABASE_REFUSED, DATABASE_TOO_OLD, CONFIG_INVALID (not a connection string)
 */
export async function openPool(options: PoolOptions): Promise<Pool> {
  const open = async (pooler: boolean): Promise<Pool> => {
    const pool = made(options, pooler);
    try {
      await pool.meetServer();
      return pool;
    } catch (error) {
      await pool.close();
      if (!pooler && error instanceof HubError && /unsupported startup parameter/i.test(error.detail))
        return open(true);
      throw error;
    }
  };
  return open(options.pooler ?? false);
}

function made(options: PoolOptions, pooler: boolean): PgPool {
  try {
    // The pool reads the text only when it first connects.
    new pg.Client({ connectionString: options.url });
    return new PgPool(options, pooler);
  } catch {
    // The driver's own error repeats the whole text, password included.
    throw new HubError('CONFIG_INVALID', {
      detail: 'DATABASE_URL is no connection string; write postgres://user:password@host:5432/database',
    });
  }
}

/** What a statement failed with, in the words of whoever sent it. */
export function refused(error: unknown, { refusal }: Statement): Error {
  const told = databaseError(error);
  if (refusal === undefined || !(told instanceof StatementError) || told.constraint === undefined) return told;
  return refusal(told.constraint) ?? told;
}

export function ended(): HubError {
  return new HubError('INTERNAL', { detail: 'a statement came after the end of its transaction' });
}

export function answerLost(): HubError {
  return new HubError('DATABASE_ANSWER_LOST');
}

/** A read that was cut off changed nothing. Anything else, WITH included, may have. */
export function isRead(statement: string | Statement): boolean {
  return /^[\s(]*(?:SELECT|SHOW|VALUES|EXPLAIN)\b/i.test(typeof statement === 'string' ? statement : statement.text);
}
