/** Whether a placement still stands as it was made: read behind its locks, and answered with the commit. */
import type { HubError } from '../core/errors.ts';
import type { Occupied } from '../fhir/effective.ts';
import { timestamptz } from './column-types.ts';
import type { PlacedStore } from './contract-placed.ts';
import { indexable } from './inbox-row.ts';
import { touchedValues } from './occupied.ts';
import type { Queryable } from './postgres.ts';
import { LONGEST_SLOT_MS } from './slot-refresh.ts';

const DEMAND = 'booking_as_placed';

/** Milliseconds since 1970, as the hub counts them. */
const ms = (at: string): string => `(extract(epoch FROM ${at}) * 1000)::bigint`;

/**
 * around  as slots-to-refresh and occupied-around, which the hold was judged by
 * met     a visit beside it is a matter for conflicts, which somebody else looks at
 */
const AS_PLACED = `
  WITH around AS MATERIALIZED (
    SELECT DISTINCT o.id, o.version, o.schedule_id, o.start_at, o.end_at
    FROM unnest($6::uuid[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[])
      AS u(resource_id, earliest, start_at, end_at)
    CROSS JOIN LATERAL (
      SELECT a.schedule_id FROM schedule_actor a WHERE a.actor_id = u.resource_id OFFSET 0) a
    CROSS JOIN LATERAL (
      SELECT * FROM slot t WHERE t.schedule_id = a.schedule_id AND t.start_at > u.earliest
        AND t.start_at < u.end_at AND t.end_at > u.start_at OFFSET 0) o),
  taken AS (
    SELECT DISTINCT o.id AS slot_id, t.id, t.occupancy, t.origin, coalesce(t.appointment_id, t.booking_id) AS visit,
      t.tentative, t.during
    FROM around o
    CROSS JOIN LATERAL (
      SELECT a.actor_id FROM schedule_actor a
      WHERE a.schedule_id = o.schedule_id AND a.actor_type <> 'PractitionerRole' OFFSET 0) r
    CROSS JOIN LATERAL (
      SELECT * FROM busy b WHERE b.live AND b.resource_id = r.actor_id
        AND b.during && tstzrange(o.start_at, o.end_at) OFFSET 0) t
    WHERE t.expires_at IS NULL OR t.expires_at > $10),
  mine AS MATERIALIZED (SELECT * FROM busy WHERE booking_id = $1)
  SELECT demand(
    EXISTS (SELECT FROM booking WHERE id = $1 AND appointment_id = $2 AND state = ANY($3))
    AND NOT EXISTS (SELECT FROM appointment WHERE id = $2)
    AND NOT EXISTS (SELECT FROM appointment_key WHERE site = $4 AND site_key = $5 AND appointment_id <> $2)
    AND NOT EXISTS (SELECT FROM work_item WHERE closed_at IS NULL AND kind = 'unresolved-booking' AND subject = $11)
    AND NOT EXISTS (SELECT FROM site_object WHERE site = $4 AND object = $12 AND received_as <> 'inserted')
    AND ARRAY(
      SELECT concat_ws(' ', resource_id, ${ms('lower(during)')}, ${ms('upper(during)')}) COLLATE "C" AS line FROM mine
      WHERE live AND tentative AND appointment_id = $2 AND occupancy = $2 AND seat IS NULL
      ORDER BY line) = $13
    AND NOT EXISTS (SELECT FROM busy WHERE appointment_id = $2 AND booking_id IS DISTINCT FROM $1)
    AND NOT EXISTS (
      SELECT FROM mine m CROSS JOIN LATERAL (
        SELECT * FROM busy b WHERE b.live AND b.resource_id = m.resource_id AND b.during && m.during OFFSET 0) met
      WHERE met.appointment_id IS NOT NULL AND met.appointment_id <> $2
        AND NOT (met.tentative AND met.booking_id IS NOT NULL))
    AND ARRAY(SELECT concat_ws(' ', id, version) COLLATE "C" AS line FROM around ORDER BY line) = $14
    AND ARRAY(SELECT concat_ws(' ', slot_id, occupancy, origin, visit, tentative, ${ms('lower(during)')},
        ${ms('upper(during)')}) COLLATE "C" AS line FROM taken ORDER BY line) = $15,
    '${DEMAND}')`;

export function placedStore(q: Queryable): PlacedStore {
  return {
    async demandAsPlaced({ bookingId, appointmentId, taking, around }, { site, siteKey, news }, from, otherwise, now) {
      const refusal = (constraint: string): HubError | null => (constraint === DEMAND ? otherwise() : null);
      const slots = around.slots.map(({ slot }) => slot);
      // Of a statement by itself: who changes them before us has committed by the time that the next one looks.
      const locked = q.post({
        name: 'slots-hold',
        text: `SELECT id FROM slot WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
        values: [slots.map(({ id }) => id)],
      });
      const demanded = q.post({
        name: 'booking-as-placed', // see booking-plans.test.ts
        text: AS_PLACED,
        values: [
          bookingId,
          appointmentId,
          from,
          site,
          siteKey,
          ...touchedValues(taking, LONGEST_SLOT_MS),
          timestamptz(now),
          `booking:${bookingId}`,
          news === null ? null : indexable(news),
          taking.map(({ resourceId, during }) => `${resourceId} ${during.start} ${during.end}`).sort(),
          slots.map(({ id, version }) => `${id} ${version}`).sort(),
          around.slots.flatMap(({ slot, taken }) => taken.map((one) => `${slot.id} ${lineOf(one)}`)).sort(),
        ],
        refusal,
      });
      await Promise.all([locked, demanded]);
    },
  };
}

/** As concat_ws writes it, which leaves out what is null. */
function lineOf({ occupancy, origin, visit, tentative, during }: Occupied): string {
  const parts = [occupancy, origin, visit, tentative ? 't' : 'f', during.start, during.end];
  return parts.filter((part) => part !== null).join(' ');
}
