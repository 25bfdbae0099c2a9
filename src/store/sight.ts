/** SightStore: people as a scope may see them. Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { KNOWN, toKnown, type KnownRow } from './identity.ts';
import { indexable } from './inbox-row.ts';
import type { Scope } from './contract.ts';
import type { SightStore } from './contract-sight.ts';
import { toIndexed, type RecordRow } from './patient-index.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';
import { allOf, sourceOf, Values, visibleRows, type Building } from './search-sql.ts';

export function sightStore(q: Queryable, keys: Keys, scope: Scope): SightStore {
  const building = (): Building => ({ values: new Values(), scope, blind: (text) => keys.blind(text), alias: 0 });
  return {
    async seen(ids) {
      if (ids.length === 0) return new Set();
      const under = building();
      const { as, visible } = patients(under);
      const among = `${as}.id = ANY(${under.values.uuids(ids)})`;
      const text = `SELECT ${as}.id FROM resource ${as} WHERE ${visible} AND ${among}`;
      const { rows } = await q.query<{ id: string }>(text, under.values.list);
      return new Set(rows.map(({ id }) => id));
    },

    async peopleSeen(ids) {
      if (ids.length === 0) return [];
      const under = building();
      const { as, visible } = patients(under);
      const { rows } = await q.query<KnownRow>(
        // patient_link by its key, then patient_link_golden
        `SELECT ${KNOWN} FROM patient_link l JOIN resource ${as} ON ${as}.id = l.patient_id AND ${visible}
         WHERE l.golden_id IN (SELECT golden_id FROM patient_link WHERE patient_id = ANY(${under.values.uuids(ids)}))
         ORDER BY l.linked_at, l.patient_id`,
        under.values.list,
      );
      return rows.map(toKnown);
    },

    async everHeld(goldenId) {
      const { rows } = await q.query<{ patient_id: string }>({
        name: 'golden-ever-held', // its primary key; patient_link_golden: what is not placed yet has no row there
        text: `SELECT patient_id FROM golden_holding WHERE golden_id = $1
               UNION SELECT patient_id FROM patient_link WHERE golden_id = $1 ORDER BY patient_id`,
        values: [goldenId],
      });
      return rows.map((row) => row.patient_id);
    },

    async saidAt(records) {
      if (records.length === 0) return new Map();
      const { rows } = await q.query<{ place: number; read_at: Instant }>({
        name: 'patient-said-at', // object_applied by its key
        text: `SELECT u.place::int AS place, o.read_at
               FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(site, object, place)
               JOIN object_applied o ON o.site = u.site AND o.object = u.object`,
        values: [records.map(({ site }) => site), records.map(({ key }) => indexable(`patient:${key}`))],
      });
      return new Map(rows.map(({ place, read_at }) => [records[place - 1]?.id ?? '', read_at]));
    },

    async withContact(contacts, limit) {
      if (contacts.length === 0) return [];
      const { rows } = await q.query<{ patient_id: string }>({
        name: 'patient-with-contact', // its primary key
        text: `SELECT DISTINCT patient_id FROM patient_contact WHERE h = ANY($1::bigint[]) LIMIT $2`,
        values: [contacts, limit],
      });
      return rows.map((row) => row.patient_id);
    },

    async withKey(wanted, limit) {
      if (wanted.length === 0) return [];
      const { rows } = await q.query<{ patient_id: string }>({
        name: 'patient-with-key', // its primary key
        text: `SELECT DISTINCT patient_id FROM patient_key WHERE h = ANY($1::bigint[]) LIMIT $2`,
        values: [wanted, limit],
      });
      return rows.map((row) => row.patient_id);
    },

    async pageSeen(after, limit) {
      const under = building();
      const { as, visible } = patients(under);
      const behind = after === null ? 'true' : `${as}.id > ${under.values.add(after)}::uuid`;
      const { rows } = await q.query<RecordRow>(
        `SELECT ${KNOWN}, ${as}.id, ${as}.version, ${as}.active, ${as}.content, ${as}.key_id, ${as}.sealed,
           ${as}.data_key
         FROM resource ${as} JOIN patient_link l ON l.patient_id = ${as}.id
         WHERE ${visible} AND ${behind} ORDER BY ${as}.id LIMIT ${under.values.add(limit)}`,
        under.values.list,
      );
      return rows.map((row) => toIndexed(row, keys));
    },
  };
}

function patients(building: Building): { readonly as: string; readonly visible: string } {
  const source = sourceOf('Patient', building);
  return { as: source.as, visible: allOf(visibleRows(source, building)) };
}
