import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatInstant, instant } from '../../src/core/instant.ts';
import { fhirDate, formatTime, parseTime, resolveTime, type ZoneOrOffset } from '../../src/hl7v2/time.ts';

function at(text: string, zone: ZoneOrOffset): string | null {
  const time = parseTime(text);
  const resolved = time === null ? null : resolveTime(time, zone);
  return resolved === null ? null : formatInstant(resolved.at, typeof zone === 'string' ? zone : 'UTC');
}

test('the precision that was sent is kept', () => {
  const cases = [
    ['2026', 'year', '2026'],
    ['202603', 'month', '2026-03'],
    ['20260314', 'day', '2026-03-14'],
    ['2026031410', 'hour', '2026-03-14'],
    ['202603141030', 'minute', '2026-03-14'],
    ['20260314103015', 'second', '2026-03-14'],
    ['20260314103015.1234', 'millisecond', '2026-03-14'],
  ] as const;
  for (const [text, precision, date] of cases) {
    const time = parseTime(text);
    assert.equal(time?.precision, precision, text);
    assert.ok(time);
    assert.equal(fhirDate(time), date, text);
  }
  assert.equal(parseTime('20260314103015.1234')?.millisecond, 123);
  assert.equal(parseTime('20260314103015.5')?.millisecond, 500);
});

test('a zone is read at every precision, also one of odd minutes', () => {
  assert.equal(parseTime('20260314103015-0600')?.offset_min, -360);
  assert.equal(parseTime('202603141030+0215')?.offset_min, 135);
  assert.equal(parseTime('20260314+0000')?.offset_min, 0);
  assert.equal(parseTime('20260314103015.12Z')?.offset_min, 0);
  assert.equal(parseTime('20260314103015')?.offset_min, null);
});

test('what senders write around a time does no harm', () => {
  assert.equal(parseTime('200803061000 ')?.minute, 0);
  assert.equal(parseTime('20260314^D')?.precision, 'day');
  assert.equal(parseTime('2026-03-14T10:30:15-06:00')?.offset_min, -360);
  assert.equal(parseTime('2026-03-14 10:30')?.precision, 'minute');
  assert.equal(parseTime('2026-03-14')?.precision, 'day');
  assert.equal(parseTime('20110613122406637-0500')?.millisecond, 637);
  assert.equal(parseTime('2026112010304407')?.millisecond, 70);
  assert.equal(parseTime('201106131224066371'), null);
});

test('what is no time of the calendar is null', () => {
  for (const text of [
    '',
    ' ',
    '00000000',
    '20260230',
    '20261301',
    '20260314240000',
    '202603146',
    '2026031410300',
    'M30',
  ]) {
    assert.equal(parseTime(text), null, text);
  }
  for (const text of ['20260314103060', '20260314103015+9900', '20250229', '19000229', '2026-3-14']) {
    assert.equal(parseTime(text), null, text);
  }
  assert.equal(parseTime('20000229')?.day, 29);
});

test('the zone of the time itself goes before the zone that is handed in', () => {
  assert.equal(at('20260314100000-0500', 'America/Denver'), '2026-03-14T09:00:00-06:00');
  const time = parseTime('20260314100000-0500');
  assert.ok(time);
  assert.equal(resolveTime(time, 'America/Denver')?.zoneFrom, 'message');
});

test('a time without a zone is read in the location’s zone on that day, beyond a change of clocks too', () => {
  assert.equal(at('20261031090000', 'America/Chicago'), '2026-10-31T09:00:00-05:00');
  assert.equal(at('20261101090000', 'America/Chicago'), '2026-11-01T09:00:00-06:00');
  assert.equal(at('20261101090000', 'America/Indiana/Indianapolis'), '2026-11-01T09:00:00-05:00');
  assert.equal(at('20261101090000', 'America/Phoenix'), '2026-11-01T09:00:00-07:00');
  assert.equal(at('20261101090000', -300), '2026-11-01T14:00:00Z');
});

test('a time that happens twice is the earlier one and one that never happens moves on; both are marked', () => {
  const twice = parseTime('20261101013000');
  const never = parseTime('20260308023000');
  const sound = parseTime('20261101033000');
  assert.ok(twice && never && sound);
  const zone = 'America/Chicago';
  assert.equal(formatInstant(resolveTime(twice, zone)?.at ?? instant(0), zone), '2026-11-01T01:30:00-05:00');
  assert.equal(resolveTime(twice, zone)?.exact, false);
  assert.equal(formatInstant(resolveTime(never, zone)?.at ?? instant(0), zone), '2026-03-08T03:30:00-05:00');
  assert.equal(resolveTime(never, zone)?.exact, false);
  assert.equal(resolveTime(sound, zone)?.exact, true);
});

test('a zone that does not exist resolves to nothing', () => {
  assert.equal(at('20260314100000', 'Mars/Olympus'), null);
});

test('a moment that is written is read back, in any zone', () => {
  const moments = fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => instant(seconds * 1000));
  const zones = fc.constantFrom('UTC', 'America/Chicago', 'Asia/Kolkata', 'Australia/Lord_Howe');
  fc.assert(
    fc.property(moments, zones, (moment, zone) => {
      const time = parseTime(formatTime(moment, zone));
      assert.ok(time);
      assert.equal(resolveTime(time, 'UTC')?.at, moment);
    }),
  );
});
