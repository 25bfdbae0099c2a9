/** Composed histories of a site at which a coordinator decides, each with one thing wrong. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { check } from './check.ts';
import { struckIn } from './coverage.ts';
import type { Event, Happened } from './history.ts';

const NINE = { start: 32_400_000, end: 35_400_000 };
const WHERE = { site: 'eastside', practitioner: 'rao' };
const begin: Happened = { kind: 'begin', seed: 1, planted: null, calendars: [], approval: ['eastside'] };

function events(...happened: readonly Happened[]): readonly Event[] {
  return [begin, ...happened].map((one, n): Event => ({ n, at: (n + 1) * 1_000, ...one }));
}
function violations(...happened: readonly Happened[]): readonly string[] {
  return check(events(...happened)).map(({ rule, what }) => `${rule}: ${what}`);
}
function decision(word: 'approve' | 'decline' | 'none', status: number | null): Happened {
  return { kind: 'decision', booking: 'B-a', action: 'place', decision: word, status };
}
function row(state: string): Happened {
  return { kind: 'booking', booking: 'B-a', key: 'a', action: 'place', state, appointment: 'A-a' };
}
const asked: readonly Happened[] = [
  { kind: 'call', call: 1, action: 'book', key: 'a', slot: 'slot', ...WHERE, ...NINE },
  { kind: 'answer', call: 1, outcome: 'pending', status: 202 },
];
const told = { appointment: 'A-a', siteKey: 'a' };
const booked: Happened = { kind: 'answer', call: 1, outcome: 'booked', status: 200, ...told };
const refused: Happened = { kind: 'answer', call: 1, outcome: 'refused', status: 422 };
const stands: readonly Happened[] = [
  { kind: 'truth', ...WHERE, ...NINE, siteKey: 'a', status: 'booked', correlation: 'B-a' },
  {
    ...{ kind: 'copy', site: 'eastside', ...told, ...NINE, status: 'booked' },
    ...{ version: 1, lastUpdated: 0, practitioners: ['rao'] },
  },
];

it('what was approved is booked, also where the answer to that was lost', () => {
  for (const status of [200, null, 503]) {
    assert.deepEqual(violations(...asked, decision('approve', status), booked, ...stands, row('booked')), []);
  }
});

it('what nobody approved is not at the site', () => {
  const nobody = '2: eastside/a is at the site, and nobody approved it';
  assert.deepEqual(violations(...asked, booked, ...stands, row('booked')), [nobody]);
  const late = [decision('none', null), decision('approve', 409)];
  assert.deepEqual(violations(...asked, ...late, booked, ...stands, row('booked')), [nobody]);
});

it('what was declined comes to nothing', () => {
  assert.deepEqual(violations(...asked, decision('decline', 200), refused, row('refused')), []);
  const found = violations(
    ...asked,
    decision('decline', 200),
    decision('approve', null),
    booked,
    ...stands,
    row('booked'),
  );
  assert.deepEqual(found, ['2: a: it was declined, and is booked']);
});

it('of two who decide at once one is told that it is decided', () => {
  const one = [...asked, decision('approve', 200), decision('decline', 422), booked, ...stands, row('booked')];
  assert.deepEqual(violations(...one), []);
  const both = violations(...asked, decision('approve', 200), decision('decline', 200), refused, row('refused'));
  assert.deepEqual(both, ['3: booking B-a was approved and declined']);
});

it('a decision counts when it was made, and a lapse when it came to nothing', () => {
  const left = events(decision('none', null), row('expired'));
  assert.deepEqual(struckIn(left), { 'coordinator lapsed': 1 });
  assert.deepEqual(struckIn(events(decision('approve', 409), row('refused'))), {});
  assert.deepEqual(struckIn(events(decision('approve', 200))), { 'coordinator approved': 1 });
});
