import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { SiteMessage } from '../../src/connectors/contract.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { Stored } from '../../src/store/contract-inbox.ts';
import { blindKey } from '../../src/store/inbox-keys.ts';
import { keysInUse } from '../../src/store/keys-in-use.ts';
import { at, event, hint, NOON, openedStore, state } from './opened.ts';

const { pool, store, keys, write } = await openedStore({ after }, { max: 24 });

/** Each test has a site of its own, so that none sees what another one queued. */
let sites = 0;
const newSite = (): string => `site-${(sites += 1)}`;
const insert = (site: string, messages: readonly SiteMessage[], now = NOON): Promise<readonly Stored[]> =>
  write((tx) => tx.inbox.insert(site, 'poll', messages, now, null));
const kinds = (stored: readonly Stored[]): string => stored.map((one) => one.kind).join(' ');
const idOf = (stored: readonly Stored[], index = 0): number => stored[index]?.id ?? assert.fail('not stored');
/** Takes what is due and is this site's, marks it applied, and says what it was. */
const drain = async (site: string, now = NOON): Promise<readonly string[]> =>
  write(async (tx) => {
    const bodies: string[] = [];
    for (const message of await tx.inbox.claim(now, 1000)) {
      if (message.site !== site) continue;
      bodies.push(Buffer.from(message.body).toString());
      await tx.inbox.done(message.id, 'applied', null, now);
    }
    return bodies;
  });

test('a message comes back as it was stored, and its body is sealed at rest', async () => {
  const site = newSite();
  const sent = event('e1', {
    controlId: 'MSG0001',
    occurredAt: at(-5),
    sequenceKeys: ['appointment:1', 'patient:"4\\7'],
  });
  const id = idOf(await write((tx) => tx.inbox.insert(site, 'hl7', [sent], NOON, 'trace-1')));
  const got = await write((tx) => tx.inbox.get(id));
  assert.deepEqual(got, {
    id,
    site,
    via: 'hl7',
    kind: 'siu',
    shape: 'event',
    object: null,
    body: Buffer.from('body of e1'),
    contentType: 'x-application/hl7-v2+er7',
    receivedAt: NOON,
    readAt: null,
    occurredAt: at(-5),
    sequenceKeys: sent.sequenceKeys.map((key) => blindKey(keys, key)),
    controlId: 'MSG0001',
    attempts: 0,
    status: 'received',
    stage: null,
    code: null,
    reason: null,
    trace: 'trace-1',
  });
  const { rows } = await pool.query<{ body: Buffer }>('SELECT body FROM inbox WHERE id = $1', [id]);
  assert.equal(rows[0]?.body.includes('body of'), false);
  assert.deepEqual(await keysInUse(pool), [keys.seal(Buffer.from('x')).keyId]);
  await drain(site);
});

test('ids follow the order of the call', async () => {
  const site = newSite();
  const stored = await insert(
    site,
    Array.from({ length: 1200 }, (_, index) => event(`e${index}`)),
  );
  const ids = stored.map((one) => one.id ?? 0);
  assert.deepEqual(
    ids,
    ids.toSorted((left, right) => left - right),
  );
  const { rows } = await pool.query<{ event_id: string }>('SELECT event_id FROM inbox WHERE site = $1 ORDER BY id', [
    site,
  ]);
  assert.deepEqual(
    rows.map((row) => row.event_id),
    Array.from({ length: 1200 }, (_, index) => `e${index}`),
  );
  await pool.query('DELETE FROM inbox_queue WHERE site = $1', [site]);
});

test('an event with a known id is a duplicate and names the first, within a call and after it', async () => {
  const site = newSite();
  const first = await insert(site, [event('a'), event('b'), event('a')]);
  assert.equal(kinds(first), 'inserted inserted duplicate');
  assert.equal(first[2]?.id, first[0]?.id);
  const again = await insert(site, [event('b'), event('c')]);
  assert.equal(kinds(again), 'duplicate inserted');
  assert.equal(again[0]?.id, first[1]?.id);
  assert.equal(kinds(await insert(newSite(), [event('a')])), 'inserted', 'another site has ids of its own');
  assert.equal((await drain(site)).length, 3);
});

test('of twenty transactions that store one event at once, one stores it', async () => {
  const site = newSite();
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      insert(site, index % 2 === 0 ? [event('x'), event('y')] : [event('y'), event('x')]),
    ),
  );
  const stored = all.flat();
  assert.equal(stored.filter((one) => one.kind === 'inserted').length, 2);
  assert.equal(stored.filter((one) => one.kind === 'duplicate').length, 38);
  assert.equal((await drain(site)).length, 2);
});

test('an event whose first transaction was rolled back is news', async () => {
  const site = newSite();
  await assert.rejects(
    write(async (tx) => {
      await tx.inbox.insert(site, 'hl7', [event('x')], NOON, null);
      throw new Error('the acknowledgement could not be written');
    }),
  );
  assert.equal(kinds(await insert(site, [event('x')])), 'inserted');
  await drain(site);
});

