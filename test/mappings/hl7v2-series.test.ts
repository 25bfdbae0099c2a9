/** Visits that repeat, belong to others, or are for several people. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppointmentChange } from '../../src/mappings/contract.ts';
import { appointment, at, blocks, edit, fixture, hl7Site, map, parked, without } from '../fixtures/siu/site.ts';

const v1 = fixture('v1-booked');
const plain = without(v1, 'TQ1');

function all(message: string): readonly AppointmentChange[] {
  const mapped = map(message);
  if (mapped.kind !== 'changes') throw new Error(`expected changes: ${JSON.stringify(mapped)}`);
  return mapped.changes.filter((change) => change.kind === 'appointment');
}

const times = (changes: readonly AppointmentChange[]): readonly (readonly [string, number | undefined])[] =>
  changes.map(({ key, during }) => [key, during?.start]);

const WEEKS = '^^M30^20260314100000^20260314103000~^^M30^20260321100000^20260321103000~^^M45^20260328100000';

test('times that are all written down are appointments of their own, named by their start', () => {
  const changes = all(edit(plain, 'SCH-11', WEEKS));
  assert.deepEqual(times(changes), [
    ['F-1001^HOSP_A', at('2026-03-14T15:00:00Z')],
    ['F-1001^HOSP_A@2026-03-21T15:00:00Z', at('2026-03-21T15:00:00Z')],
    ['F-1001^HOSP_A@2026-03-28T15:00:00Z', at('2026-03-28T15:00:00Z')],
  ]);
  assert.deepEqual(changes[0]?.occurrences, [changes[1]?.key, changes[2]?.key]);
  assert.deepEqual([changes[1]?.occurrenceOf, changes[1]?.occurrences], ['F-1001^HOSP_A', undefined]);
  assert.equal(changes[2]?.during?.end, at('2026-03-28T15:45:00Z'));
  assert.deepEqual(changes[1]?.patients, changes[0].patients);
});

test('TQ1 repeated is read the same way, and the same time twice is one time', () => {
  const tq1 = 'TQ1|2||||||20260321100000-0500|20260321103000-0500\rTQ1|3||||||20260314100000-0500\r';
  assert.deepEqual(
    times(all(v1.replace('NTE|1', `${tq1}NTE|1`))).map(([key]) => key),
    ['F-1001^HOSP_A', 'F-1001^HOSP_A@2026-03-21T15:00:00Z'],
  );
});

test('a resource has the same offset at each time', () => {
  const message = edit(edit(plain, 'SCH-11', WEEKS), 'AIL-6', '20260314094500');
  const rooms = all(message).map(({ participants }) => participants.find(({ actor }) => actor.kind === 'location'));
  assert.deepEqual(
    rooms.map((room) => room?.during?.start),
    ['2026-03-14T14:45:00Z', '2026-03-21T14:45:00Z', '2026-03-28T14:45:00Z'].map(at),
  );
});

test('a pattern whose times are not written down waits for a person, unless each occurrence is sent as well', () => {
  assert.deepEqual(parked(edit(v1, 'TQ1-3', 'Q1W')), ['MESSAGE_UNDECIDED TQ1-3']);
  assert.deepEqual(parked(edit(v1, 'TQ1-14', '6')), ['MESSAGE_UNDECIDED TQ1-14']);
  const repeating = edit(plain, 'SCH-11', '^Q1W^M30^20260314100000^20260314103000');
  assert.deepEqual(parked(repeating), ['MESSAGE_UNDECIDED SCH-11.2']);
  const { change } = appointment(repeating, hl7Site({}, { repeats: 'first' }));
  assert.equal(change.during?.start, at('2026-03-14T15:00:00Z'));
});

test('a pattern that says once, one in an occurrence, and one on a cancel keep nobody waiting', () => {
  assert.equal(appointment(edit(v1, 'TQ1-3', 'ONCE')).change.occurrences?.length, 0);
  assert.equal(appointment(edit(v1, 'TQ1-14', '1')).change.status, 'booked');
  assert.equal(appointment(edit(edit(v1, 'TQ1-3', 'Q1W'), 'SCH-3', '2')).change.key, 'F-1001^HOSP_A#2');
  assert.equal(appointment(edit(edit(v1, 'TQ1-3', 'Q1W'), 'SCH-24', 'F-900^HOSP_A')).change.status, 'booked');
  const cancel = edit(edit(v1, 'TQ1-3', 'Q1W'), 'MSH-9', 'SIU^S15');
  assert.equal(appointment(edit(cancel, 'SCH-25', 'Cancelled')).change.status, 'cancelled');
});

test('the parents of an occurrence, its group and its orders go with it', () => {
  let message = edit(edit(v1, 'SCH-23', 'P-70^HUB'), 'SCH-24', 'F-900^HOSP_A');
  message = edit(edit(message, 'SCH-4', 'G-5^HUB'), 'SCH-26', 'O-1^RIS~O-2^RIS');
  const { change } = appointment(message);
  assert.deepEqual(change.parents, [
    { system: 'urn:slotwire:site:riverside-hl7:HUB', value: 'P-70', type: 'PLAC' },
    { system: 'urn:slotwire:site:riverside-hl7:HOSP_A', value: 'F-900', type: 'FILL' },
  ]);
  assert.deepEqual(change.group, { system: 'urn:slotwire:site:riverside-hl7:HUB', value: 'G-5', type: 'PGN' });
  assert.deepEqual(
    change.orders?.map(({ value }) => value),
    ['O-1', 'O-2'],
  );
});

test('several patients are all patients of the one visit', () => {
  const { change } = appointment(fixture('group-visit'));
  assert.equal(change.patients.length > 1, true);
  assert.equal(new Set(change.patients.map(({ key }) => key)).size, change.patients.length);
});

test('blocked time that repeats is closed at each of its times', () => {
  const s23 = fixture('v8-blocked');
  const [first] = blocks(s23);
  const again = `${s23}TQ1|2||||||20260321120000-0500|20260321130000-0500\r`;
  assert.deepEqual(
    blocks(again).map(({ key, during }) => [key, during.start]),
    [
      [first?.key, first?.during.start],
      [`${first?.key ?? ''}@${at('2026-03-21T17:00:00Z')}`, at('2026-03-21T17:00:00Z')],
    ],
  );
});

test('a person in two resource groups is blocked at both times', () => {
  const s23 = without(fixture('v8-blocked'), 'RGS', 'AIP', 'TQ1');
  const aip = (n: number, start: string): string => `RGS|${n}\rAIP|${n}||D7|||${start}|||60|min\r`;
  const found = blocks(edit(s23, 'SCH-11', '') + aip(1, '20260314120000') + aip(2, '20260314150000'));
  assert.deepEqual(
    found.map(({ during }) => [during.start, during.end]),
    [
      [at('2026-03-14T17:00:00Z'), at('2026-03-14T18:00:00Z')],
      [at('2026-03-14T20:00:00Z'), at('2026-03-14T21:00:00Z')],
    ],
  );
  assert.equal(new Set(found.map(({ key }) => key)).size, 2);
});
