/** A booking of several calendars, as an SRM writes it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerFor, moveRequest, placeRequest } from '../../src/connectors/hl7v2/order.ts';
import type { Hl7v2Settings, RequestSettings } from '../../src/connectors/kit/hl7/wire.ts';
import { requestText } from '../../src/hl7v2/request-write.ts';
import { at, hl7Site } from '../fixtures/siu/site.ts';

const span = (from: string, to: string) => ({ start: at(`2026-12-01T${from}:00Z`), end: at(`2026-12-01T${to}:00Z`) });

function clinic() {
  const base = hl7Site();
  const place = (name: string, room: boolean) => ({ name, timeZone: 'America/Chicago', room, codes: [] });
  const file = {
    ...base,
    locations: { main: place('Main', false), r2: place('Room 2', true), r3: place('Room 3', true) },
    resources: {
      ...base.resources,
      practitioners: {},
      calendars: {
        RAO: { practitioner: 'local:rao', location: 'main', person: 'RAO' },
        NURSE: { practitioner: 'local:nurse', location: 'main', person: 'NURSE' },
        room: { location: 'r2' },
        room3: { location: 'r3' },
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
  const patient = { identifiers: [], family: 'Lopez', given: 'Ana' };
  const site = {
    file,
    settings: base.settings as unknown as Hl7v2Settings,
    requests: requests as unknown as RequestSettings,
  };
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
  return { site, order, header };
}

test('what a visit takes besides stands as further AIP and AIL, each with its own start and duration', () => {
  const { site, order, header } = clinic();
  const lines = requestText(header, placeRequest(site, order)).split('\r');
  const of = (name: string): readonly string[][] =>
    lines.filter((line) => line.startsWith(name)).map((line) => line.split('|'));
  assert.equal(of('AIS').length, 1, 'one visit');
  const [doctor, nurse] = of('AIP');
  assert.deepEqual([doctor?.[3], doctor?.[9]], ['RAO', '30']);
  assert.deepEqual([nurse?.[1], nurse?.[3], nurse?.[6], nurse?.[9]], ['2', 'NURSE', nurse?.[6], '10']);
  const [main, room] = of('AIL');
  assert.deepEqual([main?.[3], room?.[3], room?.[9]], ['main', 'r2', '55']);
  assert.equal(nurse?.[6], room?.[6], 'both begin ten minutes before');
  assert.notEqual(nurse?.[6], doctor?.[6]);
});

test('a move states all that the visit takes anew, adds what is new and names what it gives up', () => {
  const { site, order, header } = clinic();
  const also = [{ calendar: 'NURSE', visitType: 'PREP', ...span('16:50', '17:00') }];
  const taken = { calendar: 'room3', visitType: 'OFFICE', ...span('16:50', '17:30') };
  const move = { ...order, ...span('17:00', '17:30'), also: [...also, taken], key: 'F1', had: ['NURSE', 'room'] };
  const lines = requestText(header, moveRequest(site, move)).split('\r');
  const shown = lines.filter((line) => /^AI[SPL]/.test(line)).map((line) => line.split('|').slice(0, 4).join(' '));
  const ids = shown.map((line) => line.split('^')[0]);
  assert.deepEqual(ids, ['AIS 1 U OFFICE', 'AIL 1 U main', 'AIP 1 U RAO', 'AIP 2 U NURSE', 'AIL 2 A r3', 'AIL 3 D r2']);
});
