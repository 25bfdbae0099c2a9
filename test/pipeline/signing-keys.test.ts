import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, plus } from '../../src/core/instant.ts';
import { HubError } from '../../src/core/errors.ts';
import type { AskedBy } from '../../src/pipeline/signing-keys.ts';
import { SigningKeys } from '../../src/pipeline/signing-keys.ts';
import type { Environment } from '../../src/settings/shape.ts';
import type { SigningSettings } from '../../src/settings/signing-shape.ts';
import { systemScope } from '../../src/store/contract.ts';
import { handClock, type HandClock } from '../connectors/clock.ts';
import { openedStore, type Opened } from '../store/opened.ts';
import type { Cleanup } from '../support/database.ts';

const SETTINGS: SigningSettings = {
  algorithms: ['ES384'],
  rsaKey_bits: 2048,
  jwksCache_s: 300,
  keptFor_s: 86_400,
};
const BY: AskedBy = { scope: { ...systemScope('test'), actor: 'client:operator' }, requestId: 'r-1' };

interface World extends Omit<Opened, 'keys'> {
  readonly clock: HandClock;
  readonly told: string[];
  readonly keys: SigningKeys;
  readonly process: (more?: Partial<SigningSettings>, environment?: Environment) => SigningKeys;
  readonly states: () => Promise<readonly string[]>;
}

async function world(t: Cleanup, more: Partial<SigningSettings> = {}): Promise<World> {
  const clock = handClock();
  const opened = await openedStore(t, { clock });
  const told: string[] = [];
  const process: World['process'] = (other = {}, environment = 'test') =>
    new SigningKeys({
      store: opened.store,
      clock,
      hub: () => ({ environment, signing: { ...SETTINGS, ...more, ...other } }),
      moved: (where, what) => told.push(`${where} ${what}`),
    });
  const keys = process();
  return { ...opened, clock, told, keys, process, states: async () => (await keys.list()).map(({ state }) => state) };
}

async function refusal(asked: Promise<unknown>): Promise<HubError> {
  const error: unknown = await asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HubError);
  return error;
}
const kidOf = async (keys: SigningKeys): Promise<string> => (await keys.sign({ iss: 'x' }, null)).kid;

test('the first who needs a key makes it, and processes that start at once make one', async (t) => {
  const { process, told, pool } = await world(t);
  const sets = await Promise.all(Array.from({ length: 6 }, () => process().jwks('test')));
  assert.equal(new Set(sets.flatMap(({ keys }) => keys.map(({ kid }) => kid))).size, 1);
  assert.deepEqual(told, ['test made']);
  const { rows } = await pool.query<{ count: number }>('SELECT count(*) FROM signing_key');
  assert.equal(rows[0]?.count, 1);
});

test('each algorithm of the settings has a key, and the first that a site takes signs', async (t) => {
  const { process } = await world(t);
  const both = process({ algorithms: ['RS384', 'ES384'] });
  assert.deepEqual((await both.jwks('test')).keys.map(({ alg }) => alg).sort(), ['ES384', 'RS384']);
  assert.equal((await both.sign({}, null)).alg, 'RS384');
  assert.equal((await both.sign({}, ['PS256', 'ES384'])).alg, 'ES384');
  assert.equal((await refusal(both.sign({}, ['ES256']))).code, 'SIGNING_UNAVAILABLE');
});

test('keys of another environment are not here, and who asks is told which are', async (t) => {
  const { keys, process } = await world(t);
  const failure = await refusal(keys.jwks('production'));
  assert.equal(failure.code, 'NOT_FOUND');
  assert.match(failure.detail, /environment is test.*jwks\/test\.json/);
  const [own] = (await keys.jwks('test')).keys;
  const [other] = (await process({}, 'sandbox').jwks('sandbox')).keys;
  assert.notEqual(own?.kid, other?.kid, 'one database, and still a key for each environment');
});

test('a rotation publishes the new key at once and signs with it when everybody has had to read the set again', async (t) => {
  const { keys, clock, states, told } = await world(t);
  const old = await kidOf(keys);
  await keys.rotate(BY, null);
  assert.equal((await keys.jwks('test')).keys.length, 2);
  assert.deepEqual([await kidOf(keys), await states()], [old, ['waiting', 'signing']]);
  await clock.advance(299_000);
  assert.equal(await kidOf(keys), old);
  await clock.advance(1_000);
  assert.notEqual(await kidOf(keys), old);
  assert.deepEqual(await states(), ['signing', 'kept']);
  assert.equal((await keys.jwks('test')).keys.length, 2, 'what the old one signed is still read');
  assert.equal(await keys.sweep(), 0);
  await clock.advance(DAY_MS - 1_000);
  assert.equal(await keys.sweep(), 0);
  await clock.advance(1_000);
  assert.equal(await keys.sweep(), 1);
  assert.deepEqual(await states(), ['signing', 'withdrawn']);
  assert.deepEqual((await keys.jwks('test')).keys.length, 1);
  assert.deepEqual(told, ['test made', 'test made', 'test withdrawn']);
});

