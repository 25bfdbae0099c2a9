/**
 * What is owed to sites and subscribers. A delivery is `queued`, then `sent` (durable, with a deadline, before the
 * first byte leaves), then `done`, `unknown` or `parked`. A hub that dies in between leaves it `sent`; past the
 * deadline its outcome is unknown and is looked up, because sending again could book twice. Part of Tx.
 *
 * Deliveries about one appointment to one receiver leave in the order in which they were added: a cancel must not
 * overtake the placement that still waits for its turn. One that is `unknown` or `parked` holds nothing up.
 */
import { timestamptz } from './column-types.ts';
import type { Delivery, OutboxStore, Receiver } from './contract-bookings.ts';
import type { Queryable } from './postgres.ts';

interface Row {
  readonly id: number;
  readonly receiver: Delivery['receiver'];
  readonly receiver_id: string;
  readonly kind: Delivery['kind'];
  readonly booking_id: string | null;
  readonly appointment_id: string | null;
  readonly body: string;
  readonly state: Delivery['state'];
  readonly attempts: number;
  readonly trace: string | null;
}

const COLUMNS = `o.id, o.receiver, o.receiver_id, o.kind, o.booking_id, o.appointment_id, o.body, o.state, o.attempts,
  o.trace`;

/** From which states an outcome may be recorded: a late `unknown` must not undo the `done` that came before it. */
const BEFORE: Readonly<Record<'done' | 'unknown' | 'parked', readonly Delivery['state'][]>> = {
  done: ['queued', 'sent', 'unknown', 'parked'],
  unknown: ['sent'],
  parked: ['queued', 'sent', 'unknown'],
};

