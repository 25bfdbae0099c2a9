/**
 * IdentityStore: the log of decisions about who is one person, and the golden ids that it comes to
 * (0013_identity.sql); the review queue is in identity-review.ts. Part of Tx.
 */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { GoldenRow, IdentityStore, KnownRecord, StoredDecision } from './contract-identity.ts';
import { identityBacklog, identityCounts } from './identity-counts.ts';
import { reviewQueue } from './identity-review.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

interface DecisionRow {
  readonly seq: number;
  readonly kind: StoredDecision['kind'];
  readonly one: string;
  readonly other: string | null;
  readonly attribute: string | null;
  readonly actor_kind: StoredDecision['actor']['kind'];
  readonly actor: string;
  readonly reason: string;
  readonly model_id: string | null;
  readonly at: Instant;
  readonly supersedes: number | null;
  readonly act: number | null;
  readonly key_id: string | null;
  readonly sealed: Buffer | null;
}

export interface KnownRow {
  readonly patient_id: string;
  readonly site: string;
  readonly site_key: string;
  readonly linked_at: Instant;
  readonly golden_id: string;
  readonly survivor_id: string | null;
  readonly removed_at: Instant | null;
}

export const KNOWN = 'l.patient_id, l.site, l.site_key, l.linked_at, l.golden_id, l.survivor_id, l.removed_at';

const COLUMNS = `d.seq, d.kind, d.one, d.other, d.attribute, d.actor_kind, d.actor, d.reason, d.model_id, d.at,
  d.supersedes, d.act, d.key_id, d.sealed`;

/**
 * Outwards from the records along the decisions, whatever they decide: who is kept apart is concerned as well. Nobody
 * can tell the planner that these are few: joined as one would, it reads the whole log for each record that is placed.
 */
const CONNECTED = `
  WITH RECURSIVE near(id) AS (
    SELECT unnest($1::uuid[])
    UNION
    SELECT step.id FROM near CROSS JOIN LATERAL (
      SELECT d.other AS id FROM identity_decision d WHERE d.one = near.id AND d.other IS NOT NULL
      UNION ALL SELECT d.one FROM identity_decision d WHERE d.other = near.id) AS step)
  SELECT ${COLUMNS} FROM near CROSS JOIN LATERAL (
    SELECT * FROM identity_decision WHERE one = near.id OFFSET 0) AS d ORDER BY d.seq`;

/** What tells records apart is told twice: what joined them is undone, and nothing of less weight joins them again. */
const COPY = (missing: string): string => `
  WITH missing AS (${missing})
  INSERT INTO identity_decision (kind, one, other, actor_kind, actor, reason, at, told_by, recorded_at)
  SELECT k.kind, one.patient_id, other.patient_id, 'site', m.site, m.reason, m.at, m.id, $1
  FROM missing m
  JOIN patient_link one ON one.site = m.site AND one.site_key = m.one
  JOIN patient_link other ON other.site = m.site AND other.site_key = m.other
  CROSS JOIN LATERAL (
    SELECT m.kind, 1 AS place UNION ALL SELECT 'not-same', 2 WHERE m.kind = 'unlink') AS k
  ORDER BY m.id, k.place
  ON CONFLICT (told_by, kind) WHERE told_by IS NOT NULL DO NOTHING RETURNING seq, kind, one, other`;

