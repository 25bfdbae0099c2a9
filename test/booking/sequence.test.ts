/** Rules about the times of visits that are booked together. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rule } from '../../src/booking/contract-set.ts';
import { brokenRules, type Timed } from '../../src/booking/sequence.ts';
import { parseInstant, plus, type Instant } from '../../src/core/instant.ts';

const NEW_YORK = 'America/New_York';

function at(text: string): Instant {
  const found = parseInstant(text);
  assert.ok(found !== null);
  return found;
}
function timed(step: number, start: string, minutes: number, name: string | null = null, zone = NEW_YORK): Timed {
  const begins = at(start);
  return { step, name, during: { start: begins, end: plus(begins, minutes * 60_000) }, zone };
}
const texts = (rules: readonly Rule[], visits: readonly Timed[]): readonly string[] =>
  brokenRules(rules, visits).map(({ text }) => text);

const MRI = timed(1, '2026-12-01T09:00:00-05:00', 30, 'mri');
const TALK = timed(2, '2026-12-01T10:00:00-05:00', 30, 'talk');

describe('a rule', () => {
  it('before is kept when each has ended when the next begins, also at that very moment', () => {
    const touching = timed(2, '2026-12-01T09:30:00-05:00', 30);
    assert.deepEqual(texts([{ kind: 'before', visits: [1, 2] }], [MRI, TALK]), []);
    assert.deepEqual(texts([{ kind: 'before', visits: [1, 2] }], [MRI, touching]), []);
    assert.deepEqual(texts([{ kind: 'before', visits: [2, 1] }], [MRI, TALK]), [
      'visit 2 (talk) must have ended before visit 1 (mri) begins; it ends at 2026-12-01T10:30:00-05:00, and ' +
        'visit 1 (mri) begins at 2026-12-01T09:00:00-05:00.',
    ]);
  });

  it('after is before, told the other way round', () => {
    assert.deepEqual(texts([{ kind: 'after', visits: [2, 1] }], [MRI, TALK]), []);
    assert.equal(texts([{ kind: 'after', visits: [1, 2] }], [MRI, TALK]).length, 1);
  });

  it('within is from the end of one to the beginning of the next, both limits included', () => {
    const within = (min: number | null, max: number | null): Rule => ({
      kind: 'within',
      visits: [1, 2],
      min: min === null ? null : { value: min, unit: 'min' },
      max: max === null ? null : { value: max, unit: 'min' },
    });
    for (const kept of [within(30, 30), within(null, 30), within(0, 60), within(30, null)]) {
      assert.deepEqual(texts([kept], [MRI, TALK]), []);
    }
    assert.match(texts([within(null, 29)], [MRI, TALK])[0] ?? '', /within 29 minutes after visit 1 \(mri\) has ended/);
    assert.match(texts([within(31, null)], [MRI, TALK])[0] ?? '', /at least 31 minutes after visit 1/);
    assert.equal(texts([within(null, 60)], [timed(1, '2026-12-01T12:00:00-05:00', 30), TALK]).length, 1);
  });

  it('of days is of days of the calendar, whatever the clocks do between', () => {
    // Clocks go back on 2026-11-01: seven days on the calendar are 169 hours.
    const before = timed(1, '2026-10-26T08:30:00-04:00', 30);
    const later = timed(2, '2026-11-02T09:00:00-05:00', 30);
    const rule = (value: number, unit: 'd' | 'h'): Rule => ({
      kind: 'within',
      visits: [1, 2],
      min: null,
      max: { value, unit },
    });
    assert.deepEqual(texts([rule(7, 'd')], [before, later]), []);
    assert.equal(texts([rule(168, 'h')], [before, later]).length, 1);
    assert.deepEqual(texts([rule(169, 'h')], [before, later]), []);
  });

  it('of one day is of the date in the zone that it names, else in that of the first visit', () => {
    const evening = timed(1, '2026-12-01T20:00:00-05:00', 60);
    const night = timed(2, '2026-12-01T22:00:00-05:00', 120);
    assert.deepEqual(texts([{ kind: 'same-day', visits: [], zone: null }], [evening, night]), []);
    assert.equal(texts([{ kind: 'same-day', visits: [], zone: 'Europe/Berlin' }], [MRI, night]).length, 1);
    const over = timed(2, '2026-12-01T23:30:00-05:00', 60);
    assert.deepEqual(texts([{ kind: 'same-day', visits: [1, 2], zone: null }], [evening, over]), [
      'These visits must be on one day (America/New_York): visit 1 on 2026-12-01, visit 2 on 2026-12-01.',
    ]);
  });

  it('that is broken hides no other: all are told, each once', () => {
    const rules: readonly Rule[] = [
      { kind: 'before', visits: [2, 1] },
      { kind: 'same-day', visits: [], zone: null },
      { kind: 'within', visits: [1, 2], min: null, max: { value: 1, unit: 'min' } },
    ];
    assert.deepEqual(
      brokenRules(rules, [MRI, TALK]).map(({ rule }) => rule),
      [0, 2],
    );
  });
});
