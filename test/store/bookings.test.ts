import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import type { Booking, BookingState } from '../../src/store/contract-bookings.ts';
import { at, NOON, openedStore } from './opened.ts';
import { storedBooking } from '../support/stored-booking.ts';

const { pool, write } = await openedStore({ after }, { max: 12 });

let sites = 0;
const newSite = (): string => `site-${(sites += 1)}`;
function booking(more: Partial<Booking> = {}): Booking {
  return storedBooking(NOON, {
    slotId: randomUUID(),
    during: { start: at(60), end: at(90) },
    resources: [randomUUID(), randomUUID()],
    patientId: randomUUID(),
    order: {
      place: {
        correlation: 'c1',
        calendar: '84021',
        visitType: '5512',
        start: at(60),
        end: at(90),
        channel: 'patient',
        patient: { identifiers: [], family: 'Quatrefoil', given: 'Ada', birthDate: '1980-02-29' },
      },
    },
    ...more,
  });
}
const inserted = async (more: Partial<Booking> = {}): Promise<Booking> => {
  const made = booking(more);
  await write((tx) => tx.bookings.insert(made));
  return made;
};
const get = (id: string): Promise<Booking | null> => write((tx) => tx.bookings.get(id));
const ids = (bookings: readonly Booking[]): readonly string[] => bookings.map((one) => one.id);

test('a booking comes back as it was stored; what was asked is sealed at rest', async () => {
  const made = await inserted({ siteKey: 'K', reference: 'R', detail: 'x', deadlineAt: at(1), nextCheckAt: at(2) });
  assert.deepEqual(await get(made.id), made);
  assert.deepEqual(await write((tx) => tx.bookings.byRequestKey('portal', made.requestKey)), made);
  assert.equal(await write((tx) => tx.bookings.byRequestKey('other', made.requestKey)), null);
  const { rows } = await pool.query<{ row: string; body: Buffer }>(
    `SELECT to_jsonb(booking)::text AS row, body FROM booking WHERE id = $1`,
    [made.id],
  );
  assert.equal(rows[0]?.row.includes('Quatrefoil'), false);
  assert.equal(rows[0].body.includes('Quatrefoil'), false);
});

test('a booking without a slot, a time or a patient is stored too', async () => {
  const made = await inserted({
    action: 'cancel',
    slotId: null,
    during: null,
    patientId: null,
    resources: [],
    order: {},
  });
  assert.deepEqual(await get(made.id), made);
});

test('of two calls with one request key at once, one is told that the key is used', async () => {
  const requestKey = randomUUID();
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => inserted({ requestKey })));
  assert.equal(outcomes.filter((one) => one.status === 'fulfilled').length, 1);
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue;
    assert.ok(outcome.reason instanceof HubError);
    assert.equal(outcome.reason.code, 'REQUEST_KEY_REUSED');
  }
  await inserted({ requestKey, client: 'another client' });
});

test('a step is taken only from the states it may start from, and sets only what it names', async () => {
  const made = await inserted({ reference: 'R', attempts: 1, deadlineAt: at(1) });
  const step = (from: readonly BookingState[], to: BookingState, patch = {}): Promise<boolean> =>
    write((tx) => tx.bookings.move(made.id, from, to, at(1), patch));
  assert.equal(await step(['queued'], 'sent'), false);
  assert.deepEqual(await get(made.id), made);
  assert.equal(await step(['held', 'queued'], 'sent', { attempts: 2, deadlineAt: null, nextCheckAt: at(9) }), true);
  const sent = { ...made, state: 'sent', stateAt: at(1), attempts: 2, deadlineAt: null, nextCheckAt: at(9) };
  assert.deepEqual(await get(made.id), sent);
  assert.equal(await step(['sent'], 'refused', { refusedBecause: 'slot-taken', detail: 'taken', siteKey: 'K' }), true);
  assert.deepEqual(await get(made.id), {
    ...sent,
    state: 'refused',
    refusedBecause: 'slot-taken',
    detail: 'taken',
    siteKey: 'K',
  });
});

test('of twenty that move a booking at once, one does', async () => {
  const made = await inserted({ state: 'sent' });
  const moved = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      write((tx) => tx.bookings.move(made.id, ['sent'], index % 2 === 0 ? 'booked' : 'unknown', NOON, {})),
    ),
  );
  assert.equal(moved.filter(Boolean).length, 1);
});

