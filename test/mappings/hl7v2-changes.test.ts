/** S18-S22: messages that list only what changes of a visit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParticipantStatement } from '../../src/mappings/contract.ts';
import { appointment, at, edit, fixture, hl7Site, parked, without } from '../fixtures/siu/site.ts';

const v1 = edit(edit(fixture('v1-booked'), 'SCH-25', ''), 'AIS-10', '');

/** V1 with this trigger and these resource segments instead of its own. */
function sent(trigger: string, ...segments: readonly string[]): string {
  const head = edit(without(v1, 'RGS', 'AIS', 'AIG', 'AIL', 'AIP'), 'MSH-9', `SIU^${trigger}`);
  return `${head}${segments.join('\r')}\r`;
}

function said(participants: readonly ParticipantStatement[]): readonly string[] {
  return participants.map(({ actor, action }) => {
    const code = actor.kind === 'practitioner' ? actor.assertion.code : actor.code;
    return `${action ?? 'as stated'} ${code}`;
  });
}

test('a message that adds a resource lists that one alone, and says so', () => {
  const { change, warnings } = appointment(sent('S18', 'RGS|1', 'AIP|1|A|D7^NURSE^NELL'));
  assert.equal(change.partial, true);
  assert.equal(change.keepsStatus, true);
  assert.deepEqual(said(change.participants), ['add D7']);
  assert.deepEqual(warnings, []);
});

test('the action code of the group stands for its segments, and one of a segment goes before it', () => {
  const { change } = appointment(sent('S19', 'RGS|1|A', 'AIP|1||D7', 'AIL|1|U|CARD^R2', 'AIG|1|X|SCOPE^Scope|E'));
  assert.deepEqual(said(change.participants), ['add D7', 'as stated cardiology', 'none SCOPE']);
  const gone = appointment(sent('S19', 'RGS|1|D', 'AIP|1|A|D7'));
  assert.deepEqual(said(gone.change.participants), ['remove D7']);
});

test('without action codes S18 adds and S19 states anew', () => {
  assert.deepEqual(said(appointment(sent('S18', 'AIP|1||D7')).change.participants), ['add D7']);
  assert.deepEqual(said(appointment(sent('S19', 'AIP|1||D7')).change.participants), ['as stated D7']);
});

test('what is cancelled or deleted is removed, by action code or by its own status; the rest is only named', () => {
  for (const trigger of ['S20', 'S22']) {
    const byCode = appointment(sent(trigger, 'RGS|1', 'AIP|1|D|D7', 'AIL|1||CARD^R1'));
    assert.deepEqual(said(byCode.change.participants), ['remove D7', 'none cardiology']);
    const byStatus = appointment(sent(trigger, 'RGS|1', 'AIP|1||D7|||||||||Cancelled', 'AIL|1|X|CARD^R1'));
    assert.deepEqual(said(byStatus.change.participants), ['remove D7', 'none cardiology']);
    assert.equal(byStatus.change.status, 'booked');
  }
});

test('what is discontinued leaves at the time of the message', () => {
  const { change } = appointment(sent('S21', 'RGS|1', 'AIP|1|D|D7'));
  assert.deepEqual(said(change.participants), ['end D7']);
});

test('where nothing says what is out of the visit a person decides: it may be listed as what goes or what stays', () => {
  for (const trigger of ['S20', 'S21', 'S22'])
    assert.deepEqual(parked(sent(trigger, 'RGS|1', 'AIP|1||D7')), ['MESSAGE_UNDECIDED AIP-2']);
  const site = hl7Site({}, { changesOnly: ['S18', 'S19'] });
  const { change } = appointment(sent('S20', 'RGS|1', 'AIP|1||D7'), site);
  assert.deepEqual([change.partial, said(change.participants)], [undefined, ['as stated D7', 'as stated cardiology']]);
});

test('that a service is cancelled does not cancel the visit; that the visit is cancelled does', () => {
  const { change } = appointment(sent('S20', 'RGS|1', 'AIS|1|D|LAB^Blood|||||||Cancelled'));
  assert.equal(change.status, 'booked');
  assert.deepEqual(change.services, [{ code: 'LAB', display: 'Blood', removed: true }]);
  assert.equal(change.visitType, undefined);
  const whole = appointment(edit(sent('S20', 'RGS|1', 'AIP|1|D|D7'), 'SCH-25', 'Cancelled'));
  assert.deepEqual([whole.change.status, whole.change.partial], ['cancelled', undefined]);
});

test('the time of a resource that is added is not the time of the visit', () => {
  const late = 'AIP|1|A|D7|||20260314101500|||15|min';
  const { change } = appointment(sent('S18', 'RGS|1', late));
  assert.deepEqual(change.during, { start: at('2026-03-14T15:00:00Z'), end: at('2026-03-14T15:30:00Z') });
  const own = { start: at('2026-03-14T15:15:00Z'), end: at('2026-03-14T15:30:00Z') };
  assert.deepEqual(change.participants[0]?.during, own);
  const timeless = without(edit(edit(sent('S18', 'RGS|1', late), 'SCH-11', ''), 'SCH-9', ''), 'TQ1');
  const alone = appointment(timeless).change;
  assert.equal(alone.during, undefined);
  assert.deepEqual(alone.participants[0]?.during, own);
});

test('who attends by PV1 is no change of a resource', () => {
  assert.deepEqual(said(appointment(sent('S19', 'RGS|1', 'AIL|1|U|CARD^R2')).change.participants), [
    'as stated cardiology',
  ]);
});

test('S18 to S22 change a visit, they do not look for another id of it', () => {
  assert.equal(appointment(sent('S19', 'AIP|1|U|D7')).change.moves, undefined);
  assert.equal(appointment(edit(v1, 'MSH-9', 'SIU^S13')).change.moves, true);
});
