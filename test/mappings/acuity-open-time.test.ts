import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockWindowChange } from '../../src/mappings/contract-blocks.ts';
import type { SlotWindowChange } from '../../src/mappings/contract.ts';
import { at, map, READ_AT } from './acuity-facts.ts';

const WINDOW = { from: '2026-12-01T05:00:00Z', to: '2026-12-02T05:00:00Z' };
const ASKED = { calendar: '310', visitType: '7001', zone: 'America/New_York', ...WINDOW, duration_min: 30 };

function slotsOf(answers: readonly unknown[], more: Record<string, unknown> = {}): SlotWindowChange {
  const result = map('availability', { ...ASKED, ...more, answers });
  const [change] = result.kind === 'changes' ? result.changes : [];
  assert.ok(change?.kind === 'slots', result.kind);
  return change;
}
function blocksOf(answers: readonly unknown[]): BlockWindowChange {
  const result = map('blocks', { calendar: '310', zone: 'America/New_York', ...WINDOW, answers });
  const [change] = result.kind === 'changes' ? result.changes : [];
  assert.ok(change?.kind === 'blocks', result.kind);
  return change;
}

test('each open time is a slot of the length of its type, named by calendar, type and start in UTC', () => {
  const times = [{ time: '2026-12-01T09:00:00-0500', slotsAvailable: 1 }, { time: '2026-12-01T09:30:00-0500' }];
  const change = slotsOf([{ ask: 'times', answer: times }]);
  assert.deepEqual(change.window, { start: at(WINDOW.from), end: at(WINDOW.to) });
  assert.deepEqual([change.calendar, change.visitType, change.at], ['310', '7001', READ_AT]);
  const slot = { status: 'free', capacity: 1, left: 1 };
  assert.deepEqual(change.slots, [
    {
      key: '310:7001:2026-12-01T14:00:00Z',
      during: { start: at('2026-12-01T14:00:00Z'), end: at('2026-12-01T14:30:00Z') },
      ...slot,
    },
    {
      key: '310:7001:2026-12-01T14:30:00Z',
      during: { start: at('2026-12-01T14:30:00Z'), end: at('2026-12-01T15:00:00Z') },
      ...slot,
    },
  ]);
});

test('a class has its own length and seats, and one without seats left is busy', () => {
  const row = { calendarID: 310, appointmentTypeID: 7001, duration: '90', slots: 8 };
  const change = slotsOf([
    {
      ask: 'classes',
      answer: [
        { ...row, time: '2026-12-01T17:30:00-0500', slotsAvailable: 3 },
        { ...row, time: '2026-12-01T19:30:00-0500', slotsAvailable: 0 },
      ],
    },
  ]);
  assert.deepEqual(
    change.slots.map(({ status, capacity, left, during }) => [status, capacity, left, during.end - during.start]),
    [
      ['free', 8, 3, 5_400_000],
      ['busy', 8, 0, 5_400_000],
    ],
  );
});

test('times outside the window and of another calendar or type do not enter the window', () => {
  const change = slotsOf([
    { ask: 'times', answer: [{ time: '2026-12-02T00:00:00-0500' }, { time: '2026-11-30T23:59:00-0500' }] },
    { ask: 'classes', answer: [{ time: '2026-12-01T09:00:00-0500', calendarID: 311, duration: '60' }] },
  ]);
  assert.deepEqual(change.slots, []);
});

test('a time that cannot be read is left out with a warning; the others stand', () => {
  const answer = [{ time: '9:00am' }, { time: '2026-12-01T09:00:00-0500' }];
  const result = map('availability', { ...ASKED, answers: [{ ask: 'times', answer }] });
  assert.ok(result.kind === 'changes' && result.warnings.length === 1);
  assert.equal(slotsOf([{ ask: 'times', answer }]).slots.length, 1);
});

test('no answers at all is a statement: nothing is open', () => {
  assert.deepEqual(slotsOf([]).slots, []);
});

test('a window that is none is unreadable', () => {
  for (const more of [{ from: WINDOW.to }, { to: 'x' }, { calendar: '' }]) {
    assert.equal(map('availability', { ...ASKED, ...more, answers: [] }).kind, 'unreadable');
  }
});

test('blocks are read with an offset or in the zone of the calendar, each once, ours by its note', () => {
  const leave = { id: 5, calendarID: 310, start: '2026-12-01T09:00:00-0500', end: '2026-12-01T12:00:00-0500' };
  const ours = { id: 6, start: '2026-12-01 13:00:00', end: '2026-12-01 14:00:00', notes: 'slotwire:bk_77' };
  const change = blocksOf([[{ ...leave, notes: 'dentist' }], [{ ...leave, notes: 'dentist' }, ours]]);
  assert.deepEqual(change.blocks, [
    { key: '5', during: { start: at('2026-12-01T14:00:00Z'), end: at('2026-12-01T17:00:00Z') } },
    {
      key: '6',
      during: { start: at('2026-12-01T18:00:00Z'), end: at('2026-12-01T19:00:00Z') },
      correlation: 'bk_77',
    },
  ]);
  assert.ok(!JSON.stringify(change).includes('dentist'));
});

test('leave that began long ago counts while it reaches into the window, and no longer', () => {
  const running = { id: 7, start: '2026-03-01T00:00:00-0500', end: '2026-12-24T00:00:00-0500' };
  const over = { id: 8, start: '2026-03-01T00:00:00-0500', end: '2026-12-01T00:00:00-0500' };
  assert.deepEqual(
    blocksOf([[running, over]]).blocks.map((block) => block.key),
    ['7'],
  );
});

test('one block that cannot be read stops the window: leaving it out would open its time', () => {
  const good = { id: 5, start: '2026-12-01T09:00:00-0500', end: '2026-12-01T12:00:00-0500' };
  for (const bad of [
    { id: 9, start: 'soon', end: good.end },
    { id: 9, start: good.end, end: good.start },
    { ...good, id: 'x' },
  ]) {
    const result = map('blocks', { calendar: '310', zone: 'America/New_York', ...WINDOW, answers: [[good, bad]] });
    assert.equal(result.kind, 'unreadable');
  }
  const foreign = { id: 9, calendarID: 311, start: 'soon', end: 'later' };
  assert.equal(blocksOf([[good, foreign]]).blocks.length, 1);
});
