/** Transactions: one connection from BEGIN to COMMIT, rolled back on a throw, run again after a deadlock. */
import pg from 'pg';
import { HubError } from '../core/errors.ts';
import { RunAgain } from '../core/run-again.ts';
import { isKnown } from './batch.ts';
import {
  answerLost,
  ended,
  inside,
  isRead,
  PgPool,
  refused,
  type BeginOptions,
  type Pool,
  type Queryable,
  type Rows,
  type Statement,
} from './postgres.ts';
import { run, type Answer } from './run.ts';
import { databaseError, isConnectionLoss, isRetryable } from './sqlstate.ts';

export interface TransactionOptions extends BeginOptions {
  /** How often the function is run again after a deadlock or a serialisation failure. Default 4. */
  readonly retries?: number;
}

const COMMIT = { name: 'commit', text: 'COMMIT' };
const RETRIES = 4;
const FIRST_PAUSE_MS = 10;

/**
 * Runs `fn` inside BEGIN and COMMIT on one connection, and ROLLBACK when it throws. `fn` is run again from its start
 * after a deadlock, a serialisation failure or RunAgain, so it must do nothing that the database does not undo.
 * @throws what `fn` throws; HubError DATABASE_ANSWER_LOST when the answer to COMMIT was lost
 */
export async function transaction<T>(
  pool: Pool,
  fn: (tx: Queryable) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  if (!(pool instanceof PgPool)) throw new HubError('INTERNAL', { detail: 'this pool was not made by openPool' });
  const retries = options.retries ?? RETRIES;
  for (let attempt = 0; ; attempt += 1) {
    const tried = await attemptOnce(pool, fn, options);
    if (tried.done) return tried.value;
    if (attempt >= retries) throw databaseError(tried.because);
    // Half of the pause is chance, or two transactions that met once meet again in step.
    await pool.clock.sleep(FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2));
  }
}

/**
 * A statement that is a transaction by itself: BEGIN and COMMIT would cost two round trips more. Run again after a
 * deadlock like any other. Behind PgBouncer it takes the long way, which carries the time limit along.
 * @throws HubError DATABASE_ANSWER_LOST when the connection was lost: it may have been committed
 */
export async function single<R>(pool: Pool, statement: Statement): Promise<Rows<R>> {
  if (!(pool instanceof PgPool) || pool.pooler) return transaction(pool, (tx) => tx.query<R>(statement));
  for (let attempt = 0; ; attempt += 1) {
    const client = await pool.checkOut();
    let broken = false;
    try {
      return await run<R>(client, pool.prepared(statement));
    } catch (error) {
      broken = isConnectionLoss(error);
      if (!isRetryable(error) || attempt >= RETRIES) throw broken ? answerLost() : databaseError(error);
    } finally {
      client.release(broken);
    }
    await pool.clock.sleep(FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2));
  }
}

type Attempt<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly because: unknown };

async function attemptOnce<T>(
  pool: PgPool,
  fn: (tx: Queryable) => Promise<T>,
  options: TransactionOptions,
): Promise<Attempt<T>> {
  const client = await pool.checkOut();
  const tx = new Transaction(pool, client);
  let broken = false;
  let lent = false;
  try {
    tx.begin(pool.begin(options));
    const value = await inside.run(tx, () => fn(tx));
    await tx.allSent();
    tx.end();
    if (options.readOnly === true && tx.isHeard) {
      // Nothing can come of it any more: whoever reads is not kept waiting for its end.
      lent = true;
      void tx.commit().then(
        () => client.release(),
        () => client.release(true),
      );
    } else await tx.commit();
    return { done: true, value };
  } catch (error) {
    tx.end();
    broken = tx.lost || !(await tx.rolledBack());
    const again = tx.retryable ?? (error instanceof RunAgain ? error : null);
    if (again !== null && !broken) return { done: false, because: again };
    throw error;
  } finally {
    if (!lent) client.release(broken);
  }
}

class Transaction implements Queryable {
  open = true;
  lost = false;
  /** The first deadlock or serialisation failure, also where `fn` translated the error on its way up. */
  retryable: unknown = null;
  readonly #pool: PgPool;
  readonly #client: pg.PoolClient;
  /** What failed first: every statement behind it is only told that the transaction is over. */
  #failure: unknown = null;
  /** The same of a statement that was not waited for. */
  #unheard: Error | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** Not sent yet. */
  #begin: readonly pg.QueryConfig[] | null = null;
  /** The BEGIN that is waited for; null: none, or it went out together with the first statement. */
  #beginning: Promise<unknown> | null = null;
  /** The BEGIN that went out with a reading: the first write waits for it. */
  #unsure: Promise<unknown> | null = null;
  /** Statements that wait for the BEGIN. */
  #unsent = 0;
  /** False once there was a statement whose failure only the end of the transaction tells of. */
  isHeard = true;

  constructor(pool: PgPool, client: pg.PoolClient) {
    this.#pool = pool;
    this.#client = client;
  }

