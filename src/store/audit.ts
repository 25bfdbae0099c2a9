/**
 * Who did or read what. Written in the transaction that does it; chaining and signing come after the commit. Part of
 * Tx.
 */
import { timestamptz } from './column-types.ts';
import type { AuditEntry, Scope } from './contract.ts';
import type { Queryable, Statement } from './postgres.ts';

export async function auditEntries(q: Queryable, scope: Scope, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length > 0) await q.post(auditStatement(scope, entries));
}

/**
 * Actor and purpose are the scope's: nobody can write an entry in another's name. One statement for any number: sixty
 * who come too late for one slot are sixty entries at once.
 */
export function auditStatement(scope: Scope, entries: readonly AuditEntry[]): Statement {
  return {
    name: 'audit-add',
    text: `INSERT INTO audit (at, actor, purpose, action, resource_type, resource_id, site, outcome, request_id)
           SELECT u.at, $2, $3, u.action, u.resource_type, u.resource_id, u.site, u.outcome, u.request_id
           FROM unnest($1::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
             AS u(at, action, resource_type, resource_id, site, outcome, request_id)`,
    values: [
      entries.map((entry) => timestamptz(entry.at)),
      scope.actor,
      scope.purpose,
      entries.map((entry) => entry.action),
      entries.map((entry) => entry.resourceType ?? null),
      entries.map((entry) => entry.resourceId ?? null),
      entries.map((entry) => entry.site ?? null),
      entries.map((entry) => entry.outcome),
      entries.map((entry) => entry.requestId ?? null),
    ],
  };
}
