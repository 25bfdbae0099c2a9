/** What puts messages about people into one sequence, and which of two messages is the newer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hl7Feed } from '../../src/connectors/kit/hl7/feed.ts';
import type { SiteEvent } from '../../src/connectors/contract.ts';
import type { Hl7v2Settings } from '../../src/connectors/kit/hl7/wire.ts';
import { at, hl7Site } from '../fixtures/siu/site.ts';

const NOON = at('2026-11-22T18:00:00Z');
const site = hl7Site();

function read(trigger: string, ...segments: readonly string[]): SiteEvent {
  const head = `MSH|^~\\&|EPICSIM|HOSP_A|||20261122110000||ADT^${trigger}|7|P|2.5\r`;
  const settings = site.settings as unknown as Hl7v2Settings;
  return hl7Feed({ id: site.id, file: site, settings }).read(Buffer.from(head + segments.join('')), NOON);
}

test('a merge is in the sequences of all sides of all its pairs, however they are named', () => {
  const keys = (...segments: readonly string[]): readonly string[] => read('A40', ...segments).sequenceKeys;
  assert.deepEqual(
    keys('PID|1||1^^^HOSP_A^MR\r', 'MRG|2^^^HOSP_A^MR\r', 'PID|2||3^^^HOSP_A^MR\r', 'MRG|4\r'),
    ['1', '3', '2', '4'].map((id) => `patient:${id}`),
  );
  assert.deepEqual(
    keys('PID|1|E1|1^^^HOSP_A^MR\r', 'MRG|2^^^HOSP_A^MR|A2||E2\r'),
    ['1', 'E1', '2', 'E2', 'A2'].map((id) => `patient:${id}`),
  );
  assert.deepEqual(keys('PID|1||1^^^NHS^NH\r', 'MRG|2^^^NHS^NH\r'), ['patient:1', 'patient:2']);
});

test('a link is in the sequences of both of its people', () => {
  const { sequenceKeys } = read('A24', 'PID|1||1^^^HOSP_A^MR\r', 'PID|2||2^^^HOSP_A^MR\r');
  assert.deepEqual(sequenceKeys, ['patient:1', 'patient:2']);
});

test('EVN-6 that repeats the planned start says when the visit is and not when the news was made', () => {
  const planned = 'EVN|A05|20261122100000||200||20261122150000\r';
  const visit = (start: string): string => `PV2||||||||${start}\r`;
  assert.equal(read('A05', planned, visit('20261122150000')).occurredAt, at('2026-11-22T16:00:00Z'));
  assert.equal(read('A38', planned, visit('20261124150000')).occurredAt, at('2026-11-22T21:00:00Z'));
});
