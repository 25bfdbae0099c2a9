/** The busy calendar: everything known to occupy a resource, from every site. Part of Tx. */
import { HubError } from '../core/errors.ts';
import type { Instant, Interval } from '../core/instant.ts';
import { clashesOf } from './conflicts.ts';
import type { BusyRow, BusyStore, Touched } from './contract-bookings.ts';
import { aroundStore } from './busy-around.ts';
import { holdStore } from './busy-holds.ts';
import type { Queryable } from './postgres.ts';
import { SETTLED_AT } from './seat-readings.ts';

export interface BusyDbRow {
  readonly resource_id: string;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly occupancy: string;
  readonly origin: BusyRow['origin'];
  readonly site: string;
  readonly appointment_id: string | null;
  readonly booking_id: string | null;
  readonly block_key: string | null;
  readonly tentative: boolean;
  readonly expires_at: Instant | null;
  readonly seat: number | null;
  readonly code: string | null;
  readonly contested: boolean;
}

export const BUSY_COLUMNS = `resource_id, lower(during) AS start_at, upper(during) AS end_at, occupancy, origin, site,
  appointment_id,
  booking_id, block_key, tentative, expires_at, seat, code, contested`;
const TOUCHED = `resource_id, lower(during) AS start_at, upper(during) AS end_at`;

const LAST_LINES: readonly string[] = ['busy_no_double_booking', 'busy_one_visit_a_seat'];

