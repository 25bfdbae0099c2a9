/** Composed histories of moves, changes, holds and sets, each with one thing wrong, and what is to be left alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from './check.ts';
import type { Event, Happened, Outcome } from './history.ts';

const NINE = { start: 32_400_000, end: 35_400_000 };
const TEN = { start: 36_000_000, end: 39_000_000 };
const ELEVEN = { start: 39_600_000, end: 42_600_000 };
const WHERE = { site: 'midtown', practitioner: 'rao', slot: 'slot' };

function rules(...happened: readonly Happened[]): readonly number[] {
  return check(happened.map((one, n): Event => ({ n, at: (n + 1) * 1_000, ...one }))).map((one) => one.rule);
}

function book(call: number, name: string, during = NINE, more: object = {}): Happened {
  return { kind: 'call', call, action: 'book', key: name, ...WHERE, ...during, ...more };
}
function said(call: number, outcome: Outcome, more: object = {}): Happened {
  return { kind: 'answer', call, outcome, status: 200, ...more };
}
const told = (name: string): object => ({ appointment: `A-${name}`, siteKey: name });
/** Booked and answered. */
function booked(call: number, name: string, during = NINE, more: object = {}): readonly Happened[] {
  return [book(call, name, during, more), said(call, 'booked', told(name))];
}
/** As it stands in the end, in hub and site. */
function stands(name: string, during = NINE, status = 'booked', practitioner = 'rao'): readonly Happened[] {
  const copy = { appointment: `A-${name}`, version: 1, lastUpdated: 0, practitioners: [practitioner] };
  const facts = { site: 'midtown', siteKey: name, status, ...during };
  const row = { booking: `B-${name}`, key: name, action: 'place', state: 'booked', appointment: `A-${name}` };
  return [
    { kind: 'truth', ...facts, practitioner, correlation: `B-${name}` },
    { kind: 'copy', ...facts, ...copy },
    { kind: 'booking', ...row },
  ];
}
function move(call: number, name: string, during = TEN): Happened {
  return { kind: 'call', call, action: 'move', key: `move-${call}`, appointment: `A-${name}`, ...WHERE, ...during };
}
function set(call: number, mode: 'all' | 'best-effort' = 'all'): Happened {
  const visits = [
    { ...WHERE, ...NINE },
    { ...WHERE, ...TEN },
  ];
  return { kind: 'call', call, action: 'set', key: 'set', mode, visits };
}
function step(visit: number, name: string, state = 'done', task = false): Happened {
  return { kind: 'step', key: 'set', visit, booking: `B-${name}`, state, task };
}

describe('a move', () => {
  it('leaves the visit at its new time, or where it was when it was refused', () => {
    assert.deepEqual(rules(...booked(1, 'a'), move(2, 'a'), said(2, 'moved'), ...stands('a', TEN)), []);
    assert.deepEqual(rules(...booked(1, 'a'), move(2, 'a'), said(2, 'taken'), ...stands('a')), []);
    assert.deepEqual(rules(...booked(1, 'a'), move(2, 'a'), said(2, 'moved'), ...stands('a')), [2]);
    assert.deepEqual(rules(...booked(1, 'a'), move(2, 'a'), said(2, 'taken'), ...stands('a', TEN)), [2]);
  });

  it('is followed by the next; of two at once either may be last', () => {
    const twice = [...booked(1, 'a'), move(2, 'a'), said(2, 'moved'), move(3, 'a', ELEVEN), said(3, 'moved')];
    assert.deepEqual(rules(...twice, ...stands('a', ELEVEN)), []);
    assert.deepEqual(rules(...twice, ...stands('a', TEN)), [2]);
    const atOnce = [...booked(1, 'a'), move(2, 'a'), move(3, 'a', ELEVEN), said(2, 'moved'), said(3, 'moved')];
    for (const time of [TEN, ELEVEN]) assert.deepEqual(rules(...atOnce, ...stands('a', time)), []);
  });

  it('takes the time of nobody else, and gives its old time free', () => {
    const both = [...booked(1, 'a'), ...booked(2, 'b', TEN)];
    assert.deepEqual(rules(...both, move(3, 'a'), said(3, 'moved'), ...stands('a', TEN), ...stands('b', TEN)), [1]);
    const after = [...booked(1, 'a'), move(2, 'a'), said(2, 'moved'), ...booked(3, 'b')];
    assert.deepEqual(rules(...after, ...stands('a', TEN), ...stands('b')), []);
  });
});

describe('a change', () => {
  const arrived: Happened = {
    kind: 'call',
    call: 2,
    action: 'change',
    key: 'c',
    appointment: 'A-a',
    status: 'arrived',
  };
  it('that was said to be done is so, unless something else was asked meanwhile or later', () => {
    const done = [...booked(1, 'a'), arrived, said(2, 'changed')];
    assert.deepEqual(rules(...done, ...stands('a', NINE, 'arrived')), []);
    assert.deepEqual(rules(...done, ...stands('a')), [2]);
    assert.deepEqual(
      rules(...done, { ...arrived, call: 3, key: 'd', status: null }, said(3, 'changed'), ...stands('a')),
      [],
    );
  });
});

