/**
 * Seats of a class whose other visits the hub does not know: what the site counts as left, less what the hub has booked
 * since the site was asked.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hold } from '../../src/booking/hold.ts';
import type { Availability } from '../../src/connectors/contract.ts';
import { sha256 } from '../../src/core/ids.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { SlotStatus } from '../../src/fhir/types.ts';
import { askWindows, planWindows } from '../../src/pipeline/availability.ts';
import { during, MONDAY, offered, openWorld, SCOPE, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NEVER = new AbortController().signal;
const TWO = during(14, 0, 60);
const THREE = during(15, 0, 60);
const class_ = (time: typeof TWO, left: number) => offered('n1', 'group', time, { capacity: 10, left });
const ID = canonicalId.slot('north', class_(TWO, 1).key);
const ID_THREE = canonicalId.slot('north', class_(THREE, 1).key);

interface Class {
  readonly world: World;
  readonly crowd: readonly string[];
  /** What the site counts as left. */
  left: number;
  /** The site is asked, and what it says is applied. */
  read(): Promise<void>;
  status(): Promise<SlotStatus>;
  place(patient: number): Promise<string>;
}

async function openClass(t: Cleanup): Promise<Class> {
  const world = await openWorld(t);
  const { store, clock } = world;
  const north = world.plan.sites.find(({ id }) => id === 'north');
  assert.ok(north);
  const availability: Availability = {
    pairs: () => Promise.resolve([{ calendar: 'n1', visitType: 'group' }]),
    window_days: 1,
    ask({ calendar, visitType, window }) {
      const slots = window.start === MONDAY.start ? [class_(TWO, one.left), class_(THREE, 5)] : [];
      const change = { kind: 'slots', at: clock.now(), calendar, visitType, window, slots };
      const object = `slots:${calendar}:${visitType}:${window.start}`;
      const said = { shape: 'state', kind: 'test', object, sequenceKeys: [object] } as const;
      const body = Buffer.from(JSON.stringify({ changes: [change] }));
      const digest = sha256(JSON.stringify(slots));
      return Promise.resolve({ ...said, digest, contentType: 'application/json', body, readAt: clock.now() });
    },
  };
  const deps = { store, clock, events: world.deliverDeps.events, stored: () => undefined };
  const one: Class = {
    world,
    crowd: await world.crowd('north', 4),
    left: 1,
    async read() {
      clock.advance(600_000);
      while (await askWindows(deps, north, availability, NEVER));
      await world.apply();
      clock.advance(1_000);
    },
    status: async () => (await world.slot('north', class_(TWO, 1).key)).status,
    async place(patient) {
      const held = await hold(world.resolveDeps, world.placing(ID, one.crowd[patient] ?? ''), SCOPE);
      return held.kind;
    },
  };
  await planWindows(deps, north, availability, NEVER);
  await one.read();
  return one;
}

describe('a class of which the site says that one seat is left', () => {
  it('is full once the hub has booked it, until the site is asked again and counts another one', async (t) => {
    const one = await openClass(t);
    const { world, crowd } = one;
    assert.equal((await world.book(ID, crowd[0] ?? '')).state, 'booked');
    assert.equal(await one.status(), 'busy');
    assert.equal(await one.place(1), 'taken');
    one.left = 0;
    await one.read();
    assert.equal(await one.place(1), 'taken');
    one.left = 2;
    await one.read();
    assert.equal(await one.status(), 'free');
    for (const patient of [1, 2]) assert.equal((await world.book(ID, crowd[patient] ?? '')).state, 'booked');
    assert.equal(await one.place(3), 'taken');
  });

  it('has one again where the site says the same once more, because somebody else gave theirs back', async (t) => {
    const one = await openClass(t);
    const { world, crowd } = one;
    await world.book(ID, crowd[0] ?? '');
    await one.read();
    assert.equal(await one.status(), 'free');
    assert.equal((await world.book(ID, crowd[1] ?? '')).state, 'booked');
    assert.equal(await one.place(2), 'taken');
  });

  it('has it again when the visit is cancelled that took it', async (t) => {
    const one = await openClass(t);
    const { world, crowd } = one;
    const { appointmentId } = await world.book(ID, crowd[0] ?? '');
    assert.equal((await world.cancel(appointmentId)).state, 'booked');
    assert.equal(await one.status(), 'free');
    assert.equal((await world.book(ID, crowd[1] ?? '')).state, 'booked');
  });

  it('is full once a visit was moved into it', async (t) => {
    const one = await openClass(t);
    const { world, crowd } = one;
    const { appointmentId } = await world.book(ID_THREE, crowd[0] ?? '');
    assert.equal((await world.move(appointmentId, ID)).state, 'booked');
    assert.equal(await one.status(), 'busy');
    assert.equal(await one.place(1), 'taken');
  });
});
