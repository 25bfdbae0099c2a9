/** Composed histories, each with one thing wrong: what the checker must say, and what it must leave alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from './check.ts';
import { excerpt } from './excerpt.ts';
import type { Event, Happened } from './history.ts';

const RAO = 'practitioner-rao';
const NINE = { start: 32_400_000, end: 35_400_000 };
const HALF_PAST = { start: 34_200_000, end: 37_200_000 };
const TEN = { start: 36_000_000, end: 39_000_000 };

/** Events in order, a second apart unless they say when. */
function history(...happened: readonly (Happened & { readonly at?: number })[]): readonly Event[] {
  return happened.map((one, n): Event => ({ n, at: (n + 1) * 1_000, ...one }));
}

function call(call: number, key: string, during = NINE, site = 'midtown'): Happened {
  return { kind: 'call', call, action: 'book', key, site, practitioner: RAO, slot: `slot-${key}`, ...during };
}
function cancel(call: number, appointment: string): Happened {
  return { kind: 'call', call, action: 'cancel', key: `cancel-${appointment}`, appointment };
}
function booked(call: number, name: string): Happened {
  return { kind: 'answer', call, outcome: 'booked', status: 201, appointment: `A-${name}`, siteKey: name };
}
function said(call: number, outcome: 'pending' | 'taken' | 'refused' | 'lost' | 'cancelled'): Happened {
  return { kind: 'answer', call, outcome, status: 200 };
}
function truth(siteKey: string, during = NINE, more: Partial<Extract<Happened, { kind: 'truth' }>> = {}): Happened {
  const facts = { site: 'midtown', practitioner: RAO, status: 'booked', correlation: `B-${siteKey}` };
  return { kind: 'truth', siteKey, ...during, ...facts, ...more };
}
function shown(kind: 'seen' | 'copy', name: string, during = NINE, more: object = {}): Happened {
  const facts = { version: 1, lastUpdated: 0, site: 'midtown', status: 'booked', practitioners: [RAO] };
  return { kind, appointment: `A-${name}`, siteKey: name, ...during, ...facts, ...more };
}
function row(name: string, key: string, state = 'booked'): Happened {
  return { kind: 'booking', booking: `B-${name}`, key, action: 'place', state, appointment: `A-${name}` };
}
/** What belongs to a booking that is right. */
function right(name: string, key: string, during = NINE): readonly Happened[] {
  return [truth(name, during), shown('copy', name, during), row(name, key)];
}
function act(visit: string, action = 'cancel'): Happened {
  return { kind: 'act', act: 1, site: 'midtown', action, visit };
}

function rules(events: readonly Event[]): readonly number[] {
  return check(events).map((one) => one.rule);
}

describe('a history without fault', () => {
  it('has no violation: booked, told once, there, shown', () => {
    assert.deepEqual(check(history(call(1, 'a'), booked(1, '1'), ...right('1', 'a'))), []);
  });

  it('may hold answers that were lost and asked for again', () => {
    const events = history(call(1, 'a'), said(1, 'lost'), said(1, 'pending'), booked(1, '1'), ...right('1', 'a'));
    assert.deepEqual(check(events), []);
  });

  it('may hold a visit that was booked, cancelled, and booked again by another', () => {
    const first = [call(1, 'a'), booked(1, '1'), cancel(2, 'A-1'), said(2, 'cancelled'), call(3, 'b'), booked(3, '2')];
    const gone = [truth('1', NINE, { status: 'cancelled' }), shown('copy', '1', NINE, { status: 'cancelled' })];
    assert.deepEqual(check(history(...first, ...gone, row('1', 'a'), ...right('2', 'b'))), []);
  });

  it('may hold two visits side by side: one ends as the other begins', () => {
    const after = { start: NINE.end, end: NINE.end + 3_000_000 };
    const events = history(
      ...[call(1, 'a'), booked(1, '1'), call(2, 'b', after), booked(2, '2')],
      ...[...right('1', 'a'), ...right('2', 'b', after)],
    );
    assert.deepEqual(check(events), []);
  });
});

