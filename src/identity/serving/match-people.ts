/**
 * Who a description fits: the matcher of the index over its keys, read only. A person is judged by the records that the
 * reader may see; what others would say is not asked.
 */
import type { Namespaces } from '../../settings/identifier-types.ts';
import type { Tx } from '../../store/contract.ts';
import type { Matched, MatchAsked, MatchGrade } from '../contract-serve.ts';
import type { Survivorship } from '../golden/member.ts';
import { contradicts } from '../match/guards.ts';
import { keysOf } from '../match/keys.ts';
import type { Matcher, Verdict } from '../match/matcher.ts';
import type { Model } from '../match/model.ts';
import type { Person } from '../match/person.ts';
import { personOf } from '../placing/person-of.ts';
import { matcherFor, nearby } from '../placing/asked.ts';
import type { Memory } from '../placing/memory.ts';
import { goldenServed } from './golden-served.ts';
import { peopleSeen, type SeenPerson } from './people-seen.ts';

export interface MatchOptions {
  readonly model: Model;
  readonly memory: Memory;
  readonly survivorship: Survivorship;
  /** What the numbers that the caller tells mean. */
  readonly namespaces: Namespaces;
}

interface Judged {
  readonly person: SeenPerson;
  readonly best: Verdict;
  /** One of the person's records in use would be linked without asking, and none is against it. */
  readonly isSure: boolean;
  /** As much speaks for it as that takes. */
  readonly isStrong: boolean;
}

/** Null: not enough is said to look for anybody. */
export async function matchedPeople(tx: Tx, asked: MatchAsked, options: MatchOptions): Promise<Matched | null> {
  const self = personOf(asked.patient, options.namespaces);
  if (keysOf(self).length === 0) return null;
  const { model, memory } = options;
  const { ids, capped } = await nearby(tx, self, { model, memory, now: asked.now });
  const seen = await tx.sight.seen(ids);
  const near = await judged(tx, self, await peopleInUse(tx, [...seen], options), asked, options);
  const cut = [...new Set(capped.filter(({ read }) => read === 'none').map(({ kind }) => kind))];
  const sure = near.filter(({ isSure }) => isSure);
  // Of two who both fit nobody knows which it is, nor who would fit among those that were not compared.
  const isOnly = sure.length === 1 && cut.length === 0;
  const graded = near
    .map((one) => ({ ...one, grade: gradeOf(one, isOnly) }))
    .filter(({ grade }) => !asked.onlyCertain || grade === 'certain')
    .sort((one, other) => RANK[other.grade] - RANK[one.grade] || other.best.score - one.best.score || byId(one, other));
  const told = graded.slice(0, asked.count);
  const served = await goldenServed(tx, told.map(({ person }) => person), options.survivorship); // prettier-ignore
  return {
    matches: told.flatMap(({ grade, best }, at) => {
      const person = served[at];
      return person === undefined ? [] : [{ person, grade, score: shown(best.probability, grade) }];
    }),
    total: graded.length,
    capped: cut,
  };
}

async function judged(
  tx: Tx,
  self: Person,
  candidates: ReadonlyMap<string, Person>,
  { now }: MatchAsked,
  options: MatchOptions,
): Promise<readonly Judged[]> {
  const { model } = options;
  const known = new Map(candidates);
  const first = await matcherFor(tx, self, [...known.values()], { model, now });
  const fitting = [...known.keys()].filter((id) => verdictOf(first, self, known, id)?.band !== 'none');
  const people = await peopleSeen(tx, fitting);
  // Records of those people that share no key with what is described: they may speak against it.
  const missing = people.flatMap(({ records }) => records.map(({ id }) => id)).filter((id) => !known.has(id));
  for (const [id, person] of await peopleInUse(tx, missing, options)) known.set(id, person);
  const all = missing.length === 0 ? first : await matcherFor(tx, self, [...known.values()], { model, now });
  return people.flatMap((person) => {
    const verdicts = person.records.flatMap(({ id }) => verdictOf(all, self, known, id) ?? []);
    const [best] = verdicts.filter(({ band }) => band !== 'none').sort((one, other) => other.score - one.score);
    if (best === undefined) return [];
    const isSure = verdicts.some(({ band }) => band === 'auto') && !verdicts.some(contradicts);
    const isStrong = best.score >= all.thresholds.auto && !contradicts(best);
    return [{ person, best, isSure, isStrong }];
  });
}

function verdictOf(
  matcher: Matcher,
  self: Person,
  known: ReadonlyMap<string, Person>,
  id: string,
): Verdict | undefined {
  const other = known.get(id);
  return other === undefined ? undefined : matcher.judge(self, other);
}

/** Records that are opened in one go; whoever books waits no longer than that. */
const AT_ONCE = 250;

async function peopleInUse(
  tx: Tx,
  ids: readonly string[],
  { memory }: MatchOptions,
): Promise<ReadonlyMap<string, Person>> {
  const found = new Map<string, Person>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const records = await tx.index.people(ids.slice(from, from + AT_ONCE));
    for (const record of records) if (record.inUse) found.set(record.id, memory.personOf(record));
  }
  return found;
}

const RANK: Readonly<Record<MatchGrade, number>> = { certain: 3, probable: 2, possible: 1 };

function gradeOf({ isSure, isStrong }: Judged, isOnly: boolean): MatchGrade {
  if (isSure && isOnly) return 'certain';
  return isSure || isStrong ? 'probable' : 'possible';
}

function byId({ person: one }: Judged, { person: other }: Judged): number {
  return one.goldenId < other.goldenId ? -1 : 1;
}

/** What bits alone promise a twin as well: a guard, or a second who fits, takes from it. */
const AT_MOST: Readonly<Record<MatchGrade, number>> = { certain: 1, probable: 0.9, possible: 0.7 };

/** Cut, not rounded: nothing but certainty is 1. */
function shown(probability: number, grade: MatchGrade): number {
  return Math.floor(probability * AT_MOST[grade] * 10_000) / 10_000;
}
