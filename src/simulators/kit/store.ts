/**
 * What a simulator remembers: rows by table and key, in memory, with every write appended to one file before it is
 * answered. It survives `kill -9` of the process (the bytes are with the operating system); it does not promise to
 * survive a power cut, because an fsync per booking would make the simulator slower than the hub it is there to
 * measure.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../core/clock.ts';

/** Names a table and carries the type of its rows. */
export interface Table<V> {
  readonly name: string;
  readonly row?: V;
}

export interface View {
  get<V>(table: Table<V>, key: string): V | undefined;
  /** In the order in which the rows were first written. */
  all<V>(table: Table<V>): V[];
}

export interface Writer extends View {
  put<V>(table: Table<V>, key: string, row: V): void;
  remove(table: Table<unknown>, key: string): void;
  /** Never given twice, also when the write that took it is undone: a reused number would point at another record. */
  nextNumber(counter: string, first: number): number;
}

type Entry = readonly [table: string, key: string, row: unknown];

const COUNTERS: Table<number> = { name: 'counters' };
const FILE = 'state.jsonl';
const COMPACT_BYTES = 64 * 1024 * 1024;
/** How far back `asOf` can look. */
const HISTORY_MS = 600_000;
const HISTORY_WRITES = 20_000;

export class Store implements View {
  readonly #tables = new Map<string, Map<string, unknown>>();
  readonly #folder: string;
  readonly #clock: Clock;
  #file: number;
  #bytes = 0;
  #history: { readonly at: number; readonly before: readonly Entry[] }[] = [];
  /** Values before the write under way, oldest first; null when none is. */
  #before: Entry[] | null = null;

  constructor(folder: string, clock: Clock = systemClock) {
    this.#folder = folder;
    this.#clock = clock;
    mkdirSync(folder, { recursive: true });
    this.#load();
    this.#file = this.#compact();
  }

  /** True when the folder held nothing: the seed's records are still to be made. */
  get isEmpty(): boolean {
    return this.#tables.size === 0;
  }

  get<V>(table: Table<V>, key: string): V | undefined {
    return this.#tables.get(table.name)?.get(key) as V | undefined;
  }

  all<V>(table: Table<V>): V[] {
    return [...(this.#tables.get(table.name)?.values() ?? [])] as V[];
  }

  /**
   * All or nothing: what `work` wrote is on file when this returns, and undone when it throws. With `discard` it is
   * undone although it succeeded: the lie of a system that answers "done" and wrote nothing.
   */
  write<T>(work: (tx: Writer) => T, discard = false): T {
    if (this.#before !== null) return work(this.#writer);
    this.#before = [];
    try {
      const result = work(this.#writer);
      if (discard) this.#undo();
      this.#append(this.#before);
      this.#remember(this.#before);
      return result;
    } catch (error) {
      this.#undo();
      throw error;
    } finally {
      this.#before = null;
    }
  }

  /** The rows as they were at `at` (real time in ms), as far back as ten minutes. */
  asOf(at: number): View {
    const old = new Map<string, Map<string, unknown>>();
    for (const write of this.#history.toReversed()) {
      if (write.at <= at) break;
      for (const [table, key, row] of write.before.toReversed()) {
        const rows = old.get(table) ?? new Map<string, unknown>();
        rows.set(key, row);
        old.set(table, rows);
      }
    }
    return {
      get: <V>(table: Table<V>, key: string) => {
        const rows = old.get(table.name);
        return (rows?.has(key) === true ? (rows.get(key) ?? undefined) : this.get(table, key)) as V | undefined;
      },
      all: <V>(table: Table<V>) => {
        const rows = new Map(this.#tables.get(table.name) ?? []);
        for (const [key, row] of old.get(table.name) ?? []) {
          if (row === null) rows.delete(key);
          else rows.set(key, row);
        }
        return [...rows.values()] as V[];
      },
    };
  }

  close(): void {
    closeSync(this.#file);
  }

  readonly #writer: Writer = {
    get: (table, key) => this.get(table, key),
    all: (table) => this.all(table),
    put: (table, key, row) => this.#set(table.name, key, row),
    remove: (table, key) => this.#set(table.name, key, null),
    nextNumber: (counter, first) => {
      const next = (this.get(COUNTERS, counter) ?? first - 1) + 1;
      this.#set(COUNTERS.name, counter, next);
      return next;
    },
  };

  #set(table: string, key: string, row: unknown): void {
    this.#before?.push([table, key, this.#tables.get(table)?.get(key) ?? null]);
    this.#place(table, key, row);
  }

  #place(table: string, key: string, row: unknown): void {
    let rows = this.#tables.get(table);
    if (rows === undefined) {
      rows = new Map();
      this.#tables.set(table, rows);
    }
    if (row === null || row === undefined) rows.delete(key);
    else rows.set(key, row);
  }

  #undo(): void {
    const kept: Entry[] = [];
    for (const [table, key, row] of (this.#before ?? []).toReversed()) {
      if (table === COUNTERS.name) kept.push([table, key, row]);
      else this.#place(table, key, row);
    }
    this.#before = kept;
  }

  #append(before: readonly Entry[]): void {
    const keys = new Map(before.map(([table, key]) => [`${table}\n${key}`, [table, key] as const]));
    if (keys.size === 0) return;
    const entries = [...keys.values()].map(([table, key]) => [table, key, this.#tables.get(table)?.get(key) ?? null]);
    const line = Buffer.from(`${JSON.stringify(entries)}\n`);
    writeAll(this.#file, line);
    this.#bytes += line.length;
    if (this.#bytes < COMPACT_BYTES) return;
    closeSync(this.#file);
    this.#file = this.#compact();
  }

  #remember(before: readonly Entry[]): void {
    const now = this.#clock.now();
    this.#history.push({ at: now, before });
    if (this.#history.length > 2 * HISTORY_WRITES) this.#history = this.#history.slice(-HISTORY_WRITES);
    while ((this.#history[0]?.at ?? now) < now - HISTORY_MS) this.#history.shift();
  }

  #load(): void {
    const path = join(this.#folder, FILE);
    if (!existsSync(path)) return;
    const lines = readFileSync(path, 'utf8').split('\n');
    // What follows the last line end is a line that the process was killed over: it was never answered.
    lines.pop();
    for (const line of lines) {
      for (const [table, key, row] of JSON.parse(line) as Entry[]) this.#place(table, key, row);
    }
  }

  /** Writes the present rows to a new file and puts it in the place of the old one. */
  #compact(): number {
    const path = join(this.#folder, FILE);
    const next = openSync(`${path}.next`, 'w');
    this.#bytes = 0;
    for (const [table, rows] of this.#tables) {
      for (const [key, row] of rows) writeAll(next, Buffer.from(`${JSON.stringify([[table, key, row]])}\n`));
    }
    fsyncSync(next);
    renameSync(`${path}.next`, path);
    closeSync(next);
    return openSync(path, 'a');
  }
}

/**
 * One writeSync may take fewer bytes than given when the disk runs full; half a line must not be taken for a whole
 * one.
 */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}
