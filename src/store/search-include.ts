/**
 * _include and _revinclude: what the rows of a page refer to, and what refers to them, as far as the scope may see it.
 */
import { searchParam } from '../fhir/search-params.ts';
import type { Include, SearchPlan } from '../fhir/search.ts';
import type { StoredType } from '../fhir/types.ts';
import { allOf, served, sourceOf, visibleRows, type Building, type Source } from './search-sql.ts';
import { refersTo } from './search-where.ts';

export interface Found {
  readonly type: StoredType;
  readonly id: string;
}

/** Includes of includes end here, whatever refers to whom. */
const ROUNDS_MAX = 4;
/** Rows that one page may bring along. Includes cannot be paged, so what is more is refused rather than cut off. */
export const INCLUDED_MAX = 2000;

/**
 * Runs the includes of a plan. `fetch` runs one statement and serves its rows; each resource comes once, matches not
 * at all. Targets that are missing or not visible are left out without a word (fhir-scheduling.md 6.8).
 */
export async function included<Row extends Found>(
  plan: SearchPlan,
  matches: readonly Found[],
  fresh: () => Building,
  fetch: (text: string, building: Building) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const seen = new Set(matches.map(nameOf));
  const all: Row[] = [];
  let round: readonly Found[] = matches;
  for (let turn = 0; turn < ROUNDS_MAX && round.length > 0; turn += 1) {
    const brought: Row[] = [];
    for (const include of plan.includes) {
      if (turn > 0 && !include.iterate) continue;
      for (const statement of statements(include, round)) {
        const building = fresh();
        for (const row of await fetch(statement(building), building)) {
          if (seen.has(nameOf(row))) continue;
          seen.add(nameOf(row));
          brought.push(row);
        }
      }
    }
    all.push(...brought);
    round = brought;
  }
  return all;
}

function nameOf(found: Found): string {
  return `${found.type}/${found.id}`;
}

type Statement = (building: Building) => string;

function statements(include: Include, round: readonly Found[]): readonly Statement[] {
  const param = searchParam(include.source, include.param);
  if (param === undefined) return [];
  const idsOf = (type: StoredType): string[] => round.filter((found) => found.type === type).map((found) => found.id);
  const targets = param.targets.filter((target) => include.target === null || include.target === target);
  if (include.reverse) {
    return targets
      .map((target) => ({ target, ids: idsOf(target) }))
      .filter(({ ids }) => ids.length > 0)
      .map(
        ({ target, ids }) =>
          (building) =>
            referring(include, target, ids, building),
      );
  }
  const ids = idsOf(include.source);
  return ids.length === 0 ? [] : targetStatements(include, targets, ids);
}

/** Rows of the include's source type that refer to these ids. */
function referring(include: Include, target: StoredType, ids: readonly string[], building: Building): string {
  const source = sourceOf(include.source, building);
  const param = searchParam(include.source, include.param);
  const refers = param === undefined ? 'false' : refersTo(source, param, target, building.values.uuids(ids), building);
  return select(source, [...visibleRows(source, building), refers]);
}

function targetStatements(
  include: Include,
  targets: readonly StoredType[],
  ids: readonly string[],
): readonly Statement[] {
  return targets.map((type) => (building) => {
    const target = sourceOf(type, building);
    const links = linkedIds(include, type, ids, building);
    return select(target, [...visibleRows(target, building), `${target.as}.id = ANY(ARRAY(${links}))`]);
  });
}

/** Ids that rows of the source type hold under the parameter. */
function linkedIds(include: Include, target: StoredType, ids: readonly string[], building: Building): string {
  const { values } = building;
  const param = searchParam(include.source, include.param);
  const own = values.uuids(ids);
  switch (param?.place.kind) {
    case 'schedule':
      return `SELECT schedule_id FROM slot WHERE id = ANY(${own})`;
    case 'slots':
      return `SELECT unnest(slots) FROM appointment WHERE id = ANY(${own})`;
    case 'schedule-actor':
      return `SELECT actor_id FROM schedule_actor
        WHERE schedule_id = ANY(${own}) AND actor_type = ${values.add(target)}`;
    case 'participants':
      return `SELECT unnest(${target === 'Patient' ? 'patients' : 'actors'}) FROM appointment WHERE id = ANY(${own})`;
    default: {
      const prefix = values.add(`${include.param}:${target}/`);
      return `SELECT substr(held, length(${prefix}) + 1)::uuid FROM resource, unnest(refs) AS held
        WHERE type = ${values.add(include.source)} AND id = ANY(${own}) AND starts_with(held, ${prefix})`;
    }
  }
}

function select(source: Source, conditions: readonly string[]): string {
  return `SELECT ${served(source)} FROM ${source.table} ${source.as}
    WHERE ${allOf(conditions)} ORDER BY ${source.as}.id LIMIT ${INCLUDED_MAX + 1}`;
}
