/** A booking for somebody whose record was merged is written under the record that stands for it. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ANA, BOB, during, offered, openWorld, slotKey } from '../support/builders.ts';

it('a site is asked for a visit of the record that stands for a merged one', async (t) => {
  const world = await openWorld(t);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', during(9))]);
  const merged = await world.patient('north', BOB);
  await world.patient('north', ANA);
  world.clock.advance(1_000);
  const from = { key: BOB.key, identifiers: BOB.identifiers };
  const at = world.clock.now();
  await world.tell('north', { kind: 'patient-merge', at, reason: 'ADT^A40', from, into: ANA });
  await world.book((await world.slot('north', slotKey('n1', 't50', during(9).start))).id, merged);
  const asked = world.sites.north.placed[0]?.patient;
  assert.deepEqual([asked?.family, asked?.given], [ANA.family, ANA.given]);
});
