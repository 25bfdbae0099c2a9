/** What is read to place one record among the others: who shares a key with it, and what was decided about them. */
import type { Instant } from '../../core/instant.ts';
import type { BlindKey, Found, IndexedRecord } from '../../store/contract-index.ts';
import type { KnownRecord } from '../../store/contract-identity.ts';
import type { Tx } from '../../store/contract.ts';
import { isPair, type Decision } from '../golden/decision.ts';
import { KEY_CAP } from '../match/candidates.ts';
import { contactsOf, type Frequencies } from '../match/frequencies.ts';
import { keysOf, KEY_EPOCH } from '../match/keys.ts';
import { matcher, type Explanation, type Matcher, type Verdict } from '../match/matcher.ts';
import type { Model } from '../match/model.ts';
import type { Person } from '../match/person.ts';
import { decisionsOf } from './decisions-of.ts';
import { personOf } from './person-of.ts';

export interface Compared {
  readonly record: IndexedRecord;
  readonly person: Person;
}

export interface Sight {
  readonly self: Compared;
  readonly keys: readonly BlindKey[];
  /** `h` of the keys under which it is found until now. */
  readonly keysBefore: readonly string[];
  readonly capped: Found['capped'];
  /** Records in use that share a key and are not two people for certain, each with what the matcher says. */
  readonly near: readonly (Compared & { readonly verdict: Verdict })[];
  /**
   * Everything decided about the record, about those that may be linked, and about what decisions connect with them.
   */
  readonly log: readonly Decision[];
  readonly sources: readonly KnownRecord[];
  /** Of those that are named in it, the records in use. */
  readonly people: ReadonlyMap<string, Compared>;
  readonly matcher: Matcher;
}

/** People that were compared a moment ago need not be opened and read again. Nothing but memory is kept of them. */
export interface Memory {
  personOf(record: IndexedRecord): Person;
  /** Records that turned out to be decided about, and are placed anew under the lock on the log. */
  readonly deciding: Set<string>;
}

export function memory(most = 20_000): Memory {
  const known = new Map<string, Person>();
  return {
    deciding: new Set(),
    personOf(record) {
      const name = `${record.id} ${String(record.version)}`;
      const before = known.get(name);
      if (before !== undefined) return before;
      if (known.size >= most) known.clear();
      const person = personOf(record.patient());
      known.set(name, person);
      return person;
    },
  };
}

export interface SightOptions {
  readonly model: Model;
  readonly memory: Memory;
  readonly now: Instant;
  readonly cap?: number;
}

/** Phones and addresses that more different people have belong to nobody (docs/identity.md). */
const SHARED_BY = 8;

export function keyLock(h: string): string {
  return `identity-key:${h}`;
}

/** Of all keys that the record has or had. */
export async function keyLocks(tx: Tx, id: string, { memory: remembered }: SightOptions): Promise<readonly string[]> {
  const [record] = await tx.index.people([id]);
  if (record === undefined) return [];
  const keys = record.inUse ? tx.index.blinded(keysOf(remembered.personOf(record)), KEY_EPOCH) : [];
  return [...keys.map(({ h }) => h), ...(await tx.index.keysOf(id))].map(keyLock);
}

/** Null: there is no such record. */
export async function look(tx: Tx, id: string, options: SightOptions): Promise<Sight | null> {
  const { model, memory: remembered, now, cap = KEY_CAP } = options;
  const [record] = await tx.index.people([id]);
  if (record === undefined) return null;
  const compared = (one: IndexedRecord): Compared => ({ record: one, person: remembered.personOf(one) });
  const self = compared(record);
  const keys = record.inUse ? tx.index.blinded(keysOf(self.person), KEY_EPOCH) : [];
  const keysBefore = await tx.index.keysOf(id);
  const found = await tx.index.sharing(keys, id, cap);
  const others = (await tx.index.people(found.ids)).filter(({ inUse }) => inUse).map(compared);
  const measure = { model, records: await tx.index.size(), today: dayOf(now) };
  const frequencies = await frequenciesOf(tx, [self, ...others]);
  const shared = await tx.index.shared(contactsOf(self.person), SHARED_BY);
  const first = matcher({ ...measure, frequencies, shared });
  const near = others
    .map((one) => ({ ...one, verdict: first.judge(self.person, one.person) }))
    .filter(({ verdict }) => verdict.band !== 'none');
  const autos = near.filter(({ verdict }) => verdict.band === 'auto').map((one) => one.record.id);
  const log = decisionsOf(await tx.identity.about([id, ...autos]));
  const pairs = log.filter(isPair).flatMap(({ one, other }) => [one, other]);
  const named = new Set([id, ...autos, ...pairs]);
  const sources = await tx.identity.records([...named]);
  const people = new Map(
    [self, ...others].filter((one) => named.has(one.record.id)).map((one) => [one.record.id, one]),
  );
  const missing = sources.map((one) => one.id).filter((one) => !people.has(one));
  const joined = (await tx.index.people(missing)).filter(({ inUse }) => inUse).map(compared);
  for (const one of joined) people.set(one.record.id, one);
  const together = [...people.values()];
  const isMore = joined.length > 0 || autos.length > 0;
  return {
    self,
    keys,
    keysBefore,
    capped: found.capped,
    near,
    log,
    sources,
    people,
    matcher: isMore
      ? matcher({
          ...measure,
          frequencies: await frequenciesOf(tx, [self, ...others, ...joined]),
          shared: await tx.index.shared([...new Set(together.flatMap((one) => contactsOf(one.person)))], SHARED_BY),
        })
      : first,
  };
}

async function frequenciesOf(tx: Tx, people: readonly Compared[]): Promise<Frequencies> {
  const given = new Set(people.flatMap(({ person }) => [person.given.first, person.given.whole]));
  const family = new Set(people.map(({ person }) => person.family.whole));
  const counts = await tx.index.names([...given], [...family]);
  return {
    given: counts.given,
    family: counts.family,
    countOfGiven: (name) => counts.ofGiven.get(name) ?? 0,
    countOfFamily: (name) => counts.ofFamily.get(name) ?? 0,
  };
}

/** 20261122, in UTC: a day more or less makes nobody a minor who matters here. */
function dayOf(now: Instant): number {
  return Number(new Date(now).toISOString().slice(0, 10).replaceAll('-', ''));
}

/** Of a pair that somebody asks about, as it would be judged now. */
export async function explained(
  tx: Tx,
  pair: readonly [IndexedRecord, IndexedRecord],
  { model, memory: remembered, now }: SightOptions,
): Promise<Explanation> {
  const [one, other] = pair.map((record) => ({ record, person: remembered.personOf(record) })) as [Compared, Compared];
  const judge = matcher({
    model,
    records: await tx.index.size(),
    today: dayOf(now),
    frequencies: await frequenciesOf(tx, [one, other]),
    shared: await tx.index.shared(contactsOf(one.person), SHARED_BY),
  });
  return judge.explain(one.person, other.person);
}
