/**
 * Cursors, what is known of each feed (lag, silence, usual rate), and which windows of computed slots are due. Part of
 * Tx.
 */
import type { FlatCursor } from '../connectors/contract.ts';
import type { Clock } from '../core/clock.ts';
import { HOUR_MS, instant, type Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { FeedName, FeedState, FeedStore, FreshnessWindow } from './contract-inbox.ts';
import type { Scope } from './contract.ts';
import type { Gathered } from './gather.ts';
import type { Queryable } from './postgres.ts';
import { CHANGED } from './window-changed.ts';

const WEEK_HOURS = 168;
/** 1970-01-01 was a Thursday: its first hour was the 73rd of a week that begins on Monday. */
const EPOCH_HOUR = 72;
/** Feeds that speak when they have something: only their silence means something. Pulls have lag instead. */
const PUSHED: ReadonlySet<FeedName> = new Set(['webhook', 'hl7']);

interface FeedRow {
  readonly site: string;
  readonly name: FeedName;
  readonly known_since: Instant;
  readonly seen_up_to: Instant | null;
  readonly heard_at: Instant | null;
  readonly tried_at: Instant | null;
  readonly error_code: string | null;
  readonly error_since: Instant | null;
  readonly messages: number | null;
  readonly latest_at: Instant | null;
  readonly latest: number | null;
}
interface WindowRow {
  readonly calendar: string;
  readonly visit_type: string;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly attempts: number;
}

/** 0 is Monday 00:00 to 01:00 UTC. */
export function hourOfWeek(at: Instant): number {
  return (Math.floor(at / HOUR_MS) + EPOCH_HOUR) % WEEK_HOURS;
}

export function feedStore(q: Gathered, scope: Scope, clock: Clock): FeedStore {
  return {
    ...cursors(q),
    ...windows(q),

    async heard(site, feed, now, messages, seenUpTo) {
      await q.post({
        name: 'feed-heard',
        // Two hubs may hear at once: each takes the row in turn, and GREATEST (which passes over nulls) keeps the
        // later.
        text: `WITH state AS (
                 INSERT INTO feed AS f (site, name, known_since, seen_up_to, heard_at, tried_at)
                 VALUES ($1, $2, $3, $4, $3, $3)
                 ON CONFLICT (site, name) DO UPDATE SET seen_up_to = GREATEST(f.seen_up_to, excluded.seen_up_to),
                   heard_at = GREATEST(f.heard_at, excluded.heard_at),
                   tried_at = GREATEST(f.tried_at, excluded.tried_at), error_code = NULL, error_since = NULL)
               INSERT INTO feed_hour AS h (site, name, hour, messages, latest_at, latest)
               SELECT $1, $2, $5, $6::bigint, $7, $6::bigint WHERE $6::bigint > 0
               ON CONFLICT (site, name, hour) DO UPDATE SET messages = h.messages + excluded.messages,
                 latest_at = GREATEST(h.latest_at, excluded.latest_at),
                 latest = CASE WHEN h.latest_at = excluded.latest_at THEN h.latest + excluded.latest
                   WHEN h.latest_at < excluded.latest_at THEN excluded.latest ELSE h.latest END`,
        values: [
          site,
          feed,
          timestamptz(now),
          seenUpTo === null ? null : timestamptz(seenUpTo),
          hourOfWeek(now),
          messages,
          timestamptz(hourStart(now)),
        ],
      });
    },

    async failed(site, feed, now, code) {
      await q.post({
        name: 'feed-failed',
        text: `INSERT INTO feed AS f (site, name, known_since, tried_at, error_code, error_since)
               VALUES ($1, $2, $3, $3, $4, $3)
               ON CONFLICT (site, name) DO UPDATE SET tried_at = excluded.tried_at, error_code = excluded.error_code,
                 error_since = COALESCE(f.error_since, excluded.error_since)`,
        values: [site, feed, timestamptz(now), code],
      });
    },

    async feeds(site) {
      const now = clock.now();
      const { rows } = await q.query<FeedRow>({
        name: 'feed-list',
        text: `SELECT f.site, f.name, f.known_since, f.seen_up_to, f.heard_at, f.tried_at, f.error_code, f.error_since,
                 h.messages, h.latest_at, h.latest
               FROM feed f LEFT JOIN feed_hour h ON h.site = f.site AND h.name = f.name AND h.hour = $1
               WHERE ($2::text IS NULL OR f.site = $2) AND ($3::text[] IS NULL OR f.site = ANY($3))
               ORDER BY f.site, f.name`,
        values: [hourOfWeek(now), site ?? null, scope.sites === '*' ? null : scope.sites],
      });
      return rows.map((row) => toFeed(row, now));
    },
  };
}

function cursors(q: Queryable): Pick<FeedStore, 'cursor' | 'saveCursor' | 'startOver'> {
  return {
    async cursor(site, ability) {
      const { rows } = await q.query<{ version: number; value: string }>({
        name: 'cursor-get',
        text: `SELECT version, value FROM cursor WHERE site = $1 AND ability = $2`,
        values: [site, ability],
      });
      const row = rows[0];
      return row === undefined ? null : { version: row.version, value: JSON.parse(row.value) as FlatCursor };
    },

    async saveCursor(site, ability, version, value, now) {
      await q.post({
        name: 'cursor-save',
        text: `INSERT INTO cursor (site, ability, version, value, updated_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (site, ability) DO UPDATE SET version = excluded.version, value = excluded.value,
                 updated_at = excluded.updated_at`,
        values: [site, ability, version, JSON.stringify(value), timestamptz(now)],
      });
    },

    async startOver(site, now) {
      await q.query({
        name: 'feed-start-over', // an answer to a question that left before now confirms nothing: changed_at says so
        // The load is marked, not forgotten: what was loaded once is there, and the hub stays ready.
        text: `WITH forgotten AS (DELETE FROM cursor WHERE site = $1 AND ability = 'poll'),
               again AS (
                 UPDATE cursor SET value = '{"done":false}', updated_at = $2 WHERE site = $1 AND ability = 'load')
               UPDATE freshness SET due_at = $2, changed_at = GREATEST(changed_at, $2), attempts = 0 WHERE site = $1`,
        values: [site, timestamptz(now)],
      });
    },
  };
}

function windows(q: Gathered): Omit<FeedStore, 'cursor' | 'saveCursor' | 'startOver' | 'heard' | 'failed' | 'feeds'> {
  const columns = (window: FreshnessWindow): readonly string[] => [
    window.calendar,
    window.visitType,
    timestamptz(window.window.start),
  ];
  return {
    async planWindows(site, planned, now) {
      const calendars = planned.map((one) => one.calendar);
      const visitTypes = planned.map((one) => one.visitType);
      await q.query({
        name: 'window-drop',
        // A pair that is no longer offered would be asked for in vain until its last window is past.
        text: `DELETE FROM freshness f WHERE f.site = $1 AND (f.end_at <= $2 OR NOT EXISTS (
                 SELECT FROM unnest($3::text[], $4::text[]) AS u(calendar, visit_type)
                 WHERE u.calendar = f.calendar AND u.visit_type = f.visit_type))`,
        values: [site, timestamptz(now), calendars, visitTypes],
      });
      await q.query({
        name: 'window-plan',
        // A window whose length was changed in settings was never confirmed in its new length, so it is due again.
        text: `INSERT INTO freshness AS f (site, calendar, visit_type, start_at, end_at, due_at)
               SELECT $1, u.calendar, u.visit_type, u.start_at, u.end_at, $2
               FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
                 AS u(calendar, visit_type, start_at, end_at)
               WHERE u.end_at > $2
               ORDER BY u.calendar, u.visit_type, u.start_at
               ON CONFLICT (site, calendar, visit_type, start_at) DO UPDATE SET end_at = excluded.end_at,
                 due_at = excluded.due_at, attempts = 0
                 WHERE f.end_at <> excluded.end_at`,
        values: [
          site,
          timestamptz(now),
          calendars,
          visitTypes,
          planned.map((one) => timestamptz(one.window.start)),
          planned.map((one) => timestamptz(one.window.end)),
        ],
      });
    },

    async dueWindows(site, now, limit) {
      const { rows } = await q.query<WindowRow>({
        name: 'window-due', // freshness_due
        text: `SELECT calendar, visit_type, start_at, end_at, attempts FROM freshness
               WHERE site = $1 AND due_at <= $2 ORDER BY due_at, start_at LIMIT $3`,
        values: [site, timestamptz(now), limit],
      });
      return rows.map((row) => ({
        calendar: row.calendar,
        visitType: row.visit_type,
        window: { start: row.start_at, end: row.end_at },
        attempts: row.attempts,
      }));
    },

    async unheldWindows(site, windows) {
      const { rows } = await q.query<{ place: number }>({
        name: 'window-unheld',
        text: `SELECT u.place::int AS place FROM freshness f JOIN unnest($2::text[], $3::text[], $4::timestamptz[])
                 WITH ORDINALITY AS u(calendar, visit_type, start_at, place) USING (calendar, visit_type, start_at)
               WHERE f.site = $1 FOR UPDATE OF f SKIP LOCKED`,
        values: [site, ...[0, 1, 2].map((column) => windows.map((one) => columns(one)[column]))],
      });
      return new Set(rows.flatMap(({ place }) => windows[place - 1] ?? []));
    },

    /** `at` is when the question left: a change noted after that is not in the answer, so its window stays due. */
    async verified(site, window, at, nextDue) {
      await q.post({
        name: 'window-verified',
        text: `UPDATE freshness SET verified_at = GREATEST(verified_at, $5), attempts = 0,
                 due_at = CASE WHEN changed_at > $5 THEN LEAST(changed_at, $6::timestamptz) ELSE $6::timestamptz END
               WHERE site = $1 AND calendar = $2 AND visit_type = $3 AND start_at = $4`,
        values: [site, ...columns(window), timestamptz(at), timestamptz(nextDue)],
      });
    },

    async windowFailed(site, window, nextDue) {
      await q.post({
        name: 'window-failed',
        text: `UPDATE freshness SET attempts = attempts + 1, due_at = $5
               WHERE site = $1 AND calendar = $2 AND visit_type = $3 AND start_at = $4`,
        values: [site, ...columns(window), timestamptz(nextDue)],
      });
    },

    async windowsDue(site, calendar, during, at, dueAt = at) {
      const { start, end } = during;
      const key = `window ${site} ${calendar} ${start} ${end} ${at} ${dueAt}`;
      await q.later(CHANGED, key, { site, calendar, during, at, dueAt });
    },

    async unverified(site) {
      const { rows } = await q.query<{ count: number }>({
        name: 'window-unverified',
        text: `SELECT count(*)::int AS count FROM freshness WHERE site = $1 AND verified_at IS NULL`,
        values: [site],
      });
      return rows[0]?.count ?? 0;
    },

    async verifiedAt(site, calendar, visitType, at) {
      return (await windowAt(q, site, calendar, visitType, at))?.verifiedAt ?? null;
    },

    windowAt: (site, calendar, visitType, at) => windowAt(q, site, calendar, visitType, at),
  };
}

async function windowAt(
  q: Queryable,
  site: string,
  calendar: string,
  visitType: string,
  at: Instant,
): ReturnType<FeedStore['windowAt']> {
  const { rows } = await q.query<{ start_at: Instant; end_at: Instant; verified_at: Instant | null }>({
    name: 'window-at', // primary key, backwards from `at`
    text: `SELECT start_at, end_at, verified_at FROM freshness
           WHERE site = $1 AND calendar = $2 AND visit_type = $3 AND start_at <= $4 AND end_at > $4
           ORDER BY start_at DESC LIMIT 1`,
    values: [site, calendar, visitType, timestamptz(at)],
  });
  const row = rows[0];
  return row === undefined ? null : { window: { start: row.start_at, end: row.end_at }, verifiedAt: row.verified_at };
}

function toFeed(row: FeedRow, now: Instant): FeedState {
  return {
    site: row.site,
    name: row.name,
    seenUpTo: row.seen_up_to,
    heardAt: row.heard_at,
    triedAt: row.tried_at,
    errorCode: row.error_code,
    errorSince: row.error_since,
    usualPerHour: PUSHED.has(row.name) ? usual(row, now) : null,
  };
}

/** Over the weeks in which this hour has passed; null before the first such week, when nothing is usual yet. */
function usual(row: FeedRow, now: Instant): number | null {
  const thisHour = hourStart(now);
  const weeks = Math.floor((thisHour - hourStart(row.known_since)) / (WEEK_HOURS * HOUR_MS));
  if (weeks < 1) return null;
  const running = row.latest_at === thisHour ? (row.latest ?? 0) : 0;
  return ((row.messages ?? 0) - running) / weeks;
}

function hourStart(at: Instant): Instant {
  return instant(at - (at % HOUR_MS));
}
