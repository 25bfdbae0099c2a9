/** A confirmed placement is written in one round of questions; where anything changed since it was made, not so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hold } from '../../src/booking/hold.ts';
import type { BookedVisit } from '../../src/booking/settle-placed.ts';
import { recordOutcome, recordWithin } from '../../src/booking/settle.ts';
import type { SiteState, WriteOutcome } from '../../src/connectors/contract.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { deliverer, type DeliverDeps } from '../../src/pipeline/deliver.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import type { Store } from '../../src/store/contract.ts';
import {
  bookedAt,
  BOB,
  during,
  NPI,
  offered,
  openWorld,
  SCOPE,
  slotKey,
  testPlan,
  testSites,
  visit,
  type World,
} from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const SLOT = canonicalId.slot('north', slotKey('n1', 't50', NINE.start));
const NEVER = new AbortController().signal;

/** The visit as its site shows it when it is read back. */
function reading({ clock }: World): SiteState {
  const object = 'appointment:K1';
  const body = Buffer.from('{"changes":[]}');
  const said = { shape: 'state', kind: 'test', object, sequenceKeys: [object], digest: 'as-booked' } as const;
  return { ...said, contentType: 'application/json', body, readAt: clock.now() };
}

function withReading(world: World): WriteOutcome {
  const answer = bookedAt('K1', { calendar: 'n1', ...NINE });
  assert.ok(answer.kind === 'booked');
  return { kind: 'booked', at: { ...answer.at, state: reading(world) } };
}

interface Day {
  readonly world: World;
  readonly ana: string;
  /** Transactions that settled something. */
  readonly settling: () => number;
  /** What whoever waits is handed over. */
  readonly handed: (BookedVisit | undefined)[];
  /** Held and sent by this process; the booking as it stands when its answer was taken in. */
  place(settle?: DeliverDeps['settle']): Promise<Booking>;
  /** For `place`: what was taken is not known any more, as in another process. */
  readonly settledUnseen: DeliverDeps['settle'];
}

async function openDay(t: Cleanup): Promise<Day> {
  const world = await openWorld(t);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
  const ana = await world.patient('north');
  const site = world.plan.sites.find(({ id }) => id === 'north');
  assert.ok(site !== undefined);
  let settling = 0;
  const handed: (BookedVisit | undefined)[] = [];
  const store: Store = {
    ...world.store,
    transaction: (scope, work) => {
      settling += 1;
      return world.store.transaction(scope, work);
    },
  };
  const deps = { ...world.resolveDeps, store, changed: (...[, , seen]: unknown[]) => handed.push(seen as BookedVisit) };
  return {
    world,
    ana,
    settling: () => settling,
    handed,
    settledUnseen: ({ placed: _placed, ...answer }) => recordOutcome(deps, answer),
    async place(settle = (answer) => recordOutcome(deps, answer)) {
      const { book, block } = world.sites.north;
      const owed = deliverer({ ...world.deliverDeps, settle }, site, { book, block }, () => undefined);
      const turn = (): ReturnType<typeof owed.turn> => owed.turn(NEVER);
      const held = await hold({ ...world.resolveDeps, turn }, world.placing(SLOT, ana), SCOPE);
      assert.ok(held.kind === 'held' && held.sent === true);
      await owed.idle();
      owed.check();
      return world.booking(held.booking.id);
    },
  };
}

/** Everything that settling writes, without what differs from run to run. */
async function written({ world }: Day, { id, appointmentId }: Booking): Promise<unknown> {
  const named = (one: unknown): string =>
    JSON.stringify(one).replaceAll(id, 'BOOKING').replaceAll(appointmentId, 'VISIT');
  const rows = async (text: string): Promise<string> => named(await world.rows(text));
  const shown = await world.appointmentOf(appointmentId);
  assert.ok(shown !== null);
  return {
    booking: await rows(`SELECT state, site_key, appointment_id, deadline_at, next_check_at, attempts FROM booking`),
    busy: await rows(
      `SELECT resource_id, during::text, occupancy, origin, appointment_id, booking_id, tentative, expires_at FROM busy
       ORDER BY resource_id`,
    ),
    slot: await rows(`SELECT id, version, status FROM slot ORDER BY id`),
    history: await rows(
      `SELECT type, version, source FROM history WHERE type IN ('Slot', 'Appointment') ORDER BY 1, 2`,
    ),
    key: await rows(`SELECT * FROM appointment_key`),
    ledger: await rows(`SELECT kind, site, booking_id, appointment_id, slot_id, data FROM ledger ORDER BY id`),
    freshness: await rows(`SELECT calendar, visit_type, due_at FROM freshness ORDER BY 1, 2`),
    news: await rows(`SELECT object, received_as FROM site_object WHERE object LIKE 'appointment%'`),
    shown: named({ ...shown, resource: { ...shown.resource, meta: null } }),
  };
}

