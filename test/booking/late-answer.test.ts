/** The site's word on a booking that comes as a message of its own: at any moment, and whatever the call has said. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { formatInstant, plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { WriteOutcome } from '../../src/connectors/contract.ts';
import type { BookingAnswer } from '../../src/mappings/contract-answer.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { ANA, during, offered, openWorld, slotKey, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const KEY = slotKey('n1', 't50', NINE.start);
const SLOT = canonicalId.slot('north', KEY);
const ACCEPTED: WriteOutcome = { kind: 'accepted', reference: 'R' };
const LOST: WriteOutcome = { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') };

async function openDay(t: Cleanup, outcome: WriteOutcome): Promise<{ world: World; booking: Booking }> {
  const world = await openWorld(t);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
  const ana = await world.patient('north');
  world.sites.north.exclusive = false;
  world.sites.north.onFind = () => ({ kind: 'undecided', because: 'it cannot be asked' });
  world.sites.north.onPlace = () => outcome;
  return { world, booking: await world.book(SLOT, ana) };
}

const tell = (world: World, { id }: Booking, word: BookingAnswer['word']): Promise<unknown> =>
  world.tell('north', {
    kind: 'booking-answer',
    at: world.clock.now(),
    booking: id.replaceAll('-', '').slice(-16),
    word,
  });
const GRANTED: BookingAnswer['word'] = { kind: 'granted', key: 'K1' };
const DENIED: BookingAnswer['word'] = { kind: 'denied', because: 'slot-taken', detail: 'It is taken.' };

describe('an answer that comes later', () => {
  for (const [name, outcome] of [
    ['that was accepted', ACCEPTED],
    ['whose answer was lost', LOST],
  ] as const) {
    it(`grants a booking ${name}`, async (t) => {
      const { world, booking } = await openDay(t, outcome);
      await tell(world, booking, GRANTED);
      const now = await world.booking(booking.id);
      assert.deepEqual([now.state, now.siteKey], ['booked', 'K1']);
      assert.equal((await world.appointment('north', 'K1')).id, booking.appointmentId);
      assert.equal((await world.slot('north', KEY)).status, 'busy');
      // The SIU of the same second as our own word is news, not old.
      await world.tell('north', visit('K1', 'n1', NINE, { patients: [ANA], comment: 'from the site' }), {
        at: booking.createdAt,
      });
      assert.equal((await world.appointment('north', 'K1')).resource.comment, 'from the site');
    });

    it(`refuses a booking ${name}, and the time is given back`, async (t) => {
      const { world, booking } = await openDay(t, outcome);
      await tell(world, booking, DENIED);
      const now = await world.booking(booking.id);
      assert.deepEqual([now.state, now.refusedBecause], ['refused', 'slot-taken']);
      assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
    });
  }

  it('settles what waits for a person', async (t) => {
    const { world, booking } = await openDay(t, LOST);
    world.clock.advance(4_000_000);
    await world.resolve();
    assert.equal((await world.booking(booking.id)).state, 'parked');
    await tell(world, booking, DENIED);
    assert.equal((await world.booking(booking.id)).state, 'refused');
    assert.deepEqual(await world.read((tx) => tx.workItems.list(10)), []);
  });

  it('changes nothing once the booking is settled, and nothing of another booking', async (t) => {
    const { world, booking } = await openDay(t, ACCEPTED);
    await tell(world, { ...booking, id: '0199a3c1-7d40-7abc-8def-0123456789ab' }, DENIED);
    assert.equal((await world.booking(booking.id)).state, 'accepted');
    await tell(world, booking, GRANTED);
    await tell(world, booking, DENIED);
    assert.equal((await world.booking(booking.id)).state, 'booked');
    assert.equal((await world.slot('north', KEY)).status, 'busy');
  });

  it('without a name for the visit leaves it to the news that has one', async (t) => {
    const { world, booking } = await openDay(t, ACCEPTED);
    await tell(world, booking, { kind: 'granted', key: null });
    assert.equal((await world.booking(booking.id)).state, 'accepted');
    await world.tell('north', visit('K1', 'n1', NINE, { correlation: booking.id, patients: [ANA] }));
    assert.equal((await world.booking(booking.id)).state, 'booked');
  });

  it('settles the call that was cut short too, so that a cancel that follows is sent at once', async (t) => {
    const { world, booking } = await openDay(t, LOST);
    const deadline = plus(world.clock.now(), 6_000);
    // The hub was killed before it heard anything.
    await world.rows(`UPDATE booking SET state = 'sent' RETURNING 1`);
    await world.rows(`UPDATE outbox SET state = 'sent', deadline_at = '${formatInstant(deadline)}' RETURNING 1`);
    await tell(world, booking, GRANTED);
    assert.deepEqual(await world.rows('SELECT state FROM outbox'), [{ state: 'done' }]);
    await world.cancel(booking.appointmentId);
    assert.equal(world.sites.north.cancelled.length, 1);
  });
});
