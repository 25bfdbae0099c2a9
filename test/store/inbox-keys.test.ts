/** Sequence keys name nobody at rest, and those that an earlier version stored plain go on holding their place. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sha256 } from '../../src/core/ids.ts';
import { blindKey, blindStoredKeys } from '../../src/store/inbox-keys.ts';
import { event, hint, NOON, openedStore, state } from './opened.ts';

const { pool, keys, store, write } = await openedStore({ after });
const RETENTION = { inbox_days: 30, history_days: 30, dedupe_days: 30 };

async function everythingStored(): Promise<string> {
  const { rows } = await pool.query<{ text: string }>(
    `SELECT i::text AS text FROM inbox i UNION ALL SELECT p::text FROM inbox_pending p
     UNION ALL SELECT q::text FROM inbox_queue q UNION ALL SELECT h::text FROM hint_queue h`,
  );
  return rows.map((row) => row.text).join('\n');
}

/** As an earlier version left them. */
async function storedPlain(site: string, id: number, plain: readonly string[]): Promise<void> {
  await pool.query('UPDATE inbox SET sequence_keys = $2 WHERE id = $1', [id, plain]);
  await pool.query('DELETE FROM inbox_pending WHERE inbox_id = $1', [id]);
  await pool.query(
    'INSERT INTO inbox_pending (site, sequence_key, inbox_id) SELECT $1, unnest($2::text[]), $3::bigint',
    [site, plain, id],
  );
}

const bodies = (claimed: readonly { readonly body: Uint8Array }[]): string[] =>
  claimed.map(({ body }) => Buffer.from(body).toString());

test('no sequence key stands in the database as it was given', async () => {
  const messages = [
    event('k1', { sequenceKeys: ['patient:4711', 'appointment:F-4711'] }),
    state('blocks:7', 'd', NOON, { sequenceKeys: ['schedule:4711'] }),
    hint('blocks:8', { sequenceKeys: ['schedule:4711'] }),
  ];
  await write((tx) => tx.inbox.insert('clear', 'hl7', messages, NOON, null));
  const text = await everythingStored();
  assert.doesNotMatch(text, /4711/);
  assert.match(text, /~[\w-]{22}/);
  await pool.query('TRUNCATE inbox, inbox_queue, inbox_pending, hint_queue');
});

test('messages of an earlier version, under plain keys, are not overtaken by later ones under hashes', async () => {
  const site = 'upgraded';
  const long = `patient:${'9'.repeat(600)}`;
  const wanted = [['patient:1', 'appointment:"a\\'], ['patient:2'], [long]];
  for (const [index, sequenceKeys] of wanted.entries()) {
    const [stored] = await write((tx) =>
      tx.inbox.insert(site, 'hl7', [event(`old${index}`, { sequenceKeys })], NOON, null),
    );
    const clipped = sequenceKeys.map((key) => (key === long ? indexedAsBefore(key) : key));
    await storedPlain(site, stored?.id ?? 0, clipped);
  }
  const lines = await store.maintain(NOON, RETENTION);
  assert.ok(lines.includes('hashed the sequence keys of 3 messages'), lines.join('; '));
  assert.equal(await blindStoredKeys(pool, keys), 0, 'once is enough');
  const later = [['appointment:"a\\'], ['patient:2', 'patient:3'], [long], ['patient:4']];
  await write((tx) =>
    tx.inbox.insert(
      site,
      'hl7',
      later.map((sequenceKeys, index) => event(`new${index}`, { sequenceKeys })),
      NOON,
      null,
    ),
  );
  const claimed = await write((tx) => tx.inbox.claim(NOON, 10));
  assert.deepEqual(bodies(claimed), ['body of old0', 'body of old1', 'body of old2', 'body of new3']);
  assert.deepEqual(claimed[0]?.sequenceKeys, [blindKey(keys, 'patient:1'), blindKey(keys, 'appointment:"a\\')]);
  assert.doesNotMatch(await everythingStored(), /patient|appointment/);
  await pool.query('TRUNCATE inbox, inbox_queue, inbox_pending');
});

/** What an index takes of a long key. */
function indexedAsBefore(key: string): string {
  return `${key.slice(0, 64)}~sha256:${sha256(key)}`;
}

test('a message that was done before the upgrade is replayed under the hash too', async () => {
  const site = 'replayed';
  const [first] = await write((tx) =>
    tx.inbox.insert(site, 'hl7', [event('done', { sequenceKeys: ['patient:8'] })], NOON, null),
  );
  const id = first?.id ?? 0;
  await write((tx) => tx.inbox.done(id, 'applied', null, NOON));
  await pool.query(`UPDATE inbox SET sequence_keys = '{patient:8}' WHERE id = $1`, [id]);
  await store.maintain(NOON, RETENTION);
  await write((tx) => tx.inbox.replay(id, NOON));
  await write((tx) => tx.inbox.insert(site, 'hl7', [event('next', { sequenceKeys: ['patient:8'] })], NOON, null));
  assert.deepEqual(bodies(await write((tx) => tx.inbox.claim(NOON, 10))), ['body of done']);
});
