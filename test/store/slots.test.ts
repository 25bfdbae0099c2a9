/** Slots on a real database: what the site says, what the calendar makes of it, versions and history. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { derivedId } from '../../src/core/ids.ts';
import type { Instant, Interval } from '../../src/core/instant.ts';
import type { Cause, SlotRow } from '../../src/store/contract-resources.ts';
import { systemScope } from '../../src/store/contract.ts';
import { at, openedStore, type Opened } from './opened.ts';

const SCOPE = systemScope('test');

const id = (name: string): string => derivedId('test', name);
const [P, CLINIC, SCHEDULE, OTHER] = [id('practitioner'), id('clinic'), id('schedule'), id('other schedule')];
const span = (start: number, end: number): Interval => ({ start: at(start), end: at(end) });
const cause = (now: Instant, site = 'north'): Cause => ({ site, messageId: 7, siteTime: null, now });

function slot(name: string, during: Interval, more: Partial<SlotRow> = {}): SlotRow {
  return {
    id: id(name),
    site: 'north',
    siteKey: name,
    scheduleId: SCHEDULE,
    localVisitType: 't',
    visitType: 'v',
    specialty: null,
    locationId: CLINIC,
    during,
    siteStatus: 'free',
    capacity: 1,
    seatsLeft: null,
    session: null,
    security: [],
    resource: {
      resourceType: 'Slot',
      schedule: { reference: `Schedule/${SCHEDULE}` },
      status: 'free',
      start: 'x',
      end: 'y',
    },
    ...more,
  };
}

describe('slots', () => {
  const cleanups: (() => Promise<void>)[] = [];
  let opened: Opened;
  const status = async (name: string): Promise<string> => {
    const found = await opened.store.read(SCOPE, (tx) => tx.resources.slot(id(name)));
    return `${found?.status ?? 'none'} v${found?.version ?? 0}`;
  };
  before(async () => {
    opened = await openedStore({ after: (fn) => cleanups.push(fn) });
  });
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });
  beforeEach(async () => {
    await opened.pool.query('TRUNCATE busy, slot, schedule_actor, history');
    await opened.write(async (tx) => {
      await tx.resources.setScheduleActors(SCHEDULE, [
        { type: 'Practitioner', id: P },
        { type: 'PractitionerRole', id: id('role') },
        { type: 'Location', id: CLINIC },
      ]);
      await tx.resources.setScheduleActors(OTHER, [{ type: 'Practitioner', id: P }]);
    });
  });

  const take = (during: Interval, resourceId = P): Promise<void> =>
    opened.write(async (tx) => {
      await tx.busy.insert([
        {
          resourceId,
          during,
          occupancy: id('A'),
          origin: 'site',
          site: 'south',
          appointmentId: id('A'),
          tentative: false,
        },
      ]);
    });

  it('said again change no version; what is not in the text changes one', async () => {
    await opened.write((tx) => tx.resources.putSlots([slot('a', span(0, 30))], cause(at(0))));
    assert.deepEqual(await opened.write((tx) => tx.resources.putSlots([slot('a', span(0, 30))], cause(at(1)))), []);
    assert.equal(await status('a'), 'free v1');
    const moved = slot('a', span(0, 30), { locationId: id('elsewhere') });
    assert.deepEqual(await opened.write((tx) => tx.resources.putSlots([moved], cause(at(2)))), [id('a')]);
    assert.equal(await status('a'), 'free v2');
  });

  it('are put with the status that the calendar leaves them', async () => {
    await take(span(10, 20));
    await opened.write((tx) => tx.resources.putSlots([slot('a', span(0, 30)), slot('b', span(30, 60))], cause(at(0))));
    assert.deepEqual([await status('a'), await status('b')], ['busy v1', 'free v1']);
  });

  it('are refreshed in every schedule of what was touched, each only where it was touched', async () => {
    await opened.write((tx) =>
      tx.resources.putSlots(
        [
          slot('a', span(0, 30)),
          slot('b', span(30, 60)),
          slot('far', span(6_000, 6_030)),
          slot('c', span(0, 30), { scheduleId: OTHER, site: 'south' }),
        ],
        cause(at(0)),
      ),
    );
    await take(span(10, 20));
    await take(span(6_000, 6_010));
    const changed = await opened.write((tx) =>
      tx.resources.refreshTouched(
        [
          { resourceId: P, during: span(10, 20) },
          { resourceId: P, during: span(6_000, 6_010) },
        ],
        cause(at(1)),
      ),
    );
    assert.deepEqual([...changed].sort(), [id('a'), id('c'), id('far')].sort());
    assert.deepEqual([await status('a'), await status('b'), await status('c')], ['busy v2', 'free v1', 'busy v2']);
    assert.deepEqual(await opened.write((tx) => tx.resources.refreshSlots([P], span(0, 60), cause(at(2)))), []);
  });

  it('keep the version’s source that of their own site, and what the site said', async () => {
    await opened.write((tx) => tx.resources.putSlots([slot('a', span(0, 30))], cause(at(0))));
    await take(span(0, 30));
    await opened.write((tx) => tx.resources.refreshSlots([P], span(0, 30), cause(at(1), 'south')));
    const served = await opened.store.read(SCOPE, (tx) => tx.resources.read('Slot', id('a')));
    const body = JSON.parse(served?.json ?? '{}') as {
      status: string;
      meta: { source: string };
      extension: readonly { valueCode?: string }[];
    };
    assert.deepEqual(
      [body.status, body.meta.source, body.extension[0]?.valueCode],
      ['busy', 'urn:slotwire:site:north', 'free'],
    );
    const old = await opened.store.read(SCOPE, (tx) => tx.resources.readVersion('Slot', id('a'), 1));
    assert.match(old?.json ?? '', /"status":"free"/);
  });

  it('around a time are told with what takes them, and not at all where one is of a class', async () => {
    const around = () =>
      opened.write((tx) => tx.resources.slotsAround([{ resourceId: P, during: span(0, 60) }], at(0)));
    await opened.write((tx) => tx.resources.putSlots([slot('a', span(0, 60))], cause(at(0))));
    assert.deepEqual(
      (await around())?.slots.map((one) => one.slot.id),
      [id('a')],
    );
    const group = slot('g', span(30, 90), { capacity: 2, seatsLeft: 2, session: id('class') });
    await opened.write((tx) => tx.resources.putSlots([group], cause(at(0))));
    assert.equal(await around(), null);
  });

  it('of a class stay free while seats are left', async () => {
    const group = slot('g', span(0, 60), { capacity: 2, seatsLeft: 2, session: id('class') });
    await opened.write((tx) => tx.resources.putSlots([group], cause(at(0))));
    const seat = (name: string): Promise<void> =>
      opened.write(async (tx) => {
        await tx.busy.insert([
          {
            resourceId: P,
            during: span(0, 60),
            occupancy: id('class'),
            origin: 'hub',
            site: 'north',
            appointmentId: id(name),
            tentative: false,
          },
        ]);
        await tx.resources.refreshSlots([P], span(0, 60), cause(at(1)));
      });
    await seat('A');
    assert.equal(await status('g'), 'free v1');
    await seat('B');
    assert.equal(await status('g'), 'busy v2');
  });

  it('that are withdrawn stay so whatever is put or refreshed, until their site is served again', async () => {
    await opened.write((tx) =>
      tx.resources.putSlots([slot('a', span(0, 30)), slot('s', span(60, 90), { site: 'south' })], cause(at(-10))),
    );
    const withdraw = (sites: string[]): Promise<number> =>
      opened.write((tx) => tx.resources.withdrawSlots(sites, cause(at(-5))));
    assert.equal(await withdraw(['north']), 1);
    assert.equal(await withdraw(['north']), 0);
    await opened.write((tx) => tx.resources.putSlots([slot('a', span(0, 40))], cause(at(-4))));
    await opened.write((tx) => tx.resources.refreshSlots([P], span(0, 60), cause(at(-3))));
    assert.match(await status('a'), /^busy-unavailable/);
    assert.match(await status('s'), /^free/);
    await withdraw([]);
    assert.match(await status('a'), /^free/);
  });

  it('are found by schedule, visit type and window, and by overlap', async () => {
    await opened.write((tx) =>
      tx.resources.putSlots(
        [slot('a', span(0, 30)), slot('b', span(30, 60)), slot('o', span(0, 30), { localVisitType: 'u' })],
        cause(at(0)),
      ),
    );
    await opened.store.read(SCOPE, async (tx) => {
      assert.deepEqual(
        (await tx.resources.slotsOf(SCHEDULE, 't', span(0, 30))).map((one) => one.id),
        [id('a')],
      );
      assert.deepEqual(
        [...(await tx.resources.slotsOverlapping(SCHEDULE, span(15, 45), 't'))].sort(),
        [id('a'), id('b')].sort(),
      );
      assert.deepEqual(await tx.resources.slotsOverlapping(SCHEDULE, span(60, 90), 't'), []);
      assert.equal((await tx.resources.slotsOverlapping(SCHEDULE, span(15, 45), 'none of it')).length, 3);
    });
  });

  it('tell whose time they take: people, places, calendars, and no roles', async () => {
    assert.deepEqual(
      [...(await opened.store.read(SCOPE, (tx) => tx.resources.occupies(SCHEDULE)))].sort(),
      [P, CLINIC].sort(),
    );
    const same = await opened.write((tx) => tx.resources.setScheduleActors(OTHER, [{ type: 'Practitioner', id: P }]));
    const other = await opened.write((tx) =>
      tx.resources.setScheduleActors(OTHER, [{ type: 'Practitioner', id: id('q') }]),
    );
    assert.deepEqual([same, other], [false, true]);
    assert.deepEqual(await opened.store.read(SCOPE, (tx) => tx.resources.occupies(OTHER)), [id('q')]);
  });
});
