/** Composed histories of a series of which one visit and all that follow it are changed, each with one thing wrong. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from './check.ts';
import type { Event, Happened, Outcome, Span } from './history.ts';

const DAY_MS = 86_400_000;
const MONDAY = { start: 32_400_000, end: 35_400_000 };
const TUESDAY = later(MONDAY, DAY_MS);
const HOUR_MS = 3_600_000;
const WHERE = { site: 'midtown', practitioner: 'rao' };
const NAMES = ['a', 'b'] as const;

function later({ start, end }: Span, by: number): Span {
  return { start: start + by, end: end + by };
}
function rules(...happened: readonly Happened[]): readonly number[] {
  return check(happened.map((one, n): Event => ({ n, at: (n + 1) * 1_000, ...one }))).map((one) => one.rule);
}
const told = (name: string): { appointment: string; siteKey: string } => ({ appointment: `A-${name}`, siteKey: name });
/** Two days, booked. */
const series: readonly Happened[] = [
  {
    ...{ kind: 'call', call: 1, action: 'set', key: 'set', mode: 'all', isSeries: true },
    visits: [MONDAY, TUESDAY].map((during) => ({ ...WHERE, slot: 'slot', ...during })),
  },
  { kind: 'answer', call: 1, outcome: 'booked', status: 201, visits: NAMES.map(told) },
];
function following(action: 'move following' | 'cancel following', mode: 'all' | 'best-effort' = 'all'): Happened {
  return { kind: 'call', call: 2, action, key: 'then', appointment: 'A-a', mode, ...WHERE };
}
function said(outcome: Outcome, ...done: readonly (readonly [string, Span])[]): Happened {
  const all = done.map(([name, during]) => ({ ...told(name), ...during }));
  return { kind: 'answer', call: 2, outcome, status: 200, ...(all.length === 0 ? {} : { done: all }) };
}
function stands(name: string, during: Span, status = 'booked'): readonly Happened[] {
  const facts = { site: 'midtown', siteKey: name, status, ...during };
  const copy = { appointment: `A-${name}`, version: 1, lastUpdated: 0, practitioners: ['rao'] };
  const row = { booking: `B-${name}`, key: `set-${name}`, action: 'place', state: 'booked' };
  return [
    { kind: 'truth', ...facts, practitioner: 'rao', correlation: `B-${name}` },
    { kind: 'copy', ...facts, ...copy },
    { kind: 'booking', ...row, appointment: `A-${name}` },
    { kind: 'step', key: 'set', visit: name === 'a' ? 0 : 1, booking: `B-${name}`, state: 'done', task: false },
  ];
}
const shifted = [later(MONDAY, HOUR_MS), later(TUESDAY, HOUR_MS)] as const;

describe('a series that is moved', () => {
  const both = said('moved', ['a', shifted[0]], ['b', shifted[1]]);
  it('is where it was said to be, every visit of it', () => {
    const end = [...stands('a', shifted[0]), ...stands('b', shifted[1])];
    assert.deepEqual(rules(...series, following('move following'), both, ...end), []);
    const stayed = [...stands('a', shifted[0]), ...stands('b', TUESDAY)];
    assert.deepEqual(rules(...series, following('move following'), both, ...stayed), [2]);
  });

  it('is moved whole when all was asked, in part when each was for itself', () => {
    const one = said('moved', ['a', shifted[0]]);
    const end = [...stands('a', shifted[0]), ...stands('b', TUESDAY)];
    assert.deepEqual(rules(...series, following('move following'), one, ...end), [2]);
    assert.deepEqual(rules(...series, following('move following', 'best-effort'), one, ...end), []);
    const gone = [...stands('a', shifted[0]), ...stands('b', TUESDAY, 'cancelled')];
    const cancel: Happened = { kind: 'call', call: 3, action: 'cancel', key: 'c', appointment: 'A-b' };
    const cancelled: Happened = { kind: 'answer', call: 3, outcome: 'cancelled', status: 200 };
    assert.deepEqual(rules(...series, cancel, cancelled, following('move following'), one, ...gone), []);
  });

  it('is where it was when that was refused, unless a person has to find out', () => {
    const asked = [...series, following('move following'), said('taken')];
    assert.deepEqual(rules(...asked, ...stands('a', MONDAY), ...stands('b', TUESDAY)), []);
    const lost = [...stands('a', shifted[0]), ...stands('b', TUESDAY)];
    assert.deepEqual(rules(...asked, ...lost), [2]);
    const stuck: readonly Happened[] = [
      { kind: 'booking', booking: 'B-m', key: 'm', action: 'move', state: 'booked', appointment: 'A-a' },
      { kind: 'step', key: 'then', visit: 0, booking: 'B-m', state: 'stuck', task: true },
    ];
    const elsewhere = rules(...asked, ...lost, ...stuck);
    assert.deepEqual(elsewhere, []);
  });
});

describe('a series that is cancelled', () => {
  const all = said('cancelled', ['a', MONDAY], ['b', TUESDAY]);
  it('is cancelled from that visit on', () => {
    const gone = [...stands('a', MONDAY, 'cancelled'), ...stands('b', TUESDAY, 'cancelled')];
    assert.deepEqual(rules(...series, following('cancel following'), all, ...gone), []);
    const left = [...stands('a', MONDAY, 'cancelled'), ...stands('b', TUESDAY)];
    assert.deepEqual(rules(...series, following('cancel following'), all, ...left), [2]);
  });

  it('leaves what came before', () => {
    const second: Happened = {
      kind: 'call',
      call: 2,
      action: 'cancel following',
      key: 'then',
      mode: 'all',
      ...WHERE,
      appointment: 'A-b',
    };
    const done = said('cancelled', ['b', TUESDAY]);
    const end = [...stands('a', MONDAY, 'cancelled'), ...stands('b', TUESDAY, 'cancelled')];
    assert.deepEqual(rules(...series, second, done, ...end), [2]);
  });
});
