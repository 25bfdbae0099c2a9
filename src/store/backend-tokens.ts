/** Access tokens that all nodes share, and whose turn it is to ask for the next (0024_signing_keys.sql). Part of Tx. */
import type { TokenStanding } from '../connectors/contract-tokens.ts';
import { ERRORS, type ErrorCode } from '../core/error-catalogue.ts';
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { BackendTokenStore } from './contract-keys.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

interface Row {
  readonly generation: number;
  readonly sealed: Buffer | null;
  readonly key_id: string | null;
  readonly refresh_at: Instant | null;
  readonly ends_at: Instant | null;
  readonly lease_until: Instant | null;
  readonly not_before: Instant;
  readonly failures: number;
  readonly failure_code: string | null;
  readonly failure_text: string | null;
}

export function backendTokenStore(q: Queryable, keys: Keys): BackendTokenStore {
  return {
    async standing({ name }, now) {
      const { rows } = await q.query<Row>({
        name: 'backend-token', // primary key
        text: `SELECT generation, sealed, key_id, refresh_at, ends_at, lease_until, not_before, failures, failure_code,
                 failure_text FROM backend_token WHERE name = $1`,
        values: [name],
      });
      return rows[0] === undefined ? null : standingOf(rows[0], keys, now);
    },

    async lease({ name, endpoint, clientId, scope }, { id, until, notBefore }, now) {
      const { rowCount } = await q.query({
        name: 'backend-token-lease', // primary key; of two who try at once the second sees the first one's lease
        text: `INSERT INTO backend_token AS t (name, endpoint, client_id, scope, lease, lease_until, not_before)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (name) DO UPDATE SET lease = $5, lease_until = $6, not_before = $7
               WHERE (t.lease_until IS NULL OR t.lease_until <= $8) AND t.not_before <= $8
                 AND (t.sealed IS NULL OR t.refresh_at <= $8)`,
        values: [name, endpoint, clientId, scope, id, timestamptz(until), timestamptz(notBefore), timestamptz(now)],
      });
      return rowCount > 0;
    },

    async put({ name }, { id }, { token, refreshAt, endsAt }) {
      const { sealed, keyId } = keys.seal(Buffer.from(token, 'utf8'));
      const { rows } = await q.query<{ readonly generation: number }>({
        name: 'backend-token-put', // primary key
        text: `UPDATE backend_token SET generation = generation + 1, sealed = $3, key_id = $4, refresh_at = $5,
                 ends_at = $6, lease = NULL, lease_until = NULL, failures = 0, failure_code = NULL, failure_text = NULL
               WHERE name = $1 AND lease = $2 RETURNING generation`,
        values: [name, id, sealed, keyId, timestamptz(refreshAt), timestamptz(endsAt)],
      });
      const [row] = rows;
      return row === undefined ? null : { token, refreshAt, endsAt, generation: row.generation };
    },

    async fail({ name }, { id }, failure, notBefore) {
      await q.query({
        name: 'backend-token-fail', // primary key
        text: `UPDATE backend_token SET lease = NULL, lease_until = NULL, not_before = $3,
                 failures = failures + CASE WHEN $4::text IS NULL THEN 0 ELSE 1 END,
                 failure_code = coalesce($4, failure_code), failure_text = coalesce($5, failure_text)
               WHERE name = $1 AND lease = $2`,
        values: [name, id, timestamptz(notBefore), failure?.code ?? null, failure?.detail ?? null],
      });
    },

    async refuse({ name }, generation) {
      await q.query({
        name: 'backend-token-refuse', // primary key
        text: `UPDATE backend_token SET sealed = NULL, key_id = NULL, refresh_at = NULL, ends_at = NULL
               WHERE name = $1 AND generation = $2`,
        values: [name, generation],
      });
    },

    async forget(before) {
      const { rowCount } = await q.query({
        name: 'backend-tokens-forget', // one row for each client of a site
        text: `DELETE FROM backend_token WHERE not_before < $1 AND coalesce(ends_at, not_before) < $1
                 AND coalesce(lease_until, not_before) < $1`,
        values: [timestamptz(before)],
      });
      return rowCount;
    },
  };
}

function standingOf(row: Row, keys: Keys, now: Instant): TokenStanding {
  const { sealed, key_id: keyId, refresh_at: refreshAt, ends_at: endsAt, generation } = row;
  const isUsable = sealed !== null && keyId !== null && refreshAt !== null && endsAt !== null && endsAt > now;
  return {
    kept: isUsable ? { token: keys.open(keyId, sealed).toString('utf8'), generation, refreshAt, endsAt } : null,
    leaseUntil: row.lease_until !== null && row.lease_until > now ? row.lease_until : null,
    notBefore: row.not_before,
    failure: isCode(row.failure_code) ? { code: row.failure_code, detail: row.failure_text ?? '' } : null,
    failures: row.failures,
  };
}

/** A release before this one may have known other codes. */
function isCode(code: string | null): code is ErrorCode {
  return code !== null && Object.hasOwn(ERRORS, code);
}
