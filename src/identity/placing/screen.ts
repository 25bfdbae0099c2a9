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
import { idOf, type Memory } from './memory.ts';
import type { Neighbours } from './neighbours.ts';
import { sharedAt, type Own } from './sight.ts';

export interface Screening {
  readonly tx: Tx;
  readonly batch: readonly Pick<Own, 'entry' | 'person'>[];
  readonly neighbours: Neighbours;
  readonly measure: Omit<MatcherOptions, 'shared'>;
  readonly memory: Memory;
}

/** Comparisons at a stretch: some ten milliseconds, in which nobody else has a turn. */
const STRETCH = 3_000;
/** Records of which the keys are asked for at once. */
const PART = 100;
/** Records that are read and opened at once. */
const READ_AT_ONCE = 500;

/** Ids, sorted, by the id of the record of the batch; those without any are left out. */
export async function screened(screening: Screening): Promise<ReadonlyMap<string, readonly string[]>> {
  const { batch, neighbours } = screening;
  const parts = Array.from({ length: Math.ceil(batch.length / PART) }, (_part, at) => {
    return batch.slice(at * PART, (at + 1) * PART);
  });
  const hits = new Map<string, readonly string[]>();
  const read = (part: Screening['batch'] = []): Promise<void> => neighbours.read(part.map(({ entry }) => entry));
  let coming = read(parts[0]);
  for (const [at, part] of parts.entries()) {
    await coming;
    // The database looks for those of the next part while these are compared.
    coming = read(parts[at + 1]);
    coming.catch(() => undefined);
    await compareEach(screening, part, hits);
  }
  await coming;
  return hits;
}

async function compareEach(
  screening: Screening,
  part: Screening['batch'],
  hits: Map<string, readonly string[]>,
): Promise<void> {
  const { tx, neighbours, measure } = screening;
  const sharing = part.map(({ entry }) => neighbours.found(entry).names);
  const personNamed = await people(screening, sharing);
  let compared = 0;
  for (const [turn, { entry, person }] of part.entries()) {
    const shared = sharedAt(tx, neighbours, contactsOf(person), entry.id);
    const judge = matcher({ ...measure, shared });
    const found: string[] = [];
    for (const name of sharing[turn] ?? []) {
      const other = personNamed(name);
      if (other !== undefined && judge.judge(person, other).band !== 'none') found.push(idOf(name));
    }
    if (found.length > 0) hits.set(entry.id, [...new Set(found)].sort());
    compared += sharing[turn]?.length ?? 0;
    if (compared > STRETCH) {
      compared = 0;
      await othersHadTheirTurn();
    }
  }
}

/** Held for a part: what is remembered may be forgotten while others are read. */
async function people(
  { tx, batch, memory }: Screening,
  sharing: readonly (readonly string[])[],
): Promise<(name: string) => Person | undefined> {
  const found = new Map<string, Person>();
  // The batch is compared as it is now, whatever is remembered of it.
  const read = new Map<string, Person>(batch.map(({ entry, person }) => [entry.id, person]));
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