test('event ids are forgotten after the window', async () => {
  const site = newSite();
  await insert(site, [event('old')], at(-100));
  await insert(site, [event('new')], at(-1));
  assert.ok((await write((tx) => tx.inbox.forgetDuplicates(at(-10)))) >= 1);
  assert.equal(kinds(await insert(site, [event('old'), event('new')])), 'inserted duplicate');
  await drain(site);
});

test('9:00, 10:00 and 9:00 again are three states, in one call and in three', async () => {
  for (const together of [true, false]) {
    const site = newSite();
    const states = [
      state('appointment:1', '9', at(1)),
      state('appointment:1', '10', at(2)),
      state('appointment:1', '9', at(3)),
    ];
    const stored = together ? await insert(site, states) : await inTurn(site, states);
    assert.equal(kinds(stored), 'inserted inserted inserted');
    const applied = [await drain(site), await drain(site), await drain(site)].flat();
    assert.deepEqual(applied, ['{"digest":"9"}', '{"digest":"10"}', '{"digest":"9"}']);
  }
});

async function inTurn(site: string, messages: readonly SiteMessage[]): Promise<readonly Stored[]> {
  const all: Stored[] = [];
  for (const message of messages) all.push(...(await insert(site, [message])));
  return all;
}

test('a state with the digest received last is unchanged, one read before the last one is older', async () => {
  const site = newSite();
  assert.equal(kinds(await insert(site, [state('a:1', 'A', at(10))])), 'inserted');
  assert.equal(kinds(await insert(site, [state('a:1', 'A', at(20))])), 'unchanged');
  assert.equal(kinds(await insert(site, [state('a:1', 'B', at(15))])), 'older', 'the unchanged read at 20 knew better');
  assert.equal(kinds(await insert(site, [state('a:1', 'A', at(5))])), 'unchanged');
  assert.equal(kinds(await insert(site, [state('a:1', 'B', at(20))])), 'inserted', 'the same moment is not before it');
  assert.equal(kinds(await insert(site, [state('a:2', 'B', at(1))])), 'inserted', 'another object');
  assert.equal((await drain(site)).length, 2);
  assert.equal((await drain(site)).length, 1);
});

test('of twenty transactions that store one state at once, one stores it', async () => {
  const site = newSite();
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, index) => {
      const both = [state('a:1', 'A', at(1)), state('a:2', 'A', at(1))];
      return insert(site, index % 2 === 0 ? both : both.toReversed());
    }),
  );
  assert.equal(all.flat().filter((one) => one.kind === 'inserted').length, 2);
  assert.equal((await drain(site)).length, 2);
});

test('odd texts in names are stored, not refused', async () => {
  const site = newSite();
  const stored = await insert(site, [
    event(`nul\0id`, { sequenceKeys: ['appointment:\0', 'x'.repeat(5000), '{"a",b}', ''] }),
    event('z'.repeat(9000)),
    event(`${'z'.repeat(9000)}!`),
    event('twice', { sequenceKeys: ['k', 'k'] }),
  ]);
  assert.equal(kinds(stored), 'inserted inserted inserted inserted');
  assert.equal(kinds(await insert(site, [event('z'.repeat(9000))])), 'duplicate');
  assert.equal((await drain(site)).length, 4);
});

test('nothing to store is no statement at all', async () => {
  assert.deepEqual(await insert(newSite(), []), []);
});

test('a parked message holds up nobody; a parked barrier holds up whoever shares a key, until it is done', async () => {
  const site = newSite();
  const parking = { stage: 'map', code: 'MESSAGE_UNREADABLE', reason: 'SCH-11 is empty' } as const;
  const stored = await insert(site, [
    event('1', { sequenceKeys: ['a'] }),
    event('2', { sequenceKeys: ['a'] }),
    event('3', { sequenceKeys: ['b'] }),
    event('4', { sequenceKeys: ['b', 'c'] }),
  ]);
  await write(async (tx) => {
    await tx.inbox.park(idOf(stored, 0), { ...parking, barrier: false }, NOON);
    await tx.inbox.park(idOf(stored, 2), { ...parking, barrier: true }, NOON);
  });
  assert.deepEqual(await drain(site), ['body of 2']);
  const parked = await write((tx) => tx.inbox.list({ site, status: 'parked', limit: 10 }));
  assert.deepEqual(
    parked.map(({ id, stage, code, reason, attempts }) => ({ id, stage, code, reason, attempts })),
    [idOf(stored, 0), idOf(stored, 2)].map((id) => ({ id, ...parking, attempts: 1 })),
  );
  assert.deepEqual(await write((tx) => tx.inbox.depth(site)), { queued: 1, hints: 0, parked: 2 });
  await write((tx) => tx.inbox.done(idOf(stored, 2), 'ignored', 'not ours', NOON));
  assert.deepEqual(await drain(site), ['body of 4']);
});