export function busyStore(q: Queryable): BusyStore {
  const touched = async (name: string, text: string, values: readonly unknown[]): Promise<Touched[]> => {
    const { rows } = await q.query<BusyDbRow>({ name, text, values });
    return rows.map((row) => ({ resourceId: row.resource_id, during: { start: row.start_at, end: row.end_at } }));
  };

  const insert = async (rows: readonly BusyRow[]): Promise<void> => {
    if (rows.length === 0) return;
    await q.post({
      name: 'busy-insert',
      text: `INSERT INTO busy (resource_id, during, occupancy, origin, site, appointment_id, booking_id, block_key,
               tentative, expires_at, seat, code, contested)
             SELECT u.resource_id, tstzrange(u.start_at, u.end_at), u.occupancy, u.origin, u.site, u.appointment_id,
               u.booking_id, u.block_key, u.tentative, u.expires_at, u.seat, u.code, u.contested
             FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::uuid[], $5::text[], $6::text[],
               $7::uuid[], $8::uuid[], $9::text[], $10::bool[], $11::timestamptz[], $12::smallint[],
               $13::text[], $14::bool[])
               AS u(resource_id, start_at, end_at, occupancy, origin, site, appointment_id, booking_id, block_key,
                 tentative, expires_at, seat, code, contested)`,
      values: [
        rows.map((row) => row.resourceId),
        rows.map((row) => new Date(row.during.start)),
        rows.map((row) => new Date(row.during.end)),
        rows.map((row) => row.occupancy),
        rows.map((row) => row.origin),
        rows.map((row) => row.site),
        rows.map((row) => row.appointmentId ?? null),
        rows.map((row) => row.bookingId ?? null),
        rows.map((row) => row.blockKey ?? null),
        rows.map((row) => row.tentative),
        rows.map((row) => (row.expiresAt === undefined ? null : new Date(row.expiresAt))),
        rows.map((row) => row.seat ?? null),
        rows.map((row) => row.code ?? null),
        rows.map((row) => row.contested === true),
      ],
      // The last line behind the locks and the check: if it ever speaks, the booking is refused and nothing is stored.
      refusal: (constraint) => (LAST_LINES.includes(constraint) ? new HubError('SLOT_TAKEN') : null),
    });
  };

  return {
    ...holdStore(q),
    ...aroundStore(q),
    insert,

    async conflicts(claims, except) {
      if (claims.length === 0) return [];
      const { rows } = await q.query<BusyDbRow>({
        name: 'busy-conflicts', // busy_resource (gist, live rows), once for each claim: OFFSET 0 keeps it to that
        text: `SELECT DISTINCT ON (b.id) ${BUSY_COLUMNS}
               FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS u(claimed, start_at, end_at)
               CROSS JOIN LATERAL (
                 SELECT * FROM busy t WHERE t.live AND t.resource_id = u.claimed
                   AND t.during && tstzrange(u.start_at, u.end_at) AND ($4::uuid IS NULL OR t.occupancy <> $4)
                 OFFSET 0) b`,
        values: [
          claims.map((one) => one.resourceId),
          claims.map((one) => new Date(one.during.start)),
          claims.map((one) => new Date(one.during.end)),
          except,
        ],
      });
      return rows.map(toBusy);
    },

    async seatsTaken(occupancy, resourceIds, during, countedAt) {
      const { rows } = await q.query<{ taken: number; uncounted: number; seats: readonly number[] | null }>({
        name: 'busy-seats', // busy_resource
        text: `SELECT count(DISTINCT visit)::int AS taken,
                 count(DISTINCT visit) FILTER (WHERE uncounted)::int AS uncounted,
                 array_agg(DISTINCT seat) FILTER (WHERE seat IS NOT NULL) AS seats
               FROM (
                 SELECT coalesce(appointment_id, booking_id) AS visit, seat,
                   tentative OR COALESCE(${SETTLED_AT('b')} >= $5, false) AS uncounted
                 FROM busy b WHERE live AND occupancy = $1 AND resource_id = ANY($2::uuid[])
                   AND during && tstzrange($3, $4)) known`,
        values: [
          occupancy,
          resourceIds,
          new Date(during.start),
          new Date(during.end),
          countedAt === null ? null : new Date(countedAt),
        ],
      });
      const { taken = 0, uncounted = 0, seats } = rows[0] ?? {};
      const known = new Set(seats ?? []);
      let seat = 1;
      while (known.has(seat)) seat += 1;
      return { taken, uncounted, seat };
    },

    clashes: (appointmentIds) => clashesOf(q, appointmentIds),

    async replaceAppointment(appointmentId, rows) {
      const old = await touched(
        'busy-drop-appointment',
        `DELETE FROM busy WHERE appointment_id = $1 RETURNING ${TOUCHED}`,
        [appointmentId],
      );
      await insert(rows);
      return [...old, ...rows];
    },

    async ofAppointment(appointmentId) {
      const { rows } = await q.query<BusyDbRow>({
        name: 'busy-of-appointment',
        text: `SELECT ${BUSY_COLUMNS} FROM busy WHERE appointment_id = $1`,
        values: [appointmentId],
      });
      return rows.map(toBusy);
    },

    async putBlock(row) {
      const old = await touched(
        'busy-drop-block-of',
        `DELETE FROM busy WHERE site = $1 AND block_key = $2 AND resource_id = $3 RETURNING ${TOUCHED}`,
        [row.site, row.blockKey ?? null, row.resourceId],
      );
      await insert([row]);
      return [...old, row];
    },

    removeBlock: (site, blockKey) =>
      touched('busy-drop-block', `DELETE FROM busy WHERE site = $1 AND block_key = $2 RETURNING ${TOUCHED}`, [
        site,
        blockKey,
      ]),

    async takeBlocks(site, resourceId, during) {
      const { rows } = await q.query<BusyDbRow>({
        name: 'busy-take-blocks', // busy_resource
        text: `DELETE FROM busy WHERE live AND resource_id = $2 AND during && tstzrange($3, $4) AND site = $1
                 AND origin = 'block' AND block_key IS NOT NULL RETURNING ${BUSY_COLUMNS}`,
        values: [site, resourceId, new Date(during.start), new Date(during.end)],
      });
      return rows.map(toBusy);
    },

    removeBlocksUnder: (site, keyBegins) =>
      touched(
        'busy-drop-blocks-under', // busy_block
        `DELETE FROM busy WHERE site = $1 AND block_key IS NOT NULL AND starts_with(block_key, $2)
         RETURNING ${TOUCHED}`,
        [site, keyBegins],
      ),

    async blocks(site, resourceId, during: Interval) {
      const { rows } = await q.query<{ block_key: string }>({
        name: 'busy-blocks',
        text: `SELECT block_key FROM busy WHERE live AND resource_id = $2 AND during && tstzrange($3, $4) AND site = $1
                 AND block_key IS NOT NULL`,
        values: [site, resourceId, new Date(during.start), new Date(during.end)],
      });
      return rows.map((row) => row.block_key);
    },

    async heldByKeys(keys) {
      const { rows } = await q.query<{ id: string }>({
        name: 'busy-held-by-keys', // appointment_key's primary key, then busy_appointment and booking_appointment
        text: `WITH named AS MATERIALIZED (
                 SELECT k.appointment_id FROM unnest($1::text[], $2::text[]) AS u(site, site_key)
                 JOIN appointment_key k ON k.site = u.site AND k.site_key = u.site_key)
               SELECT appointment_id AS id FROM named
               UNION SELECT b.resource_id FROM named JOIN busy b USING (appointment_id)
               UNION SELECT unnest(b.resources) FROM named JOIN booking b USING (appointment_id)
                 WHERE b.action = 'move' AND b.state NOT IN ('booked', 'refused', 'expired')`,
        values: [keys.map((one) => one.site), keys.map((one) => one.key)],
      });
      return rows.map((row) => row.id);
    },
  };
}

export function toBusy(row: BusyDbRow): BusyRow {
  return {
    resourceId: row.resource_id,
    during: { start: row.start_at, end: row.end_at },
    occupancy: row.occupancy,
    origin: row.origin,
    site: row.site,
    ...(row.appointment_id === null ? {} : { appointmentId: row.appointment_id }),
    ...(row.booking_id === null ? {} : { bookingId: row.booking_id }),
    ...(row.block_key === null ? {} : { blockKey: row.block_key }),
    tentative: row.tentative,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...(row.seat === null ? {} : { seat: row.seat }),
    ...(row.code === null ? {} : { code: row.code }),
    ...(row.contested ? { contested: true } : {}),
  };
}
