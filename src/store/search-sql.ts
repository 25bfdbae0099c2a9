/**
 * What the statements of a search share: tables, values, and what a scope may see of each table (visibility.ts in SQL).
 */
import type { StoredType } from '../fhir/types.ts';
import type { Scope } from './contract.ts';

/** Collects values; text of a caller only ever reaches the server as one of them. */
export class Values {
  readonly list: unknown[] = [];

  add(value: unknown): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }

  uuids(ids: readonly string[]): string {
    return `${this.add(ids)}::uuid[]`;
  }
  texts(texts: readonly string[]): string {
    return `${this.add(texts)}::text[]`;
  }
}

/** A statement under construction. `alias` numbers the tables, so that a chain to the same table keeps them apart. */
export interface Building {
  readonly values: Values;
  readonly scope: Scope;
  readonly blind: (token: string) => string;
  alias: number;
}

export interface Source {
  readonly type: StoredType;
  readonly table: 'slot' | 'appointment' | 'resource';
  readonly as: string;
}

export function sourceOf(type: StoredType, building: Building): Source {
  building.alias += 1;
  const table = type === 'Slot' ? 'slot' : type === 'Appointment' ? 'appointment' : 'resource';
  return { type, table, as: `t${building.alias}` };
}

/**
 * Conditions that make a row one of this type which the scope may know of. A Slot under a label is known of, but
 * masked.
 */
export function visibleRows(source: Source, building: Building): string[] {
  const { as, table, type } = source;
  const { scope, values } = building;
  const conditions: string[] = [];
  if (table === 'resource') conditions.push(`${as}.type = ${values.add(type)}`, `NOT ${as}.deleted`);
  if (scope.sites !== '*') {
    const own = `${as}.site = ANY(${values.texts(scope.sites)})`;
    conditions.push(table === 'resource' ? `(${as}.site IS NULL OR ${own})` : own);
  }
  if (scope.locations !== '*') {
    const allowed = values.uuids(scope.locations);
    conditions.push(
      table === 'slot'
        ? `(${as}.location_id IS NULL OR ${as}.location_id = ANY(${allowed}))`
        : `(${as}.locations = '{}' OR ${as}.locations && ${allowed})`,
    );
  }
  // Asked for only where it is used: a value that no text names is one whose type PostgreSQL cannot tell.
  const cleared = table === 'slot' ? null : clearedFor(source, building);
  if (cleared !== null) conditions.push(cleared);
  return conditions;
}

/** True for rows whose labels the scope is cleared for; null: it is cleared for all. */
export function clearedFor(source: Source, building: Building): string | null {
  const { clearances } = building.scope;
  return clearances === '*' ? null : `${source.as}.security <@ ${building.values.texts(clearances)}`;
}

/** What a row is served from. */
export function served(source: Source): string {
  const { as, table } = source;
  const body = {
    slot: `${as}.content, NULL::bytea AS sealed, NULL::text AS key_id, NULL::bytea AS data_key`,
    appointment: `NULL::text AS content, ${as}.sealed, ${as}.key_id, NULL::bytea AS data_key`,
    resource: `${as}.content, ${as}.sealed, ${as}.key_id, ${as}.data_key`,
  };
  const type = table === 'resource' ? `${as}.type` : `'${source.type}'::text AS type`;
  return `${type}, ${as}.id, ${as}.version, ${as}.last_updated, ${as}.security, ${body[table]}`;
}

export function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : conditions.join('\n  AND ');
}

export function anyOf(conditions: readonly string[]): string {
  const [only] = conditions;
  if (only === undefined) return 'false';
  return conditions.length === 1 ? only : `(${conditions.join(' OR ')})`;
}
