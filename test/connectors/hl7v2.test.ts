import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../src/connectors/registry.ts';
import type { Budget, SiteEvent } from '../../src/connectors/contract.ts';
import { hl7Feed } from '../../src/connectors/kit/hl7/feed.ts';
import { hl7v2 } from '../../src/connectors/hl7v2/index.ts';
import { HL7V2_SETTINGS } from '../../src/connectors/kit/hl7/settings.ts';
import { ACCEPTED_EVENTS, type Hl7v2Settings } from '../../src/connectors/kit/hl7/wire.ts';
import { systemClock } from '../../src/core/clock.ts';
import { lendSender } from '../../src/hub-answers.ts';
import { sha256 } from '../../src/core/ids.ts';
import { at, edit, fixture, hl7Settings, hl7Site, RECEIVED, without } from '../fixtures/siu/site.ts';

const v1 = fixture('v1-booked');

function read(message: string | Uint8Array, settings: Hl7v2Settings = hl7Settings()): SiteEvent {
  const body = typeof message === 'string' ? Buffer.from(message, 'utf8') : message;
  const file = { ...hl7Site(), settings: { ...settings } };
  return hl7Feed({ id: file.id, file, settings }).read(body, RECEIVED);
}

test('a frame becomes one event whose id is the hash of its bytes', () => {
  const body = Buffer.from(v1, 'utf8');
  const event = read(body);
  assert.equal(event.id, sha256(body));
  assert.equal(event.body, body);
  assert.equal(event.kind, 'SIU^S12');
  assert.equal(event.controlId, 'A000001');
  assert.equal(event.occurredAt, at('2026-03-01T18:00:00Z'));
  assert.deepEqual(event.sequenceKeys, ['patient:MRN123', 'appointment:F-1001']);
});

test('the same control id with other bytes is another event', () => {
  assert.notEqual(read(v1).id, read(edit(v1, 'SCH-6', 'OTHER')).id);
  assert.equal(read(v1).id, read(v1).id);
});

test('the ordering time is EVN-6, then EVN-2, then MSH-7, in the zone of the site where none is given', () => {
  const adt = edit(without(v1, 'SCH', 'TQ1', 'NTE', 'RGS', 'AIS', 'AIL', 'AIP'), 'MSH-9', 'ADT^A08');
  assert.equal(read(edit(adt, 'MSH-7', '20260301120000')).occurredAt, at('2026-03-01T18:00:00Z'));
  assert.equal(read(`${adt}EVN|A08|20260302080000\r`).occurredAt, at('2026-03-02T14:00:00Z'));
  assert.equal(read(`${adt}EVN|A08|20260302080000||||20260302070000\r`).occurredAt, at('2026-03-02T13:00:00Z'));
  const settings = { ...hl7Settings(), orderingTime: ['MSH-7'] };
  assert.equal(read(`${adt}EVN|A08|20260302080000\r`, settings).occurredAt, at('2026-03-01T18:00:00Z'));
});

test('an ordering time that lies ahead of the receipt is not used: it would outrank all news until then', () => {
  const adt = `${edit(v1, 'MSH-9', 'ADT^A05')}EVN|A05|20260301120000||||20290809093000\r`;
  assert.equal(read(adt).occurredAt, at('2026-03-01T18:00:00Z'));
  assert.equal(read(edit(v1, 'MSH-7', '20990101000000')).occurredAt, null);
  assert.equal(read(edit(v1, 'MSH-7', '')).occurredAt, null);
});

test('a merge shares a sequence with both of its sides', () => {
  const merge = `MSH|^~\\&|A|B|||20260301120000||ADT^A40|7|P|2.5\rPID|1||MRN123^^^HOSP_A^MR\rMRG|MRN999\r`;
  assert.deepEqual(read(merge).sequenceKeys, ['patient:MRN123', 'patient:MRN999']);
});

test('numbers of the state and zeros are no sequence, all record numbers of all patients are', () => {
  const ids = 'M1^^^HOSP_A^MR~999999999^^^USSSA^SS~0~E7^^^MPI';
  assert.deepEqual(read(edit(v1, 'PID-3', ids)).sequenceKeys, ['patient:M1', 'patient:E7', 'appointment:F-1001']);
  assert.deepEqual(read(fixture('group-visit')).sequenceKeys, ['patient:MRN123', 'patient:MRN124', 'appointment:G-7']);
});

