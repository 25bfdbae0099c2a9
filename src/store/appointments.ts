/** Appointments: sealed text beside typed columns, and the names that sites gave them. Part of ResourceStore. */
import type { Instant } from '../core/instant.ts';
import type { Appointment } from '../fhir/types.ts';
import type { AppointmentRow, Cause, ResourceStore, StoredAppointment } from './contract-resources.ts';
import { pair } from './ahead.ts';
import { APPOINTMENTS, NAMES, TOUCHES } from './appointment-write.ts';
import type { Gathered } from './gather.ts';
import { comparable, renderResource } from './render.ts';
import type { Keys } from './seal.ts';

export type AppointmentStore = Pick<
  ResourceStore,
  | 'appointment'
  | 'appointmentByKey'
  | 'appointmentsByToken'
  | 'nameAppointment'
  | 'renameAppointment'
  | 'putAppointment'
  | 'addAppointment'
>;

export interface AppointmentDbRow {
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

export function appointmentStore(q: Gathered, keys: Keys): AppointmentStore {
  /** As read in this transaction, which holds the row: what is about to be written needs not be read again. */
  const held = new Map<string, AppointmentDbRow | null>();
  /** Locked: whoever reads an appointment here is about to write it, or to rely on it until the commit. */
  const forUpdate = async (id: string): Promise<AppointmentDbRow | null> => {
    const known = q.ahead.appointments.get(id);
    if (known !== undefined) return known;
    const { rows } = await q.query<AppointmentDbRow>({
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
      const known = q.ahead.keys.get(pair(site, siteKey));
      if (known !== undefined) return known;
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
      const known = q.ahead.keys.get(pair(site, siteKey));
      if (known !== undefined && known !== null) return known;
      if (known === null) {
        q.ahead.keys.set(pair(site, siteKey), appointmentId);
        await q.later(NAMES, `name ${pair(site, siteKey)}`, { site, siteKey, appointmentId });
        return appointmentId;
      }
      const { rows } = await q.query<{ appointment_id: string }>({
        name: 'appointment-name', // the update changes nothing: it makes the row that stands be returned
        text: `INSERT INTO appointment_key AS k (site, site_key, appointment_id) VALUES ($1, $2, $3)
               ON CONFLICT (site, site_key) DO UPDATE SET appointment_id = k.appointment_id RETURNING appointment_id`,
        values: [site, siteKey, appointmentId],
      });
      return rows[0]?.appointment_id ?? appointmentId;
    },

    async renameAppointment(site, siteKey, appointmentId) {
      await q.post({
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
        if (row.orderedAt > old.ordered_at) {
          q.ahead.appointments.delete(row.id);
          await q.later(TOUCHES, `appointment ${row.id}`, row);
        }
        return false;
      }
      q.ahead.appointments.delete(row.id);
      const sealed = keys.seal(Buffer.from(json));
      await q.later(APPOINTMENTS, `appointment ${row.id}`, { row, version, sealed, cause });
      return true;
    },

    async addAppointment(row, cause) {
      const { id } = row;
      const version = 1;
      const json = renderResource(row.resource, id, version, row.security, cause);
      await q.later(APPOINTMENTS, `appointment ${id}`, { row, version, sealed: keys.seal(Buffer.from(json)), cause });
      return { type: 'Appointment', id, version, lastUpdated: cause.now, json, deleted: false };
    },
  };
}

function text(row: AppointmentDbRow, keys: Keys): string {
  return keys.open(row.key_id, row.sealed).toString('utf8');
}

function toStored(row: AppointmentDbRow, keys: Keys): StoredAppointment {
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

function sameRow(old: AppointmentDbRow, row: AppointmentRow): boolean {
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
