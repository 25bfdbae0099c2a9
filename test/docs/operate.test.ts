/** docs/operate.md against the code: events, metrics, error codes and defaults. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { EVENTS } from '../../src/core/events.ts';
import { ERRORS } from '../../src/core/error-catalogue.ts';
import { hubSchema } from '../../src/settings/hub-spec.ts';
import { page, table } from './pages.ts';

let text = '';

before(async () => {
  ({ text } = await page('docs/operate.md'));
});

test('the table of events is what the catalogue of events says', () => {
  const real = Object.entries(EVENTS).map(([name, { level, metric }]) => [
    name,
    level,
    metric.name,
    metric.labels.length === 0 ? 'none' : metric.labels.join(', '),
  ]);
  assert.deepEqual(table(text, 'Event', 'Level', 'Metric', 'Labels'), real);
});

test('every code that ends a start is one that the operator can mend, and says so in the table', () => {
  const rows = table(text, 'What happens', 'What the hub does', 'What you do');
  for (const [what = '', does = '', remedy = ''] of rows) {
    assert.ok(remedy !== '', `${what}: nothing is said about what to do`);
    for (const [code] of does.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)) {
      const entry = Object.entries(ERRORS).find(([known]) => known === code)?.[1];
      assert.ok(entry !== undefined, `${what}: ${code} is no error code`);
      if (does.includes('exit code 1')) assert.equal(entry.act, 'operator', `${what}: ${code}`);
    }
  }
});

test('the retention table has the defaults of the settings', () => {
  for (const [, setting = '', shown = ''] of table(text, 'What', 'Setting', 'Default')) {
    const [group = '', name = ''] = setting.split('.');
    const declared = hubSchema.properties?.[group]?.properties?.[name]?.default;
    assert.equal(shown, `${String(declared)} days`, setting);
  }
});
