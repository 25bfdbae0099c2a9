import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { AsyncResource } from 'node:async_hooks';
import type { Tx } from '../../src/store/contract.ts';
import type { InboxMessage } from '../../src/store/contract-inbox.ts';
import { RELEASE_ORPHANS } from '../../src/store/inbox-claim.ts';
import { blindKey } from '../../src/store/inbox-keys.ts';
import { event, NOON, openedStore } from './opened.ts';

const { pool, keys, write } = await openedStore({ after }, { max: 16 });
const SITE = 'midtown';

const insert = (count: number, keysOf: (index: number) => readonly string[], prefix: string): Promise<unknown> =>
  write((tx) =>
    tx.inbox.insert(
      SITE,
      'poll',
      Array.from({ length: count }, (_, index) => event(`${prefix}-${index}`, { sequenceKeys: keysOf(index) })),
      NOON,
      null,
    ),
  );
const left = async (): Promise<number> => (await write((tx) => tx.inbox.depth(SITE))).queued;

/** A number generator with a seed, so that a failure can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** Waits until `ready`: claims of others are what it waits for, so it asks again and again. */
async function until(ready: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await ready())) await new Promise((resolve) => setImmediate(resolve));
}

test('messages that share no key are claimed together, oldest first, and those that share one are not', async () => {
  await insert(6, (index) => [`k${index % 3}`], 'together');
  const claimed = await write(async (tx) => {
    const messages = await tx.inbox.claim(NOON, 10);
    for (const { id } of messages) await tx.inbox.done(id, 'applied', null, NOON);
    return messages;
  });
  assert.deepEqual(
    claimed.map((message) => message.body.toString()),
    [0, 1, 2].map((n) => `body of together-${n}`),
  );
  assert.equal((await write((tx) => drain(tx))).length, 3);
  assert.equal(await left(), 0);
});

async function drain(tx: Tx): Promise<readonly InboxMessage[]> {
  const messages = await tx.inbox.claim(NOON, 100);
  for (const { id } of messages) await tx.inbox.done(id, 'applied', null, NOON);
  return messages;
}

test('a claim says whether it left anything that can be claimed now, or when what it took is done', async () => {
  const claimed = (limit: number): Promise<readonly [number, boolean]> =>
    write(async (tx) => {
      const messages = await tx.inbox.claim(NOON, limit);
      for (const { id } of messages) await tx.inbox.done(id, 'applied', null, NOON);
      return [messages.length, tx.inbox.leftMore()];
    });
  await insert(3, (index) => [`apart${index}`], 'apart');
  assert.deepEqual(await claimed(2), [2, true]);
  assert.deepEqual(await claimed(2), [1, false]);
  assert.deepEqual(await claimed(2), [0, false]);
  await insert(3, () => ['in-line'], 'in-line');
  assert.deepEqual(await claimed(10), [1, true]);
  assert.deepEqual(await claimed(10), [1, true]);
  assert.deepEqual(await claimed(10), [1, false]);
  await insert(450, () => ['long'], 'long');
  await insert(1, () => ['behind'], 'behind');
  assert.deepEqual(await claimed(2), [2, true]);
  while ((await write(drain)).length > 0);
});

/** Runs as if called from outside of the transaction that is open here. */
const bare = new AsyncResource('outside');
function outside<T>(work: () => Promise<T>): Promise<T> {
  return bare.runInAsyncScope(work);
}

test('two workers never hold the same message, nor two messages that share a key', async () => {
  await insert(40, (index) => [`pair${index % 20}`], 'disjoint');
  const [mine, theirs] = await twoAtOnce(8, 50);
  const keys = [...mine, ...theirs].flatMap((message) => message.sequenceKeys);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(mine.length, 8);
  assert.equal(theirs.length, 12);
  while ((await write(drain)).length > 0);
  assert.equal(await left(), 0);
});

/** Both transactions hold their claims until both have them. */
async function twoAtOnce(
  one: number,
  two: number,
): Promise<readonly [readonly InboxMessage[], readonly InboxMessage[]]> {
  let held = 0;
  const hold = (limit: number, turn: number): Promise<readonly InboxMessage[]> =>
    write(async (tx) => {
      await until(() => held >= turn);
      const messages = await tx.inbox.claim(NOON, limit);
      held += 1;
      await until(() => held >= 2);
      return messages;
    });
  return Promise.all([hold(one, 0), hold(two, 1)]);
}

