/**
 * Bookings and the steps of their state machine (drawn in booking/states). Every step names the states that it may
 * start from, inside the UPDATE itself: of two that decide at once, one moves the booking and the other learns that it
 * came too late. What was asked holds patient facts and is sealed. Part of Tx.
 */
import { HubError } from '../core/errors.ts';
import type { Instant, Interval } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Booking, BookingPatch, BookingStore } from './contract-bookings.ts';
import { bookingRequests } from './booking-requests.ts';
import { COLUMNS, toBooking, type Row } from './booking-row.ts';
import type { Gathered } from './gather.ts';
import { writtenAt } from './booking-written.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

/** States of which the site may have news: those of booking_open but `held`. */
const ECHOED = `'awaiting-approval', 'queued', 'sent', 'accepted', 'unknown', 'unsent', 'parked'`;

/** Of a visit, in the order in which they were stored (0012_order_of_bookings.sql). */
const LATEST_FIRST = 'ORDER BY ordinal DESC NULLS LAST, created_at DESC, id DESC';

/** A person said that the site has it, and the site has not named it yet: its news is known by who, where and when. */
const UNNAMED = `state = 'booked' AND site_key IS NULL AND action = 'place'
  AND NOT EXISTS (SELECT FROM appointment_key k WHERE k.appointment_id = booking.appointment_id)`;

export function bookingStore(q: Gathered, keys: Keys): BookingStore {
  const select = async (name: string, where: string, values: readonly unknown[]): Promise<readonly Booking[]> => {
    const text = `SELECT ${COLUMNS} FROM booking WHERE ${where}`;
    const { rows } = await q.query<Row>({ name, text, values });
    return rows.map((row) => toBooking(row, keys));
  };
  const one = async (name: string, where: string, values: readonly unknown[]): Promise<Booking | null> =>
    (await select(name, where, values))[0] ?? null;
  const latestOf = (appointmentId: string): Promise<Booking | null> =>
    one('booking-latest-of', `appointment_id = $1 ${LATEST_FIRST} LIMIT 1`, [appointmentId]);

  return {
    ...bookingRequests(q, keys),
    get: (id) => one('booking-get', 'id = $1', [id]),
    many: (ids) => (ids.length === 0 ? Promise.resolve([]) : select('booking-many', 'id = ANY($1::uuid[])', [ids])),
    insert: (booking) => insert(q, keys, booking),
    move: (id, from, to, at, patch) => move(q, keys, id, from, to, at, patch),

    dueChecks: (now, limit) =>
      select(
        'booking-due-checks', // booking_check
        `state IN ('unknown', 'accepted') AND next_check_at <= $1 ORDER BY next_check_at, id LIMIT $2`,
        [timestamptz(now), limit],
      ),
    overdue: (now, limit) =>
      select(
        'booking-overdue', // booking_deadline
        `state = 'sent' AND deadline_at < $1 ORDER BY deadline_at, id LIMIT $2`,
        [timestamptz(now), limit],
      ),
    awaitingApproval: (sites, limit) =>
      select(
        'booking-awaiting-approval', // booking_waits
        `state = 'awaiting-approval' AND ($1::text[] IS NULL OR site = ANY($1)) ORDER BY waits_until, id LIMIT $2`,
        [sites === '*' ? null : sites, limit],
      ),
    waitedOut: (now, limit) =>
      select(
        'booking-waited-out', // booking_waits
        `state IN ('held', 'awaiting-approval') AND waits_until <= $1 ORDER BY waits_until, id LIMIT $2`,
        [timestamptz(now), limit],
      ),
    openAt: async (site, during) =>
      q.ahead.open.get(site)?.filter((one) => isAt(one, during)) ??
      select(
        'booking-open-at', // booking_open, booking_unnamed: of each site only a handful are under way
        `id IN (
           SELECT id FROM booking
           WHERE site = $1 AND state IN (${ECHOED})
           UNION ALL SELECT id FROM booking WHERE site = $1 AND ${UNNAMED})
         AND action IN ('place', 'move') AND start_at < $3 AND end_at > $2 ORDER BY created_at, id`,
        [site, timestamptz(during.start), timestamptz(during.end)],
      ),
    openOf(site, parkedToo) {
      const open = `site = $1 AND state IN (${OPEN_STATES}${parkedToo === undefined ? '' : `, 'parked'`})`;
      const name = parkedToo === undefined ? 'booking-open-of' : 'booking-unsettled-of'; // booking_open
      return select(name, `${open} ORDER BY created_at, id`, [site]);
    },
    unsettled(limit, sites) {
      const reach = `($2::text[] IS NULL OR site = ANY($2))`;
      const where = `state IN (${OPEN_STATES}, 'parked') AND ${reach}`; // booking_open
      const order = `ORDER BY state <> 'parked', created_at, id LIMIT $1`;
      return select('booking-unsettled', `${where} ${order}`, [limit, sites === '*' ? null : sites]);
    },
    latestOf: async (appointmentId) =>
      q.ahead.latest.get(appointmentId) ?? (q.ahead.latest.has(appointmentId) ? null : latestOf(appointmentId)),

    writtenAt: (site, object, now) => writtenAt(q, site, object, now),

    async countByState() {
      const { rows } = await q.query<{ state: string; count: number }>({
        name: 'booking-count-by-state', // booking_state, index only: the rows themselves are wide
        text: `SELECT state, count(*)::int AS count FROM booking GROUP BY state`,
      });
      return Object.fromEntries(rows.map((row) => [row.state, row.count]));
    },
  };
}

function isAt({ action, during: at }: Booking, during: Interval): boolean {
  return (action === 'place' || action === 'move') && at !== null && at.start < during.end && at.end > during.start;
}

