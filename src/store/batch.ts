/**
 * Statements that leave together are answered together. The driver ends each statement with a Sync, at which the server
 * sends what it has: so sixty statements of a booking are sixty packets, each of which wakes the hub. Here one Sync
 * stands behind all statements of one turn of the event loop (PostgreSQL manual, 55.2.4, Pipelining).
 *
 * Only statements that the connection has parsed are sent so; the driver sends the others, and parses them with that.
 */
import pg from 'pg';
import { columnTypes } from './column-types.ts';
import { isConnectionLoss } from './sqlstate.ts';

/** What the driver's connection has; not in its published types. */
interface Wire {
  readonly parsedStatements: Readonly<Record<string, string>>;
  readonly submittedNamedStatements: Readonly<Record<string, string>>;
  sync(): void;
}

interface Submitted {
  readonly connection: Wire;
}

/** What the driver calls on a query; of its published types only `submit` is one. */
interface Handlers {
  prepare(connection: Wire): void;
  handleRowDescription(message: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Wire): void;
  handleReadyForQuery(connection: Wire): void;
  handleError(error: unknown, connection: Wire): void;
}

type Sub = pg.Query & Handlers;

export type Done = (error: Error | null | undefined, answer: pg.QueryResult) => void;

export function queryOf(query: pg.QueryConfig, done: Done): pg.Query {
  return new pg.Query({ ...query, types: columnTypes }, undefined, done as never);
}

/** Whether it can be part of a batch on this connection. */
export function isKnown(client: pg.PoolClient, { name, text }: pg.QueryConfig): boolean {
  if (name === undefined) return false;
  const { parsedStatements, submittedNamedStatements } = (client as unknown as Submitted).connection;
  return parsedStatements[name] === text || submittedNamedStatements[name] === text;
}

/** For `client.query`, once everything was added. In a transaction, or of reads alone: see `handleError`. */
export class Batch extends pg.Query {
  readonly #subs: Sub[] = [];
  #at = 0;
  #isLeaving = false;
  /** The driver could not write a value of the statement that was to leave. */
  #isUnsent = false;

  constructor() {
    super('', [], () => undefined);
  }

  add(query: pg.QueryConfig, done: Done): void {
    const told: Done = (error, answer) => {
      this.#isUnsent ||= this.#isLeaving;
      done(error, answer);
    };
    this.#subs.push(queryOf(query, told) as Sub);
  }

  override submit = (connection: unknown): void => {
    const wire = connection as Wire;
    // Each would end with a Sync of its own; and one that cannot be sent would be forgotten by the server alone.
    const nothing = { value: () => undefined };
    const unsynced = Object.create(wire, { sync: nothing, close: nothing }) as Wire;
    this.#isLeaving = true;
    const unsent = this.#subs.findIndex((sub) => {
      sub.prepare(unsynced);
      return this.#isUnsent;
    });
    this.#isLeaving = false;
    wire.sync();
    // Behind it nothing may be run, as behind what the server refuses.
    if (unsent !== -1) for (const sub of this.#subs.splice(unsent).slice(1)) sub.handleError(new PassedOver(), wire);
    // The driver takes an error for one that kept it from sending.
    return null as unknown as undefined;
  };

  handleRowDescription(message: unknown): void {
    this.#subs[this.#at]?.handleRowDescription(message);
  }

  handleDataRow(message: unknown): void {
    this.#subs[this.#at]?.handleDataRow(message);
  }

  handleCommandComplete(message: unknown, connection: Wire): void {
    const sub = this.#subs[this.#at];
    this.#at += 1;
    sub?.handleCommandComplete(message, connection);
    sub?.handleReadyForQuery(connection);
  }

  /** Up to the Sync the server passes over what stands behind a failure: COMMIT too. */
  handleError(error: unknown, connection: Wire): void {
    const [failed, ...behind] = this.#subs.slice(this.#at);
    this.#at = this.#subs.length;
    failed?.handleError(error, connection);
    const passedOver = isConnectionLoss(error) ? error : new PassedOver();
    for (const sub of behind) sub.handleError(passedOver, connection);
  }

  handleReadyForQuery(connection: Wire): void {
    if (this.#at < this.#subs.length) this.handleError(new Error('a statement was not answered'), connection);
  }
}

/** As PostgreSQL says it of a statement that comes behind a failure in a transaction. */
class PassedOver extends pg.DatabaseError {
  constructor() {
    super('a statement before it failed, so it was not run', 0, 'error');
    this.code = '25P02';
    this.severity = 'ERROR';
  }
}
