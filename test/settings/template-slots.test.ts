/** Templates lay out what they say, clause by clause; 2026-11-02 is a Monday. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR_MS } from '../../src/core/instant.ts';
import { templateCalendars, templatePairs, templateSlotsOver } from '../../src/settings/template-slots.ts';
import { at, block, clinic, dates, datesShown, LONG_AGO, shown, slotsOf, template, times } from './template-facts.ts';

const WEEK = dates('2026-11-02', '2026-11-08');
const FOUR_WEEKS = dates('2026-11-02', '2026-11-29');

test('a block runs on its days, and visits fill its hours from the beginning of each range', () => {
  const facts = clinic({
    rao: template({ day: block({ days: ['mon', 'wed'], hours: ['09:00-10:45', '13:00-14:00'] }) }),
  });
  assert.deepEqual(shown(slotsOf(facts, WEEK)), [
    ...['2026-11-02 09:00', '2026-11-02 09:30', '2026-11-02 10:00', '2026-11-02 13:00', '2026-11-02 13:30'],
    ...['2026-11-04 09:00', '2026-11-04 09:30', '2026-11-04 10:00', '2026-11-04 13:00', '2026-11-04 13:30'],
  ]);
});

test('nothing is laid over a break; the next visit begins when it ends', () => {
  const facts = clinic({ rao: template({ day: block({ days: ['mon'], breaks: ['10:10-10:25', '11:55-12:00'] }) }) });
  assert.deepEqual(times(slotsOf(facts, WEEK)), ['09:00', '09:30', '10:25', '10:55', '11:25']);
});

test('an alternate week counts from the week of its anchor, in both directions and over the turn of the year', () => {
  const every = (weeks: number): ReturnType<typeof clinic> =>
    clinic({ rao: template({ day: block({ days: ['fri'], weeks: { every: weeks, anchor: '2026-11-11' } }) }) });
  assert.deepEqual(datesShown(slotsOf(every(2), FOUR_WEEKS)), ['2026-11-13', '2026-11-27']);
  assert.deepEqual(datesShown(slotsOf(every(3), dates('2026-10-19', '2026-12-31'))), [
    ...['2026-10-23', '2026-11-13', '2026-12-04', '2026-12-25'],
  ]);
  assert.deepEqual(datesShown(slotsOf(every(2), dates('2026-12-28', '2027-01-10'))), ['2027-01-08']);
});

test('a template is in force from its first date to its last, both included', () => {
  const facts = clinic({ rao: template({ day: block() }, { from: '2026-11-04', until: '2026-11-05' }) });
  assert.deepEqual(datesShown(slotsOf(facts, WEEK)), ['2026-11-04', '2026-11-05']);
});

test('visit types of one block are siblings over the same time, each as long as the catalogue says', () => {
  const facts = clinic({
    rao: template({ day: block({ days: ['mon'], hours: ['09:00-10:00'], visitTypes: ['OFFICE', 'FOLLOWUP', 'NEW'] }) }),
  });
  assert.deepEqual(times(slotsOf(facts, WEEK)), ['09:00', '09:30']);
  assert.deepEqual(times(slotsOf(facts, WEEK, { visitType: 'FOLLOWUP' })), ['09:00', '09:20', '09:40']);
  assert.deepEqual(times(slotsOf(facts, WEEK, { visitType: 'NEW' })), ['09:00']);
  assert.deepEqual(slotsOf(facts, WEEK, { visitType: 'OTHER' }), []);
  assert.deepEqual(
    templatePairs(facts.site).map(({ calendar, visitType }) => `${calendar} ${visitType}`),
    ['RAO@north OFFICE', 'RAO@north FOLLOWUP', 'RAO@north NEW'],
  );
});

test('length and step of a block hold for all that it offers', () => {
  const facts = clinic({ rao: template({ day: block({ days: ['mon'], hours: ['09:00-10:00'], length_min: 45 }) }) });
  assert.deepEqual(times(slotsOf(facts, WEEK)), ['09:00']);
  const often = clinic({
    rao: template({ day: block({ days: ['mon'], hours: ['09:00-10:00'], length_min: 40, step_min: 10 }) }),
  });
  assert.deepEqual(times(slotsOf(often, WEEK)), ['09:00', '09:10', '09:20']);
});

test('seats and the quota above them stand at every slot; visits that share a time have one session a day', () => {
  const facts = clinic({ rao: template({ day: block({ days: ['mon', 'tue'], capacity: 3, overbook: 1 }) }) });
  const slots = slotsOf(facts, WEEK);
  assert.ok(slots.every(({ capacity, overbook }) => capacity === 3 && overbook === 1));
  assert.deepEqual(
    [...new Set(slots.map(({ session }) => session))],
    ['template:RAO@north:2026-11-02', 'template:RAO@north:2026-11-03'],
  );
  const alone = slotsOf(clinic({ rao: template({ day: block() }) }), WEEK);
  assert.ok(alone.every(({ session }) => session === undefined));
});

test('a reserved block opens to other visit types so many hours before it begins, not before', () => {
  const reserved = block({
    days: ['fri'],
    visitTypes: ['NEW'],
    release: { before_h: 48, visitTypes: ['OFFICE'], close: false },
  });
  const facts = clinic({ rao: template({ day: reserved }) });
  const opens = at('2026-11-04', '09:00');
  const open = (now: typeof opens): number => slotsOf(facts, WEEK, { now }).length;
  assert.equal(open(LONG_AGO), 0);
  assert.equal(open((opens - 1) as typeof opens), 0);
  assert.equal(open(opens), 6, 'all of the block at once');
  assert.equal(slotsOf(facts, WEEK, { visitType: 'NEW', now: opens }).length, 3, 'its own type stays');
  assert.ok(
    templatePairs(facts.site).some(({ visitType }) => visitType === 'OFFICE'),
    'it will be asked for',
  );
});

test('a reserved block may close instead, and a channel ends with the release', () => {
  const release = { before_h: 24, visitTypes: [], close: false };
  const closing = clinic({ rao: template({ day: block({ days: ['fri'], release: { ...release, close: true } }) }) });
  const late = at('2026-11-05', '10:00');
  assert.equal(slotsOf(closing, WEEK).length, 6);
  assert.equal(slotsOf(closing, WEEK, { now: late }).length, 0);
  const staff = clinic({ rao: template({ day: block({ days: ['fri'], channel: 'staff', release }) }) });
  assert.deepEqual([...new Set(slotsOf(staff, WEEK).map(({ channel }) => channel))], ['staff']);
  assert.deepEqual([...new Set(slotsOf(staff, WEEK, { now: late }).map(({ channel }) => channel))], [undefined]);
});

test('a rotation goes from place to place week by week, each with the clock of its place', () => {
  const rotation = { anchor: '2026-11-02', weeks: ['north', 'south', 'west'] };
  const rotating = template({ day: block({ days: ['mon'], hours: ['09:00-09:30'] }) }, { rotation });
  const { location: _location, ...without } = rotating;
  const facts = clinic({ rao: without });
  const months = dates('2026-10-12', '2026-11-30');
  assert.deepEqual(datesShown(slotsOf(facts, months)), ['2026-10-12', '2026-11-02', '2026-11-23']);
  const south = slotsOf(facts, months, { calendar: 'RAO@south' });
  assert.deepEqual(shown(south, 'America/Indiana/Indianapolis'), [
    ...['2026-10-19 09:00', '2026-11-09 09:00', '2026-11-30 09:00'],
  ]);
  const west = slotsOf(facts, months, { calendar: 'RAO@west' });
  assert.deepEqual(shown(west, 'America/Phoenix'), ['2026-10-26 09:00', '2026-11-16 09:00']);
  assert.deepEqual(Object.keys(templateCalendars(facts.site)), ['RAO@north', 'RAO@south', 'RAO@west']);
});

test('a calendar that a template makes knows the person by the code of the site', () => {
  const calendars = templateCalendars(clinic({ rao: template({ day: block() }) }).site);
  assert.deepEqual(calendars, {
    'RAO@north': { practitioner: 'npi:1043333339', name: 'Dr Rao', location: 'north', person: 'RAO' },
  });
});

test('a block may lie elsewhere than its template, and a calendar has the place of its own', () => {
  const facts = clinic({
    rao: template({
      am: block({ days: ['mon'] }),
      pm: block({ days: ['mon'], hours: ['14:00-15:00'], location: 'west' }),
    }),
    lind: { calendar: 'lind', blocks: { day: block({ days: ['mon'], hours: ['09:00-09:30'] }) }, exceptions: {} },
  });
  assert.equal(slotsOf(facts, WEEK).length, 6);
  assert.deepEqual(times(slotsOf(facts, WEEK, { calendar: 'RAO@west' }), 'America/Phoenix'), ['14:00', '14:30']);
  const lind = slotsOf(facts, WEEK, { calendar: 'lind' });
  assert.deepEqual(times(lind, 'America/Indiana/Indianapolis'), ['09:00']);
  assert.equal(lind[0]?.key, 'template:lind:OFFICE:2026-11-02T14:00:00Z:30');
});

test('a holiday closes the places of its list and what lies in them, and no others', () => {
  const holidays = {
    federal: { dates: ['2026-11-03'], locations: ['north'] },
    all: { dates: ['2026-11-05'], locations: [] },
  };
  const facts = clinic(
    {
      rao: template({ day: block() }),
      room: template({ day: block() }, { location: 'north-1' }),
      west: template({ day: block() }, { location: 'west' }),
    },
    { holidays },
  );
  const open = ['2026-11-02', '2026-11-04', '2026-11-06'];
  assert.deepEqual(datesShown(slotsOf(facts, WEEK)), open);
  assert.deepEqual(datesShown(slotsOf(facts, WEEK, { calendar: 'RAO@north-1' })), open);
  assert.deepEqual(datesShown(slotsOf(facts, WEEK, { calendar: 'RAO@west' }), 'America/Phoenix'), [
    ...['2026-11-02', '2026-11-03', '2026-11-04', '2026-11-06'],
  ]);
});

test('an exception closes a date, gives it other hours, or adds one, over holidays too', () => {
  const facts = clinic(
    {
      rao: template(
        { am: block(), pm: block({ hours: ['13:00-17:00'] }) },
        {
          exceptions: {
            '2026-11-03': 'closed',
            '2026-11-04': { am: ['10:00-11:00'] },
            '2026-11-05': { pm: ['13:00-13:30'] },
            '2026-11-07': { am: ['08:00-08:30'] },
          },
        },
      ),
    },
    { holidays: { all: { dates: ['2026-11-05'], locations: [] } } },
  );
  assert.deepEqual(shown(slotsOf(facts, dates('2026-11-03', '2026-11-05'))), [
    ...['2026-11-04 10:00', '2026-11-04 10:30', '2026-11-05 13:00'],
  ]);
  assert.deepEqual(shown(slotsOf(facts, dates('2026-11-07', '2026-11-08'))), ['2026-11-07 08:00']);
  assert.equal(slotsOf(facts, dates('2026-11-06')).length, 14);
});

test('a visit takes the slots of its type that it overlaps, else those of any type, else none', () => {
  const facts = clinic({
    rao: template({
      am: block({ days: ['mon'], visitTypes: ['OFFICE', 'FOLLOWUP'] }),
      pm: block({ days: ['mon'], hours: ['13:00-14:00'], visitTypes: ['NEW'] }),
    }),
  });
  const over = (visitType: string, from: string, to: string): readonly string[] => {
    const window = { start: at('2026-11-02', from), end: at('2026-11-02', to) };
    const found = templateSlotsOver(facts, { calendar: 'RAO@north', visitType, window, now: LONG_AGO });
    return found.map((slot) => `${slot.visitType} ${times([slot])[0] ?? ''}`);
  };
  assert.deepEqual(over('OFFICE', '09:15', '09:45'), ['OFFICE 09:00', 'OFFICE 09:30']);
  assert.deepEqual(over('FOLLOWUP', '09:20', '09:40'), ['FOLLOWUP 09:20']);
  assert.deepEqual(over('OFFICE', '13:15', '13:45'), ['NEW 13:00']);
  assert.deepEqual(over('', '13:15', '13:45'), ['NEW 13:00']);
  assert.deepEqual(over('OFFICE', '12:00', '13:00'), []);
});

test('a key holds calendar, type, start and length: what does not touch a time leaves its key alone', () => {
  const before = clinic({ rao: template({ day: block() }) });
  const after = clinic({
    other: template({
      morning: block({ hours: ['08:00-11:00'], breaks: ['10:00-10:30'], capacity: 2, channel: 'staff' }),
    }),
  });
  const keys = (facts: typeof before): Set<string> => new Set(slotsOf(facts, WEEK).map(({ key }) => key));
  const both = (one: typeof before, other: typeof before): Set<string> =>
    new Set([...keys(one)].filter((key) => keys(other).has(key)));
  const common = both(before, after);
  assert.equal(common.size, 15, '9:00, 9:30 and 10:30 of five days');
  assert.ok(common.has('template:RAO@north:OFFICE:2026-11-02T15:00:00Z:30'));
  const longer = clinic({ rao: template({ day: block({ length_min: 60 }) }) });
  assert.equal(both(before, longer).size, 0, 'a time that is cut anew has new slots');
});

test('windows cut anywhere give together what one window gives', () => {
  const facts = clinic({ rao: template({ day: block({ hours: ['00:00-24:00'] }) }) });
  const parts = Array.from({ length: 7 * 8 }, (_, part) => ({
    start: (WEEK.start + part * 3 * HOUR_MS) as typeof WEEK.start,
    end: (WEEK.start + (part + 1) * 3 * HOUR_MS) as typeof WEEK.start,
  }));
  const keys = parts.flatMap((window) => slotsOf(facts, window).map(({ key }) => key));
  assert.deepEqual(
    keys,
    slotsOf(facts, WEEK).map(({ key }) => key),
  );
});
