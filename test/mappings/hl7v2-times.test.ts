import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appointment, at, edit, fixture, hl7Site, parked, place, without } from '../fixtures/siu/site.ts';

const v1 = fixture('v1-booked');
/** Times in SCH-11 alone; the resources follow the visit. */
const plain = edit(edit(edit(without(v1, 'TQ1'), 'AIS-4', ''), 'AIL-6', ''), 'AIP-6', '');
const starting = (time: string): string => edit(edit(plain, 'SCH-11', `^^M30^${time}`), 'SCH-9', '');

const zones = hl7Site({
  locations: {
    chicago: place('America/Chicago', ['CHI']),
    indy: place('America/Indiana/Indianapolis', ['IND']),
    phoenix: place('America/Phoenix', ['PHX']),
  },
});

test('a time without a zone is in the zone of the location, then of the site', () => {
  const noon = starting('20261102120000');
  const start = (code: string): number | undefined =>
    appointment(edit(noon, 'AIL-3', code), zones).change.during?.start;
  assert.equal(start('CHI'), at('2026-11-02T18:00:00Z'));
  assert.equal(start('IND'), at('2026-11-02T17:00:00Z'));
  assert.equal(start('PHX'), at('2026-11-02T19:00:00Z'));
  assert.equal(start('ELSEWHERE'), at('2026-11-02T18:00:00Z'));
});

test('over the end of daylight saving on 1 November 2026 each location keeps its own clock', () => {
  for (const [day, chicago, indy, phoenix] of [
    ['20261031090000', '2026-10-31T14:00:00Z', '2026-10-31T13:00:00Z', '2026-10-31T16:00:00Z'],
    ['20261101090000', '2026-11-01T15:00:00Z', '2026-11-01T14:00:00Z', '2026-11-01T16:00:00Z'],
  ] as const) {
    const message = starting(day);
    const start = (code: string): number | undefined =>
      appointment(edit(message, 'AIL-3', code), zones).change.during?.start;
    assert.equal(start('CHI'), at(chicago));
    assert.equal(start('IND'), at(indy));
    assert.equal(start('PHX'), at(phoenix));
  }
});

test('half past one that happens twice is the first one, with a warning', () => {
  const { change, warnings } = appointment(starting('20261101013000'));
  assert.equal(change.during?.start, at('2026-11-01T06:30:00Z'));
  assert.equal(
    warnings.some((text) => text.startsWith('SCH-11.4: happens twice or never')),
    true,
  );
});

test('half past two that never happens is moved forward, with a warning', () => {
  const { change, warnings } = appointment(starting('20260308023000'));
  assert.equal(change.during?.start, at('2026-03-08T08:30:00Z'));
  assert.equal(
    warnings.some((text) => text.startsWith('SCH-11.4: happens twice or never')),
    true,
  );
});

test('an offset in the field goes before every zone', () => {
  const { change } = appointment(edit(starting('20261101013000-0600'), 'AIL-3', 'PHX'), zones);
  assert.equal(change.during?.start, at('2026-11-01T07:30:00Z'));
});

test('a visit over the change of clocks is as long as its duration says, not as its clock times differ', () => {
  const { change } = appointment(edit(starting('20261101003000'), 'SCH-11', '^^M120^20261101003000'));
  assert.deepEqual(change.during, { start: at('2026-11-01T05:30:00Z'), end: at('2026-11-01T07:30:00Z') });
});

test('TQ1 goes before SCH-11, SCH-11 before AIS, AIG, AIL and AIP, and a contradiction is told', () => {
  const both = edit(v1, 'SCH-11', '^^M30^20260313090000^20260313093000');
  const { change, warnings } = appointment(both);
  assert.equal(change.during?.start, at('2026-03-14T15:00:00Z'));
  assert.deepEqual(warnings, ['SCH-11.4: says another time than TQ1-7, which was taken']);

  const later = appointment(edit(without(v1, 'TQ1'), 'AIL-6', '20260311100000'));
  assert.equal(later.change.during?.start, at('2026-03-14T15:00:00Z'));
  assert.deepEqual(later.warnings, [
    'AIL-6: says another time than SCH-11.4, which was taken',
    'AIL-6: is not a time of this visit; the resource was taken for the visit itself',
  ]);
  const location = later.change.participants.find(({ actor }) => actor.kind === 'location');
  assert.equal(location?.during, undefined);
});

