/** ResourceStore: all types but Slot and Appointment here; those in slots.ts and appointments.ts. */
import type { Instant } from '../core/instant.ts';
import type { StoredType } from '../fhir/types.ts';
import { withActingSeen } from './acting-seen.ts';
import { appointmentStore, type AppointmentStore } from './appointments.ts';
import type { Cause, ResourceRow, ResourceStore, SearchResult, Served } from './contract-resources.ts';
import type { Scope } from './contract.ts';
import { pair } from './ahead.ts';
import type { Gathered } from './gather.ts';
import { comparable, renderResource, source } from './render.ts';
import type { Queryable } from './postgres.ts';
import type { DataKey, RecordVersion } from './record-keys.ts';
import type { Keys } from './seal.ts';
import { dataKeyFor, textOf, type BodyRow } from './sealed-rows.ts';
import { search } from './search.ts';
import { slotStore, type SlotStore } from './slots.ts';
import { cleared, inReach, maskSlot } from './visibility.ts';

/** Under a data key of its own, and gone for good when the person is erased. */
function isOfPerson(type: StoredType): boolean {
  return type === 'Patient' || type === 'RelatedPerson';
}

/** Types whose bodies are sealed at rest: demographics, and visits with their reason and comment. */
export function isSealed(type: StoredType): boolean {
  return isOfPerson(type) || type === 'Appointment';
}

export interface ResourceDbRow extends BodyRow {
  readonly site: string | null;
  readonly locations: readonly string[];
  readonly security: readonly string[];
  readonly deleted: boolean;
  readonly last_updated: Instant;
}

// Each is a lookup by primary key.
const READ: Readonly<Record<'Slot' | 'Appointment' | 'other', string>> = {
  Slot: `SELECT id, version, site, CASE WHEN location_id IS NULL THEN '{}' ELSE ARRAY[location_id] END AS locations,
           security, content, NULL AS sealed, NULL AS key_id, NULL::bytea AS data_key, false AS deleted, last_updated
         FROM slot WHERE id = $1`,
  Appointment: `SELECT id, version, site, locations, security, NULL AS content, sealed, key_id,
           NULL::bytea AS data_key, false AS deleted, last_updated FROM appointment WHERE id = $1`,
  other: `SELECT id, version, site, locations, security, content, sealed, key_id, data_key, deleted, last_updated
           FROM resource WHERE id = $1 AND type = $2`,
};

export const RESOURCE_COLUMNS =
  'id, version, site, locations, security, content, sealed, key_id, data_key, deleted, last_updated';

