/** How the patient index stands, for operators. */
import type { IdentityCounts, IdentityStore } from './contract-identity.ts';
import type { Queryable } from './postgres.ts';

export async function identityCounts(q: Queryable): Promise<IdentityCounts> {
  const { rows } = await q.query<Pick<IdentityCounts, 'records' | 'people' | 'due' | 'truncated'>>(
    `SELECT (SELECT count(*) FROM patient_link) AS records,
       (SELECT count(DISTINCT golden_id) FROM patient_link) AS people,
       (SELECT count(DISTINCT patient_id) FROM patient_due) AS due,
       (SELECT count(*) FROM patient_indexed WHERE truncated) AS truncated`,
  );
  const decisions = await q.query<IdentityCounts['decisions'][number]>(
    `SELECT actor_kind AS actor, kind, count(*) AS count FROM identity_decision GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  const reviews = await q.query<IdentityCounts['reviews'][number]>(
    `SELECT state, why, count(*) AS count FROM identity_review GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  const counts = rows[0] ?? { records: 0, people: 0, due: 0, truncated: 0 };
  return { ...counts, decisions: decisions.rows, reviews: reviews.rows };
}

export async function identityBacklog(q: Queryable): ReturnType<IdentityStore['backlog']> {
  const { rows } = await q.query<Awaited<ReturnType<IdentityStore['backlog']>>>({
    name: 'identity-backlog', // identity_review_open
    text: `SELECT (SELECT count(*) FROM patient_due) AS due,
             count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE state = 'claimed') AS claimed
           FROM identity_review WHERE state IN ('open', 'claimed')`,
  });
  return rows[0] ?? { due: 0, open: 0, claimed: 0 };
}
