/** Patient records under data keys of their own, on a real database, and those that an earlier release left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { derivedId } from '../../src/core/ids.ts';
import type { Patient } from '../../src/fhir/types.ts';
import { systemScope, type Resealed } from '../../src/store/contract.ts';
import { resealing } from '../../src/pipeline/reseal.ts';
import { manualClock } from '../support/facts.ts';
import { at, openedStore, type Opened } from './opened.ts';

const SCOPE = systemScope('test');
const ZERO = '00000000-0000-0000-0000-000000000000';
const id = (name: string): string => derivedId('reseal test', name);

async function put({ write }: Opened, name: string, family: string, minute = 0): Promise<void> {
  const resource: Patient = { resourceType: 'Patient', name: [{ family }] };
  const cause = { site: 'north', messageId: null, siteTime: null, now: at(minute) };
  await write((tx) =>
    tx.resources.put({ type: 'Patient', id: id(name), site: 'north', resource, tokens: ['identifier:*|1'] }, cause),
  );
}

/** As releases up to 0014 sealed it: by the hub's key itself, with nothing said of what it is. */
async function asBefore({ pool, keys, store }: Opened, name: string): Promise<void> {
  const { rows } = await pool.query<{ version: number }>(`SELECT version FROM history WHERE id = $1`, [id(name)]);
  const versions = await Promise.all(
    rows.map(async ({ version }) => {
      const read = store.read(SCOPE, (tx) => tx.resources.readVersion('Patient', id(name), version));
      return { version, ...keys.seal(Buffer.from((await read)?.json ?? '')) };
    }),
  );
  for (const { version, keyId, sealed } of versions) {
    const values = [id(name), version, keyId, sealed];
    await pool.query(`UPDATE history SET key_id = $3, sealed = $4 WHERE id = $1 AND version = $2`, values);
    await pool.query(`UPDATE resource SET key_id = $3, sealed = $4 WHERE id = $1 AND version = $2`, values);
  }
  await pool.query(`UPDATE resource SET data_key = NULL WHERE id = $1`, [id(name)]);
}

async function said({ store }: Opened, name: string, version: number | null = null): Promise<string> {
  const served = await store.read(SCOPE, (tx) =>
    version === null ? tx.resources.read('Patient', id(name)) : tx.resources.readVersion('Patient', id(name), version),
  );
  return /"family":"(\w+)"/.exec(served?.json ?? '')?.[1] ?? '';
}

test('every version of a record is under the data key of the record, and goes with it', async (t) => {
  const opened = await openedStore(t);
  await put(opened, 'ann', 'Okonkwo');
  await put(opened, 'ann', 'Miller', 1);
  await put(opened, 'bea', 'Lee');
  assert.deepEqual([await said(opened, 'ann'), await said(opened, 'ann', 1)], ['Miller', 'Okonkwo']);
  const { rows } = await opened.pool.query<{ data_key: Buffer }>(`SELECT data_key FROM resource`);
  assert.equal(new Set(rows.map((row) => row.data_key.toString('hex'))).size, 2);
  // The key of somebody else: what a destroyed one leaves is as closed as that.
  await opened.pool.query(
    `UPDATE resource SET data_key = (SELECT data_key FROM resource WHERE id = $2) WHERE id = $1`,
    [id('ann'), id('bea')],
  );
  for (const version of [null, 1, 2]) await assert.rejects(said(opened, 'ann', version), isKeyMissing);
  assert.equal(await said(opened, 'bea'), 'Lee');
});

test('a sealed body that is copied to another row does not open there', async (t) => {
  const opened = await openedStore(t);
  await put(opened, 'ann', 'Okonkwo');
  await put(opened, 'ann', 'Miller', 1);
  await put(opened, 'bea', 'Lee');
  await opened.pool.query(
    `UPDATE history SET sealed = (SELECT sealed FROM history WHERE id = $1 AND version = 1)
     WHERE id = $1 AND version = 2`,
    [id('ann')],
  );
  await assert.rejects(said(opened, 'ann', 2), isKeyMissing);
  await opened.pool.query(
    `UPDATE resource SET (sealed, data_key) = (SELECT sealed, data_key FROM resource WHERE id = $1) WHERE id = $2`,
    [id('ann'), id('bea')],
  );
  await assert.rejects(said(opened, 'bea'), isKeyMissing);
});

