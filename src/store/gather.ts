/**
 * One transaction that does many like things one after the other, as applying a batch of messages does: what they will
 * ask is read ahead, for all of them at once, and what they write is kept back and written together. A statement costs
 * a round trip and, in a busy process, a turn of the event loop, so twenty of them for each message are what the time
 * goes into.
 *
 * Nothing can be seen of it: any other statement is preceded by what was kept back, and what was read ahead is
 * forgotten once anything but that is written. Until `begin` nothing is kept back at all.
 */
import { Ahead } from './ahead.ts';
import type { Queryable, Rows, Statement } from './postgres.ts';

/** How rows that were kept back are written; the order is that of `place`, whatever order they came in. */
export interface Writer<Row> {
  readonly place: number;
  write(q: Queryable, rows: readonly Row[]): Promise<void>;
}

/**
 * Neither read nor write what may be kept back or read ahead, or only the row that their caller has settled: they leave
 * both as it is.
 */
// prettier-ignore
const APART: ReadonlySet<string> = new Set([
  'lock', 'ledger-add', 'outbox-add', 'unmapped-count', 'mirror-of-appointment', 'mirror-put',
  'work-item-open', 'work-item-close', 'inbox-retry', 'audit-add', 'read-resource', 'resource-for-update',
  'resource-put', 'history-add', 'patient-due', 'patient-link', 'slots-overlapping',
  'erased-heard', 'erase-erased',
]);

/** Change nothing, although they do not begin with SELECT. */
const READING: ReadonlySet<string> = new Set(['busy-held-by-keys', 'appointment-by-token', 'patient-decisions']);

export class Gathered implements Queryable {
  readonly ahead = new Ahead();
  readonly #q: Queryable;
  #begun = false;
  #kept = new Map<Writer<unknown>, unknown[]>();
  #keys = new Set<string>();
  #flushing: Promise<void> = Promise.resolve();

  constructor(q: Queryable) {
    this.#q = q;
  }

  /** Past what is kept back, for reading ahead before anything is. */
  get direct(): Queryable {
    return this.#q;
  }

  get begun(): boolean {
    return this.#begun;
  }

  begin(): void {
    this.#begun = true;
  }

  async query<R = unknown>(statement: string | Statement, values?: readonly unknown[]): Promise<Rows<R>> {
    if (!this.#begun) return this.#q.query<R>(statement, values);
    const { name = '', text } = typeof statement === 'string' ? { text: statement } : statement;
    if (!APART.has(name)) {
      await this.flush();
      if (!READING.has(name) && !/^\s*SELECT\b/.test(text)) this.ahead.clear();
    }
    return this.#q.query<R>(statement, values);
  }

  /** As `query`, for a statement whose answer nobody needs. */
  async post(statement: Statement): Promise<void> {
    if (this.#begun && !APART.has(statement.name ?? '')) {
      await this.flush();
      this.ahead.clear();
    }
    return this.#q.post(statement);
  }

  /** `key` names what is written: two writes of it are never in one statement. */
  async later<Row>(writer: Writer<Row>, key: string, row: Row): Promise<void> {
    if (!this.#begun) return writer.write(this.#q, [row]);
    if (this.#keys.has(key)) await this.flush();
    this.#keys.add(key);
    const rows = this.#kept.get(writer);
    if (rows === undefined) this.#kept.set(writer, [row]);
    else rows.push(row);
  }

  /** Before a statement that is about this one thing. */
  settle(key: string): Promise<void> {
    return this.#keys.has(key) ? this.flush() : this.#flushing;
  }

  /** Before a statement that is about things of this kind. */
  settleAll<Row>(writer: Writer<Row>): Promise<void> {
    return this.#kept.has(writer) ? this.flush() : this.#flushing;
  }

  /** Writes what was kept back. Whoever asks meanwhile waits, or it would look past what is being written. */
  flush(): Promise<void> {
    const kept = this.#kept;
    if (kept.size > 0) {
      this.#kept = new Map();
      this.#keys = new Set();
      const before = this.#flushing;
      this.#flushing = before.then(() => this.#write(kept));
    }
    return this.#flushing;
  }

  async #write(kept: ReadonlyMap<Writer<unknown>, readonly unknown[]>): Promise<void> {
    for (const [writer, rows] of [...kept].sort(([one], [other]) => one.place - other.place)) {
      await writer.write(this.#q, rows);
    }
  }
}
