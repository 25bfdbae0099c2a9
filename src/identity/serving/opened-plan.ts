/**
 * What a search asks of people and the database cannot answer: golden ids, and what is sealed (IHE PDQm ITI-78). The
 * database knows names, dates of birth and contacts as keyed hashes of several facts at once, which tell no beginning
 * of a name; so a hash finds who may be meant, and each of those is opened and asked. Where what is given makes no such
 * hash, all that the reader may see are opened, as far as the limit of the hub goes. Records that are not in use are
 * not found.
 */
import { HubError } from '../../core/errors.ts';
import { searchParam } from '../../fhir/search-params.ts';
import type { Criterion, SearchPlan } from '../../fhir/search.ts';
import type { StoredType } from '../../fhir/types.ts';
import type { IndexedRecord } from '../../store/contract-index.ts';
import type { Tx } from '../../store/contract.ts';
import { KEY_EPOCH, keysOf } from '../match/keys.ts';
import { personOf } from '../placing/person-of.ts';
import { contactsAsked, dayAsked, fits, type SealedCriterion } from './demographics.ts';
import { recordsMeant } from './people-seen.ts';

/** Records that are opened in one go; whoever books waits no longer than that. */
const AT_ONCE = 500;

export async function openedPlan(tx: Tx, plan: SearchPlan, limit: number): Promise<SearchPlan> {
  const criteria = await opened(tx, plan.type, plan.criteria, limit);
  return criteria === plan.criteria ? plan : { ...plan, criteria };
}

async function opened(
  tx: Tx,
  type: StoredType,
  criteria: readonly Criterion[],
  limit: number,
): Promise<readonly Criterion[]> {
  const sealed = criteria.filter((one) => isSealed(type, one));
  const rest: Criterion[] = [];
  let isSame = sealed.length === 0;
  for (const one of criteria) {
    if (sealed.includes(one as SealedCriterion)) continue;
    const inner = await within(tx, type, one, limit);
    isSame &&= inner === one;
    rest.push(inner);
  }
  if (isSame) return criteria;
  if (sealed.length === 0) return rest;
  const ids = await fitting(tx, sealed, named(rest), limit);
  return [...rest, { kind: 'token', param: '_id', negate: false, anyOf: ids.map((code) => ({ code })) }];
}

/** Chains ask the same of whom they lead to. */
async function within(tx: Tx, type: StoredType, criterion: Criterion, limit: number): Promise<Criterion> {
  if (criterion.kind === 'reference') return meaning(tx, criterion);
  if (criterion.kind === 'chain') {
    const [inner = criterion.inner] = await opened(tx, criterion.target, [criterion.inner], limit);
    return inner === criterion.inner ? criterion : { ...criterion, inner };
  }
  if (criterion.kind !== 'any') return criterion;
  const of: Criterion[] = [];
  for (const one of criterion.of) of.push(...(await opened(tx, type, [one], limit)));
  return of.every((one, at) => one === criterion.of[at]) ? criterion : { kind: 'any', of };
}

type References = Extract<Criterion, { kind: 'reference' }>;

/** Golden ids stand for the records that they stand for to whoever asks. */
async function meaning(tx: Tx, criterion: References): Promise<Criterion> {
  const patients = criterion.anyOf.filter(({ type }) => type === 'Patient').map(({ id }) => id);
  const seen = await tx.sight.seen(patients);
  if (patients.every((id) => seen.has(id))) return criterion;
  const anyOf: References['anyOf'][number][] = [];
  for (const one of criterion.anyOf) {
    if (one.type !== 'Patient' || seen.has(one.id)) anyOf.push(one);
    else anyOf.push(...(await recordsMeant(tx, one.id)).map((id) => ({ ...one, id })));
  }
  return { ...criterion, anyOf };
}

function isSealed(type: StoredType, criterion: Criterion): criterion is SealedCriterion {
  if (criterion.kind !== 'string' && criterion.kind !== 'token' && criterion.kind !== 'date') return false;
  return searchParam(type, criterion.param)?.place.kind === 'sealed' || isDomain(type, criterion);
}