describe('a hold', () => {
  const hold: Happened = { kind: 'call', call: 1, action: 'hold', key: 'h', ...WHERE, ...NINE };
  const held = said(1, 'held', { appointment: 'A-a', siteKey: '', until: 60_000 });
  it('keeps its time from others until it is let go or runs out', () => {
    assert.deepEqual(rules(hold, held, ...booked(2, 'b'), ...stands('b')), [1]);
    const release: Happened = { kind: 'call', call: 2, action: 'cancel', key: 'r', appointment: 'A-a' };
    assert.deepEqual(rules(hold, held, release, said(2, 'cancelled'), ...booked(3, 'b'), ...stands('b')), []);
    const short = said(1, 'held', { appointment: 'A-a', siteKey: '', until: 2_500 });
    assert.deepEqual(rules(hold, short, ...booked(2, 'b'), ...stands('b')), []);
  });

  it('is at no site unless it was booked', () => {
    assert.deepEqual(rules(hold, held, ...stands('a')), [2]);
    assert.deepEqual(rules(hold, held, ...booked(2, 'a', NINE, { held: 'A-a' }), ...stands('a')), []);
  });

  it('that is booked has its time since it was held', () => {
    const between = [hold, held, book(3, 'b'), book(2, 'a', NINE, { held: 'A-a' }), said(3, 'booked', told('b'))];
    assert.deepEqual(rules(...between, said(2, 'booked', told('a')), ...stands('a'), ...stands('b')), [1]);
  });
});

describe('a set', () => {
  const visits = [told('a'), told('b')];
  const steps = [step(0, 'a'), step(1, 'b')];
  it('is booked whole or not at all, when all were wanted', () => {
    const both = [...stands('a'), ...stands('b', TEN), ...steps];
    assert.deepEqual(rules(set(1), said(1, 'booked', { visits }), ...both), []);
    const part = said(1, 'booked', { visits: [told('a'), null] });
    assert.deepEqual(rules(set(1), part, ...stands('a'), step(0, 'a'), step(1, 'x', 'refused')), [2]);
    assert.deepEqual(rules(set(1, 'best-effort'), part, ...stands('a'), step(0, 'a'), step(1, 'x', 'refused')), []);
  });

  it('that was refused is nowhere, unless a person is asked to take it back', () => {
    const left = (task: boolean): readonly number[] =>
      rules(set(1), said(1, 'taken'), ...stands('a'), step(0, 'a', 'stuck', task), step(1, 'x', 'refused'));
    assert.deepEqual(left(false), [2]);
    assert.deepEqual(left(true), []);
  });
});

it('one patient is not at two visits at one time, at whomever’s', () => {
  const patient = { patient: 'ann' };
  const two = [...booked(1, 'a', NINE, patient), ...booked(2, 'b', NINE, { ...patient, practitioner: 'ortiz' })];
  assert.deepEqual(rules(...two, ...stands('a'), ...stands('b', NINE, 'booked', 'ortiz')), [1]);
});

describe('a visit that takes a room besides', () => {
  const room = { rooms: ['room-3'] };
  const ortiz = { ...room, practitioner: 'ortiz' };
  const inRoom = (all: readonly Happened[], rooms: readonly string[]): readonly Happened[] =>
    all.map((one) => (one.kind === 'truth' || one.kind === 'copy' ? { ...one, rooms } : one));

  it('is in it at the site', () => {
    const asked = booked(1, 'a', NINE, room);
    assert.deepEqual(rules(...asked, ...inRoom(stands('a'), ['room-3'])), []);
    assert.deepEqual(rules(...asked, ...inRoom(stands('a'), [])), [2]);
    assert.deepEqual(rules(...asked, ...stands('a')), [], 'a site that names no rooms says nothing');
  });

  it('has it to itself, whoever the other is with', () => {
    const both = [...booked(1, 'a', NINE, room), ...booked(2, 'b', NINE, ortiz)];
    const end = [...stands('a'), ...stands('b', NINE, 'booked', 'ortiz')];
    assert.deepEqual(rules(...both, ...inRoom(end, ['room-3'])), [1]);
    const elsewhere = [...booked(1, 'a', NINE, room), ...booked(2, 'b', NINE, { practitioner: 'ortiz' })];
    assert.deepEqual(rules(...elsewhere, ...end), []);
  });

  it('is not placed where the hub had shown somebody in the room', () => {
    const [foreign, copy] = inRoom(stands('s', NINE, 'booked', 'ortiz'), ['room-3']);
    assert.ok(foreign?.kind === 'truth' && copy?.kind === 'copy');
    const end = [{ ...foreign, correlation: null }, copy, ...inRoom(stands('a'), ['room-3'])];
    assert.deepEqual(rules({ ...copy, kind: 'seen' }, ...booked(1, 'a', NINE, room), ...end), [1]);
    const late = [...booked(1, 'a', NINE, room), { ...copy, kind: 'seen' } as const];
    assert.deepEqual(rules(...late, ...end), []);
  });

  it('has it at its new time as well', () => {
    const moved = [...booked(1, 'a', NINE, room), { ...move(2, 'a'), ...room } as Happened, said(2, 'moved')];
    assert.deepEqual(rules(...moved, ...inRoom(stands('a', TEN), ['room-3'])), []);
    assert.deepEqual(rules(...moved, ...inRoom(stands('a', TEN), [])), [2]);
  });
});

it('every caller is answered, whatever they asked', () => {
  assert.deepEqual(rules(...booked(1, 'a'), move(2, 'a'), said(2, 'lost'), ...stands('a')), [3]);
});