test('a start in a resource segment alone is found, the earliest of them being the start', () => {
  const only = edit(edit(without(v1, 'TQ1'), 'SCH-11', ''), 'SCH-9', '');
  const { change } = appointment(edit(only, 'AIL-6', '20260314094500'));
  assert.deepEqual(change.during, { start: at('2026-03-14T15:00:00Z'), end: at('2026-03-14T15:30:00Z') });
  const withoutService = edit(edit(only, 'AIS-4', ''), 'AIL-6', '20260314094500');
  assert.equal(appointment(withoutService).change.during?.start, at('2026-03-14T14:45:00Z'));
});

test('the site file may name the order in which places are looked at', () => {
  const site = hl7Site({}, { fields: { start: ['AIL-6', 'SCH-11.4'] } });
  const { change } = appointment(edit(v1, 'AIL-6', '20260314110000'), site);
  assert.equal(change.during?.start, at('2026-03-14T16:00:00Z'));
});

test('the end is told, or follows from a duration in any of its spellings', () => {
  const end = (sch11: string, nine = '', ten = ''): number => {
    const message = edit(edit(edit(plain, 'SCH-11', sch11), 'SCH-9', nine), 'SCH-10', ten);
    const { during } = appointment(edit(edit(edit(message, 'AIS-7', ''), 'AIL-9', ''), 'AIP-9', '')).change;
    return during === undefined ? 0 : (during.end - during.start) / 60_000;
  };
  assert.equal(end('^^^20260314100000^20260314104500'), 45);
  assert.equal(end('^^M40^20260314100000'), 40);
  assert.equal(end('^^H1^20260314100000'), 60);
  assert.equal(end('^^S1800^20260314100000'), 30);
  assert.equal(end('^^2 hours^20260314100000'), 120);
  assert.equal(end('^^^20260314100000', '30', 'min'), 30);
  assert.equal(end('^^^20260314100000', '30', 'm^Minutes'), 30);
  assert.equal(end('^^^20260314100000', '30^MIN'), 30);
  assert.equal(end('^^^20260314100000', '1800', 's'), 30);
  assert.equal(end('^^20^20260314100000', '20', 'MIN'), 20);
});

test('a duration without a unit is seconds, with a warning, or minutes where the site file says so', () => {
  const message = edit(edit(edit(plain, 'SCH-11', '^^^20260314100000'), 'SCH-9', '1800'), 'SCH-10', '');
  const bare = edit(edit(edit(message, 'AIS-7', ''), 'AIL-9', ''), 'AIP-9', '');
  assert.equal(appointment(bare).change.during?.end, at('2026-03-14T15:30:00Z'));
  const thirty = edit(bare, 'SCH-9', '30');
  const { change, warnings } = appointment(thirty);
  assert.equal(change.during?.end, at('2026-03-14T15:00:30Z'));
  assert.equal(
    warnings.some((text) => text.startsWith('SCH-9: has no unit and was read as seconds')),
    true,
  );
  const minutes = appointment(thirty, hl7Site({}, { durationUnitWhenAbsent: 'min' }));
  assert.equal(minutes.change.during?.end, at('2026-03-14T15:30:00Z'));
  assert.deepEqual(minutes.warnings, []);
});

test('an end a year after the start is a mistake where a duration says so', () => {
  const { change, warnings } = appointment(edit(plain, 'SCH-11', '^^15^20260314100000^20270315101500'));
  assert.equal(change.during?.end, at('2026-03-14T15:30:00Z'));
  assert.deepEqual(warnings, ['SCH-11.5: is more than a day after the start; SCH-9 was taken']);
});

