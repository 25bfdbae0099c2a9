/** A booking of several calendars, as an SRM writes it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerFor, placeRequest } from '../../src/connectors/hl7v2/order.ts';
import type { Hl7v2Settings, RequestSettings } from '../../src/connectors/hl7v2/wire.ts';
import { requestText } from '../../src/hl7v2/request-write.ts';
import { at, hl7Site } from '../fixtures/siu/site.ts';

test('what a visit takes besides stands as further AIP and AIL, each with its own start and duration', () => {
  const base = hl7Site();
  const place = (name: string, room: boolean) => ({ name, timeZone: 'America/Chicago', room, codes: [] });
  const file = {
    ...base,
    locations: { main: place('Main', false), r2: place('Room 2', true) },
    resources: {
      ...base.resources,
      practitioners: {},
      calendars: {
        RAO: { practitioner: 'local:rao', location: 'main', person: 'RAO' },
        NURSE: { practitioner: 'local:nurse', location: 'main', person: 'NURSE' },
        room: { location: 'r2' },
      },
    },
  };
  const requests = {
    namespace: 'SLOTWIRE',
    enteredBy: 'HUB',
    roles: 'AIP',
    version: '2.5.1',
    charset: '',
    times: 'local',
  };
  const site = {
    file,
    settings: base.settings as unknown as Hl7v2Settings,
    requests: requests as unknown as RequestSettings,
  };
  const span = (from: string, to: string) => ({ start: at(`2026-12-01T${from}:00Z`), end: at(`2026-12-01T${to}:00Z`) });
  const patient = { identifiers: [], family: 'Lopez', given: 'Ana' };
  const order = {
    correlation: 'B1',
    calendar: 'RAO',
    visitType: 'OFFICE',
    ...span('16:00', '16:30'),
    also: [
      { calendar: 'NURSE', visitType: 'PREP', ...span('15:50', '16:00') },
      { calendar: 'room', visitType: 'OFFICE', ...span('15:50', '16:45') },
    ],
    patient,
    channel: 'staff' as const,
  };
  const header = headerFor(site, { correlation: 'B1', at: order.start, calendar: 'RAO' });
  const lines = requestText(header, placeRequest(site, order)).split('\r');
  const of = (name: string): readonly string[][] =>
    lines.filter((line) => line.startsWith(name)).map((line) => line.split('|'));
  assert.equal(of('AIS').length, 1, 'one visit');
  const [doctor, nurse] = of('AIP');
  assert.deepEqual([doctor?.[3], doctor?.[9]], ['RAO', '30']);
  assert.deepEqual([nurse?.[1], nurse?.[3], nurse?.[6], nurse?.[9]], ['2', 'NURSE', nurse?.[6], '10']);
  const [clinic, room] = of('AIL');
  assert.deepEqual([clinic?.[3], room?.[3], room?.[9]], ['main', 'r2', '55']);
  assert.equal(nurse?.[6], room?.[6], 'both begin ten minutes before');
  assert.notEqual(nurse?.[6], doctor?.[6]);
});
