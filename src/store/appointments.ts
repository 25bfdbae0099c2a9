/** Appointments: sealed text beside typed columns, and the names that sites gave them. Part of ResourceStore. */
import type { Instant } from '../core/instant.ts';
import type { Appointment } from '../fhir/types.ts';
import type { AppointmentRow, Cause, ResourceStore, StoredAppointment } from './contract-resources.ts';
import type { Queryable } from './postgres.ts';
import { comparable, renderResource, source } from './render.ts';
import type { Keys } from './seal.ts';

export type AppointmentStore = Pick<
  ResourceStore,
  | 'appointment'
  | 'appointmentByKey'
  | 'appointmentsByToken'
  | 'nameAppointment'
  | 'renameAppointment'
  | 'putAppointment'
>;

interface Row {
  readonly id: string;
  readonly version: number;
  readonly site: string;
  readonly site_key: string | null;
  readonly start_at: Instant | null;
  readonly end_at: Instant | null;
  readonly visit_type: string | null;
  readonly specialty: string | null;
  readonly patients: readonly string[];
  readonly actors: readonly string[];
  readonly slots: readonly string[];
  readonly tokens: readonly string[];
  readonly locations: readonly string[];
  readonly security: readonly string[];
  readonly ordered_at: Instant;
  readonly sealed: Buffer;
  readonly key_id: string;
}

export function appointmentStore(q: Queryable, keys: Keys): AppointmentStore {
  /** As read in this transaction, which holds the row: what is about to be written needs not be read again. */
  const held = new Map<string, Row | null>();
  /** Locked: whoever reads an appointment here is about to write it, or to rely on it until the commit. */
  const forUpdate = async (id: string): Promise<Row | null> => {
    const { rows } = await q.query<Row>({
      name: 'appointment-for-update',
      text: `SELECT * FROM appointment WHERE id = $1 FOR UPDATE`,
      values: [id],
    });
    return rows[0] ?? null;
  };

  return {
    async appointment(id) {
      const row = await forUpdate(id);
      held.set(id, row);
      return row === null ? null : toStored(row, keys);
    },

    async appointmentByKey(site, siteKey) {
      const { rows } = await q.query<{ appointment_id: string }>({
        name: 'appointment-by-key',
        text: `SELECT appointment_id FROM appointment_key WHERE site = $1 AND site_key = $2`,
        values: [site, siteKey],
      });
      return rows[0]?.appointment_id ?? null;
    },

    async appointmentsByToken(site, token) {
      const { rows } = await q.query<{ id: string }>({
        name: 'appointment-by-token', // appointment_tokens
        // The token alone first: with the site or the limit beside it the planner would rather walk the site's visits.
        text: `WITH found AS MATERIALIZED (
                 SELECT id, site, last_updated FROM appointment WHERE tokens @> ARRAY[$2::text])
               SELECT id FROM found WHERE site = $1 ORDER BY last_updated DESC, id LIMIT 500`,
        values: [site, token],
      });
      return rows.map(({ id }) => id);
    },

    async nameAppointment(site, siteKey, appointmentId) {
      const { rows } = await q.query<{ appointment_id: string }>({
        name: 'appointment-name', // the update changes nothing: it makes the row that stands be returned
        text: `INSERT INTO appointment_key AS k (site, site_key, appointment_id) VALUES ($1, $2, $3)
               ON CONFLICT (site, site_key) DO UPDATE SET appointment_id = k.appointment_id RETURNING appointment_id`,
        values: [site, siteKey, appointmentId],
      });
      return rows[0]?.appointment_id ?? appointmentId;
    },

    async renameAppointment(site, siteKey, appointmentId) {
      await q.query({
        name: 'appointment-rename',
        text: `UPDATE appointment_key SET appointment_id = $3 WHERE site = $1 AND site_key = $2`,
        values: [site, siteKey, appointmentId],
      });
    },

    async putAppointment(row: AppointmentRow, cause: Cause): Promise<boolean> {
      const known = held.get(row.id);
      const old = known === undefined ? await forUpdate(row.id) : known;
      held.delete(row.id);
      const version = (old?.version ?? 0) + 1;
      const json = renderResource(row.resource, row.id, version, row.security, cause);
      if (old !== null && sameRow(old, row) && comparable(text(old, keys)) === comparable(json)) {
        if (row.orderedAt > old.ordered_at) await touch(q, row.id, row.orderedAt);
        return false;
      }
      const { sealed, keyId } = keys.seal(Buffer.from(json));
      await q.query({
        name: 'appointment-put',
        // The version with its history in one round trip.
        text: `WITH put AS (
                 INSERT INTO appointment (id, version, site, site_key, status, start_at, end_at, visit_type, specialty,
                   patients, actors, slots, tokens, locations, security, sealed, key_id, ordered_at, last_updated)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
                 ON CONFLICT (id) DO UPDATE SET version = excluded.version, site = excluded.site,
                   site_key = excluded.site_key, status = excluded.status, start_at = excluded.start_at,
                   end_at = excluded.end_at, visit_type = excluded.visit_type, specialty = excluded.specialty,
                   patients = excluded.patients, actors = excluded.actors, slots = excluded.slots,
                   tokens = excluded.tokens, locations = excluded.locations, security = excluded.security,
                   sealed = excluded.sealed, key_id = excluded.key_id, ordered_at = excluded.ordered_at,
                   last_updated = excluded.last_updated, xid = pg_current_xact_id())
               INSERT INTO history (type, id, version, sealed, key_id, recorded_at, site_time, source)
               VALUES ('Appointment', $1, $2, $16, $17, $19, $20, $21)`,
        values: [
          row.id, version, row.site, row.siteKey, row.resource.status, date(row.during?.start), date(row.during?.end),
          row.visitType, row.specialty, row.patients, row.actors, row.slots, row.tokens, row.locations, row.security,
          sealed, keyId, new Date(row.orderedAt), new Date(cause.now), date(cause.siteTime ?? undefined), source(cause),
        ], // prettier-ignore
      });
      return true;
    },
  };
}

