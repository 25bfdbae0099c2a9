/** How the patient index stands, for operators. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { IdentityCounts, IdentityStore } from './contract-identity.ts';
import type { Queryable } from './postgres.ts';

export async function identityCounts(q: Queryable, now: Instant): Promise<IdentityCounts> {
  const { rows } = await q.query<Pick<IdentityCounts, 'records' | 'people' | 'due' | 'truncated'>>(
    `SELECT (SELECT count(*) FROM patient_link WHERE erased_at IS NULL) AS records,
       (SELECT count(DISTINCT golden_id) FROM patient_link WHERE erased_at IS NULL) AS people,
       (SELECT count(DISTINCT patient_id) FROM patient_due) AS due,
       (SELECT count(*) FROM patient_indexed WHERE truncated) AS truncated`,
  );
  const decisions = await q.query<IdentityCounts['decisions'][number]>(
    `SELECT actor_kind AS actor, kind, count(*) AS count FROM identity_decision GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  const reviews = await q.query<IdentityCounts['reviews'][number]>(
    `SELECT state, why, count(*) AS count FROM identity_review GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  const overdue = await q.query<IdentityCounts['overdue'][number]>(
    `SELECT role, escalated, count(*) AS count FROM identity_review
     WHERE state IN ('open', 'claimed') AND due_at <= $1 GROUP BY 1, 2 ORDER BY 2, 1`,
    [timestamptz(now)],
  );
  const counts = rows[0] ?? { records: 0, people: 0, due: 0, truncated: 0 };
  return { ...counts, decisions: decisions.rows, reviews: reviews.rows, overdue: overdue.rows };
}

export async function identityBacklog(q: Queryable, now: Instant): ReturnType<IdentityStore['backlog']> {
  const { rows } = await q.query<Awaited<ReturnType<IdentityStore['backlog']>>>({
    name: 'identity-backlog', // identity_review_due
    text: `SELECT (SELECT count(*) FROM patient_due) AS due,
             count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE state = 'claimed') AS claimed,
             count(*) FILTER (WHERE due_at <= $1) AS overdue
           FROM identity_review WHERE state IN ('open', 'claimed')`,
    values: [timestamptz(now)],
  });
  return rows[0] ?? { due: 0, open: 0, claimed: 0, overdue: 0 };
}
