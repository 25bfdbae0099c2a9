/** Each record that is placed asks whether it came with an id of the hub: along an index, however many there are. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, after, test } from 'node:test';
import type { RegistrationStore } from '../../src/store/contract-registrations.ts';
import { registrationStore } from '../../src/store/registrations.ts';
import { NOON, openedStore } from './opened.ts';
import { readWhole } from './whole-reads.ts';

const { pool } = await openedStore({ after });
const empty = new Set<string>();

before(async () => {
  await pool.query(
    `INSERT INTO patient_registration (site, patient_id, golden_id, state, asked_at, answer_by, shows_by, record_id,
       heard_at, settled_at)
     SELECT 's' || n % 3, gen_random_uuid(), gen_random_uuid(), 'accepted', $1, $1, $1, gen_random_uuid(), $1, $1
     FROM generate_series(1, 20000) n`,
    [new Date(NOON)],
  );
  await pool.query(
    `INSERT INTO patient_link (patient_id, golden_id, site, site_key, linked_at)
     SELECT r.patient_id, r.golden_id, 'east', 'k' || r.patient_id, $1 FROM patient_registration r`,
    [new Date(NOON)],
  );
  await pool.query('ANALYZE');
  const { rows } = await pool.query<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE reltuples <= 0`);
  for (const { name } of rows) empty.add(name);
});

const asks: Readonly<Record<string, (store: RegistrationStore) => Promise<unknown>>> = {
  'whose a record is that came': (store) => store.given([randomUUID(), randomUUID()]),
  'whether an id was given': (store) => store.heard('s1', randomUUID(), randomUUID(), NOON),
  'how a person stands with a site': (store) => store.standing('s1', randomUUID()),
  'what is to be put before people': (store) => store.settle(NOON, 100),
};

for (const [what, ask] of Object.entries(asks)) {
  test(`${what} is asked along an index`, async () => {
    assert.deepEqual(await readWhole(pool, empty, (q) => ask(registrationStore(q))), []);
  });
}
