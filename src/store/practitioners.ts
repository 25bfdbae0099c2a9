/** Who is meant by the codes of sites (0020_practitioner_codes.sql). Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { CodeInForce, CodeSaid, PractitionerStore, RekeyedRow } from './contract-practitioners.ts';
import type { Queryable } from './postgres.ts';

interface InForceRow {
  readonly site: string;
  readonly code: string;
  readonly person_id: string;
  readonly npi: string | null;
}

interface MovedRow {
  readonly resource_id: string;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly appointment_id: string | null;
  readonly booking_id: string | null;
}

const NPI = 'http://hl7.org/fhir/sid/us-npi';

/** `b` is what this site named by this code, of this person, and has not ended. */
const MINE = `b.live AND b.resource_id = $3 AND b.site = $1 AND upper(b.during) > $5 AND (b.code = $2 OR b.code IS NULL
  AND ($6 OR EXISTS (SELECT FROM appointment v JOIN slot s ON s.id = ANY(v.slots)
               WHERE v.id = b.appointment_id AND s.schedule_id = ANY($7::uuid[]))
    OR EXISTS (SELECT FROM booking k JOIN slot s ON s.id = k.slot_id
               WHERE k.id = b.booking_id AND s.schedule_id = ANY($7::uuid[]))))`;

const MOVED = `b.resource_id, lower(b.during) AS start_at, upper(b.during) AS end_at, b.appointment_id, b.booking_id`;

/** Another visit that the hub placed stands in the way of `b` on the resource $4. */
const IN_THE_WAY = `EXISTS (SELECT FROM busy o WHERE o.live AND o.origin = 'hub' AND o.resource_id = $4
  AND o.during && b.during AND (o.occupancy <> b.occupancy OR o.seat = b.seat))`;

export function practitionerStore(q: Queryable): PractitionerStore {
  return {
    async inForce() {
      const { rows } = await q.query<InForceRow>({
        name: 'practitioner-codes-in-force', // all roles: asked at start
        text: `SELECT r.site, i.value ->> 'value' AS code, p.id AS person_id, (
                 SELECT n.value ->> 'value' FROM jsonb_array_elements(p.content::jsonb -> 'identifier') n
                 WHERE n.value ->> 'system' = $1 LIMIT 1) AS npi
               FROM resource r
               CROSS JOIN LATERAL jsonb_array_elements(r.content::jsonb -> 'identifier') i
               JOIN resource p ON p.type = 'Practitioner'
                 AND p.id = substr(r.content::jsonb -> 'practitioner' ->> 'reference', 14)::uuid
               WHERE r.type = 'PractitionerRole' AND r.site IS NOT NULL AND NOT r.deleted
               ORDER BY r.last_updated DESC, r.id`,
        values: [NPI],
      });
      return rows.map((row): CodeInForce => {
        return { site: row.site, code: row.code, personId: row.person_id, npi: row.npi };
      });
    },

    async said() {
      const { rows } = await q.query<CodeSaid>({
        name: 'practitioner-codes-said',
        text: `SELECT site, code, npi, by FROM practitioner_code`,
      });
      return rows;
    },

    async say({ site, code, npi, by }, now) {
      await q.post({
        name: 'practitioner-code-say', // primary key
        text: `INSERT INTO practitioner_code AS c (site, code, npi, by, said_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (site, code) DO UPDATE SET npi = excluded.npi, by = excluded.by, said_at = excluded.said_at
               WHERE excluded.by = 'master' OR c.by = 'message'`,
        values: [site, code, npi, by, timestamptz(now)],
      });
    },

    async schedulesOf(site, personId) {
      const { rows } = await q.query<{ id: string; key: string | null }>({
        name: 'practitioner-schedules', // schedule_actor_actor, then resource's primary key
        text: `SELECT r.id, r.content::jsonb -> 'identifier' -> 0 ->> 'value' AS key
               FROM schedule_actor a JOIN resource r ON r.type = 'Schedule' AND r.id = a.schedule_id
               WHERE a.actor_id = $2 AND r.site = $1 ORDER BY r.id`,
        values: [site, personId],
      });
      return rows.map(({ id, key }) => ({ id, key: key ?? '' }));
    },

    async rekey({ site, code, from, to, now, schedules, only }) {
      const values = [site, code, from, to, timestamptz(now), only, schedules];
      // A visit that names one person under both codes takes the time once.
      const twice = await q.query<MovedRow>({
        name: 'busy-rekey-twice', // busy_resource
        text: `DELETE FROM busy b WHERE ${MINE} AND EXISTS (
                 SELECT FROM busy o WHERE o.live AND o.resource_id = $4 AND o.site = b.site AND o.during && b.during
                   AND (o.block_key = b.block_key OR (o.during = b.during AND o.occupancy = b.occupancy
                     AND o.appointment_id IS NOT DISTINCT FROM b.appointment_id
                     AND o.booking_id IS NOT DISTINCT FROM b.booking_id)))
               RETURNING ${MOVED}`,
        values,
      });
      const moved = await q.query<MovedRow>({
        name: 'busy-rekey', // busy_resource, and once more for each row
        text: `UPDATE busy b SET resource_id = $4, code = $2,
                 contested = b.contested OR (b.origin = 'hub' AND ${IN_THE_WAY})
               WHERE ${MINE}
               RETURNING ${MOVED}`,
        values,
      });
      const rows = [...twice.rows, ...moved.rows];
      await q.query({
        name: 'busy-uncontest', // busy_resource
        text: `UPDATE busy b SET contested = false
               WHERE b.contested AND b.live AND b.resource_id = ANY($1::uuid[]) AND NOT EXISTS (
                 SELECT FROM busy o WHERE o.live AND o.origin = 'hub' AND o.resource_id = b.resource_id
                   AND o.id <> b.id AND o.during && b.during
                   AND (o.occupancy <> b.occupancy OR o.seat = b.seat))`,
        values: [[from, to]],
      });
      await q.query({
        name: 'booking-rekey', // primary key
        text: `UPDATE booking SET resources = array_replace(resources, $2, $3) WHERE id = ANY($1::uuid[])`,
        values: [rows.flatMap((row) => row.booking_id ?? []), from, to],
      });
      return rows.map((row): RekeyedRow => ({
        resourceId: row.resource_id,
        during: { start: row.start_at, end: row.end_at },
        appointmentId: row.appointment_id,
        bookingId: row.booking_id,
      }));
    },

    async rolesWithSpecialty(site) {
      const { rows } = await q.query<{ id: string }>({
        name: 'practitioner-roles-with-specialty', // resource by type: asked when settings are read
        text: `SELECT id FROM resource WHERE type = 'PractitionerRole' AND site = $1 AND NOT deleted
                 AND content::jsonb ? 'specialty' ORDER BY id`,
        values: [site],
      });
      return rows.map(({ id }) => id);
    },

    async visitsOf(personId, sites, now) {
      if (sites.length === 0) return [];
      const { rows } = await q.query<{ id: string }>({
        name: 'busy-visits-of-person', // busy_resource
        text: `SELECT DISTINCT appointment_id AS id FROM busy
               WHERE live AND resource_id = $1 AND upper(during) > $2 AND site = ANY($3::text[])
                 AND appointment_id IS NOT NULL`,
        values: [personId, timestamptz(now), sites],
      });
      return rows.map(({ id }) => id);
    },
  };
}
