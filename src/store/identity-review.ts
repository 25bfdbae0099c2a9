/** The review queue: pairs that a person must look at, one row a pair (0013_identity.sql, 0018). Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { EscalatedReview, IdentityStore, ReviewRow } from './contract-identity.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';
import { AT_ONCE, CHAIN, chainValues } from './workitems.ts';

type ReviewQueue = Pick<
  IdentityStore,
  | 'openReview'
  | 'review'
  | 'waiting'
  | 'reviews'
  | 'verdicts'
  | 'outdate'
  | 'claim'
  | 'release'
  | 'lapseClaims'
  | 'escalateReviews'
  | 'decided'
  | 'reopen'
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
  readonly claimed_until: Instant | null;
  readonly decision: number | null;
  readonly opened_at: Instant;
  readonly due_at: Instant;
  readonly role: string;
  readonly escalated: number;
}

const COLUMNS = `r.lo, r.hi, r.why, r.score, r.probability, r.model_id, r.key_id, r.sealed, r.state, r.claimed_by,
  r.claimed_until, r.decision, r.opened_at, r.due_at, r.role, r.escalated`;

/** Of a row that a hub of an earlier release claimed: it knows of no end. */
const CLAIMED_UNTIL = `coalesce(claimed_until, changed_at + interval '1 hour')`;

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
                 role = CASE WHEN r.state IN ('open', 'claimed') THEN r.role ELSE excluded.role END,
                 escalated = CASE WHEN r.state IN ('open', 'claimed') THEN r.escalated ELSE 0 END,
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

    async reviews(limit, after) {
      const { rows } = await q.query<Row>({
        name: 'review-list', // identity_review_due
        text: `SELECT ${COLUMNS} FROM identity_review r WHERE r.state IN ('open', 'claimed')
                 AND ($2::timestamptz IS NULL OR (r.due_at, r.lo, r.hi) > ($2, $3::uuid, $4::uuid))
               ORDER BY r.due_at, r.lo, r.hi LIMIT $1`,
        values: [limit, after === null ? null : timestamptz(after.dueAt), after?.lo ?? null, after?.hi ?? null],
      });
      return rows.map((row) => toReview(row, keys));
    },

    async verdicts(limit, after) {
      const { rows } = await q.query<Row & { readonly same: boolean }>({
        name: 'review-verdicts', // all reviews: asked offline, now and then
        text: `SELECT ${COLUMNS}, d.kind IN ('link', 'merge') AS same FROM identity_review r
               JOIN identity_decision d ON d.seq = r.decision
               WHERE r.state = 'decided' AND d.actor_kind = 'person' AND d.kind <> 'override'
                 AND r.decision > $2 ORDER BY r.decision, r.lo, r.hi LIMIT $1`,
        values: [limit, after ?? 0],
      });
      return rows.map((row) => ({ ...toReview(row, keys), decision: row.decision ?? 0, same: row.same }));
    },

    async outdate(pairs, now) {
      if (pairs.length === 0) return;
      await q.query({
        name: 'review-outdate',
        text: `UPDATE identity_review r SET state = 'outdated', claimed_by = NULL, claimed_until = NULL,
                 changed_at = $3, xid = pg_current_xact_id()
               FROM unnest($1::uuid[], $2::uuid[]) AS u(lo, hi)
               WHERE r.lo = u.lo AND r.hi = u.hi AND r.state IN ('open', 'claimed')`,
        values: [pairs.map(({ lo }) => lo), pairs.map(({ hi }) => hi), timestamptz(now)],
      });
    },

    claim: (one, other, by, until, now) =>
      step(
        'review-claim',
        `UPDATE identity_review SET state = 'claimed', claimed_by = $3, claimed_until = $5, changed_at = $4,
           xid = pg_current_xact_id()
         WHERE lo = $1 AND hi = $2 AND (state = 'open'
           OR (state = 'claimed' AND (claimed_by = $3 OR ${CLAIMED_UNTIL} <= $4)))`,
        [...sorted(one, other), by, timestamptz(now), timestamptz(until)],
      ),

    release: (one, other, by, now) =>
      step(
        'review-release',
        `UPDATE identity_review SET state = 'open', claimed_by = NULL, claimed_until = NULL, changed_at = $4,
           xid = pg_current_xact_id()
         WHERE lo = $1 AND hi = $2 AND state = 'claimed' AND claimed_by = $3`,
        [...sorted(one, other), by, timestamptz(now)],
      ),

    async lapseClaims(now) {
      const { rowCount } = await q.query({
        name: 'review-lapse', // identity_review_due
        text: `UPDATE identity_review SET state = 'open', claimed_by = NULL, claimed_until = NULL, changed_at = $1,
                 xid = pg_current_xact_id()
               WHERE state = 'claimed' AND ${CLAIMED_UNTIL} <= $1`,
        values: [timestamptz(now)],
      });
      return rowCount;
    },

    async escalateReviews(chain, now) {
      const { rows } = await q.query<EscalatedReview>({
        name: 'review-escalate', // identity_review_due
        text: `WITH late AS (
                 SELECT r.lo, r.hi, r.role AS from_role, c.role, c.step FROM identity_review r
                 JOIN ${CHAIN} ON c.step = r.escalated + 1
                 WHERE r.state IN ('open', 'claimed') AND r.due_at <= $5
                   AND r.due_at + c.after_ms * interval '1 millisecond' <= $5
                 ORDER BY r.due_at, r.lo, r.hi LIMIT ${String(AT_ONCE)} FOR UPDATE OF r SKIP LOCKED)
               UPDATE identity_review r SET role = late.role, escalated = late.step, xid = pg_current_xact_id()
               FROM late WHERE r.lo = late.lo AND r.hi = late.hi
               RETURNING r.lo, r.hi, late.from_role AS "from", r.role, r.escalated AS step`,
        values: [...chainValues(chain), timestamptz(now)],
      });
      return rows;
    },

    decided: (one, other, decision, now) =>
      step(
        'review-decided',
        `UPDATE identity_review SET state = 'decided', claimed_by = NULL, claimed_until = NULL, decision = $3,
           changed_at = $4, xid = pg_current_xact_id()
         WHERE lo = $1 AND hi = $2 AND state IN ('open', 'claimed')`,
        [...sorted(one, other), decision, timestamptz(now)],
      ),

    async reopen(decisions, dueAt, now) {
      await q.query({
        name: 'review-reopen',
        text: `UPDATE identity_review SET state = 'open', decision = NULL, due_at = $2, changed_at = $3, role = DEFAULT,
                 escalated = 0, xid = pg_current_xact_id()
               WHERE state = 'decided' AND decision = ANY($1::bigint[]) AND (lo, hi) IN (
                 SELECT least(one, other), greatest(one, other) FROM identity_decision WHERE seq = ANY($1))`,
        values: [decisions, timestamptz(dueAt), timestamptz(now)],
      });
    },
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
    claimedUntil: row.claimed_until,
    decision: row.decision,
    openedAt: row.opened_at,
    dueAt: row.due_at,
    role: row.role,
    escalated: row.escalated,
  };
}
