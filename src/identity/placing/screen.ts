/**
 * Of all who share a key with the records of a batch, those that are not two people for certain. Most are, and nothing
 * of them is read but the name of their keys while they are remembered as they were indexed. Who has changed since then
 * is due, and is compared itself when it is placed.
 */
import { setImmediate as othersHadTheirTurn } from 'node:timers/promises';
import type { Tx } from '../../store/contract.ts';
import { contactsOf } from '../match/frequencies.ts';
import { matcher, type MatcherOptions } from '../match/matcher.ts';
import type { Person } from '../match/person.ts';
import type { Memory } from './memory.ts';
import type { Neighbours } from './neighbours.ts';
import { sharedAt, type Own } from './sight.ts';

export interface Screening {
  readonly tx: Tx;
  readonly batch: readonly Own[];
  readonly neighbours: Neighbours;
  readonly measure: Omit<MatcherOptions, 'shared'>;
  readonly memory: Memory;
}

/** Comparisons at a stretch: some ten milliseconds, in which nobody else has a turn. */
const STRETCH = 3_000;
/** Records that are read and opened at once. */
const READ_AT_ONCE = 500;

/** Ids, sorted, by the id of the record of the batch. */
export async function screened(screening: Screening): Promise<ReadonlyMap<string, readonly string[]>> {
  const { tx, batch, neighbours, measure } = screening;
  const sharing = batch.map(({ entry }) => neighbours.found(entry).names);
  const personNamed = await people(screening, sharing);
  const hits = new Map<string, readonly string[]>();
  let compared = 0;
  for (const [turn, { record, person }] of batch.entries()) {
    const shared = sharedAt(tx, neighbours, contactsOf(person), record.id);
    const judge = matcher({ ...measure, shared });
    const found: string[] = [];
    for (const name of sharing[turn] ?? []) {
      const other = personNamed(name);
      if (other !== undefined && judge.judge(person, other).band !== 'none') found.push(idOf(name));
    }
    if (found.length > 0) hits.set(record.id, [...new Set(found)].sort());
    compared += sharing[turn]?.length ?? 0;
    if (compared > STRETCH) {
      compared = 0;
      await othersHadTheirTurn();
    }
  }
  return hits;
}

/** Held for the batch: what is remembered may be forgotten while others are read. */
async function people(
  { tx, batch, memory }: Screening,
  sharing: readonly (readonly string[])[],
): Promise<(name: string) => Person | undefined> {
  const found = new Map<string, Person>();
  // The batch is compared as it is now, whatever is remembered of it.
  const read = new Map<string, Person>(batch.map(({ record, person }) => [record.id, person]));
  const missing = new Set<string>();
  for (const names of sharing) {
    for (const name of names) {
      if (found.has(name) || read.has(idOf(name))) continue;
      const known = memory.known(name);
      if (known === undefined) missing.add(idOf(name));
      else found.set(name, known);
    }
  }
  const ids = [...missing];
  for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
    for (const record of await tx.index.people(ids.slice(at, at + READ_AT_ONCE))) {
      if (record.inUse) read.set(record.id, memory.personOf(record));
    }
  }
  return (name) => found.get(name) ?? read.get(idOf(name));
}

function idOf(name: string): string {
  return name.slice(0, name.indexOf(' '));
}
