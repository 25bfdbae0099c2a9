/**
 * Criteria of a search as SQL conditions. Which index answers which is proven by EXPLAIN in
 * test/store/search-plans.test.ts.
 */
import { HubError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import { isSealedType, searchParam, VISIT_TYPE_SYSTEM, type SearchParam } from '../fhir/search-params.ts';
import type { Criterion, DateValue, TokenValue } from '../fhir/search.ts';
import type { StoredType } from '../fhir/types.ts';
import { linkedPatients } from './search-person.ts';
import { allOf, anyOf, clearedFor, sourceOf, visibleRows, type Building, type Source } from './search-sql.ts';

export function where(source: Source, criterion: Criterion, building: Building): string {
  if (criterion.kind === 'any') return anyOf(criterion.of.map((one) => where(source, one, building)));
  const param = searchParam(source.type, criterion.param);
  if (param === undefined) {
    throw new HubError('PARAMETER_UNKNOWN', { detail: `${source.type} has no search parameter of this name` });
  }
  if (param.place.kind === 'sealed') {
    throw new HubError('INTERNAL', { detail: `${criterion.param} was not asked of the sealed bodies` });
  }
  switch (criterion.kind) {
    case 'token':
      return token(source, param, criterion, building);
    case 'date':
      return anyOf(criterion.anyOf.map((value) => date(source, param, value, building)));
    case 'reference': {
      const types = [...new Set(criterion.anyOf.map(({ type }) => type))];
      const ids = (type: StoredType): string[] =>
        criterion.anyOf.filter((value) => value.type === type).map((value) => value.id);
      return anyOf(types.map((type) => refersTo(source, param, type, building.values.uuids(ids(type)), building)));
    }
    case 'string':
      return anyOf(criterion.anyOf.map((text) => name(source, text, criterion.match, building)));
    case 'missing':
      return missing(source, param, criterion.missing, building);
    case 'chain': {
      const target = sourceOf(criterion.target, building);
      const conditions = [...visibleRows(target, building), where(target, criterion.inner, building)];
      const ids = `ARRAY(SELECT ${target.as}.id FROM ${target.table} ${target.as} WHERE ${allOf(conditions)})`;
      return refersTo(source, param, criterion.target, ids, building);
    }
  }
}

// -------------------------------------------------------------------------------------------------------------- tokens

type TokenCriterion = Extract<Criterion, { kind: 'token' }>;

/** A masked Slot is busy and has no other token: it must not be found by what it hides, nor by its absence. */
function token(source: Source, param: SearchParam, criterion: TokenCriterion, building: Building): string {
  const plain = (): string => anyOf(criterion.anyOf.map((value) => tokenValue(source, param, value, building)));
  const { kind } = param.place;
  const cleared = source.table === 'slot' && kind !== 'id' ? clearedFor(source, building) : null;
  let found = plain();
  if (cleared !== null) {
    const looksBusy =
      kind === 'code' && param.name === 'status' && criterion.anyOf.some((value) => isBusy(value, param));
    found = looksBusy ? `((${cleared} AND ${found}) OR NOT ${cleared})` : `(${cleared} AND ${found})`;
  }
  // Resources that lack the element match too (specification, :not); a null comparison would lose them.
  return criterion.negate ? `(${found}) IS NOT TRUE` : found;
}

function isBusy(value: TokenValue, param: SearchParam): boolean {
  const system = param.place.kind === 'code' ? param.place.system : null;
  return (value.code === undefined || value.code === 'busy') && (value.system === undefined || value.system === system);
}

function tokenValue(source: Source, param: SearchParam, value: TokenValue, building: Building): string {
  const { as } = source;
  const { values } = building;
  const { place } = param;
  switch (place.kind) {
    case 'id':
      return value.system === undefined
        ? `${as}.id = ANY(${values.uuids(value.code !== undefined && isUuid(value.code) ? [value.code] : [])})`
        : 'false';
    case 'flag':
      return value.system === undefined ? `${as}.${place.column} = ${values.add(value.code === 'true')}` : 'false';
    case 'code':
      if (value.system !== undefined && value.system !== place.system) return 'false';
      return value.code === undefined
        ? `${as}.${place.column} IS NOT NULL`
        : `${as}.${place.column} = ${values.add(value.code)}`;
    case 'visit-type':
      return visitType(as, value, building);
    case 'site-key':
      return siteCode(as, 'site_key', 'slot', value, building) ?? 'false';
    default:
      return storedToken(source, param.name, value, building);
  }
}

function storedToken(source: Source, param: string, value: TokenValue, building: Building): string {
  const { values } = building;
  const system = value.system === undefined ? '*' : (value.system ?? '');
  const text = `${param}:${system}|${value.code ?? ''}`;
  if (value.code === undefined) {
    if (isSealedType(source.type)) return 'false';
    return `EXISTS (SELECT FROM unnest(${source.as}.tokens) AS held WHERE starts_with(held, ${values.add(text)}))`;
  }
  return `${source.as}.tokens && ${values.texts([isSealedType(source.type) ? building.blind(text) : text])}`;
}

function visitType(as: string, value: TokenValue, building: Building): string {
  const { values } = building;
  const conditions: string[] = [];
  if (value.system === undefined || value.system === VISIT_TYPE_SYSTEM) {
    conditions.push(
      value.code === undefined ? `${as}.visit_type IS NOT NULL` : `${as}.visit_type = ${values.add(value.code)}`,
    );
  }
  const local = siteCode(as, 'local_visit_type', 'visit-type', value, building);
  if (local !== null) conditions.push(local);
  return anyOf(conditions);
}

/** A code of a site's own: its system is `urn:slotwire:site:<site>:<what>`. */
function siteCode(as: string, column: string, what: string, value: TokenValue, building: Building): string | null {
  const { values } = building;
  if (value.system === null) return null;
  if (value.system === undefined)
    return value.code === undefined ? null : `${as}.${column} = ${values.add(value.code)}`;
  const parts = value.system.split(':');
  if (parts.length !== 5 || !value.system.startsWith('urn:slotwire:site:') || parts[4] !== what) return null;
  const site = `${as}.site = ${values.add(parts[3])}`;
  return value.code === undefined ? site : `(${site} AND ${as}.${column} = ${values.add(value.code)})`;
}

// --------------------------------------------------------------------------------------------------------------- dates

/** Truth tables: fhir-scheduling.md section 6.2; test/store/search.test.ts holds both. */
function date(source: Source, param: SearchParam, value: DateValue, building: Building): string {
  const { place } = param;
  if (place.kind === 'instant') return point(`${source.as}.${place.column}`, value, building);
  return period(source.as, value, building);
}

function point(at: string, value: DateValue, building: Building): string {
  const from = (): string => building.values.add(new Date(value.from));
  const until = (): string => building.values.add(new Date(value.until));
  switch (value.prefix) {
    case 'eq':
    case 'ap':
      return `(${at} >= ${from()} AND ${at} < ${until()})`;
    case 'ne':
      return `(${at} < ${from()} OR ${at} >= ${until()})`;
    case 'gt':
    case 'sa':
      return `${at} >= ${until()}`;
    case 'lt':
    case 'eb':
      return `${at} < ${from()}`;
    case 'ge':
      return `${at} >= ${from()}`;
    case 'le':
      return `${at} < ${until()}`;
  }
}

/** A bound that is missing is open: before or after every date. A row without any bound has no period. */
function period(as: string, value: DateValue, building: Building): string {
  // Each is added only where it is used: a value that no statement mentions has no type.
  const from = (): string => `${building.values.add(new Date(value.from))}::timestamptz`;
  const until = (): string => `${building.values.add(new Date(value.until))}::timestamptz`;
  const begins = `COALESCE(${as}.start_at, '-infinity')`;
  const ends = `COALESCE(${as}.end_at, 'infinity')`;
  const within = (): string => `(${begins} >= ${from()} AND ${ends} <= ${until()})`;
  const meaning: Readonly<Record<DateValue['prefix'], () => string>> = {
    eq: within,
    ne: () => `NOT ${within()}`,
    gt: () => `${ends} > ${until()}`,
    lt: () => `${begins} < ${from()}`,
    ge: () => `(${ends} > ${until()} OR ${within()})`,
    le: () => `(${begins} < ${from()} OR ${within()})`,
    sa: () => `${begins} >= ${until()}`,
    eb: () => `${ends} <= ${from()}`,
    ap: () => `(${begins} < ${until()} AND ${ends} > ${from()})`,
  };
  return `(${meaning[value.prefix]()} AND (${as}.start_at IS NOT NULL OR ${as}.end_at IS NOT NULL))`;
}

// ---------------------------------------------------------------------------------------------------------- references

/** `ids` is SQL for an array of uuids of resources of type `target`. */
export function refersTo(
  source: Source,
  param: SearchParam,
  target: StoredType,
  ids: string,
  building: Building,
): string {
  const { as } = source;
  switch (param.place.kind) {
    case 'schedule':
      return `${as}.schedule_id = ANY(${ids})`;
    case 'slots':
      return `${as}.slots && ${ids}`;
    case 'schedule-actor': {
      const own = param.place.of === 'Schedule' ? `${as}.id` : `${as}.schedule_id`;
      const type = building.values.add(target);
      return `${own} = ANY(ARRAY(SELECT schedule_id FROM schedule_actor
        WHERE actor_id = ANY(${ids}) AND actor_type = ${type}))`;
    }
    case 'participants':
      return target === 'Patient'
        ? `${as}.patients && ${linkedPatients(ids, building)}`
        : `${as}.actors && ${actorsNamed(target, ids, building)}`;
    default: {
      const prefix = building.values.add(`${param.name}:${target}/`);
      const all = target === 'Patient' ? linkedPatients(ids, building) : ids;
      return `${as}.refs && ARRAY(SELECT ${prefix}::text || named::text FROM unnest(${all}) AS named)`;
    }
  }
}

/** The column tells no types, so an id counts only as what it is; and who may not be seen is not found by. */
function actorsNamed(target: StoredType, ids: string, building: Building): string {
  const { as, type } = sourceOf(target, building);
  const conditions = isSealedType(type) ? visibleRows({ as, type, table: 'resource' }, building) : null;
  const ofType = conditions ?? [`${as}.type = ${building.values.add(type)}`];
  return `ARRAY(SELECT ${as}.id FROM resource ${as} WHERE ${allOf([...ofType, `${as}.id = ANY(${ids})`])})`;
}

// ------------------------------------------------------------------------------------------------------ names, missing

/** Any word of the name may begin so; accents count. */
function name(source: Source, text: string, match: 'starts' | 'exact' | 'contains', building: Building): string {
  const { values } = building;
  const column = `${source.as}.name`;
  if (match === 'exact') return `${column} = ${values.add(text)}`;
  const literal = text.toLowerCase().replace(/[\\%_]/g, '\\$&');
  if (match === 'contains') return `lower(${column}) LIKE ${values.add(`%${literal}%`)}`;
  return `(lower(${column}) LIKE ${values.add(`${literal}%`)} OR lower(${column}) LIKE ${values.add(`% ${literal}%`)})`;
}

function missing(source: Source, param: SearchParam, wanted: boolean, building: Building): string {
  const there = present(source, param, building);
  const hides = source.table === 'slot' && param.type === 'token' && param.name !== 'status';
  const cleared = hides ? clearedFor(source, building) : null;
  const found = cleared === null ? there : `(${cleared} AND ${there})`;
  return wanted ? `(${found}) IS NOT TRUE` : found;
}

function present(source: Source, param: SearchParam, building: Building): string {
  const { as } = source;
  const { place } = param;
  const { values } = building;
  const has = (column: string): string =>
    `EXISTS (SELECT FROM unnest(${as}.${column}) AS held WHERE starts_with(held, ${values.add(`${param.name}:`)}))`;
  switch (place.kind) {
    case 'id':
      return 'true';
    case 'sealed':
      return 'false';
    case 'instant':
    case 'code':
    case 'flag':
      return `${as}.${place.column} IS NOT NULL`;
    case 'period':
      return `(${as}.start_at IS NOT NULL OR ${as}.end_at IS NOT NULL)`;
    case 'site-key':
    case 'schedule':
      return 'true';
    case 'visit-type':
      return `(${as}.visit_type IS NOT NULL OR ${as}.local_visit_type <> '')`;
    case 'name':
      return `${as}.name IS NOT NULL`;
    case 'slots':
      return `${as}.slots <> '{}'`;
    case 'tokens':
      // Hashes tell nothing of what they were made of; patients have identifiers and no other tokens.
      return isSealedType(source.type) ? `${as}.tokens <> '{}'` : has('tokens');
    case 'refs':
      return has('refs');
    case 'schedule-actor': {
      const own = place.of === 'Schedule' ? `${as}.id` : `${as}.schedule_id`;
      return `EXISTS (SELECT FROM schedule_actor WHERE schedule_id = ${own}
        AND actor_type = ANY(${values.texts(param.targets)}))`;
    }
    case 'participants':
      return participant(as, param, building);
  }
}

function participant(as: string, param: SearchParam, building: Building): string {
  const others = param.targets.filter((target) => target !== 'Patient');
  const conditions = others.length === param.targets.length ? [] : [`${as}.patients <> '{}'`];
  if (others.length > 0) {
    conditions.push(`EXISTS (SELECT FROM resource WHERE type = ANY(${building.values.texts(others)})
      AND id = ANY(${as}.actors))`);
  }
  return anyOf(conditions);
}
