/**
 * Who is one person, as far as a reader may know. To them a person is the records that they may see: its golden id is
 * that of the oldest one of these. The id that stands for all records would tell of an older one that is hidden; so an
 * id is known only to who may see the record that it belongs to.
 */
import type { KnownRecord } from '../../store/contract-identity.ts';
import type { Tx } from '../../store/contract.ts';
import type { PersonMeant } from '../contract-serve.ts';
import { resolve, type Resolution } from '../golden/aliases.ts';
import { goldenIdOf } from '../golden/replay.ts';

export interface SeenPerson {
  readonly goldenId: string;
  /** Those that the reader may see, the oldest first. */
  readonly records: readonly KnownRecord[];
}

/** Of these records that the reader may see, the people. */
export async function peopleSeen(tx: Tx, records: readonly string[]): Promise<readonly SeenPerson[]> {
  const seen = await tx.sight.peopleSeen(records);
  return [...Map.groupBy(seen, ({ goldenId }) => goldenId).values()].map((own) => ({
    goldenId: goldenIdOf(own[0]?.id ?? ''),
    records: own,
  }));
}

export async function goldenOf(tx: Tx, recordId: string): Promise<string | null> {
  const [person] = await peopleSeen(tx, [recordId]);
  return person?.goldenId ?? null;
}

export interface Found {
  readonly resolution: Resolution;
  /** Null: the id stands for nobody now. */
  readonly person: SeenPerson | null;
  /** Whoever has records now that the id ever stood for. */
  readonly people: readonly SeenPerson[];
}

/** Null: there is no such id, or the reader may not see the record that it belongs to. */
export async function found(tx: Tx, goldenId: string): Promise<Found | null> {
  const held = await tx.sight.everHeld(goldenId);
  const seen = await tx.sight.seen(held);
  const own = held.find((record) => goldenIdOf(record) === goldenId);
  if (own === undefined || !seen.has(own)) return null;
  const people = await peopleSeen(tx, [...seen]);
  const clusters = people.map((person) => ({
    goldenId: person.goldenId,
    members: person.records.map(({ id }) => id),
  }));
  const resolution = resolve(goldenId, new Map([[goldenId, [...seen]]]), clusters);
  if (resolution === null) return null;
  const person = resolution.status === 'active' ? people.find((one) => one.goldenId === goldenId) : undefined;
  return { resolution, person: person ?? null, people };
}

/** Whom a golden id stands for, also by way of another id. Of one that is split over several people nobody can tell. */
export async function personMeant(tx: Tx, goldenId: string): Promise<PersonMeant | null> {
  const known = await found(tx, goldenId);
  if (known === null) return null;
  if (known.resolution.status === 'split') return { kind: 'several' };
  const meant = known.resolution.status === 'redirected' ? known.resolution.to : goldenId;
  const { records = [] } = known.people.find((one) => one.goldenId === meant) ?? {};
  return {
    kind: 'one',
    records: records.map(({ id, site, survivorId, removedAt }) => {
      return { id, site, inUse: survivorId === null && removedAt === null };
    }),
  };
}

/** Records by which visits of this person are found. */
export async function recordsMeant(tx: Tx, goldenId: string): Promise<readonly string[]> {
  const meant = await personMeant(tx, goldenId);
  return meant?.kind === 'one' ? meant.records.map(({ id }) => id) : [];
}
