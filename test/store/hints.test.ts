import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { HintClaim } from '../../src/store/contract-inbox.ts';
import { at, hint, NOON, openedStore } from './opened.ts';

const { write } = await openedStore({ after });

let sites = 0;
const newSite = (): string => `site-${(sites += 1)}`;
const insert = (site: string, objects: readonly string[], now = NOON): Promise<readonly number[]> =>
  write(async (tx) => {
    const hints = objects.map((object, index) => hint(object, { kind: `kind-${index}` }));
    return (await tx.inbox.insert(site, 'webhook', hints, now, null)).map((one) => one.id ?? 0);
  });
const claim = (site: string, now = NOON, limit = 10): Promise<readonly HintClaim[]> =>
  write((tx) => tx.inbox.claimHints(site, now, limit));

test('hints about one object are claimed together, oldest object first, with the kind of the newest', async () => {
  const site = newSite();
  const [a1 = 0, b1 = 0, a2 = 0] = await insert(site, ['a', 'b', 'a']);
  assert.deepEqual(await claim(site), [
    { object: 'a', ids: [a1, a2], attempts: 0, kind: 'kind-2' },
    { object: 'b', ids: [b1], attempts: 0, kind: 'kind-1' },
  ]);
  assert.deepEqual(
    (await claim(site, NOON, 1)).map((one) => one.object),
    ['a'],
  );
  assert.deepEqual(await claim(newSite()), [], 'each site has its own');
});

test('a hint is never a duplicate and is not in the way of messages', async () => {
  const site = newSite();
  const ids = await insert(site, ['a', 'a', 'a']);
  assert.equal(new Set(ids).size, 3);
  assert.deepEqual(await write((tx) => tx.inbox.depth(site)), { queued: 0, hints: 3, parked: 0 });
  assert.deepEqual(
    (await write((tx) => tx.inbox.claim(NOON, 10))).filter((message) => message.site === site),
    [],
  );
});

test('hints that are answered are applied; one that came after the claim stays', async () => {
  const site = newSite();
  await insert(site, ['a', 'a']);
  const [claimed] = await claim(site);
  assert.ok(claimed);
  const [later = 0] = await insert(site, ['a']);
  await write((tx) => tx.inbox.hintsDone(claimed.ids, at(1)));
  assert.deepEqual(
    (await claim(site)).flatMap((one) => one.ids),
    [later],
  );
  const [first = 0] = claimed.ids;
  assert.equal((await write((tx) => tx.inbox.get(first)))?.status, 'applied');
});

test('a hint to be tried again later is answered earlier when a new one about its object comes', async () => {
  const site = newSite();
  const [old = 0] = await insert(site, ['a']);
  await write((tx) => tx.inbox.hintsRetry([old], at(10)));
  assert.deepEqual(await claim(site, at(9)), []);
  const [fresh = 0] = await insert(site, ['a'], at(5));
  assert.deepEqual(await claim(site, at(5)), [{ object: 'a', ids: [old, fresh], attempts: 1, kind: 'kind-0' }]);
});

test('parked hints leave the queue and can be replayed', async () => {
  const site = newSite();
  const ids = await insert(site, ['a', 'a']);
  const parking = {
    stage: 'fetch',
    code: 'SITE_FORBIDS',
    reason: 'no right to read appointments',
    barrier: false,
  } as const;
  await write((tx) => tx.inbox.hintsPark(ids, parking, NOON));
  assert.deepEqual(await claim(site), []);
  assert.deepEqual(await write((tx) => tx.inbox.depth(site)), { queued: 0, hints: 0, parked: 2 });
  const [first = 0] = ids;
  const parked = await write((tx) => tx.inbox.get(first));
  assert.deepEqual([parked?.stage, parked?.code, parked?.attempts], ['fetch', 'SITE_FORBIDS', 1]);
  assert.equal(await write((tx) => tx.inbox.replay(first, NOON)), true);
  assert.deepEqual(
    (await claim(site)).flatMap((one) => one.ids),
    [first],
  );
});

test('two workers never hold the same object, also when one of its hints is new', async () => {
  const site = newSite();
  await insert(site, ['a', 'b', 'c', 'a']);
  let held = 0;
  const hold = (turn: number, limit: number): Promise<readonly HintClaim[]> =>
    write(async (tx) => {
      while (held < turn) await new Promise((resolve) => setImmediate(resolve));
      const claims = await tx.inbox.claimHints(site, NOON, limit);
      held += 1;
      while (held < 3) await new Promise((resolve) => setImmediate(resolve));
      return claims;
    });
  const arrive = async (): Promise<void> => {
    while (held < 1) await new Promise((resolve) => setImmediate(resolve));
    await insert(site, ['a']);
    held += 1;
  };
  const [first, , second] = await Promise.all([hold(0, 1), arrive(), hold(2, 10)]);
  assert.deepEqual(
    first.map((one) => one.object),
    ['a'],
  );
  assert.deepEqual(
    second.map((one) => one.object),
    ['b', 'c'],
  );
});
