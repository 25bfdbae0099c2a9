/** Rules that came out of comparing the samples with what a reader of them expects. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HL7V2_PRESETS } from '../../src/connectors/kit/hl7/presets.ts';
import { formatInstant } from '../../src/core/instant.ts';
import { appointment, edit, fixture, hl7Site, map, without } from '../fixtures/siu/site.ts';

const v1 = fixture('v1-booked');

test('a note whose words stand one field early is a comment; the code of a source is none', () => {
  assert.equal(appointment(v1.replace('NTE|1||', 'NTE||')).change.comment, 'Bring list of medicines\nFasting: no');
  assert.equal(appointment(edit(edit(v1, 'NTE-3', ''), 'NTE-2', 'L')).change.comment, undefined);
  assert.equal(appointment(edit(edit(v1, 'NTE-3', 'Kept'), 'NTE-2', 'Not this one')).change.comment, 'Kept');
});

test('what is discontinued as a whole leaves its resources as they were to be, as a cancel does', () => {
  const ended = (trigger: string, status: string): readonly string[] => {
    const message = edit(edit(v1, 'MSH-9', `SIU^${trigger}`), 'SCH-25', status);
    const { participants } = appointment(edit(message, 'AIP-12', status)).change;
    return participants.map((one) => one.status);
  };
  assert.deepEqual(ended('S16', 'Dc'), ended('S15', 'Cancelled'));
  assert.deepEqual([...new Set(ended('S16', 'Dc'))], ['accepted']);
});

test('a field of SCH that the site file has for a length or a status is no reason, no type and no reason of a cancel', () => {
  const shifted = hl7Site({}, HL7V2_PRESETS['short-sch']);
  const sch = 'SCH|P-77^HUB|F-1001^HOSP_A|||CT|20260314100000|30|MIN|CANCELLED';
  const message = edit(without(v1.replace(/SCH\|[^\r]*/, sch), 'TQ1'), 'MSH-9', 'SIU^S15');
  const { change } = appointment(message, shifted);
  assert.equal(change.status, 'cancelled');
  assert.equal(change.reason, undefined);
  assert.equal(change.appointmentType, undefined);
  assert.equal(change.cancelationReason, undefined);
});

test('that no length is told is said of the field where this site would have it', () => {
  const adt = [
    'MSH|^~\\&|A|B|||20210806135357||ADT^A05|1|P|2.4',
    'PID|1||7^^^HOSP_A^MR||DOE^JANE',
    `PV1|1|O|CLINIC||||9^HEART^HENRY${'|'.repeat(12)}V-1`,
    'PV2||||||||20210809093000',
  ].join('\r');
  const mapped = map(adt, hl7Site({}, HL7V2_PRESETS['adt-appointments']));
  assert.ok(mapped.kind === 'changes');
  assert.deepEqual(mapped.warnings.map((warning) => warning.split(':', 1)[0]), ['PV2-8']); // prettier-ignore
});

test('milliseconds without a point order a message like any others', () => {
  const { change } = appointment(edit(v1, 'MSH-7', '20260301120000637'));
  assert.equal(formatInstant(change.at, 'UTC'), '2026-03-01T18:00:00.637Z');
});
