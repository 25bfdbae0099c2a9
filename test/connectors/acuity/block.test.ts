import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HOUR_MS, instant } from '../../../src/core/instant.ts';
import type { Block, BlockOrder, BlockOutcome } from '../../../src/connectors/contract.ts';
import { never, oclock, openOn, startPractice, type Practice } from './practice.ts';

const practice: Practice = await startPractice({ after });

function block(url = practice.url): Block {
  const { block: ability } = openOn({ after }, url).connector;
  assert.ok(ability !== undefined);
  return ability;
}
function closing(correlation: string, hour: number): BlockOrder {
  const start = oclock(2, hour);
  return { correlation, calendar: '2', window: { start, end: instant(start + HOUR_MS) } };
}
function keyOf(outcome: BlockOutcome): string {
  assert.ok(outcome.kind === 'done', JSON.stringify(outcome));
  return outcome.key;
}
async function standing(correlation: string): Promise<number> {
  return (await practice.blocks()).filter((one) => one['notes'] === `slotwire:${correlation}`).length;
}

test('a block closes the very time, carries the hub’s id and nothing of a patient, and is placed once', async () => {
  const order = closing('mb_1', 10);
  const key = keyOf(await block().place(order, never));
  assert.equal(keyOf(await block().place(order, never)), key);
  assert.equal(await standing('mb_1'), 1);
  const [first] = (await practice.blocks()).filter((one) => String(one['id']) === key);
  assert.deepEqual(
    [first?.['start'], first?.['end']].map((time) => Date.parse(String(time).replace(/(\d{2})(\d{2})$/, '$1:$2'))),
    [order.window.start, order.window.end],
  );
  assert.deepEqual(await block().find(order, never), { kind: 'found', key });
});

test('a name that begins with ours is not ours', async () => {
  await block().place(closing('mb_22', 11), never);
  assert.deepEqual(await block().find(closing('mb_2', 11), never), { kind: 'absent' });
});

test('removing a block opens the time, and one that is gone already counts as removed', async () => {
  const order = closing('mb_3', 12);
  const key = keyOf(await block().place(order, never));
  for (const _ of [1, 2]) assert.equal((await block().remove(key, never)).kind, 'done');
  assert.deepEqual(await block().find(order, never), { kind: 'absent' });
});

test('a lost answer is unknown and the block is found', async () => {
  const order = closing('mb_4', 13);
  await practice.faults({ dropAnswer: { times: 1, match: 'POST /api/v1/blocks' } });
  assert.equal((await block().place(order, never)).kind, 'unknown');
  assert.equal((await block().find(order, never)).kind, 'found');
  keyOf(await block().place(order, never));
  assert.equal(await standing('mb_4'), 1);
});

test('a site that cannot be reached leaves the block unsent', async () => {
  assert.equal((await block('http://127.0.0.1:9').place(closing('mb_5', 14), never)).kind, 'unsent');
  assert.equal((await block('http://127.0.0.1:9').remove('7', never)).kind, 'unsent');
});
