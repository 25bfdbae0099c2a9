/**
 * Holds in the busy calendar, from the moment that a booking takes its time until it is settled. Part of BusyStore.
 *
 * The hold of a placement names its appointment from the start. That of a move names none until the site has moved the
 * visit: what the site says of the visit meanwhile rewrites the appointment's own rows, and must leave the hold alone.
 */
import type { Instant } from '../core/instant.ts';
import type { BookingAction, BusyStore, Touched } from './contract-bookings.ts';
import type { Queryable } from './postgres.ts';

interface TouchedRow {
  readonly resource_id: string;
  readonly start_at: Instant;
  readonly end_at: Instant;
}
interface LapsedRow extends TouchedRow {
  readonly booking_id: string;
  readonly appointment_id: string;
  readonly site: string;
  readonly action: BookingAction;
}

const TOUCHED = `resource_id, lower(during) AS start_at, upper(during) AS end_at`;

export type HoldStore = Pick<
  BusyStore,
  'overtaken' | 'removeBooking' | 'settle' | 'leaveOnly' | 'keep' | 'lapsed' | 'expire'
>;

export function holdStore(q: Queryable): HoldStore {
  const touched = async (name: string, text: string, values: readonly unknown[]): Promise<Touched[]> => {
    const { rows } = await q.query<TouchedRow>({ name, text, values });
    return rows.map((row) => ({ resourceId: row.resource_id, during: { start: row.start_at, end: row.end_at } }));
  };

  return {
    async overtaken(bookingIds) {
      const { rows } = await q.query<{ id: string }>({
        name: 'busy-overtaken', // booking's primary key, busy_booking, then busy_resource
        text: `SELECT b.id FROM booking b WHERE b.id = ANY($1::uuid[]) AND b.action IN ('place', 'move') AND (
                 NOT EXISTS (SELECT FROM busy mine WHERE mine.booking_id = b.id)
                 OR EXISTS (
                   SELECT FROM busy mine JOIN busy theirs ON theirs.live AND theirs.resource_id = mine.resource_id
                     AND theirs.during && mine.during AND theirs.occupancy <> mine.occupancy
                   WHERE mine.booking_id = b.id AND theirs.booking_id IS DISTINCT FROM b.id
                     AND (mine.contested OR NOT theirs.contested)
                     AND (b.attempts = 0 OR theirs.site <> b.site)))`,
        values: [bookingIds],
      });
      return rows.map((row) => row.id);
    },

    removeBooking: (bookingId) =>
      touched('busy-drop-booking', `DELETE FROM busy WHERE booking_id = $1 RETURNING ${TOUCHED}`, [bookingId]),

    settle: (bookingId, appointmentId) =>
      touched(
        'busy-settle',
        `UPDATE busy SET tentative = false, expires_at = NULL, appointment_id = $2 WHERE booking_id = $1
         RETURNING ${TOUCHED}`,
        [bookingId, appointmentId],
      ),

    async leaveOnly(bookingId, appointmentId, lineage) {
      // In this order: under another id the visit's old rows would stand in the way of its new ones.
      const old = await touched(
        'busy-drop-others',
        `DELETE FROM busy WHERE appointment_id = ANY($1::uuid[]) AND booking_id IS DISTINCT FROM $2
         RETURNING ${TOUCHED}`,
        [[appointmentId, lineage], bookingId],
      );
      const taken = await touched(
        'busy-moved',
        `UPDATE busy SET tentative = false, expires_at = NULL, appointment_id = $2,
           occupancy = CASE WHEN occupancy = $3 THEN $2 ELSE occupancy END
         WHERE booking_id = $1 RETURNING ${TOUCHED}`,
        [bookingId, appointmentId, lineage],
      );
      return [...old, ...taken];
    },

    async keep(bookingId, until) {
      await q.post({
        name: 'busy-keep',
        text: `UPDATE busy SET expires_at = $2 WHERE booking_id = $1`,
        values: [bookingId, until === undefined ? null : new Date(until)],
      });
    },

    async lapsed(now) {
      const { rows } = await q.query<{ resource_id: string }>({
        name: 'busy-lapsed', // busy_expiry
        text: `SELECT DISTINCT resource_id FROM busy WHERE live AND expires_at <= $1`,
        values: [new Date(now)],
      });
      return rows.map((row) => row.resource_id);
    },

    async expire(resourceIds, now) {
      // The booking's own row decides, in the order of ids: whoever sends it at this moment holds that row, and then it
      // is `sent`.
      const { rows } = await q.query<LapsedRow>({
        name: 'busy-expire',
        text: `WITH due AS MATERIALIZED (
                 SELECT b.id FROM booking b
                 WHERE b.state IN ('held', 'awaiting-approval') AND b.id IN (
                   SELECT h.booking_id FROM busy h WHERE h.live AND h.resource_id = ANY($1::uuid[])
                   AND h.expires_at <= $2)
                 ORDER BY b.id FOR UPDATE),
               ended AS (
                 UPDATE booking b SET state = 'expired', state_at = $2, xid = pg_current_xact_id()
                 FROM due WHERE b.id = due.id RETURNING b.id, b.appointment_id, b.action)
               DELETE FROM busy USING ended WHERE booking_id = ended.id
               RETURNING ${TOUCHED}, booking_id, ended.appointment_id, ended.action, site`,
        values: [resourceIds, new Date(now)],
      });
      return rows.map((row) => ({
        resourceId: row.resource_id,
        during: { start: row.start_at, end: row.end_at },
        bookingId: row.booking_id,
        appointmentId: row.appointment_id,
        site: row.site,
        action: row.action,
      }));
    },
  };
}
