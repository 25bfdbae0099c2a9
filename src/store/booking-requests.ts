/**
 * Under which request keys bookings are known: those that made them, and those under which their clients asked more of
 * them since (to book what is held, to let it go); and what a client holds. Part of BookingStore.
 */
import { COLUMNS, toBooking, type Row } from './booking-row.ts';
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
    byRequestKey: async (client, requestKey) => (await byOneKey(q, keys, client, requestKey))[0] ?? null,
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
function asked(those: (client: string, requestKey: string) => string): string {
  return `SELECT ${COLUMNS}, request_digest AS asked_digest, client AS asked_by, request_key AS asked_key FROM booking
          WHERE ${those('client', 'request_key')}
          UNION ALL
          SELECT ${COLUMNS.replaceAll(/\w+/g, 'b.$&')}, r.request_digest, r.client, r.request_key
          FROM booking_request r JOIN booking b ON b.id = r.booking_id
          WHERE ${those('r.client', 'r.request_key')}`;
}

// Each booking asks it twice: of an array a plan for whatever values expects many keys and reads a small table whole.
const BY_ONE_KEY = {
  name: 'booking-by-request-key', // the unique key; booking_request's primary key
  text: asked((client, requestKey) => `${client} = $1 AND ${requestKey} = $2`),
};
const BY_KEYS = {
  name: 'booking-by-request-keys', // the unique key; booking_request's primary key
  text: asked((client, key) => `(${client}, ${key}) IN (SELECT * FROM unnest($1::text[], $2::text[]))`),
};

async function byOneKey(q: Queryable, keys: Keys, client: string, requestKey: string): Promise<readonly Booking[]> {
  const { rows } = await q.query<RequestRow>({ ...BY_ONE_KEY, values: [client, requestKey] });
  return rows.map((row) => asAsked(row, keys));
}

async function byRequestKeys(q: Queryable, keys: Keys, wanted: Wanted): Promise<readonly Booking[]> {
  const values = [wanted.map(({ client }) => client), wanted.map(({ requestKey }) => requestKey)];
  const { rows } = await q.query<RequestRow>({ ...BY_KEYS, values });
  return rows.map((row) => asAsked(row, keys));
}

function asAsked(row: RequestRow, keys: Keys): Booking {
  const { asked_by: client, asked_key: requestKey, asked_digest: requestDigest } = row;
  return { ...toBooking(row, keys), client, requestKey, requestDigest };
}
