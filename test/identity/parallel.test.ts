/** Several workers apply one site's merges and visits at once, and come to what one alone comes to. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { feedWorld, merge, siu } from './feed-world.ts';

it('merges that several workers apply at once end as if one had applied them', async (t) => {
  const world = await feedWorld(t);
  const time = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;
  const people = ['1', '2', '3', '4', '5', '6', '7', '8'];
  const messages = [
    ...people.map((one, at) => siu('S12', time(at), `F${one}`, one)),
    // Pairs that share nobody, then what joins them all.
    ...[0, 2, 4, 6].map((at) => merge(time(10 + at), people[at] ?? '', people[at + 1] ?? '')),
    merge(time(20), '2', '4'),
    merge(time(21), '6', '8'),
    merge(time(22), '4', '8'),
    ...people.map((one, at) => siu('S12', time(30 + at), `G${one}`, one)),
  ];
  for (const message of messages) await world.store1(message);
  await Promise.all([world.apply(), world.apply(), world.apply()]);
  await world.apply();
  const all = [...people.map((one) => `F${one}`), ...people.map((one) => `G${one}`)].sort();
  const survivor = `Patient/${(await world.patientId('8')) ?? ''}`;
  for (const one of people) {
    assert.deepEqual(await world.found(one), all, `visits found by record ${one}`);
    const link = (await world.patient(one))?.link ?? [];
    if (one === '8') assert.equal(link.filter(({ type }) => type === 'replaces').length, 7);
    else assert.deepEqual(link, [{ other: { reference: survivor }, type: 'replaced-by' }], `record ${one}`);
  }
  assert.deepEqual(await world.parked(), []);
});