export function identityStore(q: Queryable, keys: Keys): IdentityStore {
  return {
    ...reviewQueue(q, keys),

    async append(decision, now) {
      const { kind, one, other, attribute, value, actor, reason, evidence, modelId, at, supersedes, toldBy } = decision;
      const body = kind === 'override' ? { value } : evidence;
      const sealed = body === null ? null : keys.seal(Buffer.from(JSON.stringify(body)));
      const { rows } = await q.query<{ seq: number }>({
        name: 'identity-append',
        text: `INSERT INTO identity_decision (kind, one, other, attribute, actor_kind, actor, reason, model_id, at,
                 supersedes, told_by, key_id, sealed, recorded_at, act)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
               ON CONFLICT (told_by, kind) WHERE told_by IS NOT NULL DO NOTHING RETURNING seq`,
        values: [
          kind, one, other, attribute, actor.kind, actor.id, reason, modelId, timestamptz(at), supersedes, toldBy,
          sealed?.keyId ?? null, sealed?.sealed ?? null, timestamptz(now), decision.act ?? null,
        ], // prettier-ignore
      });
      return rows[0]?.seq ?? null;
    },

    async about(ids) {
      if (ids.length === 0) return [];
      const { rows } = await q.query<DecisionRow>({
        name: 'identity-about', // identity_decision_one, identity_decision_other
        text: CONNECTED,
        values: [ids],
      });
      return rows.map((row) => toDecision(row, keys));
    },

    async act(seq) {
      const { rows } = await q.query<DecisionRow>({
        name: 'identity-act', // the primary key, identity_decision_act
        text: `WITH first AS (SELECT coalesce(act, seq) AS seq FROM identity_decision WHERE seq = $1)
               SELECT ${COLUMNS} FROM first JOIN identity_decision d ON d.seq = first.seq
               UNION ALL
               SELECT ${COLUMNS} FROM first JOIN identity_decision d ON d.act = first.seq
               ORDER BY seq`,
        values: [seq],
      });
      return rows.map((row) => toDecision(row, keys));
    },

    async records(ids) {
      if (ids.length === 0) return [];
      const { rows } = await q.query<KnownRow>({
        name: 'identity-records',
        text: `SELECT ${KNOWN} FROM patient_link l WHERE l.patient_id = ANY($1::uuid[]) ORDER BY l.patient_id`,
        values: [ids],
      });
      return rows.map(toKnown);
    },

    async setPeople(records) {
      if (records.length === 0) return;
      const sorted = [...records].sort((one, other) => (one.id < other.id ? -1 : 1));
      await q.query({
        name: 'identity-set-people',
        text: `UPDATE patient_link l SET golden_id = u.golden_id, survivor_id = u.survivor_id
               FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS u(id, golden_id, survivor_id)
               WHERE l.patient_id = u.id`,
        values: [
          sorted.map(({ id }) => id),
          sorted.map(({ goldenId }) => goldenId),
          sorted.map(({ survivorId }) => survivorId),
        ],
      });
    },

    async copySiteDecisions(limit, now) {
      const { rows } = await q.query<{ one: string; other: string }>({
        name: 'identity-copy-site-decisions',
        text: COPY(`
          SELECT d.* FROM patient_decision d
          WHERE d.kind IN ('merge', 'link', 'unlink') AND NOT EXISTS (
            SELECT FROM identity_decision i WHERE i.told_by = d.id)
          ORDER BY d.id LIMIT $2`),
        values: [timestamptz(now), limit],
      });
      return [...new Set(rows.flatMap(({ one, other }) => [one, other]))];
    },

    async copySiteDecisionsOf(ids, now) {
      const { rows } = await q.query<Pick<StoredDecision, 'seq' | 'kind' | 'one' | 'other'>>({
        name: 'identity-copy-site-decisions-of', // patient_decision_one, patient_decision_other
        text: COPY(`
          SELECT DISTINCT d.* FROM patient_link l CROSS JOIN LATERAL (
            SELECT * FROM patient_decision p WHERE p.site = l.site AND p.one = l.site_key
            UNION ALL SELECT * FROM patient_decision p WHERE p.site = l.site AND p.other = l.site_key) AS d
          WHERE l.patient_id = ANY($2::uuid[]) AND d.kind IN ('merge', 'link', 'unlink') AND NOT EXISTS (
            SELECT FROM identity_decision i WHERE i.told_by = d.id)`),
        values: [timestamptz(now), ids],
      });
      return rows;
    },

    ...goldenIds(q),
    counts: (now) => identityCounts(q, now),
    backlog: (now) => identityBacklog(q, now),
  };
}

type Golden = Pick<IdentityStore, 'holdings' | 'hold' | 'setGolden' | 'ensureGolden' | 'golden' | 'members'>;

