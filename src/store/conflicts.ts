/**
 * Overlaps that may be conflicts (0011_conflicts.sql). Noted in the transaction that reveals them, so that none is
 * lost; decided by pipeline/conflicts.ts. Part of Tx.
 */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Clash, Conflict, ConflictStore } from './contract-conflicts.ts';
import type { Queryable } from './postgres.ts';

interface ClashRow {
  readonly appointment_id: string;
  readonly site: string;
  readonly other: string;
  readonly other_site: string;
  readonly resource_id: string;
  readonly because: Clash['because'];
  readonly session: string | null;
}

interface Row {
  readonly subject: string;
  readonly because: Conflict['because'];
  readonly visits: readonly string[];
  readonly latest: string;
  readonly sites: readonly string[];
  readonly resource_id: string;
  readonly noted_at: Instant;
  readonly is_raised: boolean;
}

/**
 * A hold whose answer is open is not counted: the site will refuse it, or its confirmation is looked at in turn. Seats
 * of a class share their occupancy, so they clash only where they are more than the slot grants; that is the clinic's
 * own business too unless the hub placed one of them.
 */
const CLASHES = `
  WITH mine AS MATERIALIZED (
    SELECT * FROM busy WHERE live AND appointment_id = ANY($1::uuid[]) AND NOT (tentative AND booking_id IS NOT NULL)),
  pair AS MATERIALIZED (
    SELECT m.appointment_id, m.site, m.origin, m.occupancy, m.resource_id, t.appointment_id AS other,
      t.site AS other_site, t.origin AS other_origin, t.occupancy AS other_occupancy
    FROM mine m
    CROSS JOIN LATERAL (
      SELECT * FROM busy b WHERE b.live AND b.resource_id = m.resource_id AND b.during && m.during OFFSET 0) t
    WHERE t.appointment_id IS NOT NULL AND t.appointment_id <> m.appointment_id
      AND NOT (t.tentative AND t.booking_id IS NOT NULL))
  SELECT DISTINCT appointment_id, site, other, other_site, resource_id, NULL::uuid AS session,
    CASE WHEN site <> other_site THEN 'two-sites' ELSE 'hub-booking' END AS because
  FROM pair
  WHERE occupancy <> other_occupancy AND (site <> other_site OR origin = 'hub' OR other_origin = 'hub')
  UNION ALL
  SELECT p.appointment_id, p.site, p.other, p.other_site, p.resource_id, p.occupancy, 'above-capacity'
  FROM pair p
  WHERE p.occupancy = p.other_occupancy AND p.occupancy <> p.appointment_id AND (
    SELECT (p.origin = 'hub' OR bool_or(a.other_origin = 'hub')) AND count(DISTINCT a.other) + 1 > (
      SELECT max(s.capacity) FROM appointment v JOIN slot s ON s.id = ANY(v.slots) AND s.session = p.occupancy
      WHERE v.id = p.appointment_id)
    FROM pair a
    WHERE a.appointment_id = p.appointment_id AND a.resource_id = p.resource_id AND a.other_occupancy = p.occupancy)`;

/**
 * A message counts as long as it will be tried soon. Not counted: one whose turn comes only when a parked barrier is
 * decided (`waits_for` is null for the first of them, because there is nobody in the queue to wait for), and what waits
 * for another one in the queue, which is counted itself.
 */
const DUE = `
  SELECT c.*, c.raised_at IS NOT NULL AS is_raised FROM conflict c
  WHERE c.look_again OR (c.raised_at IS NULL AND NOT EXISTS (
    SELECT FROM unnest(c.sites) AS s(site) CROSS JOIN LATERAL (
      (SELECT q.inbox_id FROM inbox_queue q
       WHERE q.site = s.site AND q.inbox_id <= c.behind AND q.waits_for IS NULL
         AND (c.noted_at > $2 OR (q.attempts = 0 AND q.next_attempt_at <= $1))
         AND NOT EXISTS (
           SELECT FROM inbox_pending mine
           JOIN inbox_pending e ON e.site = mine.site AND e.sequence_key = mine.sequence_key
             AND e.inbox_id < mine.inbox_id
           WHERE mine.inbox_id = q.inbox_id AND NOT EXISTS (SELECT FROM inbox_queue w WHERE w.inbox_id = e.inbox_id))
       ORDER BY q.inbox_id LIMIT 1)
      UNION ALL
      (SELECT h.inbox_id FROM hint_queue h
       WHERE h.site = s.site AND h.inbox_id <= c.behind AND c.noted_at > $2 ORDER BY h.inbox_id LIMIT 1)) AS undone))
  ORDER BY c.noted_at, c.subject LIMIT $3`;

export async function clashesOf(q: Queryable, appointmentIds: readonly string[]): Promise<readonly Clash[]> {
  const { rows } = await q.query<ClashRow>({
    name: 'busy-clashes', // busy_appointment, then busy_resource for each
    text: CLASHES,
    values: [appointmentIds],
  });
  return rows.map((row): Clash => ({
    appointmentId: row.appointment_id,
    site: row.site,
    other: row.other,
    otherSite: row.other_site,
    resourceId: row.resource_id,
    because: row.because,
    ...(row.session === null ? {} : { session: row.session }),
  }));
}

