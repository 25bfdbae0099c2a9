/** Keys that the hub signs with (0024_signing_keys.sql). Part of Tx. */
import type { Instant } from '../core/instant.ts';
import type { PublicJwk } from '../core/jwt.ts';
import type { Environment } from '../settings/shape.ts';
import { timestamptz } from './column-types.ts';
import type { SigningKeyStore } from './contract-keys.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

interface Row {
  readonly environment: Environment;
  readonly jwk: string;
  readonly created_at: Instant;
  readonly signs_from: Instant;
  readonly withdrawn_at: Instant | null;
}

export function signingKeyStore(q: Queryable, keys: Keys): SigningKeyStore {
  return {
    async list(environment) {
      const { rows } = await q.query<Row>({
        name: 'signing-keys', // as many as were ever made: a handful
        text: `SELECT environment, jwk, created_at, signs_from, withdrawn_at FROM signing_key WHERE environment = $1
               ORDER BY withdrawn_at IS NOT NULL, signs_from DESC, made DESC LIMIT 100`,
        values: [environment],
      });
      return rows.map((row) => ({
        environment: row.environment,
        jwk: JSON.parse(row.jwk) as PublicJwk,
        createdAt: row.created_at,
        signsFrom: row.signs_from,
        withdrawnAt: row.withdrawn_at,
      }));
    },

    async privatePart(kid) {
      const { rows } = await q.query<{ readonly sealed: Buffer | null; readonly key_id: string | null }>({
        name: 'signing-key-private', // primary key
        text: 'SELECT sealed, key_id FROM signing_key WHERE kid = $1',
        values: [kid],
      });
      const [row] = rows;
      if (row === undefined || row.sealed === null || row.key_id === null) return null;
      return keys.open(row.key_id, row.sealed);
    },

    async add({ environment, jwk, createdAt, signsFrom }, privatePart) {
      const { sealed, keyId } = keys.seal(privatePart);
      await q.query({
        name: 'signing-key-add',
        text: `INSERT INTO signing_key (kid, environment, alg, jwk, sealed, key_id, created_at, signs_from)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        values: [
          jwk.kid,
          environment,
          jwk.alg,
          JSON.stringify(jwk),
          sealed,
          keyId,
          timestamptz(createdAt),
          timestamptz(signsFrom),
        ],
      });
    },

    async withdraw(kid, now) {
      const { rowCount } = await q.query({
        name: 'signing-key-withdraw', // primary key
        text: `UPDATE signing_key SET withdrawn_at = $2, sealed = NULL, key_id = NULL
               WHERE kid = $1 AND withdrawn_at IS NULL`,
        values: [kid, timestamptz(now)],
      });
      return rowCount > 0;
    },
  };
}
