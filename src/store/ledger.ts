/** Append-only record of what happened to openings and bookings. Never updated, never deleted. Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { LedgerEntry, LedgerStore } from './contract-bookings.ts';
import type { Scope } from './contract.ts';
import { closeOpenings } from './openings.ts';
import type { Queryable } from './postgres.ts';

interface Row {
  readonly at: Instant;
  readonly kind: string;
  readonly site: string | null;
  readonly booking_id: string | null;
  readonly appointment_id: string | null;
  readonly slot_id: string | null;
  readonly actor: string;
  readonly cause: string | null;
  readonly data: string;
}

export function ledgerStore(q: Queryable, scope: Scope): LedgerStore {
  return {
    /** One statement for any number: a search that shows fifty offers writes fifty entries. */
    async add(entries) {
      if (entries.length === 0) return;
      await q.post({
        name: 'ledger-add',
        text: `INSERT INTO ledger (at, kind, site, booking_id, appointment_id, slot_id, actor, cause, data)
               SELECT u.at, u.kind, u.site, u.booking_id, u.appointment_id, u.slot_id, $7, u.cause, u.data
               FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $8::text[],
                 $9::text[]) AS u(at, kind, site, booking_id, appointment_id, slot_id, cause, data)`,
        values: [
          entries.map((entry) => timestamptz(entry.at)),
          entries.map((entry) => entry.kind),
          entries.map((entry) => entry.site ?? null),
          entries.map((entry) => entry.bookingId ?? null),
          entries.map((entry) => entry.appointmentId ?? null),
          entries.map((entry) => entry.slotId ?? null),
          scope.actor,
          entries.map((entry) => entry.cause ?? null),
          entries.map((entry) => JSON.stringify(entry.data ?? {})),
        ],
      });
    },

    closeOpenings: (now) => closeOpenings(q, now, scope.actor),

    async ofBooking(bookingId) {
      const { rows } = await q.query<Row>({
        name: 'ledger-of-booking', // ledger_booking; the order of ids is the order of one booking's steps
        text: `SELECT at, kind, site, booking_id, appointment_id, slot_id, actor, cause, data
               FROM ledger WHERE booking_id = $1 ORDER BY id`,
        values: [bookingId],
      });
      return rows.map((row) => ({ ...toEntry(row), actor: row.actor }));
    },
  };
}

function toEntry(row: Row): LedgerEntry {
  return {
    at: row.at,
    kind: row.kind,
    ...(row.site === null ? {} : { site: row.site }),
    ...(row.booking_id === null ? {} : { bookingId: row.booking_id }),
    ...(row.appointment_id === null ? {} : { appointmentId: row.appointment_id }),
    ...(row.slot_id === null ? {} : { slotId: row.slot_id }),
    ...(row.cause === null ? {} : { cause: row.cause }),
    data: JSON.parse(row.data) as Readonly<Record<string, string | number | boolean>>,
  };
}
