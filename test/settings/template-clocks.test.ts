/** Days of 23 and 25 hours: Chicago and Indianapolis change their clocks, Phoenix does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS, instant, localDate, MINUTE_MS } from '../../src/core/instant.ts';
import { dateOf, dayNumber } from '../../src/settings/template-days.ts';
import type { Weekday } from '../../src/settings/template-shape.ts';
import { wallTime } from '../../src/settings/template-slots.ts';
import { at, block, clinic, dates, slotsOf, template, times } from './template-facts.ts';

const ALL_DAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const SPRING = '2027-03-14';
const AUTUMN = '2026-11-01';

function night(hours: readonly string[], location = 'north'): ReturnType<typeof clinic> {
  return clinic({ rao: template({ night: block({ days: ALL_DAYS, hours }) }, { location }) });
}

test('on the day that has no 2:30 no slot is laid into the hour that is skipped', () => {
  const slots = slotsOf(night(['01:00-04:00']), dates(SPRING));
  assert.deepEqual(times(slots), ['01:00', '01:30', '03:00', '03:30']);
  assert.ok(slots.every(({ during }) => during.end - during.start === 30 * MINUTE_MS));
  assert.deepEqual(times(slotsOf(night(['02:00-03:00']), dates(SPRING))), []);
  assert.deepEqual(times(slotsOf(night(['02:30-04:00']), dates(SPRING))), ['03:00', '03:30']);
  assert.deepEqual(times(slotsOf(night(['01:30-02:30']), dates(SPRING))), ['01:30']);
});

test('on the day that has 1:30 twice a shift over it is an hour longer, and each slot has its own key', () => {
  const slots = slotsOf(night(['00:30-03:00']), dates(AUTUMN));
  assert.deepEqual(times(slots), ['00:30', '01:00', '01:30', '01:00', '01:30', '02:00', '02:30']);
  assert.equal(new Set(slots.map(({ key }) => key)).size, 7);
  const cut = slotsOf(night(['00:30-01:30', '01:30-03:00']), dates(AUTUMN));
  assert.deepEqual(
    cut.map(({ during }) => during),
    slots.map(({ during }) => during),
  );
});

test('where the clocks are not changed the same days are like any other', () => {
  for (const date of [SPRING, AUTUMN]) {
    const slots = slotsOf(night(['01:00-04:00'], 'west'), dates(date, date, 'America/Phoenix'), {
      calendar: 'RAO@west',
    });
    assert.deepEqual(times(slots, 'America/Phoenix'), ['01:00', '01:30', '02:00', '02:30', '03:00', '03:30']);
  }
});

test('nine in the morning is nine in the morning before and after the change, in each zone', () => {
  const zones = { north: 'America/Chicago', south: 'America/Indiana/Indianapolis', west: 'America/Phoenix' };
  for (const [location, zone] of Object.entries(zones)) {
    for (const [first, last] of [
      ['2026-10-30', '2026-11-03'],
      ['2027-03-12', '2027-03-16'],
    ] as const) {
      const slots = slotsOf(night(['09:00-09:30'], location), dates(first, last, zone), {
        calendar: `RAO@${location}`,
      });
      assert.deepEqual(times(slots, zone), Array<string>(5).fill('09:00'));
    }
  }
});

test('a day of 23 hours has two half-hours fewer, one of 25 two more', () => {
  const count = (date: string): number => slotsOf(night(['00:00-24:00']), dates(date)).length;
  assert.deepEqual([SPRING, AUTUMN, '2026-11-02'].map(count), [46, 50, 48]);
});

test('a time that is skipped is the moment at which the clocks skip, in every zone', () => {
  const expected = at(SPRING, '03:00');
  for (const minute of [120, 121, 150, 179]) assert.equal(wallTime(SPRING, minute, 'America/Chicago'), expected);
  assert.equal(
    wallTime('2026-10-04', 2 * 60 + 15, 'Australia/Lord_Howe'),
    at('2026-10-04', '02:30', 'Australia/Lord_Howe'),
  );
});

const range = fc
  .tuple(fc.integer({ min: 0, max: 95 }), fc.integer({ min: 1, max: 32 }))
  .map(([from, length]) => ({ from: from * 15, to: Math.min(from + length, 96) * 15 }));
const text = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
const hoursOf = (spans: readonly { from: number; to: number }[]): string[] =>
  spans.map(({ from, to }) => `${text(from)}-${text(to)}`);

test('whatever the hours, breaks and length: every slot lies in the hours and in no break, and no two overlap', () => {
  const zone = fc.constantFrom(['north', 'America/Chicago'] as const, ['west', 'America/Phoenix'] as const);
  const day = fc.integer({ min: dayNumber('2026-10-25'), max: dayNumber('2027-03-20') });
  fc.assert(
    fc.property(
      range,
      fc.array(range, { maxLength: 3 }),
      fc.integer({ min: 5, max: 90 }),
      day,
      zone,
      (hours, gaps, length_min, number, [location, name]) => {
        const own = block({ days: ALL_DAYS, hours: hoursOf([hours]), breaks: hoursOf(gaps), length_min });
        const facts = clinic({ rao: template({ own }, { location }) });
        const date = dateOf(number);
        const slots = slotsOf(facts, dates(date, date, name), { calendar: `RAO@${location}` });
        const open = wallTime(date, hours.from, name);
        const close = wallTime(date, hours.to, name);
        let last = open;
        for (const { during } of slots) {
          assert.ok(during.start >= last && during.end <= close);
          assert.equal(during.end - during.start, length_min * MINUTE_MS);
          for (const gap of gaps) {
            const clear = during.end <= wallTime(date, gap.from, name) || during.start >= wallTime(date, gap.to, name);
            assert.ok(clear || gap.to <= gap.from);
          }
          last = during.end;
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('over a year a weekday block has its count for every working day, whatever the clocks do', () => {
  const facts = clinic({ rao: template({ day: block({ hours: ['09:00-12:00', '13:00-17:00'] }) }) });
  const slots = slotsOf(facts, dates('2026-07-01', '2027-06-30'));
  assert.equal(slots.length, 261 * 14);
  const perDay = Map.groupBy(slots, ({ during }) => localDate(during.start, 'America/Chicago'));
  assert.equal(perDay.size, 261);
  assert.ok([...perDay.values()].every((own) => own.length === 14));
  const ids = new Set(slots.map(({ key }) => key));
  assert.equal(ids.size, slots.length);
});

test('the moment of asking changes what is released and nothing else', () => {
  const release = { before_h: 24, visitTypes: ['FOLLOWUP'], close: false };
  const facts = clinic({ rao: template({ day: block({ days: ALL_DAYS, release }) }) });
  const week = dates('2026-11-02', '2026-11-08');
  fc.assert(
    fc.property(fc.integer({ min: week.start - 3 * DAY_MS, max: week.end }), (now) => {
      const opened = slotsOf(facts, week, { visitType: 'FOLLOWUP', now: instant(now) });
      assert.ok(opened.every(({ during }) => during.start <= now + 24 * HOUR_MS + 3 * HOUR_MS));
      assert.equal(slotsOf(facts, week, { now: instant(now) }).length, 42);
    }),
  );
});
