/** A row of `booking` as it is read; the order (patient facts) is sealed. Part of BookingStore. */
import type { Instant } from '../core/instant.ts';
import type { Booking, BookingOrder } from './contract-bookings.ts';
import type { Keys } from './seal.ts';

export interface Row {
  readonly id: string;
  readonly client: string;
  readonly request_key: string;
  readonly request_digest: string;
  readonly action: Booking['action'];
  readonly site: string;
  readonly state: Booking['state'];
  readonly state_at: Instant;
  readonly appointment_id: string;
  readonly slot_id: string | null;
  readonly start_at: Instant | null;
  readonly end_at: Instant | null;
  readonly resources: readonly string[];
  readonly patient_id: string | null;
  readonly site_key: string | null;
  readonly reference: string | null;
  readonly refused_because: string | null;
  readonly detail: string | null;
  readonly attempts: number;
  readonly absences: number;
  readonly deadline_at: Instant | null;
  readonly next_check_at: Instant | null;
  readonly waits_until: Instant | null;
  readonly created_at: Instant;
  readonly created_by: string;
  readonly key_id: string;
  readonly body: Buffer;
}

export const COLUMNS = `id, client, request_key, request_digest, action, site, state, state_at, appointment_id, slot_id,
  start_at, end_at, resources, patient_id, site_key, reference, refused_because, detail, attempts, absences,
  deadline_at, next_check_at, waits_until, created_at, created_by, key_id, body`;

export function toBooking(row: Row, keys: Keys): Booking {
  return {
    id: row.id,
    client: row.client,
    requestKey: row.request_key,
    requestDigest: row.request_digest,
    action: row.action,
    site: row.site,
    state: row.state,
    stateAt: row.state_at,
    appointmentId: row.appointment_id,
    slotId: row.slot_id,
    during: row.start_at === null || row.end_at === null ? null : { start: row.start_at, end: row.end_at },
    resources: row.resources,
    patientId: row.patient_id,
    siteKey: row.site_key,
    reference: row.reference,
    refusedBecause: row.refused_because,
    detail: row.detail,
    attempts: row.attempts,
    absences: row.absences,
    deadlineAt: row.deadline_at,
    nextCheckAt: row.next_check_at,
    waitsUntil: row.waits_until,
    createdAt: row.created_at,
    createdBy: row.created_by,
    order: JSON.parse(keys.open(row.key_id, row.body).toString('utf8')) as BookingOrder,
  };
}
