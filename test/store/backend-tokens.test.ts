import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { KeptToken, TokenLease, TokenName } from '../../src/connectors/contract-tokens.ts';
import type { BackendTokenStore } from '../../src/store/contract-keys.ts';
import type { Instant } from '../../src/core/instant.ts';
import { at, NOON, openedStore } from './opened.ts';

const { store, write, pool } = await openedStore({ after });
const tokens = <T>(work: (tokens: BackendTokenStore) => Promise<T>): Promise<T> =>
  write((tx) => work(tx.backendTokens));

let named = 0;
function name(): TokenName {
  named += 1;
  return { name: `name-${String(named)}`, endpoint: 'https://site.example.org/token', clientId: 'c', scope: '' };
}
function lease(id: string, from: Instant = NOON): TokenLease {
  return { id, until: (from + 15_000) as Instant, notBefore: (from + 5_000) as Instant };
}
const TOKEN: Omit<KeptToken, 'generation'> = { token: 'a-very-secret-token', refreshAt: at(45), endsAt: at(59) };

test('of many who want to ask at once one may, and the others learn until when', async () => {
  const of = name();
  const got = await Promise.all(
    Array.from({ length: 8 }, (_, n) => tokens((all) => all.lease(of, lease(`l${String(n)}`), NOON))),
  );
  assert.equal(got.filter(Boolean).length, 1);
  const standing = await tokens((all) => all.standing(of, NOON));
  assert.deepEqual([standing?.kept, standing?.leaseUntil], [null, NOON + 15_000]);
});

test('a lease that ended is another’s, and whoever had it stores nothing any more', async () => {
  const of = name();
  assert.equal(await tokens((all) => all.lease(of, lease('first'), NOON)), true);
  assert.equal(await tokens((all) => all.lease(of, lease('second', at(0)), (NOON + 14_999) as Instant)), false);
  const later = (NOON + 15_000) as Instant;
  assert.equal(await tokens((all) => all.lease(of, lease('second', later), later)), true);
  assert.equal(await tokens((all) => all.put(of, lease('first'), TOKEN)), null);
  const put = await tokens((all) => all.put(of, lease('second'), { ...TOKEN, token: 'the second one' }));
  assert.deepEqual(put, { ...TOKEN, token: 'the second one', generation: 1 });
  await tokens((all) => all.fail(of, lease('first'), { code: 'SITE_FAILED', detail: '' }, at(500)));
  assert.equal((await tokens((all) => all.standing(of, later)))?.failure, null);
});

test('while a token holds nobody asks for the next one, until it is due', async () => {
  const of = name();
  await tokens((all) => all.lease(of, lease('first'), NOON));
  await tokens((all) => all.put(of, lease('first'), TOKEN));
  assert.equal(await tokens((all) => all.lease(of, lease('next', at(44)), at(44))), false);
  assert.equal(await tokens((all) => all.lease(of, lease('next', at(45)), at(45))), true);
  assert.equal((await tokens((all) => all.standing(of, at(58))))?.kept?.token, TOKEN.token);
  assert.equal((await tokens((all) => all.standing(of, at(59))))?.kept, null);
});

test('a refusal takes away exactly the token that was refused', async () => {
  const of = name();
  await tokens((all) => all.lease(of, lease('first'), NOON));
  await tokens((all) => all.put(of, lease('first'), TOKEN));
  await tokens((all) => all.refuse(of, 2));
  assert.equal((await tokens((all) => all.standing(of, NOON)))?.kept?.generation, 1);
  await tokens((all) => all.refuse(of, 1));
  assert.equal((await tokens((all) => all.standing(of, NOON)))?.kept, null);
  assert.equal(await tokens((all) => all.lease(of, lease('soon'), (NOON + 4_999) as Instant)), false);
  assert.equal(await tokens((all) => all.lease(of, lease('soon'), (NOON + 5_000) as Instant)), true);
});

test('why there is no token is known to all nodes, and what was given up says nothing', async () => {
  const of = name();
  await tokens((all) => all.lease(of, lease('first'), NOON));
  await tokens((all) => all.fail(of, lease('first'), { code: 'SITE_TOKEN_REFUSED', detail: 'kid' }, at(1)));
  const standing = await store.read(
    { sites: '*', locations: '*', clearances: '*', actor: 't', purpose: 'system' },
    (tx) => tx.backendTokens.standing(of, NOON),
  );
  assert.deepEqual(
    [standing?.failure, standing?.failures, standing?.leaseUntil, standing?.notBefore],
    [{ code: 'SITE_TOKEN_REFUSED', detail: 'kid' }, 1, null, at(1)],
  );
  await tokens((all) => all.lease(of, lease('second', at(1)), at(1)));
  await tokens((all) => all.fail(of, lease('second'), null, at(2)));
  assert.equal((await tokens((all) => all.standing(of, NOON)))?.failures, 1);
});

test('no token lies open in the database', async () => {
  const of = name();
  await tokens((all) => all.lease(of, lease('first'), NOON));
  await tokens((all) => all.put(of, lease('first'), TOKEN));
  const { rows } = await pool.query<{ text: string; bytes: Buffer }>(
    'SELECT t::text AS text, sealed AS bytes FROM backend_token t WHERE name = $1',
    [of.name],
  );
  const [row] = rows;
  assert.ok(row?.text.includes(of.name) === true);
  assert.ok(!row.text.includes(TOKEN.token) && !row.bytes.includes(TOKEN.token));
  assert.ok(!row.text.includes(Buffer.from(TOKEN.token).toString('hex')));
});

test('what nobody has asked for any more is forgotten, and what is in use is not', async () => {
  const [old, inUse] = [name(), name()];
  for (const [of, more] of [
    [old, {}],
    [inUse, { refreshAt: at(2000), endsAt: at(3000) }],
  ] as const) {
    await tokens((all) => all.lease(of, lease('first'), NOON));
    await tokens((all) => all.put(of, lease('first'), { ...TOKEN, ...more }));
  }
  assert.ok((await tokens((all) => all.forget(at(60)))) >= 1);
  assert.equal(await tokens((all) => all.standing(old, NOON)), null);
  assert.notEqual(await tokens((all) => all.standing(inUse, NOON)), null);
});
