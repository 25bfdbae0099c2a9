/** What the files of NPPES say of NPIs (0022_npi_registry.sql). Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type {
  PractitionerKnown,
  RegisteredCode,
  RegistryCounts,
  RegistryEntry,
  RegistryFile,
  RegistryStore,
} from './contract-registry.ts';
import type { Queryable } from './postgres.ts';

interface Row {
  readonly npi: string;
  readonly entity: 1 | 2 | null;
  readonly family: string | null;
  readonly other_family: string | null;
  readonly taxonomy: string | null;
  readonly deactivated_on: string | null;
}
interface FileRow {
  readonly kind: RegistryFile['kind'];
  readonly file_date: string;
  readonly name: string;
  readonly scope: RegistryFile['scope'];
  readonly npis: number;
  readonly loaded_at: Instant;
}

const ENTRY = 'g.npi, g.entity, g.family, g.other_family, g.taxonomy, g.deactivated_on';

/** Of a Practitioner `p`. */
const ITS_NPI = `(SELECT n.value ->> 'value' FROM jsonb_array_elements(p.content::jsonb -> 'identifier') n
  WHERE n.value ->> 'system' = 'http://hl7.org/fhir/sid/us-npi' LIMIT 1)`;
const NPIS = `SELECT ${ITS_NPI} AS npi FROM resource p WHERE p.type = 'Practitioner' AND NOT p.deleted`;

/** A number that was deactivated loses all else in the file: what was said of it before stays. */
const PUT_PROVIDERS = `
  INSERT INTO npi_registry AS r
    (npi, entity, family, other_family, taxonomy, deactivated_on, file_date, deactivated_as_of)
  SELECT u.npi, u.entity, u.family, u.other_family, u.taxonomy, u.deactivated_on, $7::date, $7::date
  FROM unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::date[])
    AS u(npi, entity, family, other_family, taxonomy, deactivated_on)
  ON CONFLICT (npi) DO UPDATE SET
    entity = coalesce(excluded.entity, r.entity),
    family = CASE WHEN excluded.entity IS NULL THEN r.family ELSE excluded.family END,
    other_family = CASE WHEN excluded.entity IS NULL THEN r.other_family ELSE excluded.other_family END,
    taxonomy = CASE WHEN excluded.entity IS NULL THEN r.taxonomy ELSE excluded.taxonomy END,
    file_date = excluded.file_date,
    deactivated_on = CASE WHEN r.deactivated_as_of > excluded.deactivated_as_of
                     THEN r.deactivated_on ELSE excluded.deactivated_on END,
    deactivated_as_of = greatest(r.deactivated_as_of, excluded.deactivated_as_of)
  WHERE r.file_date IS NULL OR r.file_date <= excluded.file_date`;

const PUT_DEACTIVATIONS = `
  INSERT INTO npi_registry AS r (npi, deactivated_on, deactivated_as_of)
  SELECT u.npi, u.deactivated_on, $3::date FROM unnest($1::text[], $2::date[]) AS u(npi, deactivated_on)
  ON CONFLICT (npi) DO UPDATE SET
    deactivated_on = excluded.deactivated_on, deactivated_as_of = excluded.deactivated_as_of
  WHERE r.deactivated_as_of IS NULL OR r.deactivated_as_of <= excluded.deactivated_as_of`;

