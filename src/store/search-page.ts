/**
 * Order and pages. A page begins behind the last row of the one before, named by its sort values and id (keyset), so
 * rows that come or go meanwhile neither shift nor repeat what is still to come; OFFSET would do both, and read all
 * it skips.
 */
import { HubError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import { searchParam } from '../fhir/search-params.ts';
import type { SearchPlan } from '../fhir/search.ts';
import type { StoredType } from '../fhir/types.ts';
import type { Building, Source } from './search-sql.ts';

export interface SortKey {
  readonly sql: string;
  readonly cast: 'timestamptz' | 'text' | 'uuid';
  readonly descending: boolean;
  readonly nullable: boolean;
}

/** What a page token holds; `order` ties it to the sort it was made for. */
interface Mark {
  readonly order: string;
  readonly values: readonly (string | null)[];
}

const DEFAULT_SORT: Readonly<Partial<Record<StoredType, string>>> = { Slot: 'start', Appointment: 'date' };
/** Far beyond any name; a token must not carry a megabyte. */
const SORT_VALUE_MAX = 500;

/** The keys of the order, ending in the id, which makes it total. */
export function sortKeys(source: Source, plan: SearchPlan): readonly SortKey[] {
  const standard = DEFAULT_SORT[plan.type];
  const wanted =
    plan.sort.length > 0 ? plan.sort : standard === undefined ? [] : [{ param: standard, descending: false }];
  const keys = wanted
    .filter(({ param }) => param !== '_id')
    .map(({ param, descending }) => keyOf(source, plan, param, descending));
  // The id runs the way of the key before it: an index on (key, id) then serves both directions.
  const descending = wanted.at(-1)?.descending ?? false;
  return [...keys, { sql: `${source.as}.id`, cast: 'uuid', descending, nullable: false }];
}

function keyOf(source: Source, plan: SearchPlan, param: string, descending: boolean): SortKey {
  const place = searchParam(plan.type, param)?.place;
  const column = (name: string, cast: SortKey['cast'], nullable: boolean): SortKey => ({
    sql: `${source.as}.${name}`,
    cast,
    descending,
    nullable,
  });
  switch (place?.kind) {
    case 'instant': {
      // A date criterion leaves out the rows that have none, and a key that is never null is a plain range of the
      // index.
      const dated = plan.criteria.some((one) => one.kind === 'date' && one.param === param);
      return column(place.column, 'timestamptz', place.column === 'start_at' && source.table !== 'slot' && !dated);
    }
    case 'period':
      return column('start_at', 'timestamptz', true);
    case 'code':
      return column(place.column, 'text', place.column === 'specialty');
    case 'name':
      return { ...column('name', 'text', true), sql: `left(lower(${source.as}.name), ${SORT_VALUE_MAX})` };
    default:
      throw new HubError('PARAMETER_INVALID', { detail: `_sort: ${plan.type} cannot be sorted by this parameter` });
  }
}

export function orderBy(keys: readonly SortKey[]): string {
  const one = (key: SortKey): string =>
    `${key.sql}${key.descending ? ` DESC${key.nullable ? ' NULLS LAST' : ''}` : ''}`;
  return keys.map(one).join(', ');
}

/** Sort values as text: a timestamp keeps its microseconds, which an Instant would cut off. */
export function keyColumns(keys: readonly SortKey[]): string {
  return keys.map((key, index) => `(${key.sql})::text AS key_${index}`).join(', ');
}

/** @throws HubError PARAMETER_INVALID when the token is not one that this search gave out */
export function behind(keys: readonly SortKey[], token: string, building: Building): string {
  const { values } = readMark(keys, token);
  const bound = (index: number): string =>
    `${building.values.add(values[index] ?? null)}::${keys[index]?.cast ?? 'text'}`;
  const direction = keys[0]?.descending === true ? '<' : '>';
  const uniform = keys.every((key) => !key.nullable && key.descending === keys[0]?.descending);
  if (uniform) {
    const row = keys.map((_key, index) => bound(index)).join(', ');
    return `(${keys.map((key) => key.sql).join(', ')}) ${direction} (${row})`;
  }
  return keys.reduceRight((rest, key, index) => {
    const value = values[index] ?? null;
    // Missing values come last in both directions.
    if (value === null) return `(${key.sql} IS NULL AND ${rest})`;
    const last = index === keys.length - 1;
    const missing = key.nullable ? ` OR ${key.sql} IS NULL` : '';
    const beyond = `${key.sql} ${key.descending ? '<' : '>'} ${bound(index)}${missing}`;
    return last ? `(${beyond})` : `(${beyond} OR (${key.sql} = ${bound(index)} AND ${rest}))`;
  }, 'false');
}

export function markOf(keys: readonly SortKey[], row: Readonly<Record<string, unknown>>): string {
  const values = keys.map((_key, index) => {
    const value = row[`key_${index}`];
    return typeof value === 'string' ? value : null;
  });
  return Buffer.from(JSON.stringify({ order: orderName(keys), values } satisfies Mark)).toString('base64url');
}

function readMark(keys: readonly SortKey[], token: string): Mark {
  const mark = parsed(token);
  const fits =
    mark?.order === orderName(keys) &&
    mark.values.length === keys.length &&
    mark.values.every((value, index) => legible(value, keys[index]));
  if (mark === null || !fits) {
    throw new HubError('PARAMETER_INVALID', { detail: '_page: this is no page of this search; begin again' });
  }
  return mark;
}

function parsed(token: string): Mark | null {
  try {
    const mark: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (typeof mark !== 'object' || mark === null || !('order' in mark && 'values' in mark)) return null;
    const { order, values } = mark;
    if (typeof order !== 'string' || !Array.isArray(values)) return null;
    return values.every((value) => value === null || typeof value === 'string') ? { order, values } : null;
  } catch {
    return null;
  }
}

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d{1,6})?[+-](\d\d)(?::\d\d){0,2}$/;

/** The token is the caller's text by the time it comes back: what the database would choke on is refused here. */
function legible(value: string | null, key: SortKey | undefined): boolean {
  if (key === undefined) return false;
  if (value === null) return key.nullable;
  if (key.cast === 'uuid') return isUuid(value);
  if (key.cast === 'timestamptz') return isTimestamp(value);
  return value.length <= SORT_VALUE_MAX && !value.includes('\0');
}

function isTimestamp(text: string): boolean {
  const [, year, month, day, hour, minute, second, zone] = (TIMESTAMP.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  // 30 February becomes 2 March, and the year 26 becomes 1926: then it was no day, or none of ours.
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists && (hour ?? 99) < 24 && (minute ?? 99) < 60 && (second ?? 99) < 60 && (zone ?? 99) < 16;
}

/** `t1.start_at` without its alias. */
function orderName(keys: readonly SortKey[]): string {
  return keys.map((key) => `${key.descending ? '-' : ''}${key.sql.replace(/\bt\d+\./g, '')}`).join(',');
}