/** News that says what we know already still moves the ordering time: older news that comes later is older than it. */
async function touch(q: Queryable, id: string, orderedAt: Instant): Promise<void> {
  await q.query({
    name: 'appointment-touch',
    text: `UPDATE appointment SET ordered_at = $2 WHERE id = $1`,
    values: [id, new Date(orderedAt)],
  });
}

function text(row: Row, keys: Keys): string {
  return keys.open(row.key_id, row.sealed).toString('utf8');
}

function toStored(row: Row, keys: Keys): StoredAppointment {
  return {
    id: row.id,
    version: row.version,
    site: row.site,
    siteKey: row.site_key,
    during: row.start_at === null || row.end_at === null ? null : { start: row.start_at, end: row.end_at },
    visitType: row.visit_type,
    specialty: row.specialty,
    patients: row.patients,
    actors: row.actors,
    slots: row.slots,
    tokens: row.tokens,
    locations: row.locations,
    security: row.security,
    orderedAt: row.ordered_at,
    resource: JSON.parse(text(row, keys)) as Appointment,
  };
}

function sameRow(old: Row, row: AppointmentRow): boolean {
  const same = (left: readonly string[], right: readonly string[]): boolean =>
    left.length === right.length && left.every((value, index) => value === right[index]);
  return (
    old.site === row.site &&
    old.site_key === row.siteKey &&
    old.visit_type === row.visitType &&
    old.specialty === row.specialty &&
    old.start_at === (row.during?.start ?? null) &&
    old.end_at === (row.during?.end ?? null) &&
    same(old.locations, row.locations) &&
    same(old.patients, row.patients) &&
    same(old.actors, row.actors) &&
    same(old.slots, row.slots) &&
    same(old.tokens, row.tokens) &&
    same(old.security, row.security)
  );
}

function date(at: Instant | undefined): Date | null {
  return at === undefined ? null : new Date(at);
}