/** What names few records by itself: an identifier, an id. */
function named(criteria: readonly Criterion[]): readonly Criterion[] {
  return criteria.filter((one) => one.kind === 'token' && !one.negate && ['identifier', '_id'].includes(one.param));
}

/** Hashes are of whole identifiers: by the system alone none is found. */
function isDomain(type: StoredType, criterion: SealedCriterion): boolean {
  if (type !== 'Patient' || criterion.kind !== 'token' || criterion.param !== 'identifier') return false;
  return criterion.anyOf.some(({ code }) => code === undefined);
}

async function fitting(
  tx: Tx,
  criteria: readonly SealedCriterion[],
  beside: readonly Criterion[],
  limit: number,
): Promise<readonly string[]> {
  const candidates = beside.length === 0 ? await candidatesOf(tx, criteria, limit) : await carrying(tx, beside, limit);
  const found: string[] = [];
  const ask = (records: readonly IndexedRecord[]): void => {
    for (const record of records) {
      if (!record.inUse) continue;
      const patient = record.patient();
      if (criteria.every((criterion) => fits(patient, criterion))) found.push(record.id);
    }
  };
  if (candidates !== null) {
    const seen = [...(await tx.sight.seen(candidates))].sort();
    for (let from = 0; from < seen.length; from += AT_ONCE)
      ask(await tx.index.people(seen.slice(from, from + AT_ONCE)));
    return found;
  }
  let after: string | null = null;
  for (let read = 0; ;) {
    const page: readonly IndexedRecord[] = await tx.sight.pageSeen(after, AT_ONCE);
    read += page.length;
    if (read > limit) throw tooCostly();
    ask(page);
    after = page.at(-1)?.id ?? null;
    if (page.length < AT_ONCE || after === null) return found;
  }
}

async function carrying(tx: Tx, criteria: readonly Criterion[], limit: number): Promise<readonly string[]> {
  const { matches } = await tx.resources.search({
    type: 'Patient',
    criteria,
    includes: [],
    sort: [],
    count: limit + 1,
    total: false,
    after: null,
  });
  if (matches.length > limit) throw tooCostly();
  return matches.map(({ id }) => id);
}

/** Null: no hash can be made of what is given. */
async function candidatesOf(
  tx: Tx,
  criteria: readonly SealedCriterion[],
  limit: number,
): Promise<readonly string[] | null> {
  const contacts = criteria.map(contactsAsked).find((one) => one !== null);
  const keys = contacts === undefined ? birthKeys(tx, criteria) : null;
  if (contacts === undefined && keys === null) return null;
  const ids =
    keys === null
      ? await tx.sight.withContact(tx.index.blindedContacts(contacts ?? []), limit + 1)
      : await tx.sight.withKey(keys, limit + 1);
  if (ids.length > limit) throw tooCostly();
  return ids;
}

/**
 * A whole date of birth and the beginning of a family name: the key of the index that is made of that day and a first
 * letter. Of first names the index knows the first one only, so that those alone do not find all.
 */
function birthKeys(tx: Tx, criteria: readonly SealedCriterion[]): readonly string[] | null {
  const birthDate = criteria.map(dayAsked).find((day) => day !== null);
  const names = criteria.find(({ param }) => param === 'family');
  if (birthDate === undefined || names?.kind !== 'string') return null;
  const keys = names.anyOf.map((family) =>
    keysOf(personOf({ resourceType: 'Patient', birthDate, name: [{ family }] })).filter(
      ({ kind }) => kind === 'birth-initial',
    ),
  );
  if (keys.some((own) => own.length === 0)) return null;
  return tx.index.blinded(keys.flat(), KEY_EPOCH).map(({ h }) => h);
}

function tooCostly(): HubError {
  return new HubError('SEARCH_TOO_COSTLY', {
    detail: 'give birthdate with family, or telecom, phone or email: they find people without opening every record',
  });
}
