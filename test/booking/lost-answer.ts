/** A day with one time, and a booking of it of which nobody heard what the site made of it. */
import assert from 'node:assert/strict';
import { hold } from '../../src/booking/hold.ts';
import { HubError } from '../../src/core/errors.ts';
import { plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { during, offered, openWorld, SCOPE, slotKey, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

export const NINE = during(9, 0, 50);
export const KEY = slotKey('n1', 't50', NINE.start);
export const SLOT = canonicalId.slot('north', KEY);
export const LOST = { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') } as const;

export async function openDay(t: Cleanup): Promise<{ world: World; ana: string }> {
  const world = await openWorld(t);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
  return { world, ana: await world.patient('north') };
}

/** Held and sent; the hub is killed before it hears the answer. */
export async function sentAndKilled(world: World, ana: string): Promise<Booking> {
  const held = await hold(world.resolveDeps, world.placing(SLOT, ana), SCOPE);
  assert.ok(held.kind === 'held');
  await world.write(async (tx) => {
    const now = world.clock.now();
    await tx.outbox.claim('site', 'north', now, plus(now, 6_000), 10);
    await tx.bookings.move(held.booking.id, ['held'], 'sent', now, { deadlineAt: plus(now, 6_000) });
    await tx.busy.keep(held.booking.id);
  });
  return world.booking(held.booking.id);
}