export function conflictStore(q: Queryable): ConflictStore {
  return {
    async note(appointmentIds, now) {
      if (appointmentIds.length === 0) return 0;
      const [clashes, { rowCount }] = await Promise.all([
        clashesOf(q, appointmentIds),
        q.query({
          name: 'conflict-look-again', // conflict_visits
          text: `UPDATE conflict SET look_again = true
                 WHERE visits && $1::uuid[] AND raised_at IS NOT NULL AND NOT look_again`,
          values: [appointmentIds],
        }),
      ]);
      const standing = bySubject(clashes);
      if (standing.length > 0) await insert(q, standing, now);
      return standing.length + rowCount;
    },

    async due(now, patientSince, limit) {
      const { rows } = await q.query<Row>({
        name: 'conflict-due', // conflict_open, then the first of inbox_queue_site and hint_queue_site
        text: DUE,
        values: [timestamptz(now), timestamptz(patientSince), limit],
      });
      return rows.map(toConflict);
    },

    async raised(after, limit) {
      const { rows } = await q.query<Row>({
        name: 'conflict-raised',
        text: `SELECT *, true AS is_raised FROM conflict
               WHERE raised_at IS NOT NULL AND subject > $1 ORDER BY subject LIMIT $2`,
        values: [after, limit],
      });
      return rows.map(toConflict);
    },

    standing: async (appointmentIds) => bySubject(await clashesOf(q, appointmentIds)),

    async markRaised(subject, now) {
      const { rowCount } = await q.query({
        name: 'conflict-mark-raised',
        text: `UPDATE conflict SET raised_at = $2 WHERE subject = $1 AND raised_at IS NULL`,
        values: [subject, timestamptz(now)],
      });
      return rowCount === 1;
    },

    async markSeen(subject) {
      await q.query({
        name: 'conflict-mark-seen',
        text: `UPDATE conflict SET look_again = false WHERE subject = $1`,
        values: [subject],
      });
    },

    async drop(subject) {
      const { rowCount } = await q.query({
        name: 'conflict-drop',
        text: `DELETE FROM conflict WHERE subject = $1`,
        values: [subject],
      });
      return rowCount === 1;
    },

    async visits(ids) {
      const { rows } = await q.query<{ id: string; site: string; by_hub: boolean }>({
        name: 'conflict-of-visits', // primary key, busy_appointment
        text: `SELECT a.id, a.site, EXISTS (
                 SELECT FROM busy b WHERE b.appointment_id = a.id AND b.origin = 'hub') AS by_hub
               FROM appointment a WHERE a.id = ANY($1::uuid[]) ORDER BY a.id`,
        values: [ids],
      });
      return rows.map((row) => ({ id: row.id, site: row.site, byHub: row.by_hub }));
    },

    async candidates(appointmentId, now, limit) {
      const { rows } = await q.query<{ id: string }>({
        name: 'conflict-candidates', // slot_type_free over two months around the visit
        text: `SELECT s.id FROM appointment v
               JOIN slot s ON s.status = 'free' AND s.visit_type = v.visit_type AND s.site = v.site AND NOT s.withdrawn
                 AND s.start_at > $2 AND s.start_at >= v.start_at - interval '30 days'
                 AND s.start_at < v.start_at + interval '30 days'
               CROSS JOIN LATERAL (
                 SELECT EXISTS (SELECT FROM schedule_actor x
                   WHERE x.schedule_id = s.schedule_id AND x.actor_type = 'Practitioner'
                     AND x.actor_id = ANY(v.actors)) AS same) AS person
               WHERE v.id = $1 AND (person.same OR s.location_id = ANY(v.locations))
               ORDER BY abs(extract(epoch FROM s.start_at - v.start_at)), person.same DESC, s.id LIMIT $3`,
        values: [appointmentId, timestamptz(now), limit],
      });
      return rows.map((row) => row.id);
    },
  };
}

/** Noted once; whoever notes it again does not put off when it is looked at. */
async function insert(
  q: Queryable,
  found: readonly Omit<Conflict, 'notedAt' | 'raised'>[],
  now: Instant,
): Promise<void> {
  await q.query({
    name: 'conflict-note',
    text: `INSERT INTO conflict AS c (subject, because, visits, latest, sites, resource_id, behind, noted_at)
           SELECT u.subject, u.because, u.visits::uuid[], u.latest, u.sites::text[], u.resource_id,
             (SELECT last_value FROM inbox_id), $1
           FROM unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::uuid[])
             AS u(subject, because, visits, latest, sites, resource_id)
           ORDER BY u.subject
           ON CONFLICT (subject) DO UPDATE SET because = excluded.because, visits = excluded.visits,
             sites = excluded.sites, resource_id = excluded.resource_id`,
    values: [
      timestamptz(now),
      found.map((one) => one.subject),
      found.map((one) => one.because),
      found.map((one) => arrayText(one.visits)),
      found.map((one) => one.latest),
      found.map((one) => arrayText(one.sites)),
      found.map((one) => one.resourceId),
    ],
  });
}

function arrayText(texts: readonly string[]): string {
  return `{${texts.join(',')}}`;
}

/** One person at two sites by several resources is one conflict, and so is a class with three too many. */
function bySubject(clashes: readonly Clash[]): readonly Omit<Conflict, 'notedAt' | 'raised'>[] {
  const subjectOf = ({ session, appointmentId, other }: Clash): string =>
    session === undefined ? `appointments:${[appointmentId, other].sort().join(':')}` : `session:${session}`;
  return [...Map.groupBy(clashes, subjectOf)].flatMap(([subject, group]) => {
    const [first] = group;
    if (first === undefined) return [];
    const visits = [...new Set(group.flatMap((one) => [one.appointmentId, one.other]))].sort();
    const sites = [...new Set(group.flatMap((one) => [one.site, one.otherSite]))].sort();
    const { because, appointmentId: latest, resourceId } = first;
    return [{ subject, because, visits, latest, sites, resourceId }];
  });
}

function toConflict(row: Row): Conflict {
  return {
    subject: row.subject,
    because: row.because,
    visits: row.visits,
    latest: row.latest,
    sites: row.sites,
    resourceId: row.resource_id,
    notedAt: row.noted_at,
    raised: row.is_raised,
  };
}
