/**
 * Requests for appointments (SRM) on a real store: one answer to each, whatever it is; what was stored is carried out
 * after a restart, in the order of its appointment. The booking desk is played by the test.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { BookingDesk } from '../../src/booking/contract.ts';
import { systemClock } from '../../src/core/clock.ts';
import { HubError } from '../../src/core/errors.ts';
import { readAcknowledgement } from '../../src/hl7v2/acknowledge.ts';
import { frameParts } from '../../src/hl7v2/acknowledge-frame.ts';
import type { BoundClient } from '../../src/mllp/request-clients.ts';
import { placeKey } from '../../src/mllp/request-visit.ts';
import { clientRequests, type Requests, type RequestsDeps } from '../../src/mllp/requests.ts';
import type { Plan } from '../../src/settings/shape.ts';
import { systemScope } from '../../src/store/contract.ts';
import { NOON, openedStore } from '../store/opened.ts';
import { answerIn, srm, type Srm } from '../support/placer.ts';
import { storedBooking } from '../support/stored-booking.ts';
import { eventually } from '../support/wait.ts';

const { store, write, pool } = await openedStore({ after });
const PLAN = { hub: { timeZone: 'America/Chicago', clients: [] }, sites: [], subscribers: [] } as unknown as Plan;

const ANSWERS = { host: '127.0.0.1', port: 1, connectWithin_ms: 100, answerWithin_ms: 100, keepOpen_s: 1 };

function aborted(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve());
  });
}

function client(id: string): BoundClient {
  const hl7 = { application: 'HIS', facility: '', facilities: {}, identifiers: {}, wait_ms: 200, decideWithin_ms: 200 };
  const allow = { addresses: [], certificates: [] };
  return {
    id,
    hl7: { ...hl7, allow },
    scope: { ...systemScope('test'), actor: `client:${id}` },
    door: 'shared',
    admit: () => null,
  };
}

/** No visit is known, so nothing is asked of it. */
const DESK = new Proxy({} as BookingDesk, {
  get: () => () => Promise.reject(new Error('the desk is asked for nothing')),
});

function running(
  id: string,
  more: Partial<RequestsDeps> = {},
): { readonly bound: BoundClient; readonly requests: Requests } {
  const bound = client(id);
  const requests = clientRequests({
    store,
    clock: systemClock,
    desk: DESK,
    plan: () => PLAN,
    clients: () => [bound],
    owed: () => undefined,
    carried: () => undefined,
    onError: (error) => {
      throw error;
    },
    ...more,
  });
  return { bound, requests };
}

function parts(text: string): ReturnType<typeof frameParts>['parts'] {
  return frameParts(Buffer.from(text.replaceAll('\n', '\r'), 'latin1')).parts;
}

const ASK: Srm = { controlId: 'C1', placer: 'A-1', start: NOON, minutes: 30, service: 'X', patient: '1^^^A^MR' };

test('whatever comes as a request is answered once, under its own control id', async () => {
  const { bound, requests } = running('any');
  const lines = srm({ ...ASK, acks: '' }).split('\n');
  const damage = fc.record({
    line: fc.nat(lines.length - 1),
    at: fc.nat(120),
    text: fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('|', '^', '~', '&', '""', '\\', '\r', 'S04', 'S99')),
    cut: fc.nat(6),
    version: fc.constantFrom('2.3', '2.4', '2.5.1', ''),
    trigger: fc.constantFrom('S01', 'S02', 'S03', 'S04', 'S05', 'S06'),
  });
  let count = 0;
  await fc.assert(
    fc.asyncProperty(damage, async ({ line, at, text, cut, version, trigger }) => {
      count += 1;
      const sent = srm({ ...ASK, controlId: `M${count}`, placer: `P${count}`, version, trigger }).split('\n');
      const old = sent[line] ?? '';
      // The header stands: what is refused before it is stored is another rule.
      if (line > 0) sent[line] = old.slice(0, at) + text + old.slice(at + cut);
      for (const part of parts(sent.join('\n'))) {
        if (part.head.messageCode !== 'SRM') continue;
        const answer = await requests.take(bound, part, undefined);
        assert.ok(answer !== null, 'it is answered');
        assert.equal(readAcknowledgement(answer)?.rawControlId, part.head.raw(10));
        assert.match(answerIn(answer).code, /^A[ER]$/);
      }
    }),
    { numRuns: 60 },
  );
  await requests.stop();
  const left = await write((tx) => tx.hl7Requests.waiting());
  assert.deepEqual(
    left.filter((one) => one.client === 'any'),
    [],
  );
});