test('a duration of more digits than any length of time has is left out, with a warning', () => {
  const digits = '2026'.repeat(120);
  const long = edit(edit(edit(plain, 'SCH-11', `^^${digits}^20260314100000`), 'SCH-9', digits), 'AIL-9', digits);
  const { change, warnings } = appointment(long);
  assert.equal(change.during?.end, at('2026-03-14T15:30:00Z'));
  assert.ok(warnings.includes('SCH-9: is more than a year, so it was left out'), warnings.join('\n'));
  assert.ok(warnings.includes('AIL-9: is more than a year, so it was left out'), warnings.join('\n'));
});

test('an end before the start is left out, with a warning', () => {
  const { change, warnings } = appointment(edit(plain, 'SCH-11', '^^^20260314100000^20260314090000'));
  assert.equal(change.during?.end, at('2026-03-14T15:30:00Z'));
  assert.deepEqual(warnings, ['SCH-11.5: is not after the start, so it was left out']);
});

test('without an end and a duration the usual length of the visit type is taken, with a warning', () => {
  const bare = edit(edit(plain, 'SCH-11', '^^^20260314100000'), 'SCH-9', '');
  const message = edit(edit(edit(bare, 'AIS-7', ''), 'AIL-9', ''), 'AIP-9', '');
  const { change, warnings } = appointment(message);
  assert.equal(change.during?.end, at('2026-03-14T15:30:00Z'));
  assert.deepEqual(warnings, ['SCH-9: no end and no duration; the usual length of the visit type was taken']);
  assert.deepEqual(parked(edit(message, 'AIS-3', 'UNLISTED')), ['MESSAGE_INCOMPLETE SCH-11']);
});

test('a booking without any time is parked, a cancel without one is applied', () => {
  const none = edit(edit(plain, 'SCH-11', ''), 'TQ1-7', '');
  assert.deepEqual(parked(none), ['MESSAGE_INCOMPLETE SCH-11']);
  const { change } = appointment(edit(edit(none, 'MSH-9', 'SIU^S15'), 'SCH-25', 'Cancelled'));
  assert.equal(change.status, 'cancelled');
  assert.equal('during' in change, false);
});

test('a date without a time of day is no start', () => {
  assert.deepEqual(parked(edit(plain, 'SCH-11', '^^M30^20260314')), ['MESSAGE_INCOMPLETE SCH-11']);
});

test('each resource has its own interval from its own offset and duration', () => {
  const { change } = appointment(fixture('three-groups'));
  const own = new Map(
    change.participants.map(({ actor, during }) => [
      actor.kind === 'practitioner' ? actor.assertion.code : actor.code,
      during === undefined ? null : [during.start, during.end],
    ]),
  );
  assert.deepEqual(own.get('400'), [at('2026-08-18T15:00:00Z'), at('2026-08-18T15:15:00Z')]);
  assert.deepEqual(own.get('500'), [at('2026-08-18T15:15:00Z'), at('2026-08-18T15:35:00Z')]);
  assert.deepEqual(own.get('600'), [at('2026-08-18T15:40:00Z'), at('2026-08-18T16:00:00Z')]);
  assert.deepEqual(own.get('1001'), [at('2026-08-18T15:15:00Z'), at('2026-08-18T15:35:00Z')]);
  assert.equal(own.get('123'), null);
});

test('an offset may be negative: a room is set up before the visit', () => {
  const { change } = appointment(edit(edit(edit(plain, 'AIL-7', '-15'), 'AIL-8', 'min'), 'AIL-9', '45'));
  const room = change.participants.find(({ actor }) => actor.kind === 'location');
  assert.deepEqual(room?.during, { start: at('2026-03-14T14:45:00Z'), end: at('2026-03-14T15:30:00Z') });
});
