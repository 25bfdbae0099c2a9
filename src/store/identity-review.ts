/** The review queue: pairs that a person must look at, one row a pair (0013_identity.sql). Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { IdentityStore, ReviewRow } from './contract-identity.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

type ReviewQueue = Pick<
  IdentityStore,
  'openReview' | 'review' | 'waiting' | 'reviews' | 'outdate' | 'claim' | 'release' | 'decided'
>;

interface Row {
  readonly lo: string;
  readonly hi: string;
  readonly why: ReviewRow['why'];
  readonly score: number;
  readonly probability: number;
  readonly model_id: string;
  readonly key_id: string;
  readonly sealed: Buffer;
  readonly state: ReviewRow['state'];
  readonly claimed_by: string | null;
  readonly decision: number | null;
  readonly opened_at: Instant;
  readonly due_at: Instant;
}

const COLUMNS = `r.lo, r.hi, r.why, r.score, r.probability, r.model_id, r.key_id, r.sealed, r.state, r.claimed_by,
  r.decision, r.opened_at, r.due_at`;

export function reviewQueue(q: Queryable, keys: Keys): ReviewQueue {
  const step = async (name: string, text: string, values: readonly unknown[]): Promise<boolean> =>
    (await q.query({ name, text, values })).rowCount === 1;

  return {
    async openReview(pair, now) {
      const { lo, hi, why, score, probability, modelId, evidence, dueAt } = pair;
      const { keyId, sealed } = keys.seal(Buffer.from(JSON.stringify(evidence)));
      await q.query({
        name: 'review-open',
        text: `INSERT INTO identity_review AS r (lo, hi, why, score, probability, model_id, key_id, sealed, state,
                 opened_at, due_at, changed_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $9)
               ON CONFLICT (lo, hi) DO UPDATE SET
                 why = CASE WHEN r.state IN ('open', 'claimed') AND excluded.why = 'review' THEN r.why
                   ELSE excluded.why END,
                 score = excluded.score,
                 probability = excluded.probability, model_id = excluded.model_id, key_id = excluded.key_id,
                 sealed = excluded.sealed, changed_at = excluded.changed_at, xid = pg_current_xact_id(),
                 state = CASE r.state WHEN 'claimed' THEN 'claimed' ELSE 'open' END, decision = NULL,
                 opened_at = CASE WHEN r.state IN ('open', 'claimed') THEN r.opened_at ELSE excluded.opened_at END,
                 due_at = CASE WHEN r.state IN ('open', 'claimed') THEN r.due_at ELSE excluded.due_at END`,
        values: [lo, hi, why, score, probability, modelId, keyId, sealed, timestamptz(now), timestamptz(dueAt)],
      });
    },

    async review(one, other) {
      const { rows } = await q.query<Row>({
        name: 'review-read',
        text: `SELECT ${COLUMNS} FROM identity_review r WHERE r.lo = $1 AND r.hi = $2`,
        values: sorted(one, other),
      });
      return rows[0] === undefined ? null : toReview(rows[0], keys);
    },

    async waiting(ids) {
      const { rows } = await q.query<Pick<Row, 'lo' | 'hi' | 'why'>>({
        name: 'review-waiting', // the primary key, identity_review_hi
        text: `SELECT r.lo, r.hi, r.why FROM identity_review r
               WHERE r.lo = ANY($1::uuid[]) AND r.state IN ('open', 'claimed')
               UNION
               SELECT r.lo, r.hi, r.why FROM identity_review r
               WHERE r.hi = ANY($1::uuid[]) AND r.state IN ('open', 'claimed')`,
        values: [ids],
      });
      return rows;
    },

    async reviews(limit) {
      const { rows } = await q.query<Row>({
        name: 'review-list', // identity_review_open
        text: `SELECT ${COLUMNS} FROM identity_review r WHERE r.state IN ('open', 'claimed')
               ORDER BY r.probability DESC, r.lo, r.hi LIMIT $1`,
        values: [limit],
      });
      return rows.map((row) => toReview(row, keys));
    },

    async outdate(pairs, now) {
      if (pairs.length === 0) return;
      await q.query({
        name: 'review-outdate',
        text: `UPDATE identity_review r SET state = 'outdated', claimed_by = NULL, changed_at = $3,
                 xid = pg_current_xact_id()
               FROM unnest($1::uuid[], $2::uuid[]) AS u(lo, hi)
               WHERE r.lo = u.lo AND r.hi = u.hi AND r.state IN ('open', 'claimed')`,
        values: [pairs.map(({ lo }) => lo), pairs.map(({ hi }) => hi), timestamptz(now)],
      });
    },

    claim: (one, other, by, now) =>
      step(
        'review-claim',
        `UPDATE identity_review SET state = 'claimed', claimed_by = $3, changed_at = $4, xid = pg_current_xact_id()
         WHERE lo = $1 AND hi = $2 AND (state = 'open' OR (state = 'claimed' AND claimed_by = $3))`,
        [...sorted(one, other), by, timestamptz(now)],
      ),

    release: (one, other, by, now) =>
      step(
        'review-release',
        `UPDATE identity_review SET state = 'open', claimed_by = NULL, changed_at = $4, xid = pg_current_xact_id()
         WHERE lo = $1 AND hi = $2 AND state = 'claimed' AND claimed_by = $3`,
        [...sorted(one, other), by, timestamptz(now)],
      ),

    decided: (one, other, decision, now) =>
      step(
        'review-decided',
        `UPDATE identity_review SET state = 'decided', claimed_by = NULL, decision = $3, changed_at = $4,
           xid = pg_current_xact_id()
         WHERE lo = $1 AND hi = $2 AND state IN ('open', 'claimed')`,
        [...sorted(one, other), decision, timestamptz(now)],
      ),
  };
}

function sorted(one: string, other: string): readonly [string, string] {
  return one < other ? [one, other] : [other, one];
}

function toReview(row: Row, keys: Keys): ReviewRow {
  return {
    lo: row.lo,
    hi: row.hi,
    why: row.why,
    score: row.score,
    probability: row.probability,
    modelId: row.model_id,
    evidence: JSON.parse(keys.open(row.key_id, row.sealed).toString('utf8')) as ReviewRow['evidence'],
    state: row.state,
    claimedBy: row.claimed_by,
    decision: row.decision,
    openedAt: row.opened_at,
    dueAt: row.due_at,
  };
}
