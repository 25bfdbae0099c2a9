import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTelemetry, type Telemetry } from '../../src/core/telemetry.ts';

interface Line {
  readonly level: number;
  readonly time: string;
  readonly event: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

function recorded(level: string): { readonly telemetry: Telemetry; readonly lines: readonly Line[] } {
  const lines: Line[] = [];
  const telemetry = createTelemetry({ level, write: (line) => lines.push(JSON.parse(line) as Line) });
  return { telemetry, lines };
}

test('an event is one line of JSON with its name, its fields and the time, and nothing about the machine', () => {
  const { telemetry, lines } = recorded('debug');
  telemetry.emit('MessageParked', { site: 'north', stage: 'map', code: 'MESSAGE_UNREADABLE', messageId: '7' });
  assert.equal(lines.length, 1);
  const { time, ...line } = lines[0]!;
  assert.match(time, /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);
  assert.deepEqual(line, {
    level: 40,
    event: 'MessageParked',
    msg: 'message parked: a person must look at it',
    site: 'north',
    stage: 'map',
    code: 'MESSAGE_UNREADABLE',
    messageId: '7',
  });
});

test('an event below the level makes no line but counts', async () => {
  const { telemetry, lines } = recorded('warn');
  telemetry.emit('MessagesReceived', { site: 'north', via: 'poll', inserted: 3 });
  telemetry.emit('MessagesReceived', { site: 'north', via: 'poll', inserted: 2 });
  assert.deepEqual(lines, []);
  assert.match(await telemetry.metrics(), /^slotwire_messages_received_total\{site="north",via="poll"\} 5$/m);
});

test('durations are told in milliseconds and measured in seconds', async () => {
  const { telemetry } = recorded('silent');
  telemetry.emit('Delivered', { site: 'north', kind: 'book', outcome: 'booked', took_ms: 250 });
  const text = await telemetry.metrics();
  assert.match(text, /^slotwire_delivery_seconds_sum\{site="north",kind="book",outcome="booked"\} 0\.25$/m);
  assert.match(text, /^slotwire_delivery_seconds_bucket\{le="0\.25",site="north",kind="book",outcome="booked"\} 1$/m);
});

test('only what the metric names becomes a label: an id in a line makes no series', async () => {
  const { telemetry } = recorded('silent');
  telemetry.emit('RequestFailed', { requestId: 'r-1', code: 'INTERNAL', detail: 'x' });
  telemetry.emit('RequestFailed', { requestId: 'r-2', code: 'INTERNAL', detail: 'y' });
  assert.match(await telemetry.metrics(), /^slotwire_http_failures_total\{code="INTERNAL"\} 2$/m);
});

test('a field that is missing gives an empty label, never a crash of what tells it', async () => {
  const { telemetry } = recorded('silent');
  telemetry.emit('StageFailed', { stage: 'apply' });
  assert.match(await telemetry.metrics(), /^slotwire_stage_failures_total\{stage="apply",code=""\} 1$/m);
});

test('a gauge is read when metrics are asked for, and forgets what is gone', async () => {
  const { telemetry } = recorded('silent');
  let sites = ['north', 'south'];
  telemetry.gauge('slotwire_test_lag', 'Lag', ['site'], () =>
    Promise.resolve(sites.map((site) => ({ labels: { site }, value: 1 }))),
  );
  assert.match(await telemetry.metrics(), /^slotwire_test_lag\{site="south"\} 1$/m);
  sites = ['north'];
  assert.doesNotMatch(await telemetry.metrics(), /south/);
});

test('two hubs in one process count apart', async () => {
  const one = recorded('silent').telemetry;
  const other = recorded('silent').telemetry;
  one.emit('Started', { sites: 1 });
  assert.match(await one.metrics(), /^slotwire_starts_total 1$/m);
  assert.doesNotMatch(await other.metrics(), /^slotwire_starts_total 1$/m);
});