  async query<R>(statement: string | Statement, values?: readonly unknown[]): Promise<Rows<R>> {
    if (!this.open) throw ended();
    const query = this.#pool.prepared(statement, values);
    const begun = this.#begun(query);
    if (begun !== null) await this.#still(begun);
    try {
      return await this.#sent<R>(query);
    } catch {
      throw this.#unheard ?? databaseError(this.#failure);
    }
  }

  async post(statement: Statement): Promise<void> {
    if (!this.open) throw ended();
    if (!this.#pool.pooler) {
      const query = this.#pool.prepared(statement);
      const begun = this.#begun(query);
      if (begun !== null) await this.#still(begun);
      this.isHeard = false;
      this.#unwaited(query, (error) => refused(error, statement));
      return;
    }
    try {
      await this.query(statement);
    } catch (error) {
      throw refused(error, statement);
    }
  }

  /** Sent with the first statement; a transaction without one never was. */
  begin(statements: readonly pg.QueryConfig[]): void {
    this.#begin = statements;
  }

  /**
   * Null: the statement may be sent at once. A write behind a BEGIN that failed would be a transaction of its own: it
   * goes out together with it only where the server passes over what stands behind a failure (batch.ts). A read may
   * always; behind a write all wait for it, or they would go before the first.
   */
  #begun(first: pg.QueryConfig): Promise<unknown> | null {
    if (this.#begin === null) return isRead(first.text) ? this.#beginning : (this.#beginning ??= this.#unsure);
    const begin = this.#begin;
    this.#begin = null;
    const isOneBatch = [...begin, first].every((query) => isKnown(this.#client, query));
    if (isOneBatch) {
      for (const query of begin) this.#unwaited(query, databaseError);
      return null;
    }
    const sent = Promise.all(begin.map((query) => this.#sent(query)));
    if (this.#pool.pooler || !isRead(first.text)) return (this.#beginning = sent);
    sent.catch(() => undefined);
    this.#unsure = sent;
    return null;
  }

  /** The transaction may have ended meanwhile: behind its ROLLBACK a write would stand. */
  async #still(begun: Promise<unknown>): Promise<void> {
    this.#unsent += 1;
    try {
      await begun;
    } catch (error) {
      throw databaseError(error);
    } finally {
      this.#unsent -= 1;
    }
    if (!this.open) throw ended();
  }

  /** What waits for the BEGIN is part of the transaction, also where nobody waits for its answer. */
  async allSent(): Promise<void> {
    while (this.#unsent > 0) await this.#beginning?.catch(() => undefined);
  }

  async commit(): Promise<void> {
    if (this.#begin !== null) return;
    // What the driver could not send is no failure to the server, which would commit the rest.
    const isServers = this.lost || this.#failure === null || this.#failure instanceof pg.DatabaseError;
    if (!isServers) throw this.#unheard ?? databaseError(this.#failure);
    try {
      const { command } = await this.#sent(this.#pool.pooler ? { text: 'COMMIT' } : COMMIT);
      if (command === 'COMMIT') return;
    } catch (error) {
      if (this.lost) throw answerLost();
      // In one batch with a statement that failed unheard it was passed over.
      throw this.#unheard ?? databaseError(this.#failure ?? error);
    }
    // After a statement failed unheard, PostgreSQL answers COMMIT with ROLLBACK and no error.
    if (this.#unheard !== null) throw this.#unheard;
    throw new HubError('INTERNAL', { detail: 'a statement of the transaction had failed unheard; it was rolled back' });
  }

  end(): void {
    this.open = false;
  }

  /** False when the connection can no longer be trusted. */
  async rolledBack(): Promise<boolean> {
    if (this.#begin !== null) return true;
    try {
      await this.#sent({ text: 'ROLLBACK' });
      return true;
    } catch {
      return false;
    }
  }

  #unwaited(query: pg.QueryConfig, told: (error: unknown) => Error): void {
    this.#sent(query).catch((error: unknown) => {
      if (error === this.#failure) this.#unheard = told(error);
    });
  }

  /**
   * The server answers in the order of sending, so what failed first is heard of first. Behind PgBouncer one is sent at
   * a time, also under Promise.all: pg would queue them itself, but ROLLBACK must come last.
   */
  async #sent<R>(query: pg.QueryConfig): Promise<Answer<R>> {
    const turn = this.#pool.pooler ? this.#last.then(() => run<R>(this.#client, query)) : run<R>(this.#client, query);
    this.#last = turn.catch(() => undefined);
    try {
      const answer = await turn;
      // Behind a failure nothing succeeds in a transaction, but its end: so its BEGIN is what failed.
      if (this.#failure !== null && answer.command !== 'ROLLBACK') throw databaseError(this.#failure);
      return answer;
    } catch (error) {
      if (isConnectionLoss(error)) this.lost = true;
      if (isRetryable(error)) this.retryable ??= error;
      this.#failure ??= error;
      throw error;
    }
  }
}