test('open answers are due at their time, and calls whose deadline has passed are found', async () => {
  const site = newSite();
  const unknown = await inserted({ site, state: 'unknown', nextCheckAt: at(2) });
  const accepted = await inserted({ site, state: 'accepted', nextCheckAt: at(1) });
  await inserted({ site, state: 'booked', nextCheckAt: at(1) });
  const sent = await inserted({ site, state: 'sent', deadlineAt: at(1) });
  const mine = (found: readonly Booking[]): readonly string[] => ids(found.filter((one) => one.site === site));
  assert.deepEqual(mine(await write((tx) => tx.bookings.dueChecks(at(1), 50))), [accepted.id]);
  assert.deepEqual(mine(await write((tx) => tx.bookings.dueChecks(at(2), 50))), [accepted.id, unknown.id]);
  assert.deepEqual(mine(await write((tx) => tx.bookings.overdue(at(1), 50))), []);
  assert.deepEqual(mine(await write((tx) => tx.bookings.overdue(at(2), 50))), [sent.id]);
});

test('open placements around a time may be an echo; cancels, what is settled and other times may not', async () => {
  const site = newSite();
  const states: readonly BookingState[] = ['sent', 'unknown', 'accepted', 'queued', 'unsent'];
  const open: string[] = [];
  for (const state of states) open.push((await inserted({ site, state, createdAt: at(open.length) })).id);
  await inserted({ site, state: 'sent', action: 'cancel' });
  await inserted({ site, state: 'booked', siteKey: 'K1' });
  // A person said that the site has it; what the site calls it is not known yet.
  open.push((await inserted({ site, state: 'booked', createdAt: at(open.length) })).id);
  await inserted({ site, state: 'held' });
  await inserted({ site, state: 'sent', during: { start: at(90), end: at(120) } });
  await inserted({ state: 'sent' });
  const found = await write((tx) => tx.bookings.openAt(site, { start: at(60), end: at(90) }));
  assert.deepEqual(ids(found), open);
});

test('the newest booking of an appointment is told, and all are counted by state', async () => {
  const appointmentId = randomUUID();
  await inserted({ appointmentId, createdAt: at(1) });
  await inserted({ appointmentId, createdAt: at(2) });
  const newest = await inserted({ appointmentId, createdAt: at(3), action: 'cancel', state: 'expired' });
  assert.equal((await write((tx) => tx.bookings.latestOf(appointmentId)))?.id, newest.id);
  assert.equal(await write((tx) => tx.bookings.latestOf(randomUUID())), null);
  const counts = await write((tx) => tx.bookings.countByState());
  assert.equal(counts['expired'], 1);
  assert.ok((counts['held'] ?? 0) >= 2);
});

test('the latest booking of a visit is the one stored last, whatever its id and its clock say', async () => {
  const appointmentId = randomUUID();
  await inserted({ appointmentId, id: 'ffffffff-ffff-7fff-bfff-ffffffffff01' });
  const sameMoment = await inserted({ appointmentId, id: '00000000-0000-7000-8000-000000000001' });
  assert.equal((await write((tx) => tx.bookings.latestOf(appointmentId)))?.id, sameMoment.id);
  // It read the time before it waited for the visit's lock, or the clock was put back.
  const earlier = await inserted({ appointmentId, createdAt: at(-1), stateAt: at(-1) });
  assert.equal((await write((tx) => tx.bookings.latestOf(appointmentId)))?.id, earlier.id);
});

test('of bookings from before there were ordinals the latest is that of the latest time', async () => {
  const appointmentId = randomUUID();
  const later = await inserted({ appointmentId, createdAt: at(5) });
  await inserted({ appointmentId });
  await pool.query(`UPDATE booking SET ordinal = NULL WHERE appointment_id = $1`, [appointmentId]);
  assert.equal((await write((tx) => tx.bookings.latestOf(appointmentId)))?.id, later.id);
  const first = await inserted({ appointmentId, createdAt: at(-5) });
  assert.equal((await write((tx) => tx.bookings.latestOf(appointmentId)))?.id, first.id);
});