describe('rule 1', () => {
  it('is broken by two of ours for one person at one time, also at two sites', () => {
    const events = history(
      ...[call(1, 'a'), call(2, 'b', HALF_PAST, 'north'), booked(1, '1'), booked(2, '2')],
      ...right('1', 'a'),
      truth('2', HALF_PAST, { site: 'north' }),
      ...[shown('copy', '2', HALF_PAST, { site: 'north' }), row('2', 'b')],
    );
    assert.deepEqual(rules(events), [1]);
  });

  it('is kept by as many in one class as it has seats, and broken by one more', () => {
    const three = ['1', '2', '3'];
    const seat = (name: string, at: number): Happened => ({ ...call(at, name), seats: 2 }) as Happened;
    const asked = three.flatMap((name, at) => [seat(name, at), booked(at, name), ...right(name, name)]);
    assert.deepEqual(check(history(...asked.slice(0, 2 * 5))), []);
    const events = history(...asked);
    assert.deepEqual(rules(events), [1]);
    assert.match(check(events)[0]?.what ?? '', /one of 3 in a class of 2/);
  });

  it('is broken by a seat beside as many as the class has, which the hub had shown, and by a visit over a class', () => {
    const seat = { ...call(1, 'a'), seats: 1 } as Happened;
    const foreign = [truth('s', NINE, { correlation: null }), shown('copy', 's', NINE)];
    const full = history(shown('seen', 's', NINE), seat, booked(1, '1'), ...right('1', 'a'), ...foreign);
    assert.match(check(full)[0]?.what ?? '', /in a class of 1 beside midtown\/s/);
    const over = history(seat, booked(1, '1'), ...right('1', 'a'), call(2, 'b'), booked(2, '2'), ...right('2', 'b'));
    assert.deepEqual(rules(over), [1]);
  });

  it('counts a booking from the first 202, not from its last answer', () => {
    const events = history(
      ...[call(1, 'a'), said(1, 'pending'), call(2, 'b'), booked(2, '2'), booked(1, '1')],
      ...[...right('1', 'a'), ...right('2', 'b')],
    );
    assert.ok(rules(events).includes(1));
  });

  it('is silent where staff had begun to take one of them away', () => {
    const events = history(
      ...[call(1, 'a'), booked(1, '1'), act('1'), call(2, 'b'), booked(2, '2')],
      ...[truth('1', NINE, { status: 'cancelled' }), shown('copy', '1', NINE, { status: 'cancelled' }), row('1', 'a')],
      ...right('2', 'b'),
    );
    assert.deepEqual(check(events), []);
  });

  it('is broken by a placement over a visit of the site that the hub had shown before', () => {
    const events = history(
      ...[shown('seen', 's', HALF_PAST), call(1, 'a'), booked(1, '1'), ...right('1', 'a')],
      ...[truth('s', HALF_PAST, { correlation: null }), shown('copy', 's', HALF_PAST)],
    );
    assert.deepEqual(rules(events), [1]);
    assert.match(check(events)[0]?.what ?? '', /placed over midtown\/s/);
  });

  it('is silent where the visit came to be known during the call, or had been moved away by then', () => {
    const foreign = truth('s', HALF_PAST, { correlation: null });
    const during = [call(1, 'a'), shown('seen', 's', HALF_PAST), booked(1, '1'), ...right('1', 'a'), foreign];
    assert.deepEqual(check(history(...during, shown('copy', 's', HALF_PAST))), []);
    const moved = { version: 2, lastUpdated: 1_500 };
    const away = [shown('seen', 's', HALF_PAST), call(1, 'a'), booked(1, '1'), ...right('1', 'a')];
    const later = { start: TEN.end, end: TEN.end + 1 };
    const end = [truth('s', later, { correlation: null }), shown('copy', 's', later, moved)];
    assert.deepEqual(check(history(...away, ...end)), []);
  });
});

describe('rule 1 and closed time', () => {
  const block: Happened = { kind: 'block', site: 'midtown', block: 'b', practitioner: RAO, ...HALF_PAST };
  const placed = [call(1, 'a'), booked(1, '1'), ...right('1', 'a')];

  it('is broken by a placement over a block that the hub had applied', () => {
    assert.deepEqual(rules(history(block, ...placed)), [1]);
  });

  it('is silent where the block was applied later, or had been lifted', () => {
    assert.deepEqual(check(history(call(1, 'a'), block, booked(1, '1'), ...right('1', 'a'))), []);
    const lifted: Happened = { kind: 'unblocked', site: 'midtown', block: 'b', since: 1_500 };
    assert.deepEqual(check(history(block, ...placed, lifted)), []);
  });
});

describe('rule 2', () => {
  it('is broken by a booking that the site does not have', () => {
    assert.deepEqual(rules(history(call(1, 'a'), booked(1, '1'), shown('copy', '1'), row('1', 'a'))), [2, 4]);
  });

  it('is broken by a booking that is cancelled though nobody cancelled it, and not when staff did', () => {
    const gone = [truth('1', NINE, { status: 'cancelled' }), shown('copy', '1', NINE, { status: 'cancelled' })];
    assert.deepEqual(rules(history(call(1, 'a'), booked(1, '1'), ...gone, row('1', 'a'))), [2]);
    assert.deepEqual(rules(history(call(1, 'a'), booked(1, '1'), act('1'), ...gone, row('1', 'a'))), []);
  });

  it('is broken by a booking that is at another time though nobody moved it', () => {
    const events = history(call(1, 'a'), booked(1, '1'), truth('1', TEN), shown('copy', '1', TEN), row('1', 'a'));
    assert.deepEqual(rules(events), [2]);
  });

  it('is broken by a refusal that is at the site', () => {
    const end = [truth('1'), shown('copy', '1'), row('1', 'a', 'refused')];
    for (const answer of ['refused', 'taken'] as const) {
      assert.deepEqual(rules(history(call(1, 'a'), said(1, answer), ...end)), [2], answer);
    }
  });

  it('is broken by a cancel that was said to be done and was not', () => {
    const events = history(call(1, 'a'), booked(1, '1'), cancel(2, 'A-1'), said(2, 'cancelled'), ...right('1', 'a'));
    assert.deepEqual(rules(events), [2]);
  });
});