describe('a placement that its site confirms', () => {
  it('is settled in one transaction, which is all that its caller waits for', async (t) => {
    const day = await openDay(t);
    const booking = await day.place();
    assert.equal(booking.state, 'booked');
    assert.equal(day.settling(), 1);
    const served = await day.world.read((tx) => tx.resources.read('Appointment', booking.appointmentId));
    assert.deepEqual(
      day.handed.map((one) => one?.served),
      [served],
    );
    const [row] = await day.world.rows(`SELECT state FROM outbox WHERE booking_id = $1`, [booking.id]);
    assert.equal(row?.['state'], 'done');
  });

  it('comes to the same rows in one round, where it is read first, and by the general way', async (t) => {
    const ways: readonly ((day: Day) => DeliverDeps['settle'] | undefined)[] = [
      () => undefined,
      (day) => day.settledUnseen,
      (day) => (answer) => day.world.store.transaction(SCOPE, (tx) => recordWithin(day.world.resolveDeps, tx, answer)),
    ];
    const results: unknown[] = [];
    for (const way of ways) {
      const day = await openDay(t);
      day.world.sites.north.onPlace = () => withReading(day.world);
      const booking = await day.place(way(day));
      assert.equal(booking.state, 'booked');
      results.push(await written(day, booking));
    }
    assert.deepEqual(results[1], results[0]);
    assert.deepEqual(results[2], results[0]);
  });

  const meanwhile: readonly (readonly [string, (day: Day) => Promise<unknown>])[] = [
    [
      'its site moved the slot’s status',
      ({ world }) => world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE, { status: 'busy' })]),
    ],
    [
      'somebody else came to have a visit then',
      ({ world }) => world.tell('south', visit('S1', 's1', NINE, { patients: [BOB] })),
    ],
    [
      'a person is asked about it',
      async ({ world }) => {
        const [booking] = await world.rows(`SELECT id FROM booking`);
        const subject = `booking:${String(booking?.['id'])}`;
        const at = world.clock.now();
        const id = canonicalId.slot('x', 'y');
        const item = { kind: 'unresolved-booking', subject, site: 'north', role: 'scheduling', evidence: {} } as const;
        await world.store.transaction(SCOPE, (tx) => tx.workItems.open({ ...item, id, dueAt: at, openedAt: at }));
      },
    ],
    [
      'news of the visit came first',
      ({ world }) =>
        world.store.transaction(SCOPE, (tx) =>
          tx.inbox.insert('north', 'poll', [reading(world)], world.clock.now(), null),
        ),
    ],
  ];
  for (const [what, happens] of meanwhile) {
    it(`is settled by the general way where ${what}`, async (t) => {
      const day = await openDay(t);
      let failed: unknown = 'not asked';
      day.world.sites.north.onPlace = async () => {
        failed = await happens(day).then(
          () => null,
          (error: unknown) => error,
        );
        return withReading(day.world);
      };
      const booking = await day.place();
      assert.equal(failed, null);
      assert.equal(day.settling(), 2);
      assert.equal(booking.state, 'booked');
      const busy = await day.world.rows(`SELECT tentative FROM busy WHERE booking_id = $1`, [booking.id]);
      assert.deepEqual(busy, [{ tentative: false }]);
      assert.equal((await day.world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'busy');
      const open = `SELECT id FROM work_item WHERE kind = 'unresolved-booking' AND closed_at IS NULL`;
      assert.deepEqual(await day.world.rows(open), []);
    });
  }

  const OTHER = '1234567893';
  const calendars: readonly (readonly [string, string, string])[] = [
    ['its calendar turned out to be somebody else’s', 'n1', OTHER],
    ['another calendar turned out to be that person’s', 'n2', NPI],
  ];
  for (const [what, calendar, npi] of calendars) {
    for (const isRead of [false, true]) {
      it(`is of whoever it is by then, by the general way, where ${what}${isRead ? '; read first' : ''}`, async (t) => {
        const day = await openDay(t);
        const { world } = day;
        await world.offer('north', 'n2', 't50', [offered('n2', 't50', NINE)]);
        world.sites.north.onPlace = async () => {
          const [north, ...others] = testSites();
          const rule = { practitioner: `npi:${npi}`, location: 'north-clinic' };
          const resources = { ...north.resources, calendars: { ...north.resources.calendars, [calendar]: rule } };
          world.plan = testPlan([{ ...north, resources }, ...others]);
          await world.syncDirectory();
          await world.apply();
          return withReading(world);
        };
        const booking = await (isRead ? day.place(day.settledUnseen) : day.place());
        const person = canonicalId.practitionerByNpi(npi);
        const busy = await world.rows(`SELECT resource_id, tentative FROM busy WHERE booking_id = $1`, [booking.id]);
        assert.deepEqual([booking.state, busy], ['booked', [{ resource_id: person, tentative: false }]]);
        assert.deepEqual(booking.resources, [person]);
        const shown = await world.appointmentOf(booking.appointmentId);
        const named = shown?.resource.participant.flatMap(({ actor }) => actor?.reference ?? []) ?? [];
        const people = named.filter((one) => one.startsWith('Practitioner/'));
        assert.deepEqual(people, [`Practitioner/${person}`]);
        assert.deepEqual([shown?.actors.includes(person), day.settling()], [true, isRead && calendar === 'n2' ? 1 : 2]);
        assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'busy');
        const other = calendar === 'n1' ? 'free' : 'busy';
        assert.equal((await world.slot('north', slotKey('n2', 't50', NINE.start))).status, other);
      });
    }
  }

  it('is the visit that its site told of under that name, where it did', async (t) => {
    const day = await openDay(t);
    day.world.sites.north.onPlace = async (order) => {
      await day.world.tell('north', visit('K1', 'n1', NINE, { patients: [BOB] }));
      return bookedAt('K1', order);
    };
    const booking = await day.place();
    const named = await day.world.appointment('north', 'K1');
    assert.deepEqual([booking.state, booking.appointmentId, day.settling()], ['booked', named.id, 2]);
  });
});