export function resourceStore(q: Gathered, keys: Keys, scope: Scope): ResourceStore {
  const open = (row: BodyRow): string => textOf(row, keys);

  const current = async (type: StoredType, id: string): Promise<ResourceDbRow | null> => {
    const known = q.ahead.resources.get(id);
    if (known !== undefined) return known;
    await q.settle(`resource ${id}`);
    const special = type === 'Slot' || type === 'Appointment';
    const { rows } = await q.query<ResourceDbRow>({
      name: `read-${special ? type : 'resource'}`,
      text: READ[special ? type : 'other'],
      values: special ? [id] : [id, type],
    });
    return rows[0] ?? null;
  };

  const serve = (type: StoredType, row: ResourceDbRow): Served | null => {
    if (!inReach(scope, row)) return null;
    const visible = cleared(scope, row.security);
    if (!visible && type !== 'Slot') return null;
    const json = open(row);
    return {
      type,
      id: row.id,
      version: row.version,
      lastUpdated: row.last_updated,
      deleted: row.deleted,
      json: visible ? json : maskSlot(json),
    };
  };

  const shown = async (type: StoredType, row: ResourceDbRow): Promise<Served | null> => {
    const served = serve(type, row);
    return served === null ? null : ((await withActingSeen(q, scope, [served]))[0] ?? null);
  };

  const slots: SlotStore = slotStore(q);
  const appointments: AppointmentStore = appointmentStore(q, keys);
  return {
    ...slots,
    ...appointments,

    async read(type, id) {
      const row = await current(type, id);
      return row === null ? null : shown(type, row);
    },

    async readVersion(type, id, version) {
      const row = await current(type, id);
      // What the caller may see is decided by the present labels: an older, less careful version does not leak.
      if (row === null || serve(type, row) === null) return null;
      if (row.deleted) return serve(type, row);
      const { rows } = await q.query<ResourceDbRow & { recorded_at: Instant }>({
        name: 'read-version',
        // The data key as it stands at the moment of the version: both may just be made anew (reseal.ts).
        text: `SELECT h.content, h.sealed, r.data_key, h.deleted, h.recorded_at,
                 CASE WHEN r.data_key IS NULL THEN h.key_id ELSE r.key_id END AS key_id
               FROM history h LEFT JOIN resource r ON r.type = h.type AND r.id = h.id
               WHERE h.type = $1 AND h.id = $2 AND h.version = $3`,
        values: [type, id, version],
      });
      const old = rows[0];
      if (old === undefined) return null;
      return shown(type, { ...row, ...old, version, last_updated: old.recorded_at });
    },

    search: (plan): Promise<SearchResult> => search(q, keys, scope, plan),

    async put(row: ResourceRow, cause: Cause): Promise<boolean> {
      const said = (from: ResourceDbRow): boolean =>
        !from.deleted &&
        comparable(open(from)) === comparable(renderResource(row.resource, row.id, 0, row.security ?? [], cause));
      const known = q.ahead.resources.get(row.id);
      if (known !== undefined && known !== null && said(known)) return false;
      q.ahead.resources.delete(row.id);
      // Locked until the transaction ends: two messages about one record must not both read version 3 and write 4.
      const { rows } = await q.query<ResourceDbRow>({
        name: 'resource-for-update',
        text: `SELECT ${RESOURCE_COLUMNS} FROM resource WHERE type = $1 AND id = $2 FOR UPDATE`,
        values: [row.type, row.id],
      });
      const old = rows[0];
      const version = (old?.version ?? 0) + 1;
      const json = renderResource(row.resource, row.id, version, row.security ?? [], cause);
      if (old !== undefined && said(old)) return false;
      // Erased: nothing that was read before, or is told afterwards, brings a person back.
      if (old?.deleted === true && isOfPerson(row.type)) return false;
      const dataKey = isSealed(row.type) ? dataKeyFor(row.id, old, keys) : null;
      const body = bodyOf({ type: row.type, id: row.id, version }, json, dataKey, keys);
      const tokens = (row.tokens ?? []).map((token) => (isSealed(row.type) ? keys.blind(token) : token));
      await q.post({
        name: 'resource-put',
        text: `INSERT INTO resource (type, id, version, site, content, sealed, key_id, active, name, tokens, refs,
                 start_at, end_at, locations, security, last_updated, data_key)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
               ON CONFLICT (type, id) DO UPDATE SET version = excluded.version, site = excluded.site,
                 content = excluded.content, sealed = excluded.sealed, key_id = excluded.key_id,
                 data_key = excluded.data_key, active = excluded.active,
                 name = excluded.name, tokens = excluded.tokens, refs = excluded.refs, start_at = excluded.start_at,
                 end_at = excluded.end_at, locations = excluded.locations, security = excluded.security,
                 deleted = false,
                 last_updated = excluded.last_updated, xid = pg_current_xact_id()`,
        values: [
          row.type, row.id, version, row.site, ...body, row.active ?? true, row.name ?? null, tokens, row.refs ?? [],
          asDate(row.during?.start ?? null), asDate(row.during?.end ?? null), row.locations ?? [], row.security ?? [],
          new Date(cause.now), dataKey?.wrapped ?? null,
        ], // prettier-ignore
      });
      await writeHistory(q, [{ type: row.type, id: row.id, version, body }], cause);
      if (row.type === 'Patient') {
        await q.post({
          name: 'patient-due', // placed among the others by a transaction of its own (identity/placing)
          text: `INSERT INTO patient_due (patient_id, due_at) VALUES ($1, $2)`,
          values: [row.id, new Date(cause.now)],
        });
      }
      return true;
    },

    async linkPatient(patientId, goldenId, site, siteKey, now) {
      q.ahead.records.delete(pair(site, siteKey));
      await q.post({
        name: 'patient-link',
        text: `INSERT INTO patient_link (patient_id, golden_id, site, site_key, linked_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (patient_id) DO NOTHING`,
        values: [patientId, goldenId, site, siteKey, new Date(now)],
      });
    },

    async linkedPatients(patientId) {
      const { rows } = await q.query<{ patient_id: string }>({
        name: 'patient-linked',
        text: `SELECT other.patient_id FROM patient_link mine JOIN patient_link other USING (golden_id)
               WHERE mine.patient_id = $1`,
        values: [patientId],
      });
      return rows.length === 0 ? [patientId] : rows.map((row) => row.patient_id);
    },

    async patientByKey(site, siteKey) {
      const { rows } = await q.query<{ patient_id: string }>({
        name: 'patient-by-key',
        text: `SELECT patient_id FROM patient_link WHERE site = $1 AND site_key = $2`,
        values: [site, siteKey],
      });
      return rows[0]?.patient_id ?? null;
    },

    async countUnmapped(site, system, code, now) {
      const { rows } = await q.query<{ count: number }>({
        name: 'unmapped-count',
        text: `INSERT INTO unmapped_code (site, system, code, first_at, last_at) VALUES ($1, $2, $3, $4, $4)
               ON CONFLICT (site, system, code) DO UPDATE SET count = unmapped_code.count + 1,
               last_at = excluded.last_at
               RETURNING count`,
        values: [site, system, code, new Date(now)],
      });
      return { first: rows[0]?.count === 1 };
    },

    async sites() {
      const { rows } = await q.query<{ site: string }>({
        name: 'resource-sites', // one Organization a site
        text: `SELECT DISTINCT site FROM resource WHERE type = 'Organization' AND site IS NOT NULL ORDER BY site`,
      });
      return rows.map((row) => row.site);
    },

    async counts() {
      const { rows } = await q.query<{ type: string; count: number }>(
        `SELECT type, count(*)::int AS count FROM resource WHERE NOT deleted GROUP BY type
         UNION ALL SELECT 'Slot', count(*)::int FROM slot UNION ALL SELECT 'Appointment', count(*)::int
         FROM appointment`,
      );
      return Object.fromEntries(rows.map((row) => [row.type, row.count]));
    },
  };
}

