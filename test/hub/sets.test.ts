/** A set goes on as soon as one of its bookings moved; for any other booking nobody looks for sets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepKey } from '../../src/booking/set-rows.ts';
import { newId } from '../../src/core/ids.ts';
import { openDesks } from '../../src/hub-sets.ts';
import { openWorld } from '../support/builders.ts';

test('sets are looked for when a booking of a set moved, or one that nothing but the id is known of', async (t) => {
  const world = await openWorld(t);
  const { desk, sets } = openDesks({ ...world.resolveDeps, deliver: () => undefined });
  let rung = 0;
  sets.rings({ ring: () => (rung += 1), stop: () => Promise.resolve() });
  const rings = (what: () => void): boolean => {
    const before = rung;
    what();
    return rung > before;
  };
  const set = newId(world.clock.now());
  const moved = (requestKey: string): boolean => rings(() => sets.moved({ id: newId(world.clock.now()), requestKey }));
  assert.equal(moved(newId(world.clock.now())), false);
  assert.equal(moved('a set of things'), false);
  assert.equal(moved(stepKey(set, 1)), true);
  assert.equal(moved(stepKey(set, 1, 'undo')), true);
  assert.equal(
    rings(() => desk.changed(newId(world.clock.now()))),
    true,
  );
});
