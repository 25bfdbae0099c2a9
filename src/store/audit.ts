/**
 * Who did or read what. Written in the transaction that does it; chaining and signing come after the commit. Part of
 * Tx.
 */
import { timestamptz } from './column-types.ts';
import type { AuditEntry, Scope } from './contract.ts';
import type { Queryable } from './postgres.ts';

/** Actor and purpose are the scope's: nobody can write an entry in another's name. */
export async function auditEntry(q: Queryable, scope: Scope, entry: AuditEntry): Promise<void> {
  await q.post({
    name: 'audit-add',
    text: `INSERT INTO audit (at, actor, purpose, action, resource_type, resource_id, site, outcome, request_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    values: [
      timestamptz(entry.at),
      scope.actor,
      scope.purpose,
      entry.action,
      entry.resourceType ?? null,
      entry.resourceId ?? null,
      entry.site ?? null,
      entry.outcome,
      entry.requestId ?? null,
    ],
  });
}