test('a replay puts a message back in its place, once', async () => {
  const site = newSite();
  const stored = await insert(site, [event('1', { sequenceKeys: ['a'] }), event('2', { sequenceKeys: ['a'] })]);
  const [first, second] = [idOf(stored, 0), idOf(stored, 1)];
  assert.equal(await write((tx) => tx.inbox.replay(first, NOON)), false, 'it is in the queue already');
  assert.deepEqual(await drain(site), ['body of 1']);
  const both = await Promise.all([1, 2].map(() => write((tx) => tx.inbox.replay(first, NOON))));
  assert.deepEqual(both.toSorted(), [false, true]);
  assert.deepEqual(await drain(site), ['body of 1'], 'the later one waits again');
  assert.deepEqual(await drain(site), ['body of 2']);
  await write((tx) => tx.inbox.replay(second, NOON));
  assert.equal((await write((tx) => tx.inbox.get(second)))?.status, 'received');
  assert.deepEqual(await drain(site), ['body of 2']);
  assert.equal((await write((tx) => tx.inbox.get(second)))?.status, 'applied');
  assert.equal(await write((tx) => tx.inbox.replay(999_999_999, NOON)), false, 'there is no such message');
});

test('a parked barrier can be replayed, and what waits behind it follows', async () => {
  const site = newSite();
  const stored = await insert(site, [event('1', { sequenceKeys: ['a'] }), event('2', { sequenceKeys: ['a'] })]);
  const barrier = { stage: 'identify', code: 'APPLY_FAILED', reason: 'merge', barrier: true } as const;
  await write((tx) => tx.inbox.park(idOf(stored), barrier, NOON));
  assert.deepEqual(await drain(site), []);
  assert.equal(await write((tx) => tx.inbox.replay(idOf(stored), NOON)), true);
  assert.deepEqual([await drain(site), await drain(site)], [['body of 1'], ['body of 2']]);
});

test('a message to be tried again later keeps its place', async () => {
  const site = newSite();
  const stored = await insert(site, [event('1', { sequenceKeys: ['a'] }), event('2', { sequenceKeys: ['a'] })]);
  await write((tx) => tx.inbox.retry(idOf(stored), at(5)));
  assert.deepEqual(await drain(site, at(4)), []);
  assert.equal((await write((tx) => tx.inbox.get(idOf(stored))))?.attempts, 1);
  assert.deepEqual(await drain(site, at(5)), ['body of 1']);
  assert.deepEqual(await drain(site, at(5)), ['body of 2']);
});

test('caught up is when nothing of these sites stands before a message, hints included', async () => {
  const [one, two] = [newSite(), newSite()];
  const a = idOf(await insert(one, [event('a')]));
  const h = idOf(await insert(two, [hint('appointment:1')]));
  const last = idOf(await insert(one, [event('last')]));
  const caughtUp = (sites: readonly string[], id: number): Promise<boolean> =>
    write((tx) => tx.inbox.caughtUp(sites, id));
  assert.equal(await caughtUp([one], a), true);
  assert.equal(await caughtUp([one], last), false);
  await write((tx) => tx.inbox.done(a, 'applied', null, NOON));
  assert.equal(await caughtUp([one], last), true);
  assert.equal(await caughtUp([one, two], last), false);
  await write((tx) => tx.inbox.hintsDone([h], NOON));
  assert.equal(await caughtUp([one, two], last), true);
  await drain(one);
});

test('messages are listed by site, status, control id and from an id on', async () => {
  const site = newSite();
  const stored = await insert(site, [event('1', { controlId: 'C1' }), event('2', { controlId: 'C2' }), event('3')]);
  const list = (filter: object): Promise<readonly number[]> =>
    write(async (tx) => (await tx.inbox.list({ limit: 50, ...filter })).map((message) => message.id));
  const [first, second, third] = [idOf(stored, 0), idOf(stored, 1), idOf(stored, 2)];
  assert.deepEqual(await list({ site }), [first, second, third]);
  assert.deepEqual(await list({ site, afterId: first }), [second, third]);
  assert.deepEqual(await list({ site, limit: 1 }), [first]);
  assert.deepEqual(await list({ controlId: 'C2' }), [second]);
  await drain(site);
  assert.deepEqual(await list({ site, status: 'received' }), []);
  assert.deepEqual(await list({ site, status: 'applied', controlId: 'C1' }), [first]);
});

test('who may not see a site sees none of its messages and replays none', async () => {
  const [mine, other] = [newSite(), newSite()];
  const id = idOf(await insert(mine, [event('1')]));
  await drain(mine);
  const seen = await store.transaction({ ...systemScope('test'), sites: [other] }, async ({ inbox }) => [
    await inbox.get(id),
    await inbox.list({ limit: 9 }),
    await inbox.list({ site: mine, limit: 9 }),
    await inbox.replay(id, NOON),
    await inbox.depth(mine),
  ]);
  assert.deepEqual(seen, [null, [], [], false, { queued: 0, hints: 0, parked: 0 }]);
});
