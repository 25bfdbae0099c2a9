/** Writing appointments: any number with their versions in one statement. Part of appointments.ts. */
import type { Instant } from '../core/instant.ts';
import type { AppointmentRow, Cause } from './contract-resources.ts';
import type { Writer } from './gather.ts';
import { source } from './render.ts';
import type { Sealed } from './seal.ts';

interface Version {
  readonly row: AppointmentRow;
  readonly version: number;
  readonly sealed: Sealed;
  readonly cause: Cause;
}

export const APPOINTMENTS: Writer<Version> = {
  place: 4,
  async write(q, rows) {
    const column = <T>(of: (one: Version) => T): T[] => rows.map(of);
    await q.post({
      name: 'appointment-put',
      // The versions with their history in one round trip. An array of arrays must be rectangular in SQL, so lists
      // come as text.
      text: `WITH u AS MATERIALIZED (
               SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
                 $7::timestamptz[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
                 $14::text[], $15::text[], $16::bytea[], $17::text[], $18::timestamptz[], $19::timestamptz[],
                 $20::timestamptz[], $21::text[])
                 AS u(id, version, site, site_key, status, start_at, end_at, visit_type, specialty, patients, actors,
                   slots, tokens, locations, security, sealed, key_id, ordered_at, recorded_at, site_time, source)),
             put AS (
               INSERT INTO appointment (id, version, site, site_key, status, start_at, end_at, visit_type, specialty,
                 patients, actors, slots, tokens, locations, security, sealed, key_id, ordered_at, last_updated)
               SELECT id, version, site, site_key, status, start_at, end_at, visit_type, specialty, patients::uuid[],
                 actors::uuid[], slots::uuid[], tokens::text[], locations::uuid[], security::text[], sealed, key_id,
                 ordered_at, recorded_at
               FROM u ORDER BY id
               ON CONFLICT (id) DO UPDATE SET version = excluded.version, site = excluded.site,
                 site_key = excluded.site_key, status = excluded.status, start_at = excluded.start_at,
                 end_at = excluded.end_at, visit_type = excluded.visit_type, specialty = excluded.specialty,
                 patients = excluded.patients, actors = excluded.actors, slots = excluded.slots,
                 tokens = excluded.tokens, locations = excluded.locations, security = excluded.security,
                 sealed = excluded.sealed, key_id = excluded.key_id, ordered_at = excluded.ordered_at,
                 last_updated = excluded.last_updated, xid = pg_current_xact_id())
             INSERT INTO history (type, id, version, sealed, key_id, recorded_at, site_time, source)
             SELECT 'Appointment', id, version, sealed, key_id, recorded_at, site_time, source FROM u`,
      values: [
        column(({ row }) => row.id),
        column(({ version }) => version),
        column(({ row }) => row.site),
        column(({ row }) => row.siteKey),
        column(({ row }) => row.resource.status),
        column(({ row }) => date(row.during?.start)),
        column(({ row }) => date(row.during?.end)),
        column(({ row }) => row.visitType),
        column(({ row }) => row.specialty),
        column(({ row }) => list(row.patients)),
        column(({ row }) => list(row.actors)),
        column(({ row }) => list(row.slots)),
        column(({ row }) => list(row.tokens)),
        column(({ row }) => list(row.locations)),
        column(({ row }) => list(row.security)),
        column(({ sealed }) => sealed.sealed),
        column(({ sealed }) => sealed.keyId),
        column(({ row }) => new Date(row.orderedAt)),
        column(({ cause }) => new Date(cause.now)),
        column(({ cause }) => date(cause.siteTime ?? undefined)),
        column(({ cause }) => source(cause)),
      ],
    });
  },
};

/** News that says what we know already still moves the ordering time: older news that comes later is older than it. */
export const TOUCHES: Writer<Pick<AppointmentRow, 'id' | 'orderedAt'>> = {
  place: 5,
  async write(q, rows) {
    await q.post({
      name: 'appointment-touch',
      text: `UPDATE appointment a SET ordered_at = u.ordered_at
             FROM unnest($1::uuid[], $2::timestamptz[]) AS u(id, ordered_at) WHERE a.id = u.id`,
      values: [rows.map((row) => row.id), rows.map((row) => new Date(row.orderedAt))],
    });
  },
};

interface Name {
  readonly site: string;
  readonly siteKey: string;
  readonly appointmentId: string;
}

/** Of keys that were looked up under a lock, and named nothing. */
export const NAMES: Writer<Name> = {
  place: 3,
  async write(q, rows) {
    await q.post({
      name: 'appointment-names',
      text: `INSERT INTO appointment_key (site, site_key, appointment_id)
             SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[]) AS u(site, site_key, id) ORDER BY site, site_key
             ON CONFLICT (site, site_key) DO NOTHING`,
      values: [rows.map((row) => row.site), rows.map((row) => row.siteKey), rows.map((row) => row.appointmentId)],
    });
  },
};

/** As PostgreSQL writes an array. */
function list(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

function date(at: Instant | undefined): Date | null {
  return at === undefined ? null : new Date(at);
}
