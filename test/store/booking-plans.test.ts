/** What a booking asks before it takes its time, and what is known of conflicts and proofs, is read along an index. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { DAY_MS, HOUR_MS, plus } from '../../src/core/instant.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { ResourceStore } from '../../src/store/contract-resources.ts';
import { bookingStore } from '../../src/store/bookings.ts';
import { busyStore } from '../../src/store/busy.ts';
import { conflictStore } from '../../src/store/conflicts.ts';
import { Gathered } from '../../src/store/gather.ts';
import type { Queryable } from '../../src/store/postgres.ts';
import { placedStore } from '../../src/store/placed.ts';
import { proofStore } from '../../src/store/proofs.ts';
import { resourceStore } from '../../src/store/resources.ts';
import { siteObjectStore } from '../../src/store/site-objects.ts';
import { NOON, openedStore } from './opened.ts';
import { readWhole } from './whole-reads.ts';

const { pool, keys, write } = await openedStore({ after });
const HOUR = { start: NOON, end: plus(NOON, HOUR_MS) };
const DAY = { start: NOON, end: plus(NOON, DAY_MS) };
const empty = new Set<string>();
/** The nth of a kind, as the database makes it below. */
let ids: Readonly<Record<'visit' | 'slot' | 'person' | 'resource', string>>;