test('trouble that may be over in a moment is AR, and the same request is carried out when it is sent again', async () => {
  let failures = 2;
  const { bound, requests } = running('later', {
    store: {
      ...store,
      read: (scope, work) => {
        const isAsked = scope.actor === 'client:later' && failures > 0;
        if (!isAsked) return store.read(scope, work);
        failures -= 1;
        return Promise.reject(new HubError('NOT_READY'));
      },
    },
  });
  const [part] = parts(srm({ ...ASK, trigger: 'S04' }));
  const take = async (): Promise<string> => answerIn((await requests.take(bound, part!, undefined))!).code;
  assert.equal(await take(), 'AR');
  assert.equal(await take(), 'AE');
  assert.equal(await take(), 'AE');
  await requests.stop();
});

test('behind CA trouble of the database is waited out, however long, and then the request is answered', async () => {
  const codes: string[] = [];
  let isAway = true;
  let tries = 0;
  const { bound, requests } = running('away', {
    carried: (_client, _trigger, code) => codes.push(code),
    store: {
      ...store,
      read: (scope, work) => {
        if (!isAway || scope.actor !== 'client:away') return store.read(scope, work);
        tries += 1;
        return Promise.reject(new HubError('DATABASE_UNREACHABLE'));
      },
    },
  });
  const began = systemClock.monotonic();
  const [part] = parts(srm({ ...ASK, controlId: 'W1', trigger: 'S04', acks: 'AL|AL' }));
  assert.equal(await requests.take(bound, part!, undefined), null);
  await eventually('it is tried past the time to decide', () => {
    return tries > 3 && systemClock.monotonic() - began > 2 * bound.hl7.decideWithin_ms;
  });
  assert.deepEqual(codes, []);
  isAway = false;
  await eventually('it is answered', () => codes.length === 1);
  assert.deepEqual(codes, ['AE']);
  await requests.stop();
});

test('a client all of whose requests wait keeps no other client waiting', async () => {
  const carried: string[] = [];
  const slow = client('slow');
  let isAway = true;
  const bound = client('quick');
  const { requests } = running('quick', {
    clients: () => [slow, bound],
    carried: (id) => carried.push(id),
    store: {
      ...store,
      read: (scope, work) =>
        isAway && scope.actor === 'client:slow'
          ? Promise.reject(new HubError('DATABASE_UNREACHABLE'))
          : store.read(scope, work),
    },
  });
  for (let at = 0; at < 70; at += 1) {
    const [part] = parts(srm({ ...ASK, placer: `S${at}`, controlId: `S${at}`, trigger: 'S04', acks: 'AL|AL' }));
    await requests.take(slow, part!, undefined);
  }
  const [part] = parts(srm({ ...ASK, controlId: 'Q1', trigger: 'S04', acks: 'AL|AL' }));
  await requests.take(bound, part!, undefined);
  await eventually('the other one is answered', () => carried.length > 0);
  assert.deepEqual(carried, ['quick']);
  isAway = false;
  await eventually('all are answered', () => carried.length === 71);
  await requests.stop();
});

test('a decided booking that its client may not see any more is looked at once a tick, and not without end', async () => {
  const { bound, requests: first } = running('blind');
  const [part] = parts(srm({ ...ASK, controlId: 'B1', acks: '' }));
  await first.take(bound, part!, undefined);
  await first.stop();
  const [{ id }] = (await pool.query<{ id: number }>(`SELECT id FROM hl7_request WHERE client = 'blind'`)).rows as [
    { id: number },
  ];
  const row = await write((tx) => tx.hl7Requests.get(id));
  let looks = 0;
  const desk = {
    ...DESK,
    status: () => {
      looks += 1;
      return Promise.resolve(null);
    },
  };
  const { requests } = running('blind', {
    desk,
    // No tick ever comes.
    clock: { ...systemClock, sleep: (_ms, signal) => aborted(signal) },
    clients: () => [{ ...bound, hl7: { ...bound.hl7, answers: ANSWERS } }],
    store: {
      ...store,
      read: (scope, work) =>
        store.read(scope, (tx) => {
          const settled = (): Promise<never[]> => Promise.resolve([{ ...row, bookingId: randomUUID() }] as never[]);
          return work({ ...tx, hl7Requests: { ...tx.hl7Requests, settled } });
        }),
    },
  });
  await eventually('it was looked at', () => looks > 0);
  for (let turn = 0; turn < 20; turn += 1) await store.ping();
  assert.equal(looks, 1);
  await requests.stop();
});

