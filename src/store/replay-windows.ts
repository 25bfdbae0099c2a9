/** Replay windows, what was known when they began, and what was decided about each message. Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { HeldMessage, ReplayVerdict, ReplayWindow, ReplayWindowStore } from './contract-replay.ts';
import { INBOX_COLUMNS, toMessage, type InboxRow } from './inbox-row.ts';
import type { Gathered } from './gather.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

interface Row {
  readonly id: number;
  readonly site: string;
  readonly known_from: Instant;
  readonly began_at: Instant;
  readonly until_at: Instant | null;
  readonly ended_at: Instant | null;
  readonly began_by: string;
}
interface VerdictRow {
  readonly inbox_id: number;
  readonly verdict: ReplayVerdict;
  readonly appointment_id: string | null;
  readonly detail: string | null;
}

const COLUMNS = 'id, site, known_from, began_at, until_at, ended_at, began_by';

function covers({ beganAt, endedAt }: ReplayWindow, at: Instant): boolean {
  return beganAt <= at && (endedAt === null || endedAt > at);
}

/** By site, the newest first. */
export async function windowsOf(
  q: Queryable,
  sites: readonly string[],
): Promise<ReadonlyMap<string, readonly ReplayWindow[]>> {
  const { rows } = await q.query<Row>({
    name: 'ahead-replay-windows',
    text: `SELECT ${COLUMNS} FROM replay_window WHERE site = ANY($1) ORDER BY began_at DESC`,
    values: [sites],
  });
  const bySite = Map.groupBy(rows.map(toWindow), (window) => window.site);
  return new Map(sites.map((site) => [site, bySite.get(site) ?? []] as const));
}

export function replayWindowStore(q: Gathered, keys: Keys): ReplayWindowStore {
  const one = async (name: string, where: string, values: readonly unknown[]): Promise<ReplayWindow | null> => {
    const text = `SELECT ${COLUMNS} FROM replay_window WHERE ${where} ORDER BY began_at DESC LIMIT 1`;
    const { rows } = await q.query<Row>({ name, text, values: [...values] });
    return rows[0] === undefined ? null : toWindow(rows[0]);
  };
  return {
    async open({ site, knownFrom, beganAt, until, beganBy }) {
      const { rows } = await q.query<Row>({
        name: 'replay-open', // the partial unique index decides between two operators
        text: `INSERT INTO replay_window (site, known_from, began_at, until_at, began_by) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (site) WHERE ended_at IS NULL DO NOTHING RETURNING ${COLUMNS}`,
        values: [site, timestamptz(knownFrom), timestamptz(beganAt), until && timestamptz(until), beganBy],
      });
      return rows[0] === undefined ? null : toWindow(rows[0]);
    },
    at: async (site, receivedAt) => {
      const known = q.ahead.windows.get(site);
      if (known !== undefined) return known.find((one) => covers(one, receivedAt)) ?? null;
      return one('replay-at', 'site = $1 AND began_at <= $2 AND COALESCE(ended_at > $2, true)', [
        site,
        timestamptz(receivedAt),
      ]);
    },
    newest: (site) => one('replay-newest', 'site = $1', [site]),
    async unended() {
      const { rows } = await q.query<Row>({
        name: 'replay-unended',
        text: `SELECT ${COLUMNS} FROM replay_window WHERE ended_at IS NULL ORDER BY site`,
        values: [],
      });
      return rows.map(toWindow);
    },
    async end(id, at) {
      // What was known stays while messages of the window wait to be applied: see forgetKnown.
      await q.query({
        name: 'replay-end',
        text: 'UPDATE replay_window SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL',
        values: [id, timestamptz(at)],
      });
    },
    async forgetKnown() {
      await q.query({
        name: 'replay-forget', // inbox_queue_site; of windows there are few
        text: `DELETE FROM replay_known WHERE window_id IN (
                 SELECT w.id FROM replay_window w WHERE w.ended_at IS NOT NULL AND NOT EXISTS (
                   SELECT FROM inbox_queue q WHERE q.site = w.site AND q.received_at < w.ended_at))`,
        values: [],
      });
    },
    ...knownContent(q),
    ...verdicts(q),
    ...messages(q, keys),
  };
}

