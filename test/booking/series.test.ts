/** Recurring visits laid out on the calendar, over changes of the clocks. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Recurrence } from '../../src/booking/contract-set.ts';
import { occurrences, wallClockOf, wallClockToInstant } from '../../src/booking/series.ts';
import { HubError } from '../../src/core/errors.ts';
import { formatInstant, parseInstant, type Instant } from '../../src/core/instant.ts';

const NEW_YORK = 'America/New_York';
const MAX = 100;

function at(text: string): Instant {
  const found = parseInstant(text);
  assert.ok(found !== null);
  return found;
}
const rule = (more: Partial<Recurrence>): Recurrence => ({
  frequency: 'weekly',
  interval: 1,
  daysOfWeek: [],
  weekOfMonth: null,
  count: null,
  until: null,
  exceptions: [],
  ...more,
});
const laid = (more: Partial<Recurrence>, first: string, zone = NEW_YORK): readonly string[] =>
  occurrences(rule(more), at(first), zone, MAX).map((one) => formatInstant(one.at, zone));
const dates = (more: Partial<Recurrence>, first: string): readonly string[] =>
  occurrences(rule(more), at(first), NEW_YORK, MAX).map(({ date }) => date);
const breaks = (error: unknown): boolean => error instanceof HubError && error.code === 'RULE_BROKEN';

describe('a recurrence', () => {
  it('of weeks keeps its time on the clock when the clocks go back and when they go forward', () => {
    assert.deepEqual(laid({ count: 3 }, '2026-10-26T09:00:00-04:00'), [
      '2026-10-26T09:00:00-04:00',
      '2026-11-02T09:00:00-05:00',
      '2026-11-09T09:00:00-05:00',
    ]);
    assert.deepEqual(laid({ count: 2 }, '2027-03-10T09:00:00-05:00'), [
      '2027-03-10T09:00:00-05:00',
      '2027-03-17T09:00:00-04:00',
    ]);
  });

  it('is that of the zone of the place, not of the reader', () => {
    // 9:00 in Berlin over the end of summer time, which comes a week before New York's.
    assert.deepEqual(laid({ count: 2 }, '2026-10-20T07:00:00Z', 'Europe/Berlin'), [
      '2026-10-20T09:00:00+02:00',
      '2026-10-27T09:00:00+01:00',
    ]);
  });

  it('at a time that a day does not have is as much later, at one that it has twice the earlier', () => {
    assert.deepEqual(laid({ frequency: 'daily', count: 3 }, '2027-03-13T02:30:00-05:00'), [
      '2027-03-13T02:30:00-05:00',
      '2027-03-14T03:30:00-04:00',
      '2027-03-15T02:30:00-04:00',
    ]);
    assert.deepEqual(
      laid({ frequency: 'daily', count: 2 }, '2026-10-31T01:30:00-04:00')[1],
      '2026-11-01T01:30:00-04:00',
    );
  });

  it('of several days a week begins with the first visit, and skips weeks by its interval', () => {
    const more = { daysOfWeek: ['fri', 'mon', 'wed'], interval: 2, count: 5 } as const;
    assert.deepEqual(dates(more, '2026-12-02T09:00:00-05:00'), [
      '2026-12-02',
      '2026-12-04',
      '2026-12-14',
      '2026-12-16',
      '2026-12-18',
    ]);
  });

  it('ends with the day that it names, that day included', () => {
    assert.deepEqual(dates({ frequency: 'daily', interval: 3, until: '2026-12-07' }, '2026-12-01T09:00:00-05:00'), [
      '2026-12-01',
      '2026-12-04',
      '2026-12-07',
    ]);
  });

  it('leaves exceptions out, which count', () => {
    const more = { count: 4, exceptions: ['2026-12-15'] };
    assert.deepEqual(dates(more, '2026-12-08T09:00:00-05:00'), ['2026-12-08', '2026-12-22', '2026-12-29']);
  });

  it('of months is by the day of the week: the second, the last, and months without a fifth have none', () => {
    const monthly = { frequency: 'monthly' } as const;
    assert.deepEqual(dates({ ...monthly, count: 3 }, '2026-12-08T09:00:00-05:00'), [
      '2026-12-08',
      '2027-01-12',
      '2027-02-09',
    ]);
    assert.deepEqual(dates({ ...monthly, weekOfMonth: -1, count: 3 }, '2026-12-29T09:00:00-05:00'), [
      '2026-12-29',
      '2027-01-26',
      '2027-02-23',
    ]);
    assert.deepEqual(dates({ ...monthly, weekOfMonth: 5, until: '2027-06-30' }, '2026-12-29T09:00:00-05:00'), [
      '2026-12-29',
      '2027-03-30',
      '2027-06-29',
    ]);
  });

  it('that its first visit does not keep, that has none, or too many, is refused', () => {
    const first = at('2026-12-01T09:00:00-05:00');
    const bad: readonly Partial<Recurrence>[] = [
      { daysOfWeek: ['wed'], count: 2 },
      { count: 1, exceptions: ['2026-12-01'] },
      { until: '2026-11-01' },
      { frequency: 'daily', count: MAX + 1 },
      { frequency: 'monthly', weekOfMonth: 3, count: 2 },
    ];
    for (const one of bad)
      assert.throws(() => occurrences(rule(one), first, NEW_YORK, MAX), breaks, JSON.stringify(one));
  });
});

describe('a time on the clock', () => {
  it('is found again from the moment at which it is shown', () => {
    for (const text of ['2026-07-01T09:00:00-04:00', '2026-12-01T23:59:59-05:00', '2027-03-14T03:00:00-04:00']) {
      const found = wallClockToInstant(wallClockOf(at(text), NEW_YORK), NEW_YORK);
      assert.deepEqual([formatInstant(found.at, NEW_YORK), found.exact], [text, true]);
    }
  });
});
