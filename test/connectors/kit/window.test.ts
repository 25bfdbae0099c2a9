import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { datesOf, gridWindows, halve, seenUpTo } from '../../../src/connectors/kit/window.ts';
import { DAY_MS, formatInstant, instant, parseInstant, plus, type Instant } from '../../../src/core/instant.ts';

const CHICAGO = 'America/Chicago';

function at(text: string): Instant {
  const value = parseInstant(text);
  assert.ok(value !== null);
  return value;
}

test('windows cover the span without a gap and keep their place when the span moves', () => {
  const moments = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2028-01-01') });
  const zones = fc.constantFrom(CHICAGO, 'UTC', 'Asia/Kolkata', 'Pacific/Auckland', 'America/Sao_Paulo');
  const lengths = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(moments, lengths, lengths, zones, (ms, span, days, zone) => {
      const from = instant(ms);
      const windows = gridWindows(from, plus(from, span * DAY_MS), days, zone);
      const [first, last] = [windows[0], windows.at(-1)];
      assert.ok(first !== undefined && last !== undefined);
      assert.ok(first.start <= from && last.end >= plus(from, span * DAY_MS));
      for (const [n, window] of windows.entries()) {
        assert.equal(datesOf(window, zone).length, days);
        assert.equal(windows[n + 1]?.start ?? window.end, window.end);
      }
      const tomorrow = gridWindows(plus(from, DAY_MS), plus(from, (span + 1) * DAY_MS), days, zone);
      const known = new Set(windows.map((window) => window.start));
      assert.ok(tomorrow.filter((window) => !known.has(window.start)).length <= 1 + Math.ceil(1 / days));
    }),
  );
});

test('halves meet at a local midnight, also across a change of the clocks, and a day has none', () => {
  const [week] = gridWindows(at('2026-11-01T12:00:00Z'), at('2026-11-01T13:00:00Z'), 7, CHICAGO);
  assert.ok(week !== undefined);
  const halves = halve(week, CHICAGO);
  assert.ok(halves !== null);
  assert.equal(halves[0].start, week.start);
  assert.equal(halves[0].end, halves[1].start);
  assert.equal(halves[1].end, week.end);
  assert.match(formatInstant(halves[1].start, CHICAGO), /T00:00:00/);
  const [day] = gridWindows(at('2026-11-01T12:00:00Z'), at('2026-11-01T13:00:00Z'), 1, CHICAGO);
  assert.ok(day !== undefined);
  assert.equal(day.end - day.start, 25 * 3_600_000);
  assert.equal(halve(day, CHICAGO), null);
  assert.deepEqual(datesOf(day, CHICAGO), ['2026-11-01']);
});

test('a claim of having seen stays behind the start by the overlap', () => {
  assert.equal(seenUpTo(at('2026-11-01T12:00:00Z'), 120), at('2026-11-01T11:58:00Z'));
});