before(async () => {
  const at = [new Date(NOON)];
  await pool.query(
    `INSERT INTO slot (id, version, site, site_key, schedule_id, local_visit_type, visit_type, start_at, end_at,
       status, site_status, capacity, security, content, last_updated)
     SELECT md5('slot' || n || ':' || m)::uuid, 1, 'a', n || ':' || m, md5('s' || n)::uuid, 'x', 'x',
       $1::timestamptz + m * interval '1 hour', $1::timestamptz + (m + 1) * interval '1 hour', 'free', 'free', 1, '{}',
       '{"resourceType":"Slot","status":"free"}', $1
     FROM generate_series(1, 20) n, generate_series(-300, 299) m`,
    at,
  );
  await pool.query(
    `INSERT INTO appointment (id, version, site, site_key, status, start_at, end_at, patients, slots, visit_type,
       tokens, sealed, key_id, ordered_at, last_updated)
     SELECT md5('visit' || n)::uuid, 1, 'a', 'k' || n, 'booked', $1::timestamptz + n * interval '1 hour',
       $1::timestamptz + (n + 1) * interval '1 hour', ARRAY[md5('person' || n)::uuid], ARRAY[md5('slot1:' || n)::uuid],
       'x', ARRAY['calendar:c'], '', 'k', $1, $1
     FROM generate_series(1, 12000) n`,
    at,
  );
  await pool.query(
    `INSERT INTO appointment_key (site, site_key, appointment_id)
     SELECT 'a', 'k' || n, md5('visit' || n)::uuid FROM generate_series(1, 12000) n`,
  );
  await pool.query(
    `INSERT INTO busy (resource_id, during, occupancy, origin, site, appointment_id)
     SELECT md5('resource' || n % 40)::uuid,
       tstzrange($1::timestamptz + n * interval '1 hour', $1::timestamptz + (n + 1) * interval '1 hour'),
       gen_random_uuid(), 'site', 'a', md5('visit' || n)::uuid
     FROM generate_series(1, 12000) n`,
    at,
  );
  await pool.query(
    `INSERT INTO booking (id, client, request_key, request_digest, action, site, state, state_at, appointment_id,
       patient_id, start_at, end_at, key_id, body, created_at, created_by)
     SELECT gen_random_uuid(), 'c', 'r' || n, '', 'place', 'a', CASE WHEN n % 50 = 0 THEN 'sent' ELSE 'booked' END, $1,
       md5('visit' || n)::uuid, md5('person' || n)::uuid, $1, $1, 'k', '', $1, 'c'
     FROM generate_series(1, 12000) n`,
    at,
  );
  await pool.query(
    `INSERT INTO conflict (subject, because, visits, latest, sites, resource_id, behind, noted_at, raised_at)
     SELECT 'appointments:' || n, 'two-sites', ARRAY[md5('visit' || n)::uuid, md5('visit' || n + 1)::uuid],
       md5('visit' || n)::uuid, ARRAY['a', 'b'], gen_random_uuid(), 0, $1, $1 FROM generate_series(1, 8000) n`,
    at,
  );
  await pool.query(
    `INSERT INTO proof (site, calendar, start_at, end_at, due_at, proven_at)
     SELECT 's' || s, 'c' || c, $1::timestamptz + d * interval '1 day', $1::timestamptz + (d + 1) * interval '1 day',
       $1::timestamptz + d * interval '1 minute', $1
     FROM generate_series(1, 20) s, generate_series(1, 10) c, generate_series(1, 60) d`,
    at,
  );
  await pool.query('VACUUM ANALYZE');
  const { rows } = await pool.query<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE reltuples <= 0`);
  for (const { name } of rows) empty.add(name);
  const named = await pool.query<typeof ids>(
    `SELECT md5('visit77')::uuid AS visit, md5('slot1:7')::uuid AS slot, md5('person77')::uuid AS person,
       md5('resource7')::uuid AS resource`,
  );
  assert.ok(named.rows[0]);
  ids = named.rows[0];
});

const whole = (work: (q: Queryable) => Promise<unknown>): Promise<readonly string[]> => readWhole(pool, empty, work);
const resources = (q: Queryable): ResourceStore => resourceStore(new Gathered(q), keys, systemScope('test'));

test('the visits of a patient, and those next to a booking, are read along an index', async () => {
  const found = await whole(async (q) => {
    const busy = busyStore(q);
    await busy.ofPatients([ids.person], HOUR, randomUUID());
    await busy.neighbours([{ resourceId: ids.resource, during: HOUR }], HOUR_MS, randomUUID());
    await busy.patientsOf(ids.visit);
  });
  assert.deepEqual(found, []);
});

test('slots by name, and free ones near another, are read along an index', async () => {
  const slot = await write((tx) => tx.resources.slot(ids.slot));
  assert.ok(slot !== null);
  const found = await whole(async (q) => {
    await resources(q).slotsNamed([ids.slot]);
    assert.equal((await resources(q).freeNear(slot, { ...DAY, start: plus(NOON, -DAY_MS) }, 3)).length, 6);
  });
  assert.deepEqual(found, []);
});

test('whether a placement still stands as it was made is looked at along an index', async () => {
  const [bookingId, appointmentId] = [randomUUID(), randomUUID()];
  const taking = [{ resourceId: ids.resource, during: HOUR }];
  await pool.query(
    `INSERT INTO booking (id, client, request_key, request_digest, action, site, state, state_at, appointment_id,
       patient_id, start_at, end_at, key_id, body, created_at, created_by)
     VALUES ($1, 'c', 'placed', '', 'place', 'a', 'sent', $3, $2, $2, $3, $3, 'k', '', $3, 'c')`,
    [bookingId, appointmentId, new Date(NOON)],
  );
  await pool.query(
    `INSERT INTO busy (resource_id, during, occupancy, origin, site, appointment_id, booking_id, tentative)
     VALUES ($1, tstzrange($2, $3), $4, 'hub', 'a', $4, $5, true)`,
    [ids.resource, new Date(HOUR.start), new Date(HOUR.end), appointmentId, bookingId],
  );
  const found = await whole(async (q) => {
    const around = await resources(q).slotsAround(taking, NOON);
    assert.ok(around !== null);
    const placed = { bookingId, appointmentId, taking, around };
    const named = { site: 'a', siteKey: 'new', news: 'appointment:new' };
    await placedStore(q).demandAsPlaced(placed, named, ['sent'], () => new HubError('TOO_BUSY'), NOON);
  });
  assert.deepEqual(found, []);
});

test('a booking is found by the key of its request along an index', async () => {
  const found = await whole(async (q) => {
    const bookings = bookingStore(new Gathered(q), keys);
    await bookings.byRequestKey('c', 'none');
    await bookings.byRequestKeys([{ client: 'c', requestKey: 'none' }]);
  });
  assert.deepEqual(found, []);
});

test('what a client holds is counted along an index', async () => {
  const found = await whole((q) => bookingStore(new Gathered(q), keys).heldByClient('c', NOON));
  assert.deepEqual(found, []);
});

test('conflicts are noted, decided and cleared along an index', async () => {
  const found = await whole(async (q) => {
    const conflicts = conflictStore(q);
    await conflicts.note([ids.visit], NOON);
    await conflicts.due(NOON, NOON, 50);
    await conflicts.raised('appointments:5', 50);
    await conflicts.standing([ids.visit]);
    await conflicts.visits([ids.visit]);
    await conflicts.candidates(ids.visit, NOON, 5);
    await conflicts.markSeen('appointments:77');
    await conflicts.drop('appointments:77');
  });
  assert.deepEqual(found, []);
});

test('a window of the copy, and a snapshot of a site, are held against it along an index', async () => {
  const found = await whole(async (q) => {
    const proofs = proofStore(q);
    const window = { calendar: 'c1', window: DAY };
    await proofs.due('s1', NOON);
    await proofs.copyOf('a', { calendar: 'c', window: DAY });
    const snapshot = { window: DAY, keys: ['k4000', 'k1'], takenAt: NOON, quietSince: NOON };
    assert.equal((await proofs.heldAgainst('a', snapshot)).length, 24);
    await proofs.record('s1', window, { at: NOON, differences: 0, nextDue: NOON });
    await proofs.putOff('s1', window, NOON);
    await siteObjectStore(new Gathered(q)).isParked('a', 'slots:1');
  });
  assert.deepEqual(found, []);
});
