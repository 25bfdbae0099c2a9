import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, HOUR_MS, instant, plus, type Instant } from '../../src/core/instant.ts';
import type { Appointment, OperationOutcome } from '../../src/fhir/types.ts';
import { actor } from '../conformance/control.ts';
import { callerOf } from '../support/caller.ts';
import { INTAKE, MIDTOWN, NORTHSIDE, ORTIZ, RAO, RIVERSIDE, WEISS } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { metricsOf } from '../support/metrics.ts';
import { practiceOf } from '../support/staff.ts';
import { disagreements, unrest } from '../support/truth.ts';
import { eventually, eventuallyNone } from '../support/wait.ts';

const KEY = 'sandbox-midtown-key';
const BODY_LIMIT = 262_144;
/** What is thrown at the hub is many times this. */
const MEMORY_GROWTH_BYTES = 200_000_000;
const MIB = Buffer.alloc(1_048_576, 'x');
const FORM = 'application/x-www-form-urlencoded';

const hub = await startHub({ after });
const caller = callerOf(hub);
const base = instant(Math.ceil((systemClock.now() + DAY_MS) / HOUR_MS) * HOUR_MS);
let turn = 0;

function signed(body: string | Buffer, key = KEY): string {
  return createHmac('sha256', key).update(body).digest('base64');
}

interface Sent {
  readonly site?: string;
  readonly body: string | Buffer;
  readonly signature?: string | null;
  readonly type?: string;
}

async function send({ site = MIDTOWN, body, signature, type = FORM }: Sent): Promise<{ status: number; text: string }> {
  const proof = signature === undefined ? signed(body) : signature;
  const answer = await fetch(`${hub.origin()}/intake/${site}`, {
    method: 'POST',
    headers: { 'content-type': type, ...(proof === null ? {} : { 'x-acuity-signature': proof }) },
    body,
  });
  return { status: answer.status, text: await answer.text() };
}

async function counted(site: string, outcome: string): Promise<number> {
  return (await metricsOf(hub))('slotwire_webhooks_total', { site, outcome });
}

async function storedFor(site: string): Promise<number> {
  const { rows } = await hub.query(`SELECT count(*) FROM inbox WHERE site = $1 AND via = 'webhook'`, [site]);
  return Number(rows[0]?.['count']);
}

/** Staff everywhere go on working, and the hub hears of it. */
async function everybodyIsHeard(): Promise<void> {
  const start = (): Instant => plus(base, (turn += 1) * HOUR_MS);
  const [mine, theirs] = [
    await practiceOf(hub, MIDTOWN).book({ calendar: ORTIZ, visitType: INTAKE.midtown, start: start() }),
    await practiceOf(hub, NORTHSIDE).book({ calendar: WEISS, visitType: INTAKE.northside, start: start() }),
  ];
  const { id } = await actor(hub.simulator(RIVERSIDE))('book', {
    practitioner: RAO.riverside,
    start: Number(start()),
    person: 32,
  });
  const keys = [
    [`urn:slotwire:site:${MIDTOWN}:appointment`, mine],
    [`urn:slotwire:site:${NORTHSIDE}:appointment`, theirs],
    [`urn:slotwire:site:${RIVERSIDE}:appointment`, `${String(id)}^RIVERSIDE`],
  ] as const;
  for (const [system, key] of keys) {
    const query = `Appointment?identifier=${encodeURIComponent(`${system}|${key}`)}`;
    await eventually(`${key} is in the hub`, async () => (await caller.search<Appointment>(query)).length === 1);
  }
}

async function socketToMllp(): Promise<Socket> {
  const socket = connect(hub.sandbox().mllp);
  // The hub may hang up in the middle of what we write.
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** Writes as fast as the hub reads; false when it has hung up. */
async function write(socket: Socket, bytes: Buffer | string): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false;
  if (socket.write(bytes)) return true;
  return new Promise((resolve) => {
    const go = (on: boolean) => (): void => {
      socket.off('drain', drained).off('close', closed);
      resolve(on);
    };
    const [drained, closed] = [go(true), go(false)];
    socket.once('drain', drained).once('close', closed);
  });
}

