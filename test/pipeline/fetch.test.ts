/** Hints that are answered by "not there": what we wrote a moment ago may only not show yet. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SiteState } from '../../src/connectors/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import type { Instant } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { fetchHints } from '../../src/pipeline/fetch.ts';
import { during, offered, openWorld, slotKey, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const KEY = slotKey('n1', 't50', NINE.start);
const QUIET_MS = 5_000;
const OBJECT = 'appointment:K1';

const gone = (readAt: Instant): SiteState => ({
  shape: 'state',
  kind: 'test',
  object: OBJECT,
  sequenceKeys: [OBJECT],
  digest: 'gone',
  contentType: 'application/json',
  body: Buffer.from('[]'),
  readAt,
  gone: true,
});

async function hinted(t: Cleanup, isOurs: boolean): Promise<World> {
  const world = await openWorld(t);
  if (isOurs) {
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const booking = await world.book(canonicalId.slot('north', KEY), await world.patient('north'));
    assert.deepEqual([booking.state, booking.siteKey], ['booked', 'K1']);
  }
  await hint(world);
  return world;
}

async function hint(world: World): Promise<void> {
  const [shape, kind, contentType, body] = ['hint', 'test', 'application/json', Buffer.from('{}')] as const;
  const one = { shape, kind, object: OBJECT, sequenceKeys: [OBJECT], contentType, body } as const;
  await world.write((tx) => tx.inbox.insert('north', 'webhook', [one], world.clock.now(), null));
}

/** Fetches what is due; the states that were stored. */
async function fetched(world: World): Promise<number> {
  const fetch = { object: () => Promise.resolve(gone(world.clock.now())) };
  const deps = { ...world.deliverDeps, stored: () => undefined };
  await fetchHints(deps, 'north', fetch, new AbortController().signal, QUIET_MS);
  const rows = await world.rows(`SELECT count(*)::int AS n FROM site_object WHERE site = 'north' AND object = $1`, [
    OBJECT,
  ]);
  return Number(rows[0]?.['n']);
}

test('a visit that we have just placed and that its site does not show yet is asked for again, and not taken for gone', async (t) => {
  const world = await hinted(t, true);
  assert.equal(await fetched(world), 0);
  world.clock.advance(QUIET_MS - 1);
  assert.equal(await fetched(world), 0, 'the quiet time is not over');
  world.clock.advance(2);
  assert.equal(await fetched(world), 1, 'what is not there behind it is not there');
});

test('of a visit that we did not place, and of one placed long ago, the answer is believed at once', async (t) => {
  assert.equal(await fetched(await hinted(t, false)), 1);
  const old = await hinted(t, true);
  old.clock.advance(2 * QUIET_MS);
  assert.equal(await fetched(old), 1);
});

test('a visit whose placement is not answered yet is not taken for gone either', async (t) => {
  const world = await hinted(t, true);
  await world.rows(`UPDATE booking SET state = 'unknown' WHERE site_key = 'K1'`);
  world.clock.advance(10 * QUIET_MS);
  assert.equal(await fetched(world), 0);
});

test('a name that nobody knows may be that of a visit whose placement is under way: until that is answered it is not taken for gone', async (t) => {
  const world = await openWorld(t);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
  world.sites.north.onPlace = () => ({ kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') });
  const booking = await world.book(canonicalId.slot('north', KEY), await world.patient('north'));
  assert.deepEqual([booking.state, booking.siteKey], ['unknown', null]);
  await hint(world);
  assert.equal(await fetched(world), 0);
  await world.rows(`UPDATE booking SET state = 'refused'`);
  world.clock.advance(QUIET_MS + 1);
  assert.equal(await fetched(world), 1);
});

/** Hints about so many visits, which the site answers all at once. */
async function answered(t: Cleanup, objects: readonly string[], stateOf: (object: string, at: Instant) => SiteState) {
  const world = await openWorld(t);
  const [shape, kind, contentType, body] = ['hint', 'test', 'application/json', Buffer.from('{}')] as const;
  const hints = objects.map((object) => ({ shape, kind, object, sequenceKeys: [object], contentType, body }) as const);
  await world.write((tx) => tx.inbox.insert('north', 'webhook', hints, world.clock.now(), null));
  let transactions = 0;
  const store = {
    ...world.store,
    transaction: ((scope, work) => {
      transactions += 1;
      return world.store.transaction(scope, work);
    }) as typeof world.store.transaction,
  };
  const fetch = { object: (object: string) => Promise.resolve(stateOf(object, world.clock.now())) };
  const deps = { ...world.deliverDeps, store, stored: () => undefined };
  const asked = fetchHints(deps, 'north', fetch, new AbortController().signal, QUIET_MS);
  const failure = await asked.then(
    () => null,
    (error: unknown) => error,
  );
  const left = (await world.rows(`SELECT object FROM hint_queue ORDER BY 1`)).map((row) => row['object']);
  const known = (await world.rows(`SELECT object FROM site_object ORDER BY 1`)).map((row) => row['object']);
  return { failure, left, known, transactions };
}

const shown = (object: string, readAt: Instant): SiteState => {
  const { gone: _gone, ...state } = gone(readAt);
  return { ...state, object, sequenceKeys: [object], digest: `as of ${readAt}` };
};
const FIVE = ['a', 'b', 'c', 'd', 'e'].map((one) => `appointment:${one}`);

test('answers that come together are stored by one transaction', async (t) => {
  const { left, known, transactions } = await answered(t, FIVE, shown);
  assert.deepEqual([left, known], [[], FIVE]);
  assert.equal(transactions, 2, 'one that takes the hints, one that stores what they were about');
});

test('an answer that cannot be stored takes no other with it, and its hint stays', async (t) => {
  const bad = 'appointment:c';
  const { failure, left, known } = await answered(t, FIVE, (object, at) =>
    shown(object, object === bad ? (Number.NaN as Instant) : at),
  );
  assert.ok(failure instanceof Error);
  assert.deepEqual([left, known], [[bad], FIVE.filter((one) => one !== bad)]);
});
