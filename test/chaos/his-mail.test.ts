/** What another system makes of what it hears. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hisMail, type HisCall } from './his-mail.ts';
import { openHistory } from './history.ts';

const CALL: HisCall = { call: 1, action: 'book', placer: 'A-1' };

function letter(type: string, controlId: string, ...segments: readonly string[]): Uint8Array {
  const head = `MSH|^~\\&|SLOTWIRE|HUB|LATER|SOUTH|20260301120000||${type}|${controlId}|P|2.5.1`;
  return Buffer.from([head, ...segments, ''].join('\r'));
}
const srr = (own: string, code: string, status: string): Uint8Array =>
  letter('SRR^S01^SRR_S01', own, `MSA|${code}|C-1`, `SCH|A-1^HIS|F-1^SLOTWIRE|||||||||||||||||||||||${status}`);
const siu = (own: string, trigger: string): Uint8Array =>
  letter(`SIU^${trigger}^SIU_S12`, own, 'SCH|A-1^HIS|F-1^SLOTWIRE|||||||||||||||||||||||Booked');

function mail(...letters: readonly Uint8Array[]) {
  const history = openHistory(null);
  const found = hisMail(history, letters);
  found.sent('C-1', CALL);
  const outcomes = (): readonly string[] =>
    history.events.flatMap((one) => (one.kind === 'answer' ? [one.outcome] : []));
  const told = (call: HisCall, controlId = 'C-1'): ReturnType<typeof found.told> => found.told(call, controlId);
  return { told, outcomes };
}

test('an answer that comes again is one answer', () => {
  const { told, outcomes } = mail(srr('1', 'AA', 'Booked'), srr('1', 'AA', 'Booked'));
  assert.deepEqual(told(CALL), { outcome: 'booked', appointment: 'F-1' });
  assert.deepEqual(outcomes(), ['booked']);
});

test('what is pending is told by news of its own appointment id', () => {
  const pending = mail(srr('1', 'AA', 'Pending'));
  assert.equal(pending.told(CALL), null);
  assert.deepEqual(mail(srr('1', 'AA', 'Pending'), siu('2', 'S12')).told(CALL)?.outcome, 'booked');
  assert.deepEqual(mail(srr('1', 'AA', 'Pending'), siu('2', 'S15')).told(CALL)?.outcome, 'refused');
  assert.equal(mail(siu('2', 'S13')).told(CALL), null, 'news of a move is not of a booking');
});

test('AR means to send it again, once', () => {
  const { told } = mail(srr('1', 'AR', ''));
  assert.equal(told(CALL)?.outcome, 'lost');
  assert.equal(told(CALL), null);
});

test('the answer to one message is not that to another about the same appointment, news is of both', () => {
  const { told } = mail(srr('1', 'AE', ''));
  assert.deepEqual([told(CALL)?.outcome, told(CALL, 'C-2')], ['refused', null]);
  assert.equal(mail(siu('2', 'S12')).told(CALL, 'C-2')?.outcome, 'booked');
});
