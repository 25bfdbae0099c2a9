/** docs/booking.md against the tables that it shows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAY_BECOME } from '../../src/fhir/status-flow.ts';
import { page, table } from './pages.ts';

test('the steps between statuses are those of the code', async () => {
  const { text } = await page('docs/booking.md');
  const drawn = table(text, 'From', 'To').map(([from = '', to = '']) => [
    from,
    to.split(', ').filter((one) => one !== ''),
  ]);
  assert.deepEqual(Object.fromEntries(drawn), MAY_BECOME);
});
