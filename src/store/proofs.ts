/** Windows in which our copy was held against all that a site has (0011_conflicts.sql). Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Completeness, HeldVisit, ProofStore, ProofWindow } from './contract-proofs.ts';
import { indexable } from './inbox-row.ts';
import type { Queryable } from './postgres.ts';

interface Row {
  readonly site: string;
  readonly calendar: string;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly proven_at: Instant | null;
  readonly differences: number;
  readonly rounds: number;
}

const SHOWN_MAX = 20;

export function proofStore(q: Queryable): ProofStore {
  const at = ({ calendar, window }: ProofWindow): readonly string[] => [calendar, timestamptz(window.start)];
  return {
    async plan(site, windows, now) {
      const columns = [
        windows.map((one) => one.calendar),
        windows.map((one) => timestamptz(one.window.start)),
        windows.map((one) => timestamptz(one.window.end)),
      ];
      await q.query({
        name: 'proof-drop',
        text: `DELETE FROM proof p WHERE p.site = $1 AND (p.end_at <= $2 OR NOT EXISTS (
                 SELECT FROM unnest($3::text[], $4::timestamptz[], $5::timestamptz[]) AS u(calendar, start_at, end_at)
                 WHERE u.calendar = p.calendar AND u.start_at = p.start_at AND u.end_at = p.end_at))`,
        values: [site, timestamptz(now), ...columns],
      });
      await q.query({
        name: 'proof-plan',
        text: `INSERT INTO proof (site, calendar, start_at, end_at, due_at)
               SELECT $1, u.calendar, u.start_at, u.end_at, $2
               FROM unnest($3::text[], $4::timestamptz[], $5::timestamptz[]) AS u(calendar, start_at, end_at)
               WHERE u.end_at > $2 ORDER BY u.calendar, u.start_at
               ON CONFLICT (site, calendar, start_at) DO NOTHING`,
        values: [site, timestamptz(now), ...columns],
      });
    },

    async due(site, now) {
      const { rows } = await q.query<Row>({
        name: 'proof-due', // proof_due
        text: `SELECT * FROM proof WHERE site = $1 AND due_at <= $2 ORDER BY due_at, start_at, calendar LIMIT 1`,
        values: [site, timestamptz(now)],
      });
      return rows[0] === undefined ? null : { ...toWindow(rows[0]), rounds: rows[0].rounds };
    },

    async copyOf(site, { calendar, window }) {
      const { rows } = await q.query<{ site_key: string; start_at: Instant; end_at: Instant }>({
        name: 'proof-copy', // appointment_site_start
        text: `SELECT site_key, start_at, end_at FROM appointment
               WHERE site = $1 AND start_at >= $2 AND start_at < $3 AND site_key IS NOT NULL
                 AND status NOT IN ('proposed', 'cancelled', 'entered-in-error', 'noshow', 'waitlist')
                 AND tokens @> ARRAY['calendar:' || $4]
               ORDER BY site_key`,
        values: [site, timestamptz(window.start), timestamptz(window.end), calendar],
      });
      return rows.map((row) => ({ key: row.site_key, start: row.start_at, end: row.end_at }));
    },

    async record(site, window, found) {
      await q.query({
        name: 'proof-record',
        text: `UPDATE proof SET checked_at = $4, differences = $5, due_at = $6,
                 proven_at = CASE WHEN $5 = 0 THEN $4::timestamptz END,
                 rounds = CASE WHEN $5 = 0 THEN 0 ELSE rounds + 1 END
               WHERE site = $1 AND calendar = $2 AND start_at = $3`,
        values: [site, ...at(window), timestamptz(found.at), found.differences, timestamptz(found.nextDue)],
      });
    },

    async putOff(site, window, nextDue) {
      await q.query({
        name: 'proof-put-off',
        text: `UPDATE proof SET due_at = $4 WHERE site = $1 AND calendar = $2 AND start_at = $3`,
        values: [site, ...at(window), timestamptz(nextDue)],
      });
    },

    async forgetReceived(site, objects) {
      await q.query({
        name: 'proof-forget-received',
        text: `UPDATE site_object SET received_digest = '' WHERE site = $1 AND object = ANY($2)`,
        values: [site, objects.map(indexable)],
      });
    },

    heldAgainst: (site, snapshot) => heldAgainst(q, site, snapshot),

    async completeness() {
      const { rows } = await q.query<Row>({
        name: 'proof-list',
        text: `SELECT * FROM proof ORDER BY site, start_at, calendar`,
      });
      return [...Map.groupBy(rows, (row) => row.site)].map(([site, own]) => completenessOf(site, own));
    },
  };
}

interface HeldRow {
  readonly site_key: string;
  readonly keys: readonly string[];
  readonly status: HeldVisit['status'];
  readonly start_at: Instant | null;
  readonly end_at: Instant | null;
  readonly later: boolean;
  readonly touched_since: boolean;
}

async function heldAgainst(
  q: Queryable,
  site: string,
  { window, keys, takenAt, quietSince }: Parameters<ProofStore['heldAgainst']>[1],
): Promise<readonly HeldVisit[]> {
  const { rows } = await q.query<HeldRow>({
    name: 'proof-held-against', // appointment_site_start, appointment_key; booking_appointment for each by OFFSET 0
    text: `WITH named AS (
             SELECT id FROM appointment WHERE site = $1 AND start_at >= $2 AND start_at < $3 AND site_key IS NOT NULL
             UNION
             SELECT appointment_id FROM appointment_key WHERE site = $1 AND site_key = ANY($4))
           SELECT a.site_key, a.status, a.start_at, a.end_at,
             ARRAY(SELECT k.site_key FROM appointment_key k WHERE k.appointment_id = a.id AND k.site = a.site) AS keys,
             a.last_updated > $5 AS touched_since,
             a.ordered_at > $5 OR EXISTS (
               SELECT FROM booking b WHERE b.appointment_id = a.id
                 AND (b.state_at >= $6 OR b.state NOT IN ('booked', 'refused', 'expired')) OFFSET 0) AS later
           FROM named n JOIN appointment a ON a.id = n.id
           WHERE a.site_key IS NOT NULL
           ORDER BY a.start_at, a.id`,
    values: [
      site,
      timestamptz(window.start),
      timestamptz(window.end),
      keys,
      timestamptz(takenAt),
      timestamptz(quietSince),
    ],
  });
  return rows.map(({ site_key: key, keys: names, status, start_at: start, end_at: end, ...row }) => ({
    key,
    keys: [key, ...names],
    status,
    during: start === null || end === null ? null : { start, end },
    later: row.later,
    touchedSince: row.touched_since,
  }));
}

function completenessOf(site: string, rows: readonly Row[]): Completeness {
  const length = (all: readonly Row[]): number => all.reduce((sum, row) => sum + row.end_at - row.start_at, 0);
  const proven = rows.filter((row) => row.proven_at !== null);
  const times = proven.flatMap((row) => row.proven_at ?? []).sort((one, other) => one - other);
  const unproven = rows.filter((row) => row.proven_at === null);
  return {
    site,
    windows: rows.length,
    proven: proven.length,
    share: rows.length === 0 ? 0 : length(proven) / length(rows),
    provenSince: times[0] ?? null,
    lastProvenAt: times.at(-1) ?? null,
    unproven: unproven.slice(0, SHOWN_MAX).map((row) => ({ ...toWindow(row), differences: row.differences })),
  };
}

function toWindow(row: Row): ProofWindow {
  return { calendar: row.calendar, window: { start: row.start_at, end: row.end_at } };
}
