/** Visits around a booking that is to be made. Part of BusyStore. */
import type { Instant } from '../core/instant.ts';
import type { AroundStore } from './contract-around.ts';
import type { Queryable } from './postgres.ts';

interface NeighbourRow {
  readonly resource_id: string;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly site: string;
  readonly appointment_id: string | null;
  readonly visit_type: string | null;
  readonly locations: readonly (string | null)[];
}

export function aroundStore(q: Queryable): AroundStore {
  return {
    async neighbours(claims, within_ms, except) {
      if (claims.length === 0) return [];
      const { rows } = await q.query<NeighbourRow>({
        name: 'busy-neighbours', // busy_resource once for each claim, then the primary keys
        text: `SELECT DISTINCT ON (b.id) b.resource_id, lower(b.during) AS start_at, upper(b.during) AS end_at, b.site,
                 b.appointment_id, coalesce(a.visit_type, s.visit_type) AS visit_type,
                 coalesce(nullif(a.locations, '{}'), ARRAY[s.location_id]) AS locations
               FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS u(claimed, start_at, end_at)
               CROSS JOIN LATERAL (
                 SELECT * FROM busy t WHERE t.live AND t.resource_id = u.claimed
                   AND t.during && tstzrange(u.start_at, u.end_at) AND ($4::uuid IS NULL OR t.occupancy <> $4)
                   AND (t.appointment_id IS NOT NULL OR t.booking_id IS NOT NULL)
                 OFFSET 0) b
               LEFT JOIN appointment a ON a.id = b.appointment_id
               LEFT JOIN booking k ON k.id = b.booking_id
               LEFT JOIN slot s ON s.id = k.slot_id`,
        values: [
          claims.map((one) => one.resourceId),
          claims.map((one) => new Date(one.during.start - within_ms)),
          claims.map((one) => new Date(one.during.end + within_ms)),
          except,
        ],
      });
      return rows.map((row) => ({
        resourceId: row.resource_id,
        during: { start: row.start_at, end: row.end_at },
        site: row.site,
        appointmentId: row.appointment_id,
        visitType: row.visit_type,
        locations: row.locations.filter((id) => id !== null),
      }));
    },

    async ofPatients(patientIds, during, except) {
      const { rows } = await q.query<{ appointment_id: string; occupancies: readonly string[] | null }>({
        name: 'busy-of-patients', // appointment_patients, booking_patient, then busy_appointment and busy_booking
        text: `WITH theirs AS (
                 SELECT a.id AS appointment_id, NULL::uuid AS booking_id FROM appointment a
                 WHERE a.patients && $1::uuid[] AND a.start_at < $3 AND a.end_at > $2
                   AND a.status NOT IN ('proposed', 'cancelled', 'entered-in-error', 'waitlist', 'noshow')
                 UNION ALL
                 SELECT k.appointment_id, k.id FROM booking k
                 WHERE k.patient_id = ANY($1::uuid[]) AND k.action IN ('place', 'move')
                   AND k.state IN ('held', 'awaiting-approval', 'queued', 'sent', 'accepted', 'unknown', 'unsent',
                     'parked')
                   AND k.start_at < $3 AND k.end_at > $2
                   AND EXISTS (SELECT FROM busy h WHERE h.booking_id = k.id))
               SELECT t.appointment_id, array_agg(DISTINCT b.occupancy) FILTER (WHERE b.occupancy IS NOT NULL)
                 AS occupancies
               FROM theirs t
               LEFT JOIN busy b ON b.appointment_id = t.appointment_id OR b.booking_id = t.booking_id
               WHERE $4::uuid IS NULL OR t.appointment_id <> $4
               GROUP BY t.appointment_id`,
        values: [patientIds, new Date(during.start), new Date(during.end), except],
      });
      return rows.map((row) => ({ appointmentId: row.appointment_id, occupancies: row.occupancies ?? [] }));
    },

    async patientsOf(appointmentId) {
      const { rows } = await q.query<{ patients: readonly string[] }>({
        name: 'busy-patients-of-visit',
        text: `SELECT patients FROM appointment WHERE id = $1`,
        values: [appointmentId],
      });
      return rows[0]?.patients ?? [];
    },
  };
}