test('what was stored before a stop is carried out after the start, in the order of its appointment', async () => {
  const carried: string[] = [];
  const first = running('order', { clients: () => [] });
  const asked = ['S01', 'S02', 'S04'].map((trigger, at) =>
    parts(srm({ ...ASK, trigger, controlId: `O${at}`, acks: 'AL|AL' })),
  );
  for (const [part] of asked) assert.equal(await first.requests.take(first.bound, part!, undefined), null);
  await first.requests.stop();
  const second = running('order', { carried: (_client, trigger) => carried.push(trigger) });
  await eventually('all are carried out', () => carried.length === 3);
  assert.deepEqual(carried, ['S01', 'S02', 'S04']);
  await second.requests.stop();
});

test('the same message with another time is the same request, with another control id it is another', async () => {
  const { bound, requests } = running('same');
  const text = srm({ ...ASK, controlId: 'T1' });
  const take = async (one: string): Promise<Uint8Array | null> => requests.take(bound, parts(one)[0]!, undefined);
  const answer = await take(text);
  assert.deepEqual(await take(text.replace('20260301120000', '20260301120500')), answer);
  assert.notDeepEqual(await take(text.replace('T1', 'T2')), answer);
  await requests.stop();
});

test('a no is not said again while the same is asked for by another message, of something else it is', async () => {
  const carried: string[] = [];
  const first = running('open', { carried: (_client, trigger) => carried.push(trigger) });
  const behindCa = (more: Partial<Srm>): ReturnType<typeof parts>[number] =>
    parts(srm({ ...ASK, acks: 'AL|AL', ...more }))[0]!;
  const [refused, other] = [behindCa({ controlId: 'N1' }), behindCa({ controlId: 'N3', placer: 'A-2' })];
  for (const part of [refused, other]) await first.requests.take(first.bound, part, undefined);
  await eventually('both are answered', () => carried.length === 2);
  await first.requests.stop();

  const held = running('open', { clients: () => [] });
  const [again, elsewhen] = [behindCa({ controlId: 'N2' }), behindCa({ controlId: 'N4', placer: 'A-2', minutes: 50 })];
  for (const part of [again, elsewhen, refused, other]) await held.requests.take(held.bound, part, undefined);
  await held.requests.stop();

  const { rows } = await pool.query<{ state: string }>(
    `SELECT state FROM hl7_request WHERE client = 'open' ORDER BY id`,
  );
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['received', 'done', 'received', 'received'],
  );
});

test('a no stands where all that came of another message about it was a no, and not where its booking is open', async () => {
  const carried: string[] = [];
  const first = running('stands', { carried: (_client, trigger) => carried.push(trigger) });
  const [refused, other] = ['A-1', 'A-2'].map((placer, at) =>
    parts(srm({ ...ASK, acks: 'AL|AL', placer, controlId: `S${at}` })),
  );
  const both = [refused![0]!, other![0]!];
  for (const part of both) await first.requests.take(first.bound, part, undefined);
  await eventually('both are answered', () => carried.length === 2);
  await first.requests.stop();
  await write(async (tx) => {
    for (const [id, state] of [
      ['A-1', 'refused'],
      ['A-2', 'awaiting-approval'],
    ] as const) {
      const requestKey = placeKey({ id, namespace: 'HIS' });
      await tx.bookings.insert(storedBooking(NOON, { client: 'stands', requestKey, state }));
    }
  });

  const held = running('stands', { clients: () => [] });
  for (const part of both) await held.requests.take(held.bound, part, undefined);
  await held.requests.stop();
  const { rows } = await pool.query<{ state: string }>(
    `SELECT state FROM hl7_request WHERE client = 'stands' ORDER BY id`,
  );
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['done', 'received'],
  );
});
