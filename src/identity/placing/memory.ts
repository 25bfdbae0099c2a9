/** People that were compared a moment ago need not be opened and read again. Nothing but memory is kept of them. */
import { getHeapStatistics } from 'node:v8';
import type { IndexedRecord } from '../../store/contract-index.ts';
import type { Person } from '../match/person.ts';
import { personOf } from './person-of.ts';

export interface Memory {
  personOf(record: IndexedRecord): Person;
  /** @param name `ID VERSION`; undefined: it is not remembered */
  known(name: string): Person | undefined;
  /** Of records that were erased nothing is remembered, whoever read them before and is not done yet. */
  forget(ids: readonly string[]): void;
  /** Records that turned out to be decided about, and are placed anew under the lock on the log. */
  readonly deciding: Set<string>;
}

/** What one takes in memory, measured. */
const PERSON_BYTES = 1_500;
const SHARE_OF_HEAP = 0.25;

/** @param most so many people at least, and twice as many at most. Default: a quarter of what the process may have */
export function memory(most = fitting()): Memory {
  let fresh = new Map<string, Person>();
  let older = new Map<string, Person>();
  // For good: they are never read again, and one takes as little as its id.
  const erased = new Set<string>();
  const keep = (name: string, person: Person): void => {
    if (erased.has(idOf(name))) return;
    if (fresh.size >= most) {
      older = fresh;
      fresh = new Map();
    }
    fresh.set(name, person);
  };
  const known = (name: string): Person | undefined => {
    const person = fresh.get(name);
    if (person !== undefined) return person;
    const before = older.get(name);
    // Whoever is asked for stays.
    if (before !== undefined) keep(name, before);
    return before;
  };
  return {
    deciding: new Set(),
    known,
    forget(ids) {
      for (const id of ids) erased.add(id);
      for (const people of [fresh, older])
        for (const name of people.keys()) if (erased.has(idOf(name))) people.delete(name);
    },
    personOf(record) {
      const name = nameOf(record);
      const before = known(name);
      if (before !== undefined) return before;
      const person = personOf(record.patient());
      keep(name, person);
      return person;
    },
  };
}

function fitting(): number {
  return Math.floor((getHeapStatistics().heap_size_limit * SHARE_OF_HEAP) / (2 * PERSON_BYTES));
}

/** As the index names who shares a key. */
export function nameOf({ id, version }: Pick<IndexedRecord, 'id' | 'version'>): string {
  return `${id} ${String(version)}`;
}

/** Of such a name. */
export function idOf(name: string): string {
  return name.slice(0, name.indexOf(' '));
}
