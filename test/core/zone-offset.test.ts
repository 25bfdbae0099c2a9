/** What is remembered of the zones answers as the calendar library does, near a change of the clocks and far off. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { formatInstant, instant, localDate, localInstant, startOfDay } from '../../src/core/instant.ts';
import { steadyOffset } from '../../src/core/zone-offset.ts';

const ZONES = [
  ...['America/New_York', 'America/Chicago', 'America/St_Johns', 'America/Phoenix', 'Europe/London', 'Asia/Kolkata'],
  ...['Australia/Lord_Howe', 'Africa/Casablanca', 'Pacific/Apia', 'Asia/Gaza', 'Asia/Kathmandu', 'UTC', 'UTC+3', 'utc'],
];
const zone = fc.constantFrom(...ZONES);
const year = { min: Date.UTC(1960, 0, 1), max: Date.UTC(2045, 0, 1) };
/** Anywhere, and within two days of a change of the clocks in the northern autumn or spring. */
const moment = fc.oneof(
  fc.integer(year),
  fc.integer({ min: Date.UTC(2026, 9, 30), max: Date.UTC(2026, 10, 3) }),
  fc.integer({ min: Date.UTC(2027, 2, 12), max: Date.UTC(2027, 2, 30) }),
);

test('a moment is written, and its date told, as the calendar library does', () => {
  fc.assert(
    fc.property(moment, fc.boolean(), zone, (at, whole, name) => {
      const ms = whole ? at - (at % 1000) : at;
      const local = DateTime.fromMillis(ms, { zone: name });
      assert.equal(formatInstant(instant(ms), name), local.toISO({ suppressMilliseconds: true }));
      assert.equal(localDate(instant(ms), name), local.toFormat('yyyy-MM-dd'));
    }),
    { numRuns: 3000 },
  );
});

test('a time on the wall is the same moment as the calendar library says, the earlier of two', () => {
  fc.assert(
    fc.property(moment, zone, (at, name) => {
      const { year: y, month, day, hour, minute, second } = DateTime.fromMillis(at, { zone: name });
      const found = localInstant({ year: y, month, day, hour, minute, second }, name);
      const possible = DateTime.fromObject({ year: y, month, day, hour, minute, second }, { zone: name })
        .getPossibleOffsets()
        .map((one) => one.toMillis());
      assert.equal(found?.at, Math.min(...possible));
      assert.equal(found.exact, possible.length === 1);
    }),
    { numRuns: 3000 },
  );
});

test('a day begins when the calendar library says, also where midnight is left out', () => {
  fc.assert(
    fc.property(moment, zone, (at, name) => {
      const day = DateTime.fromMillis(at, { zone: name });
      assert.equal(startOfDay(day.toFormat('yyyy-MM-dd'), name), day.startOf('day').toMillis());
    }),
    { numRuns: 3000 },
  );
});

test('dates and times that do not exist are refused as before', () => {
  for (const name of ['America/New_York', 'UTC']) {
    assert.equal(localInstant({ year: 2026, month: 2, day: 30 }, name), null);
    assert.equal(localInstant({ year: 2026, month: 13, day: 1 }, name), null);
    assert.equal(localInstant({ year: 2026, month: 1, day: 1, hour: 25 }, name), null);
    assert.equal(startOfDay('2026-02-30', name), null);
    assert.equal(startOfDay('2026-2-3', name), null);
  }
});

test('what is no zone, or not a steady day, is left to the calendar library', () => {
  assert.equal(steadyOffset(Date.UTC(2026, 10, 1, 12), 'America/New_York'), null);
  assert.equal(steadyOffset(Date.UTC(2026, 10, 3), 'America/New_York'), -5 * 3_600_000);
  assert.equal(steadyOffset(Date.UTC(2026, 10, 3), 'Nowhere/Land'), null);
  assert.equal(steadyOffset(Date.UTC(1900, 0, 1), 'America/New_York'), null);
});
