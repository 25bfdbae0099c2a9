/**
 * Under which request keys bookings are known: those that made them, and those under which their clients asked more of
 * them since (to book what is held, to let it go); and what a client holds. Part of BookingStore.
 */
import { COLUMNS, toBooking, type Row } from './bookings.ts';
import { timestamptz } from './column-types.ts';
import type { Instant } from '../core/instant.ts';
import type { Booking, BookingStore } from './contract-bookings.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

type Wanted = readonly { readonly client: string; readonly requestKey: string }[];

export function bookingRequests(
  q: Queryable,
  keys: Keys,
): Pick<BookingStore, 'byRequestKey' | 'byRequestKeys' | 'alsoAsked' | 'heldByClient'> {
  return {
    byRequestKey: async (client, requestKey) => (await byRequestKeys(q, keys, [{ client, requestKey }]))[0] ?? null,
    byRequestKeys: (wanted) => byRequestKeys(q, keys, wanted),
    async alsoAsked(bookingId, { client, requestKey, digest }, at) {
      await q.query({
        name: 'booking-also-asked',
        text: `INSERT INTO booking_request (client, request_key, request_digest, booking_id, asked_at)
               VALUES ($1, $2, $3, $4, $5)`,
        values: [client, requestKey, digest, bookingId, timestamptz(at)],
      });
    },
    async heldByClient(client, now) {
      const { rows } = await q.query<{ count: number; first_until: Instant | null }>({
        name: 'booking-held-by-client', // booking_waits
        text: `SELECT count(*)::int AS count, min(waits_until) AS first_until FROM booking
               WHERE state = 'held' AND waits_until > $2 AND client = $1`,
        values: [client, timestamptz(now)],
      });
      return { count: rows[0]?.count ?? 0, firstUntil: rows[0]?.first_until ?? null };
    },
  };
}

interface RequestRow extends Row {
  readonly asked_digest: string;
  readonly asked_by: string;
  readonly asked_key: string;
}

/** One look for both kinds of requests: what made a booking, and what was asked of it since. As the caller knows it. */
async function byRequestKeys(q: Queryable, keys: Keys, wanted: Wanted): Promise<readonly Booking[]> {
  const { rows } = await q.query<RequestRow>({
    name: 'booking-by-request-keys', // the unique key; booking_request's primary key
    text: `SELECT ${COLUMNS}, request_digest AS asked_digest, client AS asked_by, request_key AS asked_key FROM booking
           WHERE (client, request_key) IN (SELECT * FROM unnest($1::text[], $2::text[]))
           UNION ALL
           SELECT ${COLUMNS.replaceAll(/\w+/g, 'b.$&')}, r.request_digest, r.client, r.request_key
           FROM booking_request r JOIN booking b ON b.id = r.booking_id
           WHERE (r.client, r.request_key) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    values: [wanted.map(({ client }) => client), wanted.map(({ requestKey }) => requestKey)],
  });
  return rows.map((row) => ({
    ...toBooking(row, keys),
    client: row.asked_by,
    requestKey: row.asked_key,
    requestDigest: row.asked_digest,
  }));
}
