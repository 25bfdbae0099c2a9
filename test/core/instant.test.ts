import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  DAY_MS,
  formatInstant,
  HOUR_MS,
  instant,
  isTimeZone,
  localDate,
  localInstant,
  MINUTE_MS,
  parseInstant,
  plus,
  startOfDay,
} from '../../src/core/instant.ts';

const NEW_YORK = 'America/New_York';

test('the forms that FHIR and vendors write all name one moment', () => {
  const at = instant(Date.UTC(2026, 11, 1, 14, 0, 0));
  for (const text of [
    '2026-12-01T09:00:00-05:00',
    '2026-12-01T09:00:00-0500', // Acuity writes no colon
    '2026-12-01T14:00:00Z',
    '2026-12-01T14:00Z',
    '2026-12-01T14:00:00.000Z',
    '2026-12-01T14:00:00.000999+00:00',
  ]) {
    assert.equal(parseInstant(text), at, text);
  }
});

test('what has no zone, or is no date-time, is not read: whose zone would it be?', () => {
  for (const text of [
    '2026-12-01T09:00:00',
    '2026-12-01',
    '2026-13-01T09:00:00Z',
    '2026-12-01T25:00:00Z',
    ' 2026-12-01T09:00:00Z',
    '2026-12-01T09:00:00Z\n',
    '2026-12-01 09:00:00Z',
    '1764579600000',
    '',
  ]) {
    assert.equal(parseInstant(text), null, JSON.stringify(text));
  }
});

test('what is written is read back, in every zone', () => {
  const moment = fc.integer({ min: Date.UTC(1970, 0, 2), max: Date.UTC(2100, 0) }).map((ms) => ms - (ms % 1_000));
  const zone = fc.constantFrom('UTC', NEW_YORK, 'America/Chicago', 'Asia/Kolkata', 'Australia/Lord_Howe');
  fc.assert(
    fc.property(moment, zone, (ms, name) => {
      assert.equal(parseInstant(formatInstant(instant(ms), name)), ms);
    }),
  );
});

test('an offset is the one of that moment, not of today', () => {
  assert.equal(formatInstant(instant(Date.UTC(2026, 6, 1, 12)), NEW_YORK), '2026-07-01T08:00:00-04:00');
  assert.equal(formatInstant(instant(Date.UTC(2026, 11, 1, 12)), NEW_YORK), '2026-12-01T07:00:00-05:00');
  assert.equal(formatInstant(instant(Date.UTC(2026, 11, 1, 12))), '2026-12-01T12:00:00Z');
});

test('an instant is whole milliseconds, and never NaN', () => {
  assert.equal(instant(1.9), 1);
  assert.equal(plus(instant(1_000), MINUTE_MS), 61_000);
  for (const ms of [NaN, Infinity, -Infinity]) assert.throws(() => instant(ms), RangeError);
});

test('a wall-clock time in a zone is the moment when clocks there show it', () => {
  const found = localInstant({ year: 2026, month: 7, day: 1, hour: 9, minute: 30 }, NEW_YORK);
  assert.deepEqual(found, { at: Date.UTC(2026, 6, 1, 13, 30), exact: true });
});

test('of a time that happens twice the earlier is meant, and it is said that it was not exact', () => {
  const found = localInstant({ year: 2026, month: 11, day: 1, hour: 1, minute: 30 }, NEW_YORK);
  assert.deepEqual(found, { at: Date.UTC(2026, 10, 1, 5, 30), exact: false });
});

test('a time that never happens moves forward by the gap, and it is said that it was not exact', () => {
  const found = localInstant({ year: 2026, month: 3, day: 8, hour: 2, minute: 30 }, NEW_YORK);
  assert.deepEqual(found, { at: Date.UTC(2026, 2, 8, 7, 30), exact: false });
});

test('a wall-clock time that no calendar has is none', () => {
  assert.equal(localInstant({ year: 2026, month: 2, day: 30 }, NEW_YORK), null);
  assert.equal(localInstant({ year: 2026, month: 1, day: 1, hour: 24, minute: 1 }, NEW_YORK), null);
  assert.equal(localInstant({ year: 2026, month: 1, day: 1 }, 'Mars/Olympus'), null);
});

test('a day begins where the zone is', () => {
  const late = instant(Date.UTC(2026, 6, 2, 3));
  assert.equal(localDate(late, NEW_YORK), '2026-07-01');
  assert.equal(startOfDay('2026-07-01', NEW_YORK), Date.UTC(2026, 6, 1, 4));
  for (const date of ['2026-02-30', '2026-7-1', '20260701', '2026-07-01T00:00', '']) {
    assert.equal(startOfDay(date, NEW_YORK), null, date);
  }
});

test('a day of clock change has 23 or 25 hours', () => {
  const length = (date: string, next: string): number =>
    (startOfDay(next, NEW_YORK) ?? 0) - (startOfDay(date, NEW_YORK) ?? 0);
  assert.equal(length('2026-03-08', '2026-03-09'), 23 * HOUR_MS);
  assert.equal(length('2026-11-01', '2026-11-02'), 25 * HOUR_MS);
  assert.equal(length('2026-11-02', '2026-11-03'), DAY_MS);
});

test('only zones of the time zone database are zones', () => {
  assert.ok(isTimeZone(NEW_YORK));
  for (const zone of ['New York', '', 'America/Nowhere']) assert.ok(!isTimeZone(zone), zone);
});
