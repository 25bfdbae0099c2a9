import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BookingAnswer } from '../../src/mappings/contract-answer.ts';
import { ownControlId, recordOf } from '../../src/hl7v2/own-control-id.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import { askedSite, BOOKING, requests } from '../connectors/hl7v2/filler.ts';
import { appointment, edit, fixture, hl7Site, map } from '../fixtures/siu/site.ts';

const v1 = fixture('v1-booked');
const asked = askedSite(requests(1));
const OURS = ownControlId(BOOKING, 'x9-_');
const TAIL = '8def0123456789ab';

function answer(code: string, more: readonly string[] = [], type = 'SRR^S01^SRR_S01', about = OURS): string {
  const msh = `MSH|^~\\&|EPICSIM|HOSP_A|SLOTWIRE|HUB|20260301120001-0600||${type}|R1|P|2.5.1`;
  return [msh, `MSA|${code}|${about}`, ...more].map((line) => `${line}\r`).join('');
}

function word(message: string, site: SiteSettings = asked): BookingAnswer['word'] | string {
  const mapped = map(message, site);
  if (mapped.kind !== 'changes') return mapped.kind === 'ignored' ? mapped.because : 'unreadable';
  const [change] = mapped.changes;
  if (change?.kind !== 'booking-answer') throw new Error('no answer');
  assert.equal(change.booking, TAIL);
  return change.word;
}

test('our reference in SCH-1 is known by its form and its namespace, or by its form alone', () => {
  const correlation = (id: string, site = asked): string | undefined =>
    appointment(edit(v1, 'SCH-1', id), site).change.correlation;
  assert.equal(correlation(`${BOOKING}^SLOTWIRE`), BOOKING);
  assert.equal(correlation(`${BOOKING.toUpperCase()}^SLOTWIRE`), BOOKING);
  assert.equal(correlation(BOOKING), BOOKING);
  assert.equal(correlation(`${BOOKING}^OTHER`), undefined);
  assert.equal(correlation('P-77^SLOTWIRE'), undefined);
  assert.equal(correlation(`${BOOKING}^SLOTWIRE`, hl7Site()), undefined, 'a site that is asked nothing');
});

test('a control id of ours names its booking, in 20 characters', () => {
  assert.equal(OURS.length, 20);
  assert.equal(recordOf(OURS), TAIL);
  assert.equal(recordOf(OURS.toUpperCase()), TAIL);
  for (const other of ['', 'A000001', `${OURS}x`, OURS.slice(1), 'g'.repeat(20)]) assert.equal(recordOf(other), null);
});

test('SRR AA grants the booking under the key that its SIU will have', () => {
  const sch = v1.split('\r').find((line) => line.startsWith('SCH')) ?? '';
  const { key } = appointment(v1, asked).change;
  assert.deepEqual(word(answer('AA', [sch])), { kind: 'granted', key });
  assert.deepEqual(word(answer('AA')), { kind: 'granted', key: null });
});

test('a denial says why, in words of ours', () => {
  const err = 'ERR||ARQ^1^11|207^Application internal error^HL70357|E|||John Doe: the slot is taken';
  const told = word(answer('AE', [err]));
  assert.deepEqual(told, {
    kind: 'denied',
    because: 'slot-taken',
    detail: 'The time is no longer open at the site.',
  });
  assert.deepEqual(word(answer('AR', [], 'ACK^S01^ACK')), {
    kind: 'denied',
    because: 'rule',
    detail: 'The site refused the request (AR).',
  });
});

test('an answer without MSA-2 of ours is known by SCH-1', () => {
  const sch = `SCH|${BOOKING}^SLOTWIRE|F-9^HOSP_A${'|'.repeat(23)}Booked`;
  assert.deepEqual(word(answer('AA', [sch], 'SRR^S01^SRR_S01', 'ENGINE-1')), { kind: 'granted', key: 'F-9^HOSP_A' });
});

test('what decides nothing, and what answers somebody else, is ignored', () => {
  const pending = `SCH|${BOOKING}^SLOTWIRE|F-9^HOSP_A${'|'.repeat(23)}Pending`;
  assert.match(JSON.stringify(word(answer('CA', [], 'ACK^S01^ACK'))), /does not decide it/);
  assert.match(JSON.stringify(word(answer('AA', [], 'ACK^S01^ACK'))), /does not decide it/);
  assert.match(JSON.stringify(word(answer('AA', [pending]))), /does not decide it/);
  assert.match(JSON.stringify(word(answer('AE', ['ERR||ARQ^1^1|205']))), /does not decide it/);
  assert.match(JSON.stringify(word(answer('AA', [], 'SRR^S01', 'A0001'))), /did not send/);
  assert.match(JSON.stringify(word(answer('AA'), hl7Site())), /has sent none/);
});

test('where the SIU decides, an SRR that grants says nothing yet, and one that denies is an answer', () => {
  const site = askedSite(requests(1, { bookedBy: 'siu' }));
  assert.equal(
    word(answer('AA', ['SCH|P|F-9^HOSP_A']), site),
    'SRR grants a request of this hub; its SIU will show it.',
  );
  const denied = word(answer('AE'), site);
  assert.equal(typeof denied === 'string' ? denied : denied.kind, 'denied');
});