test('the appointment key falls back to the placer id, and follows the setting', () => {
  assert.equal(read(edit(v1, 'SCH-2', '')).sequenceKeys.includes('appointment:P-77'), true);
  const settings: Hl7v2Settings = { ...hl7Settings(), appointmentKey: 'placer' };
  assert.equal(read(v1, settings).sequenceKeys.includes('appointment:P-77'), true);
});

test('a block shares a sequence with what it closes, whatever its own id', () => {
  const s23 = fixture('v8-blocked');
  assert.deepEqual(read(s23).sequenceKeys, ['appointment:B-9', 'resource:1234567893']);
  assert.deepEqual(read(without(s23, 'SCH')).sequenceKeys, ['resource:1234567893']);
});

test('a message that names nothing is in a sequence of its own', () => {
  assert.deepEqual(read('MSH|^~\\&|A|B|||20260301||MFN^M05|77|P|2.5\r').sequenceKeys, ['control:77']);
  const nothing = read('no message at all');
  assert.equal(nothing.kind, 'HL7');
  assert.deepEqual(nothing.sequenceKeys, [`message:${nothing.id}`]);
  assert.equal('controlId' in nothing, false);
});

test('a trigger in EVN-1 alone is read, an acknowledgement is one kind whatever it answers', () => {
  assert.equal(read('MSH|^~\\&|A|B|||20260301||ADT|7|P|2.1\rEVN|A08|20260301\r').kind, 'ADT^A08');
  assert.equal(read('MSH|^~\\&|A|B|||20260301||ACK^S12^ACK|7|P|2.5\rMSA|AA|1\r').kind, 'ACK');
});

test('several messages in one frame are one event in all of their sequences', () => {
  const event = read(v1 + fixture('group-visit'));
  assert.deepEqual(event.sequenceKeys, ['patient:MRN123', 'appointment:F-1001', 'patient:MRN124', 'appointment:G-7']);
});

test('the kind is registered, listens, and says that there is nothing to call', async () => {
  assert.equal(kinds.get('hl7v2')?.name, 'hl7v2');
  const file = hl7Site({}, { sendingApplication: 'EPICSIM', sendingFacility: 'HOSP_A' });
  const settings = file.settings as unknown as Hl7v2Settings;
  const budget: Budget = {
    take: () => Promise.reject(new Error('there is nothing to call')),
    pause: () => undefined,
    spec: { perSecond: 1, concurrent: 1, reservedForBookings: 0 },
  };
  const connector = hl7v2.open(
    { id: file.id, file, settings },
    {
      clock: systemClock,
      budget: () => budget,
      webhookUrl: null,
      hl7Sender: lendSender(systemClock),
      backendToken: () => assert.fail('this kind asks for no token'),
    },
  );
  assert.deepEqual(connector.hl7?.address.from, { application: 'EPICSIM', facility: 'HOSP_A' });
  assert.deepEqual(connector.hl7.accepts, ACCEPTED_EVENTS);
  assert.equal(connector.book, undefined);
  const [result, ...more] = await connector.check(new AbortController().signal);
  assert.deepEqual(more, []);
  assert.equal(result?.ok, true);
  assert.match(result.detail, /MSH-3 "EPICSIM" and MSH-4 "HOSP_A"/);
  await connector.close();
});

test('a request for a booking is not taken: an AA would say that it was accepted', () => {
  assert.equal(ACCEPTED_EVENTS.some((kind) => kind.startsWith('SRM')), false); // prettier-ignore
});

test('the settings refuse a character set and a message that nobody knows', () => {
  const about = { site: 'x', environment: 'test', stage: 'live' } as const;
  const broken = HL7V2_SETTINGS.rules?.(
    { ...hl7Settings(), charsetWhenAbsent: 'KLINGON', accepts: ['ORU^R01'] },
    about,
  );
  assert.deepEqual(
    broken?.map(({ field }) => field),
    ['charsetWhenAbsent', 'accepts'],
  );
  assert.deepEqual(HL7V2_SETTINGS.rules?.(hl7Settings(), about), []);
});