function goldenIds(q: Queryable): Golden {
  return {
    async holdings(ids) {
      const { rows } = await q.query<{ golden_id: string; patient_id: string }>({
        name: 'golden-holdings', // golden_holding_patient, then the primary key
        // Few, which the planner does not know.
        text: `SELECT held.golden_id, held.patient_id
               FROM (SELECT DISTINCT golden_id FROM golden_holding WHERE patient_id = ANY($1::uuid[])) AS mine
               CROSS JOIN LATERAL (
                 SELECT golden_id, patient_id FROM golden_holding WHERE golden_id = mine.golden_id OFFSET 0) AS held
               ORDER BY held.golden_id, held.patient_id`,
        values: [ids],
      });
      const byGolden = Map.groupBy(rows, (row) => row.golden_id);
      return new Map([...byGolden].map(([id, held]) => [id, held.map((row) => row.patient_id)]));
    },

    async hold(held) {
      if (held.length === 0) return;
      await q.query({
        name: 'golden-hold',
        text: `INSERT INTO golden_holding (golden_id, patient_id)
               SELECT DISTINCT golden_id, patient_id FROM unnest($1::uuid[], $2::uuid[]) AS u(golden_id, patient_id)
               ON CONFLICT DO NOTHING`,
        values: [held.map(({ goldenId }) => goldenId), held.map(({ patientId }) => patientId)],
      });
    },

    async setGolden(rows, now) {
      if (rows.length === 0) return;
      await q.query({
        name: 'golden-set',
        text: `INSERT INTO golden_patient (id, state, leads_to, changed_at)
               SELECT u.id, u.state, u.leads_to::uuid[], $4 FROM unnest($1::uuid[], $2::text[], $3::text[])
                 AS u(id, state, leads_to)
               ON CONFLICT (id) DO UPDATE SET state = excluded.state, leads_to = excluded.leads_to,
                 changed_at = excluded.changed_at, xid = pg_current_xact_id()
               WHERE (golden_patient.state, golden_patient.leads_to)
                 IS DISTINCT FROM (excluded.state, excluded.leads_to)`,
        values: [
          rows.map(({ id }) => id),
          rows.map(({ state }) => state),
          rows.map(({ leadsTo }) => `{${leadsTo.join(',')}}`),
          timestamptz(now),
        ],
      });
    },

    async ensureGolden(alone, now) {
      if (alone.length === 0) return;
      await q.post({
        name: 'golden-ensure',
        text: `WITH held AS (
                 INSERT INTO golden_holding (golden_id, patient_id) SELECT unnest($1::uuid[]), unnest($2::uuid[])
                 ON CONFLICT DO NOTHING)
               INSERT INTO golden_patient (id, state, changed_at) SELECT unnest($1::uuid[]), 'active', $3
               ON CONFLICT DO NOTHING`,
        values: [alone.map(({ goldenId }) => goldenId), alone.map(({ patientId }) => patientId), timestamptz(now)],
      });
    },

    async golden(id) {
      const { rows } = await q.query<GoldenRow>({
        name: 'golden-read',
        text: `SELECT id, state, leads_to AS "leadsTo" FROM golden_patient WHERE id = $1`,
        values: [id],
      });
      return rows[0] ?? null;
    },

    async members(goldenId) {
      const { rows } = await q.query<KnownRow>({
        name: 'golden-members', // patient_link_golden
        text: `SELECT ${KNOWN} FROM patient_link l WHERE l.golden_id = $1 ORDER BY l.linked_at, l.patient_id`,
        values: [goldenId],
      });
      return rows.map(toKnown);
    },
  };
}

export function toKnown(row: KnownRow): KnownRecord {
  return {
    id: row.patient_id,
    site: row.site,
    key: row.site_key,
    since: row.linked_at,
    goldenId: row.golden_id,
    survivorId: row.survivor_id,
    removedAt: row.removed_at,
  };
}

function toDecision(row: DecisionRow, keys: Keys): StoredDecision {
  const body: unknown =
    row.key_id === null || row.sealed === null ? null : JSON.parse(keys.open(row.key_id, row.sealed).toString('utf8'));
  const isOverride = row.kind === 'override';
  return {
    seq: row.seq,
    kind: row.kind,
    one: row.one,
    other: row.other,
    attribute: row.attribute,
    value: isOverride ? ((body as { readonly value: unknown } | null)?.value ?? null) : null,
    actor: { kind: row.actor_kind, id: row.actor },
    reason: row.reason,
    evidence: isOverride ? null : (body as StoredDecision['evidence']),
    modelId: row.model_id,
    at: row.at,
    supersedes: row.supersedes,
    act: row.act ?? row.seq,
  };
}
