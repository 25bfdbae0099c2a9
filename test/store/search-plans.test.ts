/** Searches that the documentation calls indexed read no whole table, however full it is. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseSearch } from '../../src/fhir/search-parse.ts';
import type { StoredType } from '../../src/fhir/types.ts';
import { systemScope, type Scope } from '../../src/store/contract.ts';
import { pageStatement } from '../../src/store/search.ts';
import { Values } from '../../src/store/search-sql.ts';
import { openedStore } from './opened.ts';
import { WRITTEN } from './search-world.ts';

const { pool, keys } = await openedStore({ after });
const ALL = systemScope('test');
/** What a scheduler of one site with one clearance is: every condition of a scope is in the statement. */
const NARROW: Scope = { ...ALL, sites: ['s1'], locations: ['00000000-0000-8000-8000-000000000001'], clearances: ['N'] };

const uuid = (table: string, n: string): string => `md5('${table}' || ${n})::uuid`;

before(async () => {
  const day = new Date(WRITTEN).toISOString();
  const fill = (text: string): Promise<unknown> => pool.query(text.replaceAll(':day', `'${day}'::timestamptz`));
  await fill(`INSERT INTO resource (type, id, version, site, content, name, tokens, refs, start_at, end_at,
      last_updated)
    SELECT t, md5(t || n)::uuid, 1, 's' || n % 10, '{}', 'Name' || n,
      ARRAY['identifier:urn:x|' || n, 'identifier:*|' || n, 'specialty:*|' || n % 50, 'service-type:*|' || n % 50],
      ARRAY['practitioner:Practitioner/' || md5('Practitioner' || n % 500), 'location:Location/' || n],
      :day, :day + interval '30 days', :day + n * interval '1 second'
    FROM generate_series(1, 4000) n,
      unnest(ARRAY['Practitioner', 'PractitionerRole', 'Schedule', 'Location', 'Patient']) t`);
  await fill(`INSERT INTO schedule_actor
    SELECT ${uuid('Schedule', 'n')}, 'Practitioner', ${uuid('Practitioner', 'n % 500')}
    FROM generate_series(1, 4000) n`);
  await fill(`INSERT INTO schedule_actor SELECT ${uuid('Schedule', 'n')}, 'Location', ${uuid('Location', 'n % 200')}
    FROM generate_series(1, 4000) n`);
  await fill(`INSERT INTO slot (id, version, site, site_key, schedule_id, local_visit_type, visit_type, specialty,
      location_id, start_at, end_at, status, site_status, content, last_updated)
    SELECT ${uuid('Slot', 'n')}, 1, 's' || n % 10, 'k' || n, ${uuid('Schedule', 'n % 4000')}, 'l', 'v' || n % 20,
      'sp' || n % 5, ${uuid('Location', 'n % 200')}, :day + n * interval '1 minute',
      :day + (n + 1) * interval '1 minute', CASE WHEN n % 5 = 0 THEN 'free' ELSE 'busy' END, 'free', '{}',
      :day + n * interval '1 second'
    FROM generate_series(1, 40000) n`);
  await fill(`INSERT INTO appointment (id, version, site, status, start_at, end_at, visit_type, patients, actors,
      slots, tokens, sealed, key_id, ordered_at, last_updated)
    SELECT ${uuid('Appointment', 'n')}, 1, 's' || n % 10, 'booked', :day + n * interval '1 minute', :day, 'v',
      ARRAY[${uuid('Patient', 'n % 4000')}], ARRAY[${uuid('Practitioner', 'n % 500')}], ARRAY[${uuid('Slot', 'n')}],
      ARRAY['identifier:*|' || n, 'service-type:*|v' || n % 20], ''::bytea, 'k', :day,
      :day + n * interval '1 second'
    FROM generate_series(1, 40000) n`);
  await fill(`INSERT INTO patient_link
    SELECT ${uuid('Patient', 'n')}, ${uuid('Patient', 'n / 2')}, 's', n::text, :day FROM generate_series(1, 4000) n`);
  await pool.query('ANALYZE');
});

const ID = '0b7e0a3c-8a3e-8c1f-9a4b-6b1f0c2d3e4f';
const INDEXED: readonly (readonly [StoredType, string])[] = [
  ['Slot', 'status=free'],
  ['Slot', 'status=free&start=ge2026-11-25&start=lt2026-11-26'],
  ['Slot', 'status=free&service-type=urn:slotwire:visit-type|v3&start=ge2026-11-25&_count=50'],
  ['Slot', 'start=2026-11-25&_sort=-start'],
  ['Slot', `schedule=Schedule/${ID}`],
  ['Slot', `schedule.actor=Practitioner/${ID}&status=free`],
  ['Slot', 'schedule.actor:Practitioner.identifier=urn:x|17&status=free&start=ge2026-11-25'],
  ['Slot', `location=Location/${ID}&status=free`],
  ['Slot', 'identifier=urn:slotwire:site:s1:slot|k17'],
  ['Slot', `_id=${ID}`],
  ['Slot', '_lastUpdated=gt2026-11-20T19:00:00Z&_sort=_lastUpdated'],
  ['Appointment', 'date=2026-11-25'],
  ['Appointment', `patient=Patient/${ID}`],
  ['Appointment', `patient=Patient/${ID}&date=ge2026-11-25&status=booked,pending`],
  ['Appointment', 'patient.identifier=urn:x|17'],
  ['Appointment', `practitioner=Practitioner/${ID}`],
  ['Appointment', `actor=Location/${ID}`],
  ['Appointment', `slot=Slot/${ID}`],
  ['Appointment', 'identifier=urn:x|17'],
  ['Appointment', '_lastUpdated=gt2026-11-20T19:00:00Z&_sort=_lastUpdated'],
  ['Patient', 'identifier=urn:x|17'],
  ['Practitioner', 'identifier=urn:x|17'],
  ['Practitioner', 'name=name17'],
  ['PractitionerRole', `practitioner=Practitioner/${ID}`],
  ['PractitionerRole', 'practitioner.identifier=urn:x|17'],
  ['Schedule', `actor=Practitioner/${ID}`],
  ['Location', 'identifier=urn:x|17'],
];

for (const [type, query] of INDEXED) {
  test(`${type}?${query} reads along an index`, async () => {
    const pairs = [...new URLSearchParams(query)];
    const { plan } = parseSearch({
      type,
      pairs,
      strict: true,
      zone: 'UTC',
      now: WRITTEN,
      base: 'http://x',
      pageSize: 50,
      pageSizeMax: 500,
    });
    for (const scope of [ALL, NARROW]) {
      const values = new Values();
      const { text } = pageStatement({ values, scope, blind: (token) => keys.blind(token), alias: 0 }, plan);
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values.list);
      const shown = rows.map((row) => row['QUERY PLAN']).join('\n');
      assert.doesNotMatch(shown, /Seq Scan on (?:slot|appointment|resource|schedule_actor|patient_link)\b/, shown);
    }
  });
}
