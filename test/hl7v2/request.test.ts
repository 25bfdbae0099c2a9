/** Requests (SRM) as facts and as messages: golden texts, and what is written is read back the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Message as Other } from 'node-hl7-client';
import { readRequest } from '../../src/hl7v2/request-read.ts';
import { writeRequest } from '../../src/hl7v2/request-write.ts';
import type { RequestHeader, RequestTrigger, SchedulingRequest } from '../../src/hl7v2/request-facts.ts';
import { plus } from '../../src/core/instant.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { at } from '../fixtures/siu/site.ts';

const ZONE = 'America/Chicago';
const START = at('2026-03-14T15:00:00Z');
const WHOLE = { start: START, end: plus(START, 1_800_000) };

const HEADER: RequestHeader = {
  sendingApplication: 'SLOTWIRE',
  sendingFacility: 'HUB',
  receivingApplication: 'SCHED',
  receivingFacility: 'HOSP_A',
  at: at('2026-03-01T18:00:00Z'),
  controlId: '8def0123456789abAAAA',
  processingId: 'P',
  version: '2.5.1',
  charset: 'UNICODE UTF-8',
  enhanced: false,
  zone: ZONE,
  offsets: true,
};

const FULL: SchedulingRequest = {
  trigger: 'S02',
  placer: { id: 'P-77', namespace: 'SLOTWIRE' },
  filler: { id: 'F-1001', universalId: '1.2.3', universalIdType: 'ISO' },
  occurrence: '2',
  eventReason: { code: 'RESCHED', text: 'asked for another time', system: 'L' },
  reason: { code: 'CHECKUP', text: 'Check-up', system: 'HL70276' },
  type: { code: 'Normal', text: 'Normal', system: 'HL70277' },
  duration_min: 30,
  windows: [WHOLE, { start: plus(START, 86_400_000), end: plus(START, 88_200_000) }],
  contact: { id: '9001', family: 'Clerk', given: 'Ann' },
  enteredBy: { id: 'SLOTWIRE' },
  preferences: {
    time: [
      { name: 'Prefstart', value: '0900' },
      { name: 'Mon', value: 'OK' },
    ],
    resource: [],
    location: [{ name: 'Near', value: 'HOME' }],
  },
  comment: 'rings the bell\nhas a dog ^ and a cat',
  patients: [
    {
      identifiers: [
        { id: 'MRN123', namespace: 'HOSP_A', type: 'MR' },
        { id: '77', universalId: '1.2.4', type: 'PI' },
      ],
      family: "Müller|Ö'Neill",
      given: 'Zoë & "Jo"',
      birthDate: '1980-01-02',
      phone: '+1 217 555 0101',
      email: 'zoe@example.org',
    },
  ],
  attending: { id: 'HEART', family: 'Heart', given: 'Henry' },
  groups: [
    [
      { kind: 'service', service: { code: 'CARDFU', text: 'Follow-up', system: 'L' } },
      { kind: 'place', place: { pointOfCare: 'CARD', room: 'R1', facility: 'HOSP_A' }, type: { code: 'O' } },
      {
        kind: 'person',
        person: { id: 'HEART', family: 'Heart', given: 'Henry' },
        role: { code: 'ATND', text: 'Attending', system: 'L' },
      },
      {
        kind: 'thing',
        thing: { code: 'ECG1', text: 'ECG' },
        type: { code: 'EQ' },
        during: { start: START, end: plus(START, 600_000) },
      },
    ],
    [{ kind: 'service', service: { code: 'LAB' } }],
  ],
};

function text(request: SchedulingRequest, more: Partial<RequestHeader> = {}): readonly string[] {
  const bytes = writeRequest({ ...HEADER, ...more }, request);
  return Buffer.from(bytes)
    .toString('utf8')
    .split('\r')
    .filter((line) => line !== '');
}

test('a request with everything, segment by segment', () => {
  assert.deepEqual(text(FULL), [
    [
      'MSH|^~\\&|SLOTWIRE|HUB|SCHED|HOSP_A|20260301120000-0600||SRM^S02^SRM_S01',
      '8def0123456789abAAAA|P|2.5.1||||||UNICODE UTF-8',
    ].join('|'),
    [
      'ARQ|P-77^SLOTWIRE|F-1001^^1.2.3^ISO|2|||RESCHED^asked for another time^L|CHECKUP^Check-up^HL70276',
      'Normal^Normal^HL70277|30|min^minutes^ISO+',
      '20260314100000-0500^20260314103000-0500~20260315100000-0500^20260315103000-0500||||9001^Clerk^Ann||||SLOTWIRE',
    ].join('|'),
    'APR|Prefstart^0900~Mon^OK||Near^HOME',
    'NTE|1||rings the bell~has a dog \\S\\ and a cat',
    [
      'PID|1||MRN123^^^HOSP_A^MR~77^^^&1.2.4&ISO^PI||Müller\\F\\Ö\'Neill^Zoë \\T\\ "Jo"^^^^^L||19800102',
      '|||||+1 217 555 0101^PRN^PH~^NET^Internet^zoe@example.org',
    ].join('|'),
    'PV1|1|O|||||HEART^Heart^Henry',
    'RGS|1|U',
    'AIS|1|U|CARDFU^Follow-up^L|20260314100000-0500|||30|min^minutes^ISO+|No',
    'AIL|1|U|CARD^R1^^HOSP_A|O||20260314100000-0500|||30|min^minutes^ISO+|No',
    'AIP|1|U|HEART^Heart^Henry|ATND^Attending^L||20260314100000-0500|||30|min^minutes^ISO+|No',
    'AIG|1|U|ECG1^ECG|EQ||||20260314100000-0500|||10|min^minutes^ISO+|No',
    'RGS|2|U',
    'AIS|1|U|LAB|20260314100000-0500|||30|min^minutes^ISO+|No',
  ]);
});

test('what is written is read back the same, in every version and trigger, with and without offsets', () => {
  for (const version of ['2.3', '2.3.1', '2.4', '2.5', '2.5.1']) {
    for (const offsets of [true, false]) {
      for (const trigger of ['S01', 'S02', 'S03', 'S04', 'S05', 'S06'] as RequestTrigger[]) {
        const request = { ...FULL, trigger };
        const { message, issues } = parseMessage(writeRequest({ ...HEADER, version, offsets }, request));
        assert.deepEqual(issues, []);
        assert.deepEqual(readRequest(message, ZONE), { request, issues: [] });
      }
    }
  }
});

test('version 2.3 has two components in MSH-9; enhanced acknowledgement asks for both answers', () => {
  assert.equal(text(FULL, { version: '2.3' })[0]?.split('|')[8], 'SRM^S02');
  const msh = text(FULL, { enhanced: true })[0]?.split('|') ?? [];
  assert.deepEqual(msh.slice(14, 16), ['AL', 'AL']);
});

test('another parser reads the same fields', () => {
  const other = new Other({ text: text(FULL).join('\r') });
  const { message } = parseMessage(writeRequest(HEADER, FULL));
  const paths = ['ARQ.1.1.1', 'ARQ.6.2.1', 'ARQ.11.1.1', 'PID.5.2.1', 'PV1.7.2.1', 'AIS.3.2.1', 'AIG.11.1.1'];
  for (const path of paths) {
    const [name = '', field, component] = path.split('.');
    assert.equal(other.get(path).toString(), message.first(name)?.component(Number(field), Number(component)), path);
  }
});

test('whatever stands in a name or a comment, it is read back', () => {
  const word = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 30 })
    .map((one) => one.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '').trim())
    .filter((one) => one !== '');
  fc.assert(
    fc.property(word, word, word, (family, given, comment) => {
      const [patient] = FULL.patients;
      if (patient === undefined) throw new Error('there is a patient');
      const request = { ...FULL, comment, patients: [{ ...patient, family, given }] };
      const { message } = parseMessage(writeRequest(HEADER, request));
      assert.deepEqual(readRequest(message, ZONE), { request, issues: [] });
    }),
    { numRuns: 100 },
  );
});

test('a character set other than UTF-8 is written in its bytes', () => {
  const bytes = Buffer.from(writeRequest({ ...HEADER, charset: '8859/1' }, FULL));
  assert.equal(bytes.includes(Buffer.from('Müller', 'latin1')), true);
  assert.equal(readRequest(parseMessage(bytes).message, ZONE).request?.patients[0]?.family, "Müller|Ö'Neill");
});

test('what a request lacks is told by its place, and nothing is thrown on any of it', () => {
  const read = (lines: readonly string[]): readonly string[] => {
    const { message } = parseMessage(Buffer.from(lines.map((line) => `${line}\r`).join('')));
    return readRequest(message, ZONE).issues.map(({ where }) => where);
  };
  const msh = 'MSH|^~\\&|A|B|C|D|20260301||SRM^S01|1|P|2.5';
  assert.deepEqual(read([msh]), ['ARQ']);
  assert.deepEqual(read([msh.replace('S01', 'S07'), 'ARQ|1']), ['MSH-9']);
  assert.deepEqual(read([msh.replace('S01', 'S04'), 'ARQ|1']), []);
  assert.deepEqual(read([msh, 'ARQ|']), ['ARQ-1', 'ARQ-11']);
  assert.deepEqual(read([msh, 'ARQ|1||||||||x|min|20260314100000^20260314090000']), ['ARQ-9', 'ARQ-11', 'ARQ-11']);
  assert.deepEqual(read([msh, 'ARQ|1||||||||30||later', 'RGS|1', 'AIS|1|A|X|soon']), ['ARQ-11.1', 'ARQ-11', 'AIS-4']);
});

test('a time that stands with the resources alone is that of the visit', () => {
  const lines = [
    'MSH|^~\\&|A|B|C|D|20260301||SRM^S01|1|P|2.5',
    'ARQ|1||||||||30|min',
    'RGS|1',
    'AIS|1|A|X|202603141000',
  ];
  const { message } = parseMessage(Buffer.from(lines.map((line) => `${line}\r`).join('')));
  assert.deepEqual(readRequest(message, ZONE), {
    request: { ...readRequest(message, ZONE).request, windows: [WHOLE] },
    issues: [],
  });
});