test('what an earlier release sealed is read, searched and compared as before, and its next version too', async (t) => {
  const opened = await openedStore(t);
  await put(opened, 'ann', 'Okonkwo');
  await asBefore(opened, 'ann');
  assert.equal(await said(opened, 'ann'), 'Okonkwo');
  await put(opened, 'ann', 'Miller', 1);
  assert.deepEqual([await said(opened, 'ann'), await said(opened, 'ann', 1)], ['Miller', 'Okonkwo']);
  await opened.write(async (tx) => {
    await tx.resources.linkPatient(id('ann'), id('ann'), 'north', 'k1', at(0));
    assert.deepEqual(
      (await tx.index.people([id('ann')])).map((one) => one.patient().name),
      [[{ family: 'Miller' }]],
    );
  });
});

test('it is sealed anew with all its versions, some at a time, and none of what is served changes', async (t) => {
  const opened = await openedStore(t);
  const names = Array.from({ length: 7 }, (_, number) => `old ${String(number)}`);
  for (const name of names) {
    await put(opened, name, 'First');
    await put(opened, name, 'Second', 1);
    await asBefore(opened, name);
  }
  await put(opened, 'new', 'Lee');
  const { pool, store } = opened;
  const stored = `SELECT id, version, xid, last_updated FROM resource ORDER BY id`;
  const { rows: before } = await pool.query(stored);
  const first = await store.reseal(ZERO, 3);
  assert.deepEqual([first.records, first.unreadable], [3, 0]);
  // Killed here: the next hub begins anew and finds what is left.
  const swept: string[] = [];
  const events = { swept: (what: string, count: number): void => void swept.push(`${what} ${String(count)}`) };
  const step = resealing({ store, clock: manualClock(), events });
  assert.equal(await step(), true);
  assert.equal(await step(), false);
  assert.equal(await step(), false);
  assert.deepEqual(swept, ['patient records sealed anew 4']);
  assert.deepEqual((await pool.query(stored)).rows, before);
  for (const name of names) {
    assert.deepEqual(
      [await said(opened, name), await said(opened, name, 1), await said(opened, name, 2)],
      ['Second', 'First', 'Second'],
    );
  }
  const { rows } = await pool.query(`SELECT FROM resource WHERE data_key IS NULL`);
  assert.equal(rows.length, 0);
});

test('a record that does not open is left, and keeps no other from being sealed anew', async (t) => {
  const opened = await openedStore(t);
  for (const name of ['ann', 'bea', 'eve']) {
    await put(opened, name, 'Lee');
    await asBefore(opened, name);
  }
  await opened.pool.query(`UPDATE history SET sealed = '\\x00' WHERE id = $1`, [id('bea')]);
  let after: string | null = ZERO;
  const came = { records: 0, unreadable: 0 };
  while (after !== null) {
    const step: Resealed = await opened.store.reseal(after, 1);
    came.records += step.records;
    came.unreadable += step.unreadable;
    after = step.last;
  }
  assert.deepEqual(came, { records: 2, unreadable: 1 });
  assert.equal(await said(opened, 'bea'), 'Lee');
});

test('a version that is written while records are sealed anew is lost by neither', async (t) => {
  const opened = await openedStore(t, { max: 6 });
  for (let round = 0; round < 8; round += 1) {
    await put(opened, 'ann', `Old${String(round)}`, round);
    await asBefore(opened, 'ann');
    await Promise.all([put(opened, 'ann', `New${String(round)}`, round), opened.store.reseal(ZERO, 10)]);
    await opened.store.reseal(ZERO, 10);
    const last = (round + 1) * 2;
    assert.deepEqual(
      [await said(opened, 'ann'), await said(opened, 'ann', last - 1), await said(opened, 'ann', last)],
      [`New${String(round)}`, `Old${String(round)}`, `New${String(round)}`],
    );
  }
});

function isKeyMissing(error: unknown): boolean {
  return error instanceof HubError && error.code === 'KEY_MISSING';
}