const refusals: readonly (readonly [name: string, sent: Sent, code: string, statuses: readonly number[]])[] = [
  ['unsigned', { body: 'action=changed&id=1', signature: null }, 'SIGNATURE_MISSING', [401]],
  [
    'signed with another key',
    { body: 'action=changed&id=1', signature: signed('action=changed&id=1', 'another key') },
    'SIGNATURE_WRONG',
    [401],
  ],
  [
    'truncated after signing',
    { body: 'action=changed&id=1', signature: signed('action=changed&id=12345') },
    'SIGNATURE_WRONG',
    [401],
  ],
  [
    'JSON that is not JSON',
    { body: '{"action": "changed", "id"', type: 'application/json' },
    'WEBHOOK_UNREADABLE',
    [400, 422],
  ],
  ['another content type', { body: '<a/>', type: 'application/xml' }, 'WEBHOOK_UNREADABLE', [400, 415, 422]],
  ['a form without its fields', { body: 'action=changed' }, 'WEBHOOK_UNREADABLE', [400, 422]],
  ['an id that is a path', { body: 'action=changed&id=..%2F..%2Fme' }, 'WEBHOOK_UNREADABLE', [400, 422]],
  ['bytes that are no text', { body: Buffer.from([0x61, 0xff, 0xfe, 0x00]) }, 'WEBHOOK_UNREADABLE', [400, 422]],
  ['an empty body', { body: '' }, 'WEBHOOK_UNREADABLE', [400, 422]],
  ['a body over the limit', { body: Buffer.alloc(BODY_LIMIT + 1, 'a') }, 'REQUEST_TOO_LARGE', [413]],
];

describe('a bad webhook is refused, counted, and harms nobody', () => {
  for (const [name, sent, code, statuses] of refusals) {
    test(`refused: ${name}`, async () => {
      const [before, stored] = [await counted(MIDTOWN, code), await storedFor(MIDTOWN)];
      const { status, text } = await send(sent);
      assert.ok(statuses.includes(status), `${status} ${text}`);
      assert.equal((JSON.parse(text) as OperationOutcome).resourceType, 'OperationOutcome');
      assert.equal((await counted(MIDTOWN, code)) - before, 1, `counted as ${code}`);
      assert.equal(await storedFor(MIDTOWN), stored, 'nothing is stored');
    });
  }

  test('refused: a site that there is not, under one name in the metrics', async () => {
    const before = await counted('(unknown)', 'SITE_UNKNOWN');
    for (const site of ['nowhere', 'nowhere-2', '%2e%2e', 'midtown-acuity%00']) {
      const { status } = await send({ site, body: 'action=changed&id=1' });
      assert.ok([400, 404].includes(status), String(status));
    }
    const series = await metricsOf(hub);
    assert.ok(series('slotwire_webhooks_total', { site: '(unknown)', outcome: 'SITE_UNKNOWN' }) - before >= 2);
    assert.equal(series('slotwire_webhooks_total', { site: 'nowhere' }), 0);
  });

  test('refused: a webhook for a site that has none', async () => {
    const { status, text } = await send({ site: RIVERSIDE, body: 'action=changed&id=1' });
    assert.ok(status >= 400 && status < 500, text);
  });

  test('a genuine webhook about nothing that exists parks or passes, and the next is heard', async () => {
    assert.equal((await send({ body: 'action=changed&id=999999999' })).status, 200);
    await everybodyIsHeard();
  });

  test('a flood of bodies and a frame that never ends cost no memory, and everybody is heard meanwhile', async () => {
    await everybodyIsHeard();
    const memory = async (): Promise<number> => (await metricsOf(hub))('slotwire_process_resident_memory_bytes');
    const before = await memory();
    assert.ok(before > 0);
    const oversized = (await metricsOf(hub))('slotwire_mllp_events_total', { kind: 'oversize' });
    const endless = await socketToMllp();
    await write(endless, Buffer.from([0x0b]));
    await write(endless, 'MSH|^~\\&|RIVERSIDE_SCHED|RIVERSIDE|SLOTWIRE|HUB|20260101||SIU^S12|1|P|2.5.1\r');
    const garbage = await socketToMllp();
    const flood = async (): Promise<void> => {
      for (let round = 0; round < 200; round += 1) {
        await write(endless, MIB);
        await write(garbage, MIB);
      }
    };
    const bodies = async (): Promise<void> => {
      for (let round = 0; round < 20; round += 1) {
        // The hub may hang up before the whole body is sent.
        await send({ body: Buffer.alloc(8_388_608, 'a') }).catch(() => undefined);
      }
    };
    await Promise.all([flood(), bodies(), everybodyIsHeard()]);
    assert.ok((await metricsOf(hub))('slotwire_mllp_events_total', { kind: 'oversize' }) > oversized, 'counted');
    assert.ok((await metricsOf(hub))('slotwire_mllp_events_total', { kind: 'garbage' }) > 0, 'counted');
    const grown = (await memory()) - before;
    assert.ok(grown < MEMORY_GROWTH_BYTES, `grew by ${Math.round(grown / 1_000_000)} MB`);
    endless.destroy();
    garbage.destroy();
    await everybodyIsHeard();
  });

  test('afterwards hub and sites agree', async () => {
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    const complaints = async (): Promise<readonly string[]> =>
      (await disagreements(hub)).filter((one) => !one.includes('is parked'));
    await eventuallyNone('hub and sites agree', complaints);
  });
});
