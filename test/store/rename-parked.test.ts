/** A message that waits for a person is not left behind under the name that its site had. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { at, event, NOON, openedStore } from './opened.ts';

const { write, pool } = await openedStore({ after });
const ORGANIZATION = '00000000-0000-4000-8000-000000000001';

test('a parked message of a renamed site is replayed under the new name, before what waits for it', async () => {
  const keys = { sequenceKeys: ['patient:1'] };
  await write(async (tx) => {
    const resource = { resourceType: 'Organization', active: true } as const;
    const row = {
      type: 'Organization' as const,
      id: ORGANIZATION,
      site: 'before',
      resource,
      active: true,
      tokens: [],
      security: [],
    };
    await tx.resources.put(row, { site: 'before', messageId: null, siteTime: null, now: NOON });
  });
  const [merge] = await write((tx) => tx.inbox.insert('before', 'hl7', [event('m', keys)], NOON, null));
  assert.ok(merge?.kind === 'inserted');
  const parking = { stage: 'identify', code: 'MERGE_UNDECIDED', reason: 'MRG', barrier: true } as const;
  await write((tx) => tx.inbox.park(merge.id, parking, NOON));
  await write((tx) => tx.inbox.insert('before', 'hl7', [event('n', keys)], at(1), null));

  assert.equal(await write((tx) => tx.renameSite(ORGANIZATION, 'now')), 'before');
  assert.equal(await write((tx) => tx.inbox.replay(merge.id, at(2))), true);
  const claimed = await write((tx) => tx.inbox.claim(at(3), 10));
  assert.deepEqual(
    claimed.map(({ id, site }) => [id, site]),
    [[merge.id, 'now']],
  );
  await write((tx) => tx.inbox.done(merge.id, 'applied', null, at(3)));
  const { rows } = await pool.query(`SELECT 1 FROM inbox_pending WHERE inbox_id = $1`, [merge.id]);
  assert.deepEqual(rows, []);
});