export interface BookingsAhead {
  /** By site, as openAt gives them, whatever their time. */
  readonly open: ReadonlyMap<string, readonly Booking[]>;
  /** By appointment. */
  readonly latest: ReadonlyMap<string, Booking>;
}

export async function bookingsAhead(
  q: Queryable,
  keys: Keys,
  sites: readonly string[],
  appointmentIds: readonly string[],
): Promise<BookingsAhead> {
  const { rows } = await q.query<Row & { readonly is_latest: boolean }>({
    name: 'ahead-bookings', // booking_open; booking_appointment for each
    text: `SELECT ${COLUMNS}, false AS is_latest FROM booking
           WHERE site = ANY($1) AND state IN (${ECHOED})
           UNION ALL SELECT ${COLUMNS}, false FROM booking WHERE site = ANY($1) AND ${UNNAMED}
           UNION ALL
           SELECT b.*, true FROM unnest($2::uuid[]) AS u(of) CROSS JOIN LATERAL (
             SELECT ${COLUMNS} FROM booking WHERE appointment_id = u.of ${LATEST_FIRST} LIMIT 1) b
           ORDER BY created_at, id`,
    values: [sites, appointmentIds],
  });
  const open = rows.filter((row) => !row.is_latest).map((row) => toBooking(row, keys));
  const latest = rows.filter((row) => row.is_latest).map((row) => toBooking(row, keys));
  return {
    open: Map.groupBy(open, (booking) => booking.site),
    latest: new Map(latest.map((booking) => [booking.appointmentId, booking])),
  };
}

const OPEN_STATES = `'held', 'awaiting-approval', 'queued', 'sent', 'accepted', 'unknown', 'unsent'`;

/**
 * @throws HubError REQUEST_KEY_REUSED when the client's key was stored meanwhile by another call: look it up with
 * byRequestKey in a new transaction, because a repeat of the same request gets the first answer
 */
async function insert(q: Queryable, keys: Keys, booking: Booking): Promise<void> {
  const { keyId, sealed } = keys.seal(Buffer.from(JSON.stringify(booking.order)));
  await q.post({
    name: 'booking-insert',
    text: `INSERT INTO booking (${COLUMNS}, parked_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
             $22, $23, $24, $25, $26, $27, CASE WHEN $7 = 'parked' THEN $8::timestamptz END)`,
    values: [
      booking.id, booking.client, booking.requestKey, booking.requestDigest, booking.action, booking.site,
      booking.state, timestamptz(booking.stateAt), booking.appointmentId, booking.slotId,
      optional(booking.during?.start), optional(booking.during?.end), booking.resources, booking.patientId,
      booking.siteKey, booking.reference, booking.refusedBecause, booking.detail, booking.attempts, booking.absences,
      optional(booking.deadlineAt), optional(booking.nextCheckAt), optional(booking.waitsUntil),
      timestamptz(booking.createdAt), booking.createdBy, keyId, sealed,
    ], // prettier-ignore
    refusal: (constraint) =>
      constraint === 'booking_client_request_key_key' ? new HubError('REQUEST_KEY_REUSED') : null,
  });
}

/**
 * A patch sets what it names, null included, and leaves the rest; so each column comes with a flag whether it is named.
 */
async function move(
  q: Queryable,
  keys: Keys,
  id: string,
  from: readonly Booking['state'][],
  to: Booking['state'],
  at: Instant,
  patch: BookingPatch,
): Promise<boolean> {
  const order = patch.order === undefined ? null : keys.seal(Buffer.from(JSON.stringify(patch.order)));
  const { rowCount } = await q.query({
    name: 'booking-move',
    text: `UPDATE booking SET state = $3, state_at = $4, xid = pg_current_xact_id(),
             parked_at = CASE WHEN $3 = 'parked' THEN $4::timestamptz END,
             site_key = CASE WHEN $5 THEN $6 ELSE site_key END,
             reference = CASE WHEN $7 THEN $8 ELSE reference END,
             refused_because = CASE WHEN $9 THEN $10 ELSE refused_because END,
             detail = CASE WHEN $11 THEN $12 ELSE detail END,
             attempts = CASE WHEN $13 THEN $14 ELSE attempts END,
             absences = CASE WHEN $15 THEN $16 ELSE absences END,
             deadline_at = CASE WHEN $17 THEN $18 ELSE deadline_at END,
             next_check_at = CASE WHEN $19 THEN $20 ELSE next_check_at END,
             appointment_id = COALESCE($21, appointment_id),
             waits_until = CASE WHEN $22 THEN $23 ELSE waits_until END,
             key_id = COALESCE($24, key_id), body = COALESCE($25, body)
           WHERE id = $1 AND state = ANY($2)`,
    values: [
      id,
      from,
      to,
      timestamptz(at),
      ...named(patch.siteKey),
      ...named(patch.reference),
      ...named(patch.refusedBecause),
      ...named(patch.detail),
      ...named(patch.attempts),
      ...named(patch.absences),
      ...namedTime(patch.deadlineAt),
      ...namedTime(patch.nextCheckAt),
      patch.appointmentId ?? null,
      ...namedTime(patch.waitsUntil),
      order?.keyId ?? null,
      order?.sealed ?? null,
    ],
  });
  return rowCount === 1;
}

function named(value: string | number | null | undefined): readonly [boolean, string | number | null] {
  return [value !== undefined, value ?? null];
}

function namedTime(at: Instant | null | undefined): readonly [boolean, string | null] {
  return [at !== undefined, optional(at)];
}

function optional(at: Instant | null | undefined): string | null {
  return at === null || at === undefined ? null : timestamptz(at);
}
