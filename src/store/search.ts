/**
 * Search over the store: a plan to one SQL statement for the page, one for the total where asked, and one per
 * include. Values go as parameters only. What a scope may not see is left out inside the statement, so that it shows
 * in no count and no page.
 */
import { HubError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import type { Criterion, SearchPlan } from '../fhir/search.ts';
import type { StoredType } from '../fhir/types.ts';
import { withActingSeen } from './acting-seen.ts';
import type { SearchResult, Served } from './contract-resources.ts';
import type { Scope } from './contract.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';
import { textOf, type BodyRow } from './sealed-rows.ts';
import { INCLUDED_MAX, included } from './search-include.ts';
import { behind, keyColumns, markOf, orderBy, sortKeys } from './search-page.ts';
import { allOf, served, sourceOf, Values, visibleRows, type Building, type Source } from './search-sql.ts';
import { where } from './search-where.ts';
import { cleared, maskSlot } from './visibility.ts';

interface Row extends BodyRow {
  readonly type: StoredType;
  readonly last_updated: Instant;
  readonly security: readonly string[];
}

/**
 * `plan.count` 0 asks for the total only. A total that the first page shows by being the last one is given unasked.
 * @throws HubError PARAMETER_INVALID (a page token that is not of this search), SEARCH_TOO_COSTLY (includes)
 */
export async function search(q: Queryable, keys: Keys, scope: Scope, plan: SearchPlan): Promise<SearchResult> {
  const fresh = (): Building => ({ values: new Values(), scope, blind: (text) => keys.blind(text), alias: 0 });
  const serve = (row: Row): Served => serveRow(row, keys, scope);
  const page = plan.count > 0 ? await readPage(q, fresh(), plan) : { rows: [], next: null };
  const matches = page.rows.map(serve);
  const brought = await included(plan, matches, fresh, async (text, building) => {
    const { rows } = await q.query<Row>(text, building.values.list);
    return rows.map(serve);
  });
  if (brought.length > INCLUDED_MAX) {
    throw new HubError('SEARCH_TOO_COSTLY', {
      detail: `the page brings more than ${INCLUDED_MAX} included resources; ask for a smaller _count or less`,
    });
  }
  const whole = plan.count > 0 && plan.after === null && page.next === null;
  const total = whole ? matches.length : plan.total ? await countAll(q, fresh(), plan) : null;
  const all = await withActingSeen(q, scope, [...matches, ...brought]);
  return { matches: all.slice(0, matches.length), included: all.slice(matches.length), total, next: page.next };
}

async function readPage(
  q: Queryable,
  building: Building,
  plan: SearchPlan,
): Promise<{ readonly rows: readonly Row[]; readonly next: string | null }> {
  const statement = pageStatement(building, plan);
  const { rows } = await q.query<Row>(statement.text, building.values.list);
  if (rows.length <= plan.count) return { rows, next: null };
  const shown = rows.slice(0, plan.count);
  const last = shown.at(-1);
  return { rows: shown, next: last === undefined ? null : markOf(statement.keys, { ...last }) };
}

/** Exported for the tests that look at its query plan. */
export function pageStatement(
  building: Building,
  plan: SearchPlan,
): { readonly text: string; readonly keys: ReturnType<typeof sortKeys> } {
  const source = sourceOf(plan.type, building);
  const keys = sortKeys(source, plan);
  const conditions = matching(source, building, plan);
  if (plan.after !== null) conditions.push(behind(keys, plan.after, building));
  // One row more than the page tells whether another page follows.
  const limit = building.values.add(plan.count + 1);
  const text = `SELECT ${served(source)}, ${keyColumns(keys)} FROM ${source.table} ${source.as}
    WHERE ${allOf(conditions)} ORDER BY ${orderBy(keys)} LIMIT ${limit}`;
  return { text, keys };
}

async function countAll(q: Queryable, building: Building, plan: SearchPlan): Promise<number> {
  const source = sourceOf(plan.type, building);
  const conditions = allOf(matching(source, building, plan));
  const text = `SELECT count(*) AS total FROM ${source.table} ${source.as} WHERE ${conditions}`;
  const { rows } = await q.query<{ total: number }>(text, building.values.list);
  return rows[0]?.total ?? 0;
}

function matching(source: Source, building: Building, plan: SearchPlan): string[] {
  const conditions = [
    ...visibleRows(source, building),
    ...plan.criteria.map((criterion) => where(source, criterion, building)),
  ];
  // A feed by time reads in commit order: a row of a transaction that is still open would appear behind rows already
  // read, and the reader would never see it.
  if (isFeed(plan)) conditions.push(`${source.as}.xid < pg_snapshot_xmin(pg_current_snapshot())`);
  return conditions;
}

function isFeed(plan: SearchPlan): boolean {
  const byTime = (criterion: Criterion): boolean => criterion.kind === 'date' && criterion.param === '_lastUpdated';
  return plan.criteria.some(byTime) || plan.sort.some(({ param }) => param === '_lastUpdated');
}

function serveRow(row: Row, keys: Keys, scope: Scope): Served {
  const text = textOf(row, keys);
  const hidden = row.type === 'Slot' && !cleared(scope, row.security);
  return {
    type: row.type,
    id: row.id,
    version: row.version,
    lastUpdated: row.last_updated,
    json: hidden ? maskSlot(text) : text,
    deleted: false,
  };
}
