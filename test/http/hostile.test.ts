/** Whatever is sent, the answer is a 4xx OperationOutcome: never a 5xx, a stack, or a word of SQL. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { HubError } from '../../src/core/errors.ts';
import { STORED_TYPES } from '../../src/fhir/types.ts';
import { ids } from '../store/search-world.ts';
import { issues, startTestHub, TOKENS, type Answer } from './hub.ts';

const hub = await startTestHub({ after });
const a1 = ids.appointment('north', 'a1');
hub.desk.answer = new HubError('NOT_FOUND');

afterEach(() => {
  assert.deepEqual(hub.seen.failed.splice(0), [], 'nothing was a fault of the hub');
});

function fine(answer: Answer, label: string): void {
  assert.ok(answer.status < 500, `${label}: ${answer.status} ${answer.text}`);
  assert.doesNotMatch(answer.text, /SQLSTATE|SELECT |syntax error|node_modules|\.ts:\d|at async/, label);
  if (answer.status >= 400) assert.ok(issues(answer).length > 0, label);
}
function refused(answer: Answer, label: string): void {
  fine(answer, label);
  assert.ok(answer.status >= 400, `${label}: ${answer.status}`);
}
const post = (path: string, body: NonNullable<RequestInit['body']>, type = 'application/fhir+json'): Promise<Answer> =>
  hub.fhir('scheduler', path, { method: 'POST', body, headers: { 'content-type': type } });
const BOOK = '/Appointment/$book';

describe('bodies', () => {
  const deep = (open: string, close: string, levels: number): string =>
    open.repeat(levels) + '1' + close.repeat(levels);
  const hostile: Readonly<Record<string, string>> = {
    empty: '',
    'not JSON': '{"resourceType":"Parameters"',
    'a bare word': 'null',
    'a number': '1e999',
    'a huge number': `{"resourceType":"Parameters","parameter":[{"name":"x","valueDecimal":${'9'.repeat(5000)}}]}`,
    'deep arrays': deep('[', ']', 40_000),
    'deep objects': deep('{"a":', '}', 10_000),
    'a polluted prototype':
      '{"resourceType":"Parameters","__proto__":{"parameter":[]},"constructor":{"prototype":{"x":1}}}',
    'a polluted Appointment':
      '{"resourceType":"Parameters","parameter":[{"name":"appointment-resource",' +
      '"resource":{"resourceType":"Appointment","__proto__":{"status":"booked"}}}]}',
    'a NUL in a text': '{"resourceType":"Parameters","parameter":[{"name":"comment","valueString":"a\\u0000b"}]}',
    'half a surrogate pair': '{"resourceType":"Parameters","parameter":[{"name":"comment","valueString":"\\ud800"}]}',
    'ten thousand parameters': JSON.stringify({
      resourceType: 'Parameters',
      parameter: Array.from({ length: 10_000 }, () => ({ name: 'x' })),
    }).slice(0, 99_000),
    'two thousand parameters': JSON.stringify({
      resourceType: 'Parameters',
      parameter: Array.from({ length: 2000 }, () => ({ name: 'x' })),
    }),
    'another resource': '{"resourceType":"Patient","id":"x"}',
    'SQL as an id':
      '{"resourceType":"Parameters","parameter":[{"name":"appointment-reference",' +
      `"valueReference":{"reference":"Appointment/'; DROP TABLE slot; --"}}]}`,
    'wrong types everywhere': '{"resourceType":["Parameters"],"parameter":{"name":7}}',
  };
  for (const [label, body] of Object.entries(hostile)) {
    test(`${label} is refused by $book, PUT and PATCH`, async () => {
      refused(await post(BOOK, body), label);
      for (const [method, type] of [
        ['PUT', 'application/fhir+json'],
        ['PATCH', 'application/json-patch+json'],
      ] as const) {
        refused(
          await hub.fhir('scheduler', `/Appointment/${a1}`, { method, body, headers: { 'content-type': type } }),
          label,
        );
      }
    });
  }

  test('bytes that are not UTF-8 are refused', async () => {
    const answer = await post(BOOK, Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]));
    assert.equal(answer.status, 400);
    assert.match(answer.text, /not UTF-8/);
    assert.equal((await post('/Slot/_search', 'status=%ff', 'application/x-www-form-urlencoded')).status, 400);
  });

  test('a body over the limit is 413, also when it is packed small', async () => {
    const { gzipSync } = await import('node:zlib');
    const large = `{"a":"${'x'.repeat(200_000)}"}`;
    assert.equal((await post(BOOK, large)).status, 413);
    const packed = await hub.fhir('scheduler', BOOK, {
      method: 'POST',
      body: gzipSync(large),
      headers: { 'content-type': 'application/fhir+json', 'content-encoding': 'gzip' },
    });
    assert.equal(packed.status, 413);
    refused(
      await hub.fhir('scheduler', BOOK, {
        method: 'POST',
        body: 'no gzip',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      }),
      'broken gzip',
    );
    refused(
      await hub.fhir('scheduler', BOOK, {
        method: 'POST',
        body: 'x',
        headers: { 'content-type': 'application/json', 'content-encoding': 'zstd-x' },
      }),
      'unknown encoding',
    );
  });

  test('the body of a stranger is not read', async () => {
    const answer = await hub.fhir(null, BOOK, { method: 'POST', body: 'x'.repeat(90_000) });
    assert.equal(answer.status, 401);
  });

  test('an error does not repeat what the body says of a person', async () => {
    const body =
      '{"resourceType":"Parameters","parameter":[{"name":"patient-resource","resource":{"name":"Jane Secret" oops}}]}';
    const answer = await post(BOOK, body);
    assert.equal(answer.status, 400);
    assert.doesNotMatch(answer.text, /Jane|Secret/);
  });

  test('any JSON is answered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (body) => refused(await post(BOOK, body), body)),
      { numRuns: 60 },
    );
  });
});

describe('queries', () => {
  test('ten thousand parameters are refused, by GET and by POST', async () => {
    const query = Array.from({ length: 10_000 }, (_, n) => `p${n % 10}=1`).join('&');
    refused(await hub.fhir('readonly', `/Slot?${query}`), 'GET');
    refused(await post('/Slot/_search', query, 'application/x-www-form-urlencoded'), 'POST');
    const long = await hub.fhir('readonly', `/Slot?status=${'x'.repeat(100_000)}`);
    assert.equal(long.status, 431);
    assert.equal(issues(long)[0]?.code, 'too-long');
  });

  test('SQL, patterns, and characters that mean something elsewhere mean themselves', async () => {
    const values = [
      "'; DROP TABLE slot; --",
      '$1',
      '\\',
      '%',
      '_',
      '(a+)+$',
      '{{7*7}}',
      '../../etc/passwd',
      '\u0000',
      '\ud7ff',
      'a|b|c',
      ',',
      '|',
      'ge',
      '\u202e',
      'x'.repeat(5000),
      '9999999999999999999999',
      '-1',
      'NaN',
      '__proto__',
      'Slot/../Patient/x',
      'urn:slotwire:site:a:b:c|d',
    ];
    const names = [
      '_id',
      '_lastUpdated',
      'identifier',
      'status',
      'start',
      'schedule',
      'schedule.actor',
      'service-type',
      'specialty',
      'location',
      '_sort',
      '_count',
      '_include',
      '_page',
      '_total',
      'schedule.actor.name',
      'status:missing',
      '_format',
    ];
    for (const name of names) {
      for (const value of values) {
        fine(await hub.fhir('readonly', `/Slot?${name}=${encodeURIComponent(value)}`), `${name}=${value}`);
      }
    }
    const { rows } = await hub.pool.query<{ count: number }>('SELECT count(*) AS count FROM slot');
    assert.equal(rows[0]?.count, 9);
  });

  test('percent signs that encode nothing are refused', async () => {
    refused(await hub.fhir('readonly', '/Slot?status=%zz'), 'query');
    refused(await hub.fhir('readonly', '/Slot/%zz'), 'path');
    refused(await hub.fhir('readonly', '/Slot/%00'), 'NUL in path');
    refused(await hub.fhir('readonly', '/%c0%af/x'), 'overlong');
  });

  test('any query to any type is answered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...STORED_TYPES), fc.webQueryParameters(), async (type, query) =>
        fine(await hub.fhir('readonly', `/${type}?${query}`), query),
      ),
      { numRuns: 60 },
    );
  });

  test('a page token that was tampered with is refused', async () => {
    for (const mark of [
      { order: 'start_at,id', values: ['2026-12-01 00:00:00+00', "x'); DROP TABLE slot; --"] },
      { order: 'start_at,id', values: ['infinity', '0b7e0a3c-8a3e-8c1f-9a4b-6b1f0c2d3e4f'] },
      { order: 'start_at,id', values: ['2026-99-01 00:00:00+00', '0b7e0a3c-8a3e-8c1f-9a4b-6b1f0c2d3e4f'] },
      { order: 'start_at,id', values: ['2026-02-30 00:00:00+00', '0b7e0a3c-8a3e-8c1f-9a4b-6b1f0c2d3e4f'] },
      { order: 'start_at,id', values: [] },
      { order: {}, values: {} },
      null,
    ]) {
      const token = Buffer.from(JSON.stringify(mark)).toString('base64url');
      refused(await hub.fhir('readonly', `/Slot?_page=${token}`), JSON.stringify(mark));
    }
  });
});

describe('requests that are none', () => {
  const raw = async (bytes: string): Promise<string> => {
    const socket = connect(hub.port, '127.0.0.1');
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(part));
    socket.on('error', () => undefined);
    socket.write(bytes);
    await once(socket, 'close');
    return Buffer.concat(parts).toString();
  };

  test('garbage is answered with an OperationOutcome and the connection is closed', async () => {
    for (const bytes of ['GARBAGE\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n']) {
      const answer = await raw(bytes);
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.match(answer, /"resourceType":"OperationOutcome"/);
    }
  });

  test('two lengths for one body are refused: a proxy may have believed the other', async () => {
    const answer = await raw(
      `POST /fhir/R4${BOOK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.scheduler}\r\n` +
        'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1\.1 400 /);
  });

  test('a Host that is no host makes no links', async () => {
    const answer = await raw(
      'GET /fhir/R4/Slot?_count=1 HTTP/1.1\r\nHost: evil.example/"onload=x\r\nConnection: close\r\n' +
        `Authorization: Bearer ${TOKENS.readonly}\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 (?:200|400) /);
    assert.doesNotMatch(answer, /evil/);
  });

  test('a request id that does not fit in a log line is replaced', async () => {
    const kept = await hub.fhir('readonly', '/Slot?_count=0', { headers: { 'x-request-id': 'abc-1.2_3' } });
    assert.equal(kept.headers.get('x-request-id'), 'abc-1.2_3');
    const replaced = await hub.fhir('readonly', '/Slot?_count=0', { headers: { 'x-request-id': 'a b {"x":1}' } });
    assert.match(replaced.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
  });
});