export function outboxStore(q: Queryable): OutboxStore {
  return {
    async add(delivery, dueAt, now) {
      const { rows } = await q.query<{ id: number }>({
        name: 'outbox-add',
        text: `INSERT INTO outbox (created_at, receiver, receiver_id, kind, booking_id, appointment_id, body, trace,
                 next_attempt_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
        values: [
          timestamptz(now),
          delivery.receiver,
          delivery.receiverId,
          delivery.kind,
          delivery.bookingId,
          delivery.appointmentId,
          JSON.stringify(delivery.body),
          delivery.trace,
          timestamptz(dueAt),
        ],
      });
      return rows[0]?.id ?? 0;
    },

    async claim(receiver, receiverId, now, deadline, limit) {
      const { rows } = await q.query<Row>({
        name: 'outbox-claim',
        // outbox_due gives the due rows in order and stops at the limit; outbox_appointment looks for an earlier one of
        // the same appointment. SKIP LOCKED: two workers of one receiver never send the same row.
        text: `WITH due AS (
                 SELECT o.id, o.created_at FROM outbox o
                 WHERE o.receiver = $1 AND o.receiver_id = $2 AND o.state = 'queued' AND o.next_attempt_at <= $3
                   AND NOT EXISTS (
                     SELECT FROM outbox earlier
                     WHERE earlier.appointment_id = o.appointment_id AND earlier.id < o.id
                       AND earlier.state IN ('queued', 'sent')
                       AND earlier.receiver = o.receiver AND earlier.receiver_id = o.receiver_id)
                 ORDER BY o.next_attempt_at, o.id LIMIT $5 FOR UPDATE SKIP LOCKED)
               UPDATE outbox o
               SET state = 'sent', deadline_at = $4, attempts = o.attempts + 1, xid = pg_current_xact_id()
               FROM due WHERE o.id = due.id AND o.created_at = due.created_at
               RETURNING ${COLUMNS}`,
        values: [receiver, receiverId, timestamptz(now), timestamptz(deadline), limit],
      });
      return rows.map(toDelivery).sort((left, right) => left.id - right.id);
    },

    async next(receiver, receiverId, now) {
      const { rows } = await q.query<{ id: number | null }>({
        name: 'outbox-next', // outbox_due up to the first that waits
        text: `SELECT CASE WHEN NOT EXISTS (
                 SELECT FROM outbox older WHERE older.receiver = $1 AND older.receiver_id = $2
                   AND older.state = 'queued' AND older.next_attempt_at <= $3 AND older.booking_id IS NOT NULL)
               THEN nextval('outbox_id') END AS id`,
        values: [receiver, receiverId, timestamptz(now)],
      });
      return rows[0]?.id ?? null;
    },

    async addSent(delivery, deadline, now) {
      const { id, receiver, receiverId, kind, bookingId, appointmentId, body, attempts, trace } = delivery;
      await q.post({
        name: 'outbox-add-sent',
        text: `INSERT INTO outbox (id, created_at, receiver, receiver_id, kind, booking_id, appointment_id, body, trace,
                 next_attempt_at, state, deadline_at, attempts)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $2, 'sent', $10, $11)`,
        values: [
          id, timestamptz(now), receiver, receiverId, kind, bookingId, appointmentId, JSON.stringify(body), trace,
          timestamptz(deadline), attempts,
        ], // prettier-ignore
      });
    },

    async finish(id, state, code) {
      await q.post({
        name: 'outbox-finish', // primary key, once per partition
        text: `UPDATE outbox SET state = $2, code = $3, deadline_at = NULL, xid = pg_current_xact_id()
               WHERE id = $1 AND state = ANY($4)`,
        values: [id, state, code, BEFORE[state]],
      });
    },

    async heardOf({ id, appointmentId, state, attempts }) {
      if (state !== 'sent' || attempts > 0) return;
      await q.post({
        name: 'outbox-heard-of', // outbox_appointment
        text: `UPDATE outbox SET state = 'done', deadline_at = NULL, xid = pg_current_xact_id()
               WHERE appointment_id = $1 AND state = 'sent' AND booking_id = $2 AND receiver = 'site'`,
        values: [appointmentId, id],
      });
    },

    async inOrder(siteId, except) {
      await q.post({
        name: 'outbox-in-order', // outbox_due
        text: `UPDATE outbox SET next_attempt_at = created_at, xid = pg_current_xact_id()
               WHERE receiver = 'site' AND receiver_id = $1 AND state = 'queued' AND booking_id IS NOT NULL
                 AND next_attempt_at > created_at AND code IS DISTINCT FROM $2`,
        values: [siteId, except],
      });
    },

    async requeue(id, at, code) {
      await q.post({
        name: 'outbox-requeue',
        text: `UPDATE outbox SET state = 'queued', next_attempt_at = $2, code = $3, deadline_at = NULL,
                 xid = pg_current_xact_id()
               WHERE id = $1 AND state <> 'done'`,
        values: [id, timestamptz(at), code],
      });
    },

    /** Locked, so that of two sweepers each takes its own: needs a writing transaction. */
    async expired(now, limit) {
      const { rows } = await q.query<Row>({
        name: 'outbox-expired', // outbox_open
        text: `SELECT ${COLUMNS} FROM outbox o WHERE o.state = 'sent' AND o.deadline_at < $1
               ORDER BY o.deadline_at, o.id LIMIT $2 FOR UPDATE SKIP LOCKED`,
        values: [timestamptz(now), limit],
      });
      return rows.map(toDelivery);
    },

    async receiversDue(receiver, now) {
      const { rows } = await q.query<{ receiver_id: string }>({
        name: 'outbox-receivers-due',
        // Jumps from one receiver to the next along outbox_due: a receiver with a hundred thousand waiting costs one
        // step.
        text: `WITH RECURSIVE step AS (
                 (SELECT receiver_id FROM outbox WHERE receiver = $1 AND state = 'queued'
                  ORDER BY receiver_id LIMIT 1)
                 UNION ALL
                 SELECT (SELECT o.receiver_id FROM outbox o
                         WHERE o.receiver = $1 AND o.state = 'queued' AND o.receiver_id > step.receiver_id
                         ORDER BY o.receiver_id LIMIT 1)
                 FROM step WHERE step.receiver_id IS NOT NULL)
               SELECT receiver_id FROM step
               WHERE receiver_id IS NOT NULL AND EXISTS (
                 SELECT FROM outbox o WHERE o.receiver = $1 AND o.receiver_id = step.receiver_id
                   AND o.state = 'queued' AND o.next_attempt_at <= $2)`,
        values: [receiver, timestamptz(now)],
      });
      return rows.map((row) => row.receiver_id);
    },

    async depth() {
      const { rows } = await q.query<{ receiver: Receiver; receiver_id: string; state: string; count: number }>({
        name: 'outbox-depth', // outbox_due, outbox_open: what is done is not read
        text: `SELECT receiver, receiver_id, state, count(*)::int AS count FROM outbox WHERE state = 'queued'
               GROUP BY 1, 2, 3
               UNION ALL
               SELECT receiver, receiver_id, state, count(*)::int FROM outbox
               WHERE state IN ('sent', 'unknown', 'parked') GROUP BY 1, 2, 3`,
      });
      return rows.map(({ receiver, receiver_id: receiverId, state, count }) => ({
        receiver,
        receiverId,
        state,
        count,
      }));
    },
  };
}

function toDelivery(row: Row): Delivery {
  return {
    id: row.id,
    receiver: row.receiver,
    receiverId: row.receiver_id,
    kind: row.kind,
    bookingId: row.booking_id,
    appointmentId: row.appointment_id,
    body: JSON.parse(row.body) as Readonly<Record<string, string>>,
    state: row.state,
    attempts: row.attempts,
    trace: row.trace,
  };
}
