/** The busy calendar on a real database: overlaps, the constraint, holds and their end, classes, clashes. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { derivedId } from '../../src/core/ids.ts';
import type { Interval } from '../../src/core/instant.ts';
import type { Booking, BusyRow, Claim } from '../../src/store/contract-bookings.ts';
import { at, NOON, openedStore, type Opened } from './opened.ts';
import { storedBooking } from '../support/stored-booking.ts';

const id = (name: string): string => derivedId('test', name);
const P = id('practitioner');
const ROOM = id('room');
const claim = (resourceId: string, start: number, end: number): Claim => ({ resourceId, during: span(start, end) });
const span = (start: number, end: number): Interval => ({ start: at(start), end: at(end) });

function row(visit: string, during: Interval, more: Partial<BusyRow> = {}): BusyRow {
  return {
    resourceId: P,
    during,
    occupancy: id(visit),
    origin: 'site',
    site: 'north',
    appointmentId: id(visit),
    tentative: false,
    ...more,
  };
}

function hold(visit: string, during: Interval, expires: number, more: Partial<BusyRow> = {}): BusyRow {
  return row(visit, during, {
    origin: 'hub',
    tentative: true,
    bookingId: id(`b-${visit}`),
    expiresAt: at(expires),
    ...more,
  });
}

function booking(visit: string, state: Booking['state']): Booking {
  return storedBooking(NOON, {
    ...{ id: id(`b-${visit}`), requestKey: visit, site: 'north', state, appointmentId: id(visit), resources: [P] },
  });
}

function isTaken(error: unknown): boolean {
  return error instanceof HubError && error.code === 'SLOT_TAKEN';
}

describe('the busy calendar', () => {
  const cleanups: (() => Promise<void>)[] = [];
  let opened: Opened;
  before(async () => {
    opened = await openedStore({ after: (fn) => cleanups.push(fn) });
  });
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });
  beforeEach(async () => {
    await opened.pool.query('TRUNCATE busy, booking, appointment_key');
  });

  it('finds what overlaps and not what touches', async () => {
    await opened.write(async (tx) => {
      await tx.busy.insert([
        row('A', span(0, 30)),
        row('B', span(30, 60)),
        row('C', span(0, 30), { resourceId: ROOM }),
      ]);
      const found = await tx.busy.conflicts([claim(P, 30, 45)], null);
      assert.deepEqual(
        found.map((one) => one.appointmentId),
        [id('B')],
      );
      assert.equal((await tx.busy.conflicts([claim(P, 0, 60), claim(ROOM, 0, 60)], null)).length, 3);
      assert.equal((await tx.busy.conflicts([claim(P, 30, 45)], id('B'))).length, 0);
    });
  });

  it('looks at each resource in its own interval, and tells a row once however many claims it meets', async () => {
    await opened.write(async (tx) => {
      await tx.busy.insert([row('A', span(0, 60)), row('B', span(0, 30), { resourceId: ROOM })]);
      const apart = await tx.busy.conflicts([claim(P, 60, 90), claim(ROOM, 30, 60)], null);
      assert.deepEqual(apart, []);
      const met = await tx.busy.conflicts([claim(P, 0, 30), claim(P, 30, 60), claim(ROOM, 30, 60)], null);
      assert.deepEqual(
        met.map((one) => one.appointmentId),
        [id('A')],
      );
      assert.deepEqual(await tx.busy.conflicts([], null), []);
    });
  });

  it('lets sites overlap as they like, but never two rows of the hub of different occupancy', async () => {
    await opened.write(async (tx) => {
      await tx.busy.insert([row('A', span(0, 30)), row('B', span(0, 30)), row('H', span(0, 30), { origin: 'hub' })]);
      // The same lineage may overlap itself: nine o'clock may move to a quarter past.
      await tx.busy.insert([row('H2', span(15, 45), { origin: 'hub', occupancy: id('H') })]);
    });
    await assert.rejects(
      opened.write((tx) => tx.busy.insert([row('I', span(29, 31), { origin: 'hub' })])),
      isTaken,
    );
    await opened.write((tx) =>
      tx.busy.insert([
        row('I', span(45, 60), { origin: 'hub' }),
        row('J', span(0, 30), { origin: 'hub', resourceId: ROOM }),
      ]),
    );
  });

  it('refuses an interval that is empty or turned round', async () => {
    for (const during of [span(30, 30), span(30, 0)]) {
      await assert.rejects(
        opened.write((tx) => tx.busy.insert([row('A', during)])),
        (error) => !isTaken(error),
      );
    }
  });

  it('replaces the rows of an appointment and tells what was touched', async () => {
    await opened.write(async (tx) => {
      await tx.busy.insert([row('A', span(0, 30)), row('A', span(0, 30), { resourceId: ROOM })]);
      const touched = await tx.busy.replaceAppointment(id('A'), [row('A', span(60, 90))]);
      assert.deepEqual(touched.map((one) => one.during.start).sort(), [at(0), at(0), at(60)]);
      assert.equal((await tx.busy.ofAppointment(id('A'))).length, 1);
    });
  });

  it('ends a hold with its booking, both or neither', async () => {
    await opened.write(async (tx) => {
      await tx.bookings.insert(booking('A', 'held'));
      await tx.bookings.insert(booking('S', 'sent'));
      await tx.busy.insert([hold('A', span(0, 30), 5), hold('S', span(60, 90), 5)]);
    });
    await opened.write(async (tx) => {
      assert.deepEqual(await tx.busy.lapsed(at(4)), []);
      assert.deepEqual(await tx.busy.lapsed(at(5)), [P]);
      assert.deepEqual(await tx.busy.expire([ROOM], at(9)), []);
      const ended = await tx.busy.expire([P], at(9));
      assert.deepEqual(
        ended.map((one) => one.bookingId),
        [id('b-A')],
      );
      assert.equal((await tx.bookings.get(id('b-A')))?.state, 'expired');
      assert.equal((await tx.bookings.get(id('b-S')))?.state, 'sent');
      assert.equal((await tx.busy.ofAppointment(id('S'))).length, 1, 'what was sent keeps its time');
    });
  });

  it('keeps a hold whose booking is being sent at the very moment it runs out', async () => {
    await opened.write(async (tx) => {
      await tx.bookings.insert(booking('A', 'held'));
      await tx.busy.insert([hold('A', span(0, 30), 5)]);
    });
    let moved!: () => void;
    const isMoved = new Promise<void>((resolve) => (moved = resolve));
    let go!: () => void;
    const mayGo = new Promise<void>((resolve) => (go = resolve));
    const sending = opened.write(async (tx) => {
      await tx.bookings.move(id('b-A'), ['held'], 'sent', at(6), {});
      moved();
      await mayGo;
      await tx.busy.keep(id('b-A'));
    });
    await isMoved;
    const expiring = opened.write((tx) => tx.busy.expire([P], at(6)));
    go();
    await sending;
    assert.deepEqual(await expiring, []);
    const rows = await opened.write((tx) => tx.busy.ofAppointment(id('A')));
    assert.deepEqual(
      rows.map((one) => one.expiresAt),
      [undefined],
    );
  });

  it('settles a hold: it is firm, belongs to its appointment, and never runs out', async () => {
    await opened.write(async (tx) => {
      await tx.bookings.insert(booking('A', 'sent'));
      await tx.busy.insert([hold('A', span(0, 30), 5)]);
      await tx.busy.settle(id('b-A'), id('A'));
      const [settled] = await tx.busy.ofAppointment(id('A'));
      assert.deepEqual([settled?.tentative, settled?.expiresAt, settled?.origin], [false, undefined, 'hub']);
    });
  });

  it('counts the seats of a class by visits, held and in all', async () => {
    await opened.write(async (tx) => {
      const session = { occupancy: id('class') };
      await tx.busy.insert([
        row('A', span(0, 60), session),
        row('A', span(0, 60), { ...session, resourceId: ROOM }),
        row('B', span(0, 60), session),
        hold('C', span(0, 60), 5, session),
        hold('C', span(0, 60), 5, { ...session, resourceId: ROOM }),
        row('X', span(0, 60)),
      ]);
      assert.deepEqual(await tx.busy.seatsTaken(id('class'), [P, ROOM], span(0, 60), null), {
        taken: 3,
        uncounted: 1,
        seat: 1,
      });
    });
  });

  it('knows blocks by the site’s key, and moves and removes them', async () => {
    await opened.write(async (tx) => {
      const block = {
        ...row('x', span(0, 30), { origin: 'block', blockKey: 'B1', occupancy: id('B1') }),
        appointmentId: undefined,
      };
      const { appointmentId: _none, ...closed } = block;
      await tx.busy.putBlock(closed);
      const touched = await tx.busy.putBlock({ ...closed, during: span(60, 90) });
      assert.equal(touched.length, 2);
      assert.deepEqual(await tx.busy.blocks('north', P, span(0, 100)), ['B1']);
      assert.deepEqual(await tx.busy.blocks('south', P, span(0, 100)), []);
      assert.equal((await tx.busy.removeBlock('north', 'B1')).length, 1);
      assert.deepEqual(await tx.busy.blocks('north', P, span(0, 100)), []);
    });
  });

  it('finds a clash of one person at two sites, or over a visit of the hub, and nothing else', async () => {
    await opened.write(async (tx) => {
      await tx.busy.insert([
        row('N', span(0, 30)),
        row('N2', span(0, 30)),
        row('S', span(15, 45), { site: 'south' }),
        row('H', span(60, 90), { origin: 'hub' }),
        row('N3', span(60, 90)),
        hold('T', span(100, 130), 5),
        row('S2', span(100, 130), { site: 'south' }),
        row('L', span(45, 60), { site: 'south' }),
      ]);
      const names = new Map(['N', 'N2', 'S', 'H', 'N3', 'T', 'S2', 'L'].map((name) => [id(name), name]));
      const pairs = (await tx.busy.clashes([...names.keys()])).map((clash) =>
        [names.get(clash.appointmentId), names.get(clash.other)].sort().join('-'),
      );
      assert.deepEqual([...new Set(pairs)].sort(), ['H-N3', 'N-S', 'N2-S']);
      assert.deepEqual(await tx.busy.clashes([]), []);
    });
  });

  it('tells what the keys of a site hold, so that it can be locked', async () => {
    await opened.write(async (tx) => {
      await tx.resources.nameAppointment('north', 'K1', id('A'));
      await tx.busy.insert([row('A', span(0, 30)), row('A', span(0, 30), { resourceId: ROOM })]);
      const held = await tx.busy.heldByKeys([
        { site: 'north', key: 'K1' },
        { site: 'south', key: 'K1' },
        { site: 'north', key: 'no' },
      ]);
      assert.deepEqual([...held].sort(), [id('A'), P, ROOM].sort());
    });
  });
});