export function registryStore(q: Queryable): RegistryStore {
  return {
    async of(npi) {
      const { rows } = await q.query<Row>({
        name: 'npi-registry-of', // primary key
        text: `SELECT ${ENTRY} FROM npi_registry g WHERE g.npi = $1`,
        values: [npi],
      });
      return rows[0] === undefined ? null : entryOf(rows[0]);
    },

    async put(kind, fileDate, entries) {
      const all = [...new Map(entries.map((one) => [one.npi, one])).values()];
      const column = <V>(of: (one: RegistryEntry) => V): readonly V[] => all.map(of);
      const [npis, off] = [column((one) => one.npi), column((one) => one.deactivatedOn)];
      const { rowCount } =
        kind === 'deactivations'
          ? await q.query({ name: 'npi-deactivations-put', text: PUT_DEACTIVATIONS, values: [npis, off, fileDate] })
          : await q.query({
              name: 'npi-providers-put',
              text: PUT_PROVIDERS,
              values: [
                npis,
                column((one) => one.entity),
                column((one) => one.family),
                column((one) => one.otherFamily),
                column((one) => one.taxonomy),
                off,
                fileDate,
              ],
            });
      return rowCount;
    },

    async putFile({ kind, fileDate, name, scope, npis }, now) {
      await q.query({
        name: 'npi-registry-file-put', // primary key
        text: `INSERT INTO npi_registry_file (kind, file_date, name, scope, npis, loaded_at)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (kind) DO UPDATE SET file_date = excluded.file_date, name = excluded.name,
                 scope = excluded.scope, npis = excluded.npis, loaded_at = excluded.loaded_at
               WHERE npi_registry_file.file_date <= excluded.file_date`,
        values: [kind, fileDate, name, scope, npis, timestamptz(now)],
      });
    },

    async files() {
      const { rows } = await q.query<FileRow>({
        name: 'npi-registry-files',
        text: `SELECT kind, file_date, name, scope, npis, loaded_at FROM npi_registry_file ORDER BY kind DESC`,
      });
      return rows.map(({ kind, file_date, name, scope, npis, loaded_at }) => {
        return { kind, fileDate: file_date, name, scope, npis, loadedAt: loaded_at };
      });
    },

    async npis() {
      const { rows } = await q.query<{ npi: string }>({
        name: 'npi-registry-known', // all practitioners: asked before a file is read
        text: `SELECT DISTINCT npi FROM (${NPIS}) k WHERE npi IS NOT NULL ORDER BY npi`,
      });
      return rows.map(({ npi }) => npi);
    },

    async counts() {
      const { rows } = await q.query<RegistryCounts>({
        name: 'npi-registry-counts', // all practitioners, each looked up by its primary key
        text: `SELECT count(*) AS known, count(g.npi) AS found, count(*) FILTER (WHERE g.entity = 2) AS organisations,
                 count(g.deactivated_on) AS deactivated
               FROM (SELECT DISTINCT npi FROM (${NPIS}) k WHERE npi IS NOT NULL) k
               LEFT JOIN npi_registry g USING (npi)`,
      });
      return rows[0] ?? { known: 0, found: 0, organisations: 0, deactivated: 0 };
    },

    async practitioners() {
      const { rows } = await q.query<KnownRow>({
        name: 'npi-registry-practitioners', // all roles: asked by a person
        text: `SELECT r.site, p.id AS person_id, ${ITS_NPI} AS npi, p.content::jsonb -> 'name' -> 0 AS name,
                 ARRAY(SELECT i.value ->> 'value'
                   FROM jsonb_array_elements(r.content::jsonb -> 'identifier') i) AS codes,
                 (SELECT c.value ->> 'code'
                  FROM jsonb_array_elements(r.content::jsonb -> 'specialty') s,
                       jsonb_array_elements(s.value -> 'coding') c
                  WHERE c.value ->> 'system' = 'http://nucc.org/provider-taxonomy' LIMIT 1) AS specialty
               FROM resource r JOIN resource p ON p.type = 'Practitioner'
                 AND p.id = substr(r.content::jsonb -> 'practitioner' ->> 'reference', 14)::uuid
               WHERE r.type = 'PractitionerRole' AND r.site IS NOT NULL AND NOT r.deleted
                 AND r.content::jsonb ->> 'active' <> 'false'
               ORDER BY r.site, r.id`,
      });
      return rows.map(({ site, person_id, npi, name, codes, specialty }): PractitionerKnown => {
        const { family = '', given = [], text = '' } = name ?? {};
        return { site, codes, personId: person_id, npi, family, given: given.join(' '), text, specialty };
      });
    },

    async organisations() {
      const { rows } = await q.query<{ npi: string }>({
        name: 'npi-registry-organisations', // all practitioners, each looked up by its primary key
        text: `SELECT DISTINCT g.npi FROM (${NPIS}) k JOIN npi_registry g USING (npi) WHERE g.entity = 2`,
      });
      return rows.map(({ npi }) => npi);
    },

    async codesOf(site) {
      const { rows } = await q.query<Row & { readonly code: string; readonly name: Named | null }>({
        name: 'npi-registry-codes', // roles of the site, each with its person and the registry's row by primary key
        text: `SELECT i.value ->> 'value' AS code, p.content::jsonb -> 'name' -> 0 AS name, ${ENTRY}
               FROM resource r
               CROSS JOIN LATERAL jsonb_array_elements(r.content::jsonb -> 'identifier') i
               JOIN resource p ON p.type = 'Practitioner'
                 AND p.id = substr(r.content::jsonb -> 'practitioner' ->> 'reference', 14)::uuid
               JOIN npi_registry g ON g.npi = ${ITS_NPI}
               WHERE r.type = 'PractitionerRole' AND r.site = $1 AND NOT r.deleted
                 AND r.content::jsonb ->> 'active' <> 'false'
               ORDER BY 1`,
        values: [site],
      });
      return rows.map(({ code, name, ...row }): RegisteredCode => {
        return { code, entry: entryOf(row), family: name?.family ?? '', text: name?.text ?? '' };
      });
    },
  };
}

interface KnownRow {
  readonly site: string;
  readonly person_id: string;
  readonly npi: string | null;
  readonly name: Named | null;
  readonly codes: readonly string[];
  readonly specialty: string | null;
}
interface Named {
  readonly given?: readonly string[];
  readonly family?: string;
  readonly text?: string;
}

function entryOf({ npi, entity, family, other_family, taxonomy, deactivated_on }: Row): RegistryEntry {
  return { npi, entity, family, otherFamily: other_family, taxonomy, deactivatedOn: deactivated_on };
}