describe('rule 3', () => {
  it('is broken by one booking that is two visits at the site', () => {
    const twice = [truth('1'), truth('2', TEN, { correlation: 'B-1' })];
    const copies = [shown('copy', '1'), shown('copy', '2', TEN), row('1', 'a')];
    assert.deepEqual(rules(history(call(1, 'a'), booked(1, '1'), ...twice, ...copies)), [3]);
  });

  it('is broken by one key that is two appointments, and by a refusal after booked', () => {
    const two = [
      call(1, 'a'),
      booked(1, '1'),
      call(2, 'a'),
      booked(2, '2'),
      ...right('1', 'a'),
      ...right('2', 'a', TEN),
    ];
    assert.ok(rules(history(...two)).includes(3));
    const taken = history(call(1, 'a'), booked(1, '1'), call(2, 'a'), said(2, 'taken'), ...right('1', 'a'));
    assert.ok(rules(taken).includes(3));
  });

  it('is broken by a caller who is never answered', () => {
    assert.deepEqual(rules(history(call(1, 'a'), said(1, 'lost'), said(1, 'pending'))), [3]);
  });

  it('is broken by a booking of ours that the hub has forgotten', () => {
    assert.deepEqual(rules(history(call(1, 'a'), said(1, 'taken'), truth('1'), shown('copy', '1'))), [3]);
    assert.deepEqual(rules(history(call(1, 'a'), booked(1, '1'), truth('1'), row('1', 'a'))), [3, 4]);
  });

  it('is broken by a hub that does not come to rest', () => {
    assert.deepEqual(rules(history({ kind: 'unrest', what: '3 messages wait' })), [3]);
  });
});

describe('rule 4', () => {
  const theirs = { correlation: null };
  it('is broken by a visit that the hub does not know, and by one that the site does not', () => {
    assert.deepEqual(rules(history(truth('1', NINE, theirs))), [4]);
    assert.deepEqual(rules(history(shown('copy', '1'))), [4]);
  });

  it('is broken by another time, another status, another person, and by a second copy', () => {
    const there = truth('1', NINE, theirs);
    assert.deepEqual(rules(history(there, shown('copy', '1', TEN))), [4]);
    assert.deepEqual(rules(history(there, shown('copy', '1', NINE, { status: 'cancelled' }))), [4]);
    assert.deepEqual(rules(history(there, shown('copy', '1', NINE, { practitioners: ['other'] }))), [4]);
    assert.deepEqual(rules(history(there, shown('copy', '1'), shown('copy', '1', NINE, { appointment: 'A-9' }))), [4]);
  });

  it('asks nothing about people who are not of the site file', () => {
    assert.deepEqual(check(history(truth('1', NINE, { practitioner: null, correlation: null }))), []);
  });
});

it('the shortest history holds the calls, acts and rows of the visits concerned, and no others', () => {
  const other = [call(7, 'z', TEN), booked(7, '9'), ...right('9', 'z', TEN)];
  const events = history(...other, call(1, 'a'), booked(1, '1'), shown('copy', '1'), row('1', 'a'));
  const [violation] = check(events);
  assert.ok(violation !== undefined);
  const lines = excerpt(events, violation);
  assert.equal(lines.length, 4, lines.join('\n'));
  assert.ok(lines.every((line) => !line.includes(' z')));
});

it('the shortest history holds the act that made the visit, and not that of its namesake at another site', () => {
  const made = (act: number, site: string): readonly Happened[] => [
    { kind: 'act', act, site, action: 'book', visit: null },
    { kind: 'acted', act, done: true, visit: '1' },
  ];
  const events = history(...made(1, 'midtown'), ...made(2, 'north'), truth('1', NINE, { correlation: null }));
  const [violation] = check(events);
  assert.ok(violation !== undefined);
  const lines = excerpt(events, violation);
  assert.equal(lines.length, 3, lines.join('\n'));
  assert.ok(lines.every((line) => !line.includes('north')));
});
