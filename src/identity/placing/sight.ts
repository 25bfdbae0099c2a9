/**
 * What is read to place records among the others: who shares a key with each, and what was decided about them. For a
 * whole batch at once, each record as if those before it in the batch had been placed already.
 */
import { setImmediate as othersHadTheirTurn } from 'node:timers/promises';
import type { Instant } from '../../core/instant.ts';
import type { Entry, IndexedRecord } from '../../store/contract-index.ts';
import type { KnownRecord } from '../../store/contract-identity.ts';
import type { GivenId } from '../../store/contract-registrations.ts';
import type { Tx } from '../../store/contract.ts';
import { isPair, type Decision } from '../golden/decision.ts';
import { KEY_CAP } from '../match/candidates.ts';
import { contactsOf, ownerOf } from '../match/frequencies.ts';
import { keysOf, KEY_EPOCH } from '../match/keys.ts';
import { matcher, type Matcher, type Verdict } from '../match/matcher.ts';
import type { Model } from '../match/model.ts';
import type { Person } from '../match/person.ts';
import { settled, type Care } from './budgets.ts';
import { decisionsOf } from './decisions-of.ts';
import type { Memory } from './memory.ts';
import { measured } from './measure.ts';
import { screened } from './screen.ts';
import { Neighbours, type Found } from './neighbours.ts';
import { ToldLog } from './told-log.ts';

export interface Compared {
  readonly record: IndexedRecord;
  readonly person: Person;
}

export interface Near extends Compared {
  readonly verdict: Verdict;
}

export interface Sight {
  readonly self: Compared;
  readonly capped: Found['capped'];
  /** Records in use that share a key and are not two people for certain, each with what the matcher says. */
  readonly near: readonly Near[];
  /**
   * Everything decided about the record, about those that may be linked, and about what decisions connect with them.
   */
  readonly log: readonly Decision[];
  readonly sources: readonly KnownRecord[];
  /** Of those that are named in it, the records in use. */
  readonly people: ReadonlyMap<string, Compared>;
  readonly matcher: Matcher;
  /** Records that are the person's by an id which the hub gave and the site sent back, each with what was given. */
  readonly given: readonly GivenRecord[];
  /** What the matcher says of the record and another one, as the settings have it between their sites. */
  readonly strict: <V extends Verdict>(told: V, other: Compared) => V;
}

export interface GivenRecord extends GivenId {
  /** The other one of the two. */
  readonly other: string;
}

export interface SightOptions {
  readonly model: Model;
  /** Absent: no site is stricter than the model. */
  readonly care?: Care;
  readonly memory: Memory;
  readonly now: Instant;
  readonly cap?: number;
  /** Within which a pair is to be looked at; absent: a week. */
  readonly reviewWithin_ms?: number;
}

/** Records that are about to be placed, in their order, and all that is read for that. */
export interface Looked {
  readonly batch: readonly Own[];
  readonly neighbours: Neighbours;
  /** Grows with what is decided about the batch. */
  readonly log: ToldLog;
  /** Of one of the batch, by what is decided until now. */
  sightOf(own: Own): Sight;
}

/** One of the batch, and what it is found by. */
export interface Own extends Compared {
  readonly entry: Omit<Entry, 'truncated'>;
}

/** Records after which others have their turn: some ten milliseconds. */
const AT_A_STRETCH = 50;