test('what shares a key is applied in the order it came, by many workers, through failures and back-off', async () => {
  const chance = random(7);
  const pick = (): string => `s${Math.floor(chance() * 12)}`;
  const keysOf = Array.from({ length: 600 }, () => [...new Set([pick(), pick(), `p${Math.floor(chance() * 40)}`])]);
  await insert(300, (index) => keysOf[index] ?? [], 'early');
  const applied: InboxMessage[] = [];
  const parked = new Map<number, InboxMessage>();
  let inserted = false;
  const arrive = async (): Promise<void> => {
    for (let index = 300; index < 600; index += 10) {
      await insert(10, (offset) => keysOf[index + offset] ?? [], `late${index}`);
    }
    inserted = true;
  };
  const worker = async (): Promise<void> => {
    while (!inserted || (await left()) > 0) {
      const batch = await claimAndApply(chance).catch(async (thrown: unknown) => {
        if (!(thrown instanceof Unlucky)) throw thrown;
        // Two workers may have failed on it, one after the other, and both park it.
        for (const message of await parkUnheld(thrown.about)) parked.set(message.id, message);
        return [];
      });
      applied.push(...batch);
    }
  };
  await Promise.all([...Array.from({ length: 8 }, worker), arrive()]);

  const done = [...applied, ...parked.values()];
  assert.equal(done.length, 600, 'each was applied or parked, none twice');
  assert.equal(new Set(done.map((message) => message.id)).size, 600);
  const lastOf = new Map<string, number>();
  for (const message of inOrderOfClaims(done)) {
    for (const key of message.sequenceKeys) {
      assert.ok(message.id > (lastOf.get(key) ?? 0), `${message.id} came after a later message about ${key}`);
      lastOf.set(key, message.id);
    }
  }
  assert.equal((await pool.query(RELEASE_ORPHANS)).rowCount, 0, 'nothing was left waiting for what is gone');
});

class Unlucky extends Error {
  readonly about: InboxMessage;
  constructor(message: InboxMessage) {
    super('a batch that fails');
    this.about = message;
  }
}

/**
 * Noted while the claim is held: what shares a key and comes later is claimed only after this transaction has ended.
 */
const claims = new Map<number, number>();
let turns = 0;
function inOrderOfClaims(messages: readonly InboxMessage[]): readonly InboxMessage[] {
  return messages.toSorted((left, right) => (claims.get(left.id) ?? 0) - (claims.get(right.id) ?? 0));
}

async function claimAndApply(chance: () => number): Promise<readonly InboxMessage[]> {
  return write(async (tx) => {
    const applied: InboxMessage[] = [];
    for (const message of await tx.inbox.claim(NOON, 1 + Math.floor(chance() * 6))) {
      claims.set(message.id, (turns += 1));
      if (chance() < 0.05) throw new Unlucky(message);
      if (chance() < 0.05) await tx.inbox.retry(message.id, NOON);
      else {
        applied.push(message);
        await tx.inbox.done(message.id, 'applied', null, NOON);
      }
    }
    return applied;
  });
}

/**
 * As after a batch that was rolled back: whoever parks does not hold the message, and somebody else may have it by now.
 */
async function parkUnheld(message: InboxMessage): Promise<readonly InboxMessage[]> {
  const parking = { stage: 'apply', code: 'APPLY_FAILED', reason: 'it failed', barrier: false } as const;
  return write(async (tx) => {
    const before = await tx.inbox.get(message.id);
    await tx.inbox.park(message.id, parking, NOON);
    const after = await tx.inbox.get(message.id);
    return before?.status === 'received' && after?.status === 'parked' ? [message] : [];
  });
}

test('parking what somebody else has applied meanwhile changes nothing', async () => {
  await insert(1, () => ['x'], 'raced');
  const [message] = await write(drain);
  assert.ok(message);
  assert.deepEqual(await parkUnheld(message), []);
  assert.equal((await write((tx) => tx.inbox.get(message.id)))?.status, 'applied');
});

test('a message is let go even when it was made to wait while the one before it was being parked', async () => {
  await insert(3, () => ['run'], 'raced-park');
  const [first, second] = (await pool.query<{ inbox_id: number }>('SELECT inbox_id FROM inbox_queue ORDER BY 1')).rows;
  assert.ok(first && second);
  const parking = { stage: 'apply', code: 'APPLY_FAILED', reason: 'it failed', barrier: false } as const;
  let parked: Promise<unknown> = Promise.resolve();
  await write(async (tx) => {
    // Not due for us, but walked: the third is marked as waiting for the second, whose row is held until we commit.
    await tx.inbox.claim(NOON, 10);
    parked = outside(() => write((other) => other.inbox.park(second.inbox_id, parking, NOON)));
    await until(async () => (await outside(waiters)) > 0);
    await tx.inbox.done(first.inbox_id, 'applied', null, NOON);
  });
  await parked;
  assert.equal((await write(drain)).length, 1);
  assert.equal(await left(), 0);
});

async function waiters(): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows[0]?.count ?? 0;
}

test('a long run about one schedule does not slow the claims of others, nor its own', async () => {
  for (let part = 0; part < 6; part += 1) await insert(500, () => ['schedule:1'], `run${part}`);
  await insert(5, (index) => [`other:${index}`], 'others');
  const walked = async (): Promise<number> =>
    (await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM inbox_queue WHERE waits_for IS NULL')).rows[0]
      ?.n ?? 0;
  const first = await write(drain);
  const second = await write(drain);
  const third = await write(drain);
  assert.deepEqual(
    [...first, ...second, ...third].filter((message) => !message.sequenceKeys.includes(blindKey(keys, 'schedule:1')))
      .length,
    5,
  );
  assert.equal(await walked(), 1, 'only the head of the run is looked at from now on');
  assert.equal((await write(drain)).length, 1);
  assert.equal(await walked(), 1);
  await pool.query('DELETE FROM inbox_queue');
  await pool.query('DELETE FROM inbox_pending');
});