function knownContent(q: Queryable): Pick<ReplayWindowStore, 'remember' | 'known'> {
  return {
    async remember(id, known) {
      await q.post({
        name: 'replay-remember',
        text: `INSERT INTO replay_known (window_id, digest, inbox_id)
               SELECT $1, digest, inbox_id FROM unnest($2::text[], $3::bigint[]) AS k(digest, inbox_id)
               ORDER BY inbox_id
               ON CONFLICT DO NOTHING`,
        values: [id, known.map((each) => each.digest), known.map((each) => each.messageId)],
      });
    },
    async known(id, digest) {
      const { rows } = await q.query<{ readonly inbox_id: number }>({
        name: 'replay-known',
        text: 'SELECT inbox_id FROM replay_known WHERE window_id = $1 AND digest = $2',
        values: [id, digest],
      });
      return rows[0]?.inbox_id ?? null;
    },
  };
}

function verdicts(q: Queryable): Pick<ReplayWindowStore, 'decide' | 'verdict' | 'counts' | 'held'> {
  return {
    async decide(id, { messageId, verdict, appointmentId, detail }) {
      await q.post({
        name: 'replay-decide',
        text: `INSERT INTO replay_verdict (window_id, inbox_id, verdict, appointment_id, detail)
               VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (window_id, inbox_id) DO UPDATE SET verdict = excluded.verdict,
                 appointment_id = COALESCE(excluded.appointment_id, replay_verdict.appointment_id),
                 detail = COALESCE(excluded.detail, replay_verdict.detail)`,
        values: [id, messageId, verdict, appointmentId, detail],
      });
    },
    async verdict(id, messageId) {
      const { rows } = await q.query<{ readonly verdict: ReplayVerdict }>({
        name: 'replay-verdict',
        text: 'SELECT verdict FROM replay_verdict WHERE window_id = $1 AND inbox_id = $2',
        values: [id, messageId],
      });
      return rows[0]?.verdict ?? null;
    },
    async counts(id) {
      const { rows } = await q.query<{ readonly verdict: ReplayVerdict; readonly count: number }>({
        name: 'replay-counts',
        text: 'SELECT verdict, count(*) AS count FROM replay_verdict WHERE window_id = $1 GROUP BY verdict',
        values: [id],
      });
      return Object.fromEntries(rows.map(({ verdict, count }) => [verdict, count]));
    },
    async held(id, limit) {
      const { rows } = await q.query<VerdictRow>({
        name: 'replay-held',
        text: `SELECT inbox_id, verdict, appointment_id, detail FROM replay_verdict
               WHERE window_id = $1 AND verdict IN ('held', 'forced') ORDER BY inbox_id LIMIT $2`,
        values: [id, limit],
      });
      return rows.map(toHeld);
    },
  };
}

function messages(q: Queryable, keys: Keys): Pick<ReplayWindowStore, 'received' | 'nthNewest'> {
  return {
    async received(site, from, to, afterId, limit) {
      const { rows } = await q.query<InboxRow>({
        name: 'replay-received', // inbox_site, in the partitions of those days
        text: `SELECT ${INBOX_COLUMNS}, i.attempts FROM inbox i
               WHERE i.site = $1 AND i.id > $4 AND i.received_at >= $2 AND i.received_at < $3 AND i.via = 'hl7'
                 AND i.status <> 'parked'
               ORDER BY i.id LIMIT $5`,
        values: [site, timestamptz(from), timestamptz(to), afterId, limit],
      });
      return rows.map((row) => toMessage(row, keys));
    },
    async nthNewest(site, n) {
      const { rows } = await q.query<{ readonly received_at: Instant }>({
        name: 'replay-nth-newest', // inbox_site, backwards
        text: `SELECT received_at FROM inbox WHERE site = $1 AND via = 'hl7' ORDER BY id DESC OFFSET $2 LIMIT 1`,
        values: [site, n - 1],
      });
      return rows[0]?.received_at ?? null;
    },
  };
}

function toWindow(row: Row): ReplayWindow {
  return {
    id: row.id,
    site: row.site,
    knownFrom: row.known_from,
    beganAt: row.began_at,
    until: row.until_at,
    endedAt: row.ended_at,
    beganBy: row.began_by,
  };
}

function toHeld(row: VerdictRow): HeldMessage {
  return {
    messageId: row.inbox_id,
    appointmentId: row.appointment_id,
    verdict: row.verdict,
    detail: row.detail,
  };
}
