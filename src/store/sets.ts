/**
 * Sets of bookings and their steps (drawn in booking/set-states). As in bookings.ts every step names the states that it
 * may start from, inside the UPDATE itself. Part of Tx.
 */
import type { ErrorCode } from '../core/error-catalogue.ts';
import { HubError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { BookingSet, SetStep, SetStore } from './contract-sets.ts';
import type { Queryable } from './postgres.ts';
import { StatementError } from './sqlstate.ts';

interface SetRow {
  readonly id: string;
  readonly client: string;
  readonly request_key: string;
  readonly request_digest: string;
  readonly kind: BookingSet['kind'];
  readonly action: BookingSet['action'];
  readonly mode: BookingSet['mode'];
  readonly rules: string;
  readonly state: BookingSet['state'];
  readonly state_at: Instant;
  readonly failed_step: number | null;
  readonly trace: string | null;
  readonly check_at: Instant;
  readonly created_at: Instant;
  readonly created_by: string;
}
interface StepRow {
  readonly set_id: string;
  readonly step: number;
  readonly name: string | null;
  readonly slot_id: string | null;
  readonly booking_id: string | null;
  readonly appointment_id: string | null;
  readonly from_slot_id: string | null;
  readonly state: SetStep['state'];
  readonly undo_booking_id: string | null;
  readonly code: ErrorCode | null;
  readonly detail: string | null;
}

const SET = `id, client, request_key, request_digest, kind, action, mode, rules, state, state_at, failed_step, trace,
  check_at, created_at, created_by`;
const STEP = `set_id, step, name, slot_id, booking_id, appointment_id, from_slot_id, state, undo_booking_id, code,
  detail`;
const OPEN = `('under-way', 'undoing', 'stuck')`;

export function setStore(q: Queryable): SetStore {
  const one = async (name: string, where: string, values: readonly unknown[]): Promise<BookingSet | null> => {
    const { rows } = await q.query<SetRow>({ name, text: `SELECT ${SET} FROM booking_set WHERE ${where}`, values });
    return rows[0] === undefined ? null : toSet(rows[0]);
  };
  return {
    async insert(set, steps) {
      await insertSet(q, set);
      for (const step of steps) await insertStep(q, step);
    },
    get: (id) => one('set-get', 'id = $1', [id]),
    byRequestKey: (client, key) => one('set-by-request-key', 'client = $1 AND request_key = $2', [client, key]),

    async steps(setId) {
      const { rows } = await q.query<StepRow>({
        name: 'set-steps', // primary key
        text: `SELECT ${STEP} FROM booking_set_step WHERE set_id = $1 ORDER BY step`,
        values: [setId],
      });
      return rows.map(toStep);
    },

    async move(id, from, to, at, { failedStep }) {
      const { rowCount } = await q.query({
        name: 'set-move',
        text: `UPDATE booking_set SET state = $3, state_at = $4, failed_step = COALESCE($5, failed_step)
               WHERE id = $1 AND state = ANY($2)`,
        values: [id, from, to, timestamptz(at), failedStep ?? null],
      });
      return rowCount === 1;
    },

    async moveStep({ setId, step }, from, to, patch) {
      const { rowCount } = await q.query({
        name: 'set-step-move',
        text: `UPDATE booking_set_step SET state = $4, undo_booking_id = COALESCE($5, undo_booking_id),
                 code = COALESCE($6, code), detail = COALESCE($7, detail)
               WHERE set_id = $1 AND step = $2 AND state = ANY($3)`,
        values: [setId, step, from, to, patch.undoBookingId ?? null, patch.code ?? null, patch.detail ?? null],
      });
      return rowCount === 1;
    },

    async checkLater(id, at) {
      const values = [id, timestamptz(at)];
      await q.query({ name: 'set-check-later', text: `UPDATE booking_set SET check_at = $2 WHERE id = $1`, values });
    },

    async due(now, limit) {
      const { rows } = await q.query<{ id: string }>({
        name: 'set-due', // booking_set_due
        text: `SELECT id FROM booking_set WHERE state IN ${OPEN} AND check_at <= $1 ORDER BY check_at LIMIT $2`,
        values: [timestamptz(now), limit],
      });
      return rows.map(({ id }) => id);
    },

    async ofBookings(bookingIds) {
      const { rows } = await q.query<{ id: string }>({
        name: 'set-of-bookings', // booking_set_step_booking, booking_set_step_undo
        text: `SELECT s.id FROM booking_set s WHERE s.state IN ${OPEN} AND s.id IN (
                 SELECT set_id FROM booking_set_step WHERE booking_id = ANY($1::uuid[])
                 UNION SELECT set_id FROM booking_set_step WHERE undo_booking_id = ANY($1::uuid[]))`,
        values: [bookingIds],
      });
      return rows.map(({ id }) => id);
    },

    async renameAppointment(from, to) {
      await q.query({
        name: 'set-rename-appointment', // booking_set_step_appointment
        text: `UPDATE booking_set_step SET appointment_id = $2 WHERE appointment_id = $1`,
        values: [from, to],
      });
    },
  };
}

async function insertSet(q: Queryable, set: BookingSet): Promise<void> {
  try {
    await q.query({
      name: 'set-insert',
      text: `INSERT INTO booking_set (${SET})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
      values: [
        set.id, set.client, set.requestKey, set.requestDigest, set.kind, set.action, set.mode, set.rules, set.state,
        timestamptz(set.stateAt), set.failedStep, set.trace, timestamptz(set.checkAt), timestamptz(set.createdAt),
        set.createdBy,
      ], // prettier-ignore
    });
  } catch (error) {
    if (error instanceof StatementError && error.constraint === 'booking_set_client_request_key_key') {
      throw new HubError('REQUEST_KEY_REUSED');
    }
    throw error;
  }
}

async function insertStep(q: Queryable, step: SetStep): Promise<void> {
  await q.query({
    name: 'set-step-insert',
    text: `INSERT INTO booking_set_step (${STEP}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    values: [
      step.setId, step.step, step.name, step.slotId, step.bookingId, step.appointmentId, step.fromSlotId, step.state,
      step.undoBookingId, step.code, step.detail,
    ], // prettier-ignore
  });
}

function toSet(row: SetRow): BookingSet {
  return {
    id: row.id,
    client: row.client,
    requestKey: row.request_key,
    requestDigest: row.request_digest,
    kind: row.kind,
    action: row.action,
    mode: row.mode,
    rules: row.rules,
    state: row.state,
    stateAt: row.state_at,
    failedStep: row.failed_step,
    trace: row.trace,
    checkAt: row.check_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}

function toStep(row: StepRow): SetStep {
  return {
    setId: row.set_id,
    step: row.step,
    name: row.name,
    slotId: row.slot_id,
    bookingId: row.booking_id,
    appointmentId: row.appointment_id,
    fromSlotId: row.from_slot_id,
    state: row.state,
    undoBookingId: row.undo_booking_id,
    code: row.code,
    detail: row.detail,
  };
}