/** content, sealed, key id. */
function bodyOf(
  { type, ...of }: RecordVersion & { readonly type: StoredType },
  json: string,
  dataKey: DataKey | null,
  keys: Keys,
): readonly unknown[] {
  if (!isSealed(type)) return [json, null, null];
  if (dataKey !== null) return [null, keys.records.seal(of, Buffer.from(json), dataKey), dataKey.keyId];
  const { sealed, keyId } = keys.seal(Buffer.from(json));
  return [null, sealed, keyId];
}

export interface HistoryRow {
  readonly type: StoredType;
  readonly id: string;
  readonly version: number;
  /** content, sealed, key id: one of the first two is null. */
  readonly body: readonly unknown[];
}

/** One statement for any number of versions. */
export async function writeHistory(q: Queryable, rows: readonly HistoryRow[], cause: Cause): Promise<void> {
  if (rows.length === 0) return;
  await q.post({
    name: 'history-add',
    text: `INSERT INTO history (type, id, version, content, sealed, key_id, recorded_at, site_time, source)
           SELECT u.type, u.id, u.version, u.content, u.sealed, u.key_id, $7, $8, $9
           FROM unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::bytea[], $6::text[])
             AS u(type, id, version, content, sealed, key_id)`,
    values: [
      rows.map((row) => row.type),
      rows.map((row) => row.id),
      rows.map((row) => row.version),
      rows.map((row) => row.body[0]),
      rows.map((row) => row.body[1]),
      rows.map((row) => row.body[2]),
      new Date(cause.now),
      asDate(cause.siteTime),
      source(cause),
    ],
  });
}

export function asDate(at: Instant | null): Date | null {
  return at === null ? null : new Date(at);
}