test('a rotation may begin at once, or at a time that was agreed with a site', async (t) => {
  const { keys, clock } = await world(t);
  const old = await kidOf(keys);
  await keys.rotate(BY, clock.now());
  const second = await kidOf(keys);
  assert.notEqual(second, old);
  await keys.withdraw(BY, old, true);
  await keys.rotate(BY, plus(clock.now(), 7 * DAY_MS));
  await clock.advance(7 * DAY_MS - 1);
  assert.equal(await kidOf(keys), second);
  await clock.advance(1);
  assert.notEqual(await kidOf(keys), second);
});

test('two keys are live, never three: also when two processes rotate at once', async (t) => {
  const { keys, process, states } = await world(t);
  await keys.list();
  const done = await Promise.allSettled([
    keys.rotate(BY, null),
    process().rotate(BY, null),
    process().rotate(BY, null),
  ]);
  assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1);
  const failure = await refusal(keys.rotate(BY, null));
  assert.equal(failure.code, 'RULE_BROKEN');
  assert.deepEqual(await states(), ['waiting', 'signing']);
});

test('a key that signs, or signed a moment ago, is not withdrawn by mistake', async (t) => {
  const { keys, clock } = await world(t);
  const old = await kidOf(keys);
  assert.match((await refusal(keys.withdraw(BY, old, false))).detail, /it is the one that signs/);
  assert.match((await refusal(keys.withdraw(BY, old, true))).detail, /it is the one that signs/);
  await keys.rotate(BY, clock.now());
  assert.match((await refusal(keys.withdraw(BY, old, false))).detail, /may be read until/);
  await clock.advance(300_000);
  await keys.withdraw(BY, old, false);
  assert.equal((await refusal(keys.withdraw(BY, old, false))).code, 'NOT_FOUND');
  assert.equal((await refusal(keys.withdraw(BY, 'nobody', true))).code, 'NOT_FOUND');
});

test('who withdraws the newer of two keys has the older sign again', async (t) => {
  const { keys, clock } = await world(t);
  const old = await kidOf(keys);
  await keys.rotate(BY, clock.now());
  const bad = await kidOf(keys);
  await keys.withdraw(BY, bad, true);
  assert.equal(await kidOf(keys), old);
});

test('a key that signed for too long is replaced by itself, once, where the settings say so', async (t) => {
  const { process, clock } = await world(t, { rotateAfter_days: 365 });
  const [one, other] = [process(), process()];
  await one.list();
  await clock.advance(364 * DAY_MS);
  assert.equal(await one.sweep(), 0);
  await clock.advance(DAY_MS);
  await Promise.all([one.sweep(), other.sweep()]);
  assert.deepEqual(
    (await one.list()).map(({ state }) => state),
    ['waiting', 'signing'],
  );
});

test('each step is in the ledger and in the audit log, with who took it', async (t) => {
  const { keys, clock, pool } = await world(t);
  const old = await kidOf(keys);
  await keys.rotate(BY, clock.now());
  await keys.withdraw(BY, old, true);
  const { rows } = await pool.query<{ kind: string; actor: string; cause: string; data: string }>(
    `SELECT kind, actor, cause, data FROM ledger WHERE kind LIKE 'signing-key-%' ORDER BY id`,
  );
  assert.deepEqual(
    rows.map(({ kind, actor, cause }) => [kind, actor, cause]),
    [
      ['signing-key-made', 'hub:keys', 'first need'],
      ['signing-key-made', 'client:operator', 'by hand'],
      ['signing-key-withdrawn', 'client:operator', 'by hand'],
    ],
  );
  assert.ok(rows[2]?.data.includes(old));
  const { rows: audited } = await pool.query(`SELECT FROM audit WHERE action = 'operate' AND request_id = 'r-1'`);
  assert.equal(audited.length, 2);
});

test('the private part lies sealed, is in no set, and is destroyed when its key is withdrawn', async (t) => {
  const { keys, clock, pool, store } = await world(t);
  const old = await kidOf(keys);
  const privatePart = await store.read(systemScope('test'), (tx) => tx.signingKeys.privatePart(old));
  assert.ok(privatePart !== null && privatePart.length > 100);
  const raw = async (): Promise<Buffer> => {
    const { rows } = await pool.query<{ text: string }>('SELECT t::text AS text FROM signing_key t');
    return Buffer.from(
      rows
        .map(({ text }) =>
          text.replaceAll(/\\x([0-9a-f]+)/g, (_, hex: string) => Buffer.from(hex, 'hex').toString('latin1')),
        )
        .join('\n'),
      'latin1',
    );
  };
  assert.ok(!(await raw()).includes(privatePart.subarray(30, 90)));
  assert.ok((await raw()).includes(old), 'what is searched is the table');
  const members = (await keys.jwks('test')).keys.flatMap((key) => Object.keys(key));
  assert.deepEqual(
    members.filter((member) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].includes(member)),
    [],
  );
  await keys.rotate(BY, clock.now());
  await keys.withdraw(BY, old, true);
  const { rows } = await pool.query<{ gone: boolean }>(
    'SELECT sealed IS NULL AS gone FROM signing_key WHERE kid = $1',
    [old],
  );
  assert.deepEqual(rows, [{ gone: true }]);
});
