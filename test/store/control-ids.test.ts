import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemScope } from '../../src/store/contract.ts';
import { at, event, NOON, openedStore } from './opened.ts';

const { store, write } = await openedStore({ after });

test('a control id counts as used before by the same site, for another message, within the window', async () => {
  const stored = await write(async (tx) => {
    const given = (id: string, controlId?: string): ReturnType<typeof event> =>
      event(id, controlId === undefined ? {} : { controlId });
    const first = await tx.inbox.insert('north', 'hl7', [given('a', '7'), given('b', '8'), given('c')], NOON, null);
    const other = await tx.inbox.insert('south', 'hl7', [given('a', '7')], NOON, null);
    const second = await tx.inbox.insert('north', 'hl7', [given('d', '7'), given('e', '9'), given('f')], at(10), null);
    return [...first, ...other, ...second].map(({ id }) => id ?? 0);
  });
  const [, , , , again] = stored;
  const used = (since: typeof NOON, sites: readonly string[] | '*' = '*'): Promise<readonly number[]> =>
    store.read({ ...systemScope('test'), sites }, (tx) => tx.inbox.controlIdUsedBefore(stored, since));
  assert.deepEqual(await used(NOON), [again]);
  assert.deepEqual(await used(at(5)), [], 'the first use is out of the window');
  assert.deepEqual(await used(NOON, ['south']), [], 'who may not see a site learns nothing of it');
  assert.deepEqual(await store.read(systemScope('test'), (tx) => tx.inbox.controlIdUsedBefore([], NOON)), []);
});
