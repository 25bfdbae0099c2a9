import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemScope } from '../../src/store/contract.ts';
import { at, event, NOON, openedStore } from './opened.ts';

const { store, write } = await openedStore({ after });

test('events are found by the ids that tell duplicates, with what became of them', async () => {
  await write(async (tx) => {
    await tx.inbox.insert('north', 'hl7', [event('e1'), event('e2')], NOON, null);
    await tx.inbox.insert('south', 'hl7', [event('e1')], NOON, null);
    const [first] = await tx.inbox.list({ site: 'north', limit: 1 });
    assert.ok(first);
    await tx.inbox.done(first.id, 'ignored', 'no news', NOON);
  });
  const found = await write((tx) => tx.inbox.byEventIds(['north'], ['e1', 'e2', 'e3']));
  assert.deepEqual(
    found.map(({ eventId, message }) => [eventId, message.site, message.status, message.reason]),
    [
      ['e1', 'north', 'ignored', 'no news'],
      ['e2', 'north', 'received', null],
    ],
  );
  assert.equal((await write((tx) => tx.inbox.byEventIds(['north', 'south'], ['e1']))).length, 2);
  assert.deepEqual(await write((tx) => tx.inbox.byEventIds([], ['e1'])), []);
});

test('an id too long for an index is found under the name it was given', async () => {
  const long = 'x'.repeat(5_000);
  await write((tx) => tx.inbox.insert('long', 'hl7', [event(long)], NOON, null));
  const [found] = await write((tx) => tx.inbox.byEventIds(['long'], [long]));
  assert.equal(found?.eventId, long);
});

test('who may not see a site does not find its events', async () => {
  await write((tx) => tx.inbox.insert('hidden', 'hl7', [event('h1')], NOON, null));
  const scope = { ...systemScope('test'), sites: ['north'] };
  assert.deepEqual(await store.read(scope, (tx) => tx.inbox.byEventIds(['hidden', 'north'], ['h1'])), []);
});

test('starting over forgets the poll, marks the load as not done, and makes every window due', async () => {
  const window = { start: at(60), end: at(1_500) };
  const asked = { calendar: '1', visitType: 'a', window };
  await write(async (tx) => {
    for (const site of ['anew', 'other']) {
      await tx.feeds.saveCursor(site, 'poll', 1, { page: 4 }, NOON);
      await tx.feeds.saveCursor(site, 'load', 1, { done: true }, NOON);
      await tx.feeds.planWindows(site, [asked], NOON);
      await tx.feeds.verified(site, asked, at(1), at(600));
    }
    await tx.feeds.startOver('anew', at(2));
  });
  await write(async (tx) => {
    assert.equal(await tx.feeds.cursor('anew', 'poll'), null);
    assert.deepEqual((await tx.feeds.cursor('anew', 'load'))?.value, { done: false });
    assert.equal((await tx.feeds.dueWindows('anew', at(2), 10)).length, 1);
    // What was asked before the resync confirms nothing; what was asked after it does.
    await tx.feeds.verified('anew', asked, at(1), at(600));
    assert.equal((await tx.feeds.dueWindows('anew', at(3), 10)).length, 1);
    await tx.feeds.verified('anew', asked, at(3), at(600));
    assert.equal((await tx.feeds.dueWindows('anew', at(4), 10)).length, 0);

    assert.deepEqual((await tx.feeds.cursor('other', 'poll'))?.value, { page: 4 });
    assert.equal((await tx.feeds.dueWindows('other', at(4), 10)).length, 0);
  });
});
