/** People that were compared a moment ago need not be opened and read again. Nothing but memory is kept of them. */
import { getHeapStatistics } from 'node:v8';
import { NO_NAMESPACES, type Namespaces, type NamespacesOf } from '../../settings/identifier-types.ts';
import type { IndexedRecord } from '../../store/contract-index.ts';
import type { Person } from '../match/person.ts';
import { personOf } from './person-of.ts';

export interface Memory {
  personOf(record: IndexedRecord): Person;
  /** @param name `ID VERSION`; undefined: it is not remembered */
  known(name: string): Person | undefined;
  /** Of records that were erased nothing is remembered, whoever read them before and is not done yet. */
  forget(ids: readonly string[]): void;
  /**
   * Whether the record placed last was decided about: the next one is placed under the lock on the log from the start.
   * Who loads a site's people decides about one after the other.
   */
  readonly deciding: { last: boolean };
}

/** What one takes in memory, measured. */
const PERSON_BYTES = 1_500;
const SHARE_OF_HEAP = 0.25;

export interface MemoryOptions {
  /** So many people at least, and twice as many at most. Default: a quarter of what the process may have. */
  readonly most?: number;
  /** As the settings are now: where they were read again, so is the person. */
  readonly namespaces?: NamespacesOf;
}

interface Remembered {
  readonly person: Person;
  readonly site: string;
  readonly by: Namespaces;
}

export function memory({ most = fitting(), namespaces = () => NO_NAMESPACES }: MemoryOptions = {}): Memory {
  let fresh = new Map<string, Remembered>();
  let older = new Map<string, Remembered>();
  // For good: they are never read again, and one takes as little as its id.
  const erased = new Set<string>();
  const keep = (name: string, remembered: Remembered): void => {
    if (erased.has(idOf(name))) return;
    if (fresh.size >= most) {
      older = fresh;
      fresh = new Map();
    }
    fresh.set(name, remembered);
  };
  const known = (name: string): Person | undefined => {
    const found = fresh.get(name) ?? older.get(name);
    if (found === undefined || found.by !== namespaces(found.site)) return undefined;
    // Whoever is asked for stays.
    if (!fresh.has(name)) keep(name, found);
    return found.person;
  };
  return {
    deciding: { last: false },
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
      const by = namespaces(record.site);
      const person = personOf(record.patient(), by);
      keep(name, { person, site: record.site, by });
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
