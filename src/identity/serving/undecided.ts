/**
 * Reading by links that nobody has decided yet (the review band): what is shown by them is marked as that, and nothing
 * is written by them. One step only: who may be the same as somebody who may be the same is nobody's finding.
 */
import type { Criterion, ReferenceValue, SearchPlan } from '../../fhir/search.ts';
import type { ReviewRow } from '../../store/contract-identity.ts';
import type { Tx } from '../../store/contract.ts';
import type { FoundBy, UndecidedLink } from '../contract-serve.ts';
import { peopleSeen } from './people-seen.ts';

/** Pairs that wait although somebody or something has spoken against them are no links, not even perhaps. */
const PERHAPS: ReadonlySet<ReviewRow['why']> = new Set(['review', 'contradicted', 'truncated']);

export async function undecidedPlan(tx: Tx, plan: SearchPlan): Promise<{ readonly plan: SearchPlan } & FoundBy> {
  const by = { links: new Map<string, UndecidedLink>(), decided: new Set<string>() };
  const criteria: Criterion[] = [];
  for (const one of plan.criteria) criteria.push(await widened(tx, one, by));
  return { plan: { ...plan, criteria }, ...by };
}

async function widened(
  tx: Tx,
  criterion: Criterion,
  { links, decided }: { readonly links: Map<string, UndecidedLink>; readonly decided: Set<string> },
): Promise<Criterion> {
  if (criterion.kind !== 'reference') return criterion;
  const named = criterion.anyOf.filter(({ type }) => type === 'Patient').map(({ id }) => id);
  const own = new Set((await peopleSeen(tx, named)).flatMap(({ records }) => records.map(({ id }) => id)));
  if (own.size === 0) return criterion;
  const found = await perhapsSame(tx, own);
  for (const [record, link] of found) links.set(record, link);
  for (const record of own) decided.add(record);
  const more = [...found.keys()].map((id): ReferenceValue => ({ type: 'Patient', id }));
  return { ...criterion, anyOf: [...criterion.anyOf, ...more] };
}

async function perhapsSame(tx: Tx, own: ReadonlySet<string>): Promise<ReadonlyMap<string, UndecidedLink>> {
  const pairs = (await tx.identity.waiting([...own])).filter(({ why }) => PERHAPS.has(why));
  const links = pairs
    .map(({ lo, hi }): UndecidedLink => (own.has(lo) ? { with: lo, record: hi } : { with: hi, record: lo }))
    .filter(({ record }) => !own.has(record));
  // Of the people of records that the reader may see themselves.
  const seen = await tx.sight.seen(links.map(({ record }) => record));
  const found = new Map<string, UndecidedLink>();
  for (const { records } of await peopleSeen(tx, [...seen])) {
    const link = links.find(({ record }) => records.some(({ id }) => id === record));
    if (link !== undefined) for (const { id } of records) found.set(id, link);
  }
  return found;
}
