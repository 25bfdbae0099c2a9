/**
 * Who acts for the patient of a visit may be told of by another site than the visit's own. Whoever may not see them is
 * not told of them by the visit either; nor is anybody of somebody who was erased.
 */
import { actingIn, isActing, withActing } from '../fhir/acting.ts';
import type { Appointment } from '../fhir/types.ts';
import type { Served } from './contract-resources.ts';
import type { Scope } from './contract.ts';
import type { Queryable } from './postgres.ts';
import { allOf, sourceOf, Values, visibleRows, type Building } from './search-sql.ts';

/** Most visits name nobody, and cost nothing more than a look at their text. */
const NAMED = '"RelatedPerson/';

export async function withActingSeen(
  q: Queryable,
  scope: Scope,
  served: readonly Served[],
): Promise<readonly Served[]> {
  const isNaming = ({ type, json }: Served): boolean => type === 'Appointment' && json.includes(NAMED);
  const naming = served.filter(isNaming);
  if (naming.length === 0) return served;
  const visits = new Map(naming.map((one) => [one, JSON.parse(one.json) as Appointment]));
  const seen = await seenOf(q, scope, [...new Set([...visits.values()].flatMap(actingIn))]);
  return served.map((one) => {
    const visit = visits.get(one);
    if (visit === undefined || actingIn(visit).every((id) => seen.has(id))) return one;
    const left = visit.participant.filter(
      (who) => isActing(who) && seen.has(who.actor?.reference?.split('/')[1] ?? ''),
    );
    return { ...one, json: JSON.stringify(withActing(visit, left)) };
  });
}

async function seenOf(q: Queryable, scope: Scope, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const under: Building = { values: new Values(), scope, blind: (text) => text, alias: 0 };
  const source = sourceOf('RelatedPerson', under);
  const conditions = [...visibleRows(source, under), `${source.as}.id = ANY(${under.values.uuids(ids)})`];
  const text = `SELECT ${source.as}.id FROM resource ${source.as} WHERE ${allOf(conditions)}`;
  const { rows } = await q.query<{ id: string }>(text, under.values.list);
  return new Set(rows.map(({ id }) => id));
}