/** Those that are known, in the order of the ids. */
export async function lookMany(tx: Tx, ids: readonly string[], options: SightOptions): Promise<Looked> {
  const { memory: remembered, cap = KEY_CAP } = options;
  const compared = (record: IndexedRecord): Compared => ({ record, person: remembered.personOf(record) });
  const records = new Map((await tx.index.people(ids)).map((record) => [record.id, record]));
  const batch: Own[] = [];
  for (const record of ids.flatMap((id) => records.get(id) ?? [])) {
    batch.push(own(tx, compared(record)));
    if (batch.length % AT_A_STRETCH === 0) await othersHadTheirTurn();
  }
  const neighbours = await Neighbours.of(tx.index, batch.map(({ entry }) => entry), cap); // prettier-ignore
  const measure = await measured(tx, batch.map(({ person }) => person), options); // prettier-ignore
  const hits = await screened({ tx, batch, neighbours, measure, memory: remembered });
  // What was remembered tells who is worth a second look; what is decided upon is read now.
  const people = new Map<string, Compared>(batch.map((one) => [one.record.id, one]));
  const know = async (wanted: Iterable<string>): Promise<void> => {
    const missing = [...new Set(wanted)].filter((id) => !people.has(id));
    const read = (await tx.index.people(missing)).map(compared);
    for (const one of read) people.set(one.record.id, one);
    await measure.frequencies.know(read.map(({ person }) => person));
    await neighbours.know(read.flatMap(({ person }) => tx.index.blindedContacts(contactsOf(person))));
  };
  await know([...hits.values()].flat());
  const matcherFor = (self: Own, all: readonly Compared[]): Matcher => {
    const contacts = [...new Set(all.flatMap(({ person }) => contactsOf(person)))];
    return matcher({ ...measure, shared: sharedAt(tx, neighbours, contacts, self.record.id) });
  };
  const strictFor =
    (self: Own): Sight['strict'] =>
    (told, other) =>
      settled(told, options.care, measure.records, {
        sites: [self.record.site, other.record.site],
        people: [self.person, other.person],
        shared: () => sharedAt(tx, neighbours, contactsOf(self.person), self.record.id),
      });
  const nearOf = new Map(
    batch.map((self) => [
      self.record.id,
      nearTo(self, hits.get(self.record.id) ?? [], people, { matcherFor, strictFor }),
    ]),
  );
  const given = await tx.registrations.given(batch.map(({ record }) => record.id));
  await know(given.flatMap(({ recordId, patientId }) => [recordId, patientId]));
  /** Those that it may be linked to. */
  const mayBeOf = ({ record }: Own): readonly string[] => [
    ...autos(nearOf.get(record.id) ?? []),
    ...givenTo(record.id, given).map(({ other }) => other),
  ];
  const about = await tx.identity.about([...batch.map(({ record }) => record.id), ...batch.flatMap(mayBeOf)]);
  const log = new ToldLog();
  for (const decision of decisionsOf(about)) log.add(decision);
  await know(log.records());
  const sources = new Map<string, KnownRecord>([...people].map(([id, { record }]) => [id, record]));
  for (const known of await tx.identity.records(log.records().filter((id) => !sources.has(id)))) {
    sources.set(known.id, known);
  }
  return {
    batch,
    neighbours,
    log,
    sightOf(self) {
      const { id } = self.record;
      const linkable = mayBeOf(self);
      const said = log.component([id, ...linkable]);
      const named = [...new Set([id, ...linkable, ...said.filter(isPair).flatMap(({ one, other }) => [one, other])])];
      const together = named
        .flatMap((one) => people.get(one) ?? [])
        .filter(({ record }) => record.inUse || record.id === id);
      const near = nearOf.get(id) ?? [];
      return {
        self,
        capped: neighbours.found(self.entry).capped,
        near,
        log: said,
        sources: named.flatMap((one) => sources.get(one) ?? []),
        people: new Map(together.map((one) => [one.record.id, one])),
        matcher: matcherFor(self, together),
        given: givenTo(id, given),
        strict: strictFor(self),
      };
    },
  };
}

function givenTo(id: string, given: readonly GivenId[]): readonly GivenRecord[] {
  return given.flatMap((one) => {
    if (one.recordId !== id && one.patientId !== id) return [];
    return [{ ...one, other: one.recordId === id ? one.patientId : one.recordId }];
  });
}

function own(tx: Tx, { record, person }: Compared): Own {
  return { record, person, entry: entryOf(tx, record, person) };
}

export function entryOf(
  { index }: Pick<Tx, 'index'>,
  { id, version, inUse }: Pick<IndexedRecord, 'id' | 'version' | 'inUse'>,
  person: Person,
): Own['entry'] {
  return {
    id,
    version,
    inUse,
    keys: inUse ? index.blinded(keysOf(person), KEY_EPOCH) : [],
    contacts: inUse ? index.blindedContacts(contactsOf(person)) : [],
    who: index.blindedOwner(ownerOf(person)),
    given: index.blindedName('given', person.given.first),
    family: index.blindedName('family', person.family.whole),
  };
}

interface Judging {
  matcherFor(self: Own, all: readonly Compared[]): Matcher;
  strictFor(self: Own): Sight['strict'];
}

function nearTo(
  self: Own,
  hits: readonly string[],
  people: ReadonlyMap<string, Compared>,
  judging: Judging,
): readonly Near[] {
  const others = hits.flatMap((id) => people.get(id) ?? []).filter(({ record }) => record.inUse);
  if (others.length === 0) return [];
  const [judge, strict] = [judging.matcherFor(self, [self]), judging.strictFor(self)];
  return others
    .map((one) => ({ ...one, verdict: strict(judge.judge(self.person, one.person), one) }))
    .filter(({ verdict }) => verdict.band !== 'none');
}

function autos(near: readonly Near[]): readonly string[] {
  return near.filter(({ verdict }) => verdict.band === 'auto').map(({ record }) => record.id);
}

/** Of contacts that are known those that more people have than live together. */
export function sharedAt(
  { index }: Pick<Tx, 'index'>,
  neighbours: Neighbours,
  contacts: readonly string[],
  id: string,
): ReadonlySet<string> {
  const hashes = index.blindedContacts(contacts);
  return new Set(contacts.filter((_contact, at) => neighbours.isShared(hashes[at] ?? '', id)));
}
