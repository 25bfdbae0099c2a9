/** Open time of Epic: what is asked, how pages are followed, and what an answer says of which calendar. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { epic } from '../../../src/connectors/epic/index.ts';
import { epicSettings, type EpicSettings } from '../../../src/connectors/epic/settings.ts';
import { createBudgets } from '../../../src/connectors/kit/budget.ts';
import type { Availability, CheckResult, SiteState, Tools } from '../../../src/connectors/contract.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { HubError } from '../../../src/core/errors.ts';
import { formatInstant, type Interval } from '../../../src/core/instant.ts';
import { epicMapping } from '../../../src/mappings/epic/index.ts';
import type { SlotWindowChange } from '../../../src/mappings/contract.ts';
import { at, hl7Site, RECEIVED, visitTypes } from '../../fixtures/siu/site.ts';

const never = new AbortController().signal;
const KIM = 'eLocNorth3/ePracKim3';
const OKE = 'eLocNorth3/ePracOke3';
const DAY: Interval = { start: at('2026-12-01T06:00:00Z'), end: at('2026-12-02T06:00:00Z') };
const SYSTEM = 'urn:oid:1.2.840.114350.1.13.999.2.7.2.808267';

type Loose = Readonly<Record<string, unknown>>;
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}
/** What is answered to the nth call; `base` is the address of the API. */
type Answering = (asked: Asked, nth: number, base: string) => { readonly status?: number; readonly body: unknown };

interface World {
  readonly availability: Availability;
  readonly check: () => Promise<readonly CheckResult[]>;
  readonly asked: readonly Asked[];
  readonly base: string;
}

async function world(
  t: TestContext,
  answer: Answering,
  more: Partial<EpicSettings> = {},
  hold: (nth: number) => Promise<void> | undefined = () => undefined,
): Promise<World> {
  const asked: Asked[] = [];
  let base = '';
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const one = { method: request.method ?? '', path: request.url ?? '', body };
      asked.push(one);
      const { status = 200, body: told } = answer(one, asked.length, base);
      const say = (): unknown =>
        response.writeHead(status, { 'content-type': 'application/fhir+json' }).end(JSON.stringify(told));
      (hold(asked.length) ?? Promise.resolve()).then(say, say);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/FHIR/STU3`;
  const defaults = Object.fromEntries(Object.entries(epicSettings.fields).map(([name, one]) => [name, one.default]));
  const own = { ...defaults, stu3BaseUrl: base, visitTypeSystem: SYSTEM, readRetries: 0, ...more };
  const settings = own as unknown as EpicSettings;
  const calendars = { [KIM]: {}, [OKE]: {} };
  const file = hl7Site({ kind: 'epic', visitTypes: { 410: 'office' }, resources: { ...NOBODY, calendars } });
  const connector = epic.open({ id: 'north', file, settings }, TOOLS());
  t.after(async () => {
    await connector.close();
    server.closeAllConnections();
    server.close();
  });
  const { availability } = connector;
  assert.ok(availability);
  return { availability, check: () => connector.check(never), asked, base };
}

const TOOLS = (): Tools => ({
  clock: systemClock,
  budget: createBudgets(systemClock),
  backendToken: () => ({
    get: () => Promise.resolve('tkn'),
    refused: () => undefined,
    check: () => Promise.resolve([{ what: 'token', ok: true, detail: 'given' }]),
  }),
  hl7Sender: () => {
    throw new Error('nothing is sent by HL7 v2');
  },
  webhookUrl: null,
});

const NOBODY = { calendars: {}, practitioners: {}, devices: {} };

let minted = 0;
function proposed(base: string, start: string, more: { readonly who?: string; readonly type?: string } = {}): Loose {
  const { who = 'ePracKim3', type = '410' } = more;
  const actor = (path: string): Loose => ({ actor: { reference: `${base}/${path}` }, status: 'needs-action' });
  minted += 1;
  const resource = {
    resourceType: 'Appointment',
    id: `eProp${minted}`,
    status: 'proposed',
    serviceType: [{ coding: [{ system: SYSTEM, code: type }] }],
    start,
    minutesDuration: 20,
    participant: [actor(`Practitioner/${who}`), actor('Location/eLocNorth3')],
  };
  return { resource, search: { mode: 'match' } };
}

function told(code: string, severity = 'warning'): Loose {
  const issue = [{ severity, code: 'processing', details: { coding: [{ system: 'urn:oid:1.2', code }] } }];
  return { resource: { resourceType: 'OperationOutcome', issue }, search: { mode: 'outcome' } };
}

function bundle(entry: readonly Loose[], next?: string): { readonly body: Loose } {
  const link = next === undefined ? [] : [{ relation: 'next', url: next }];
  return { body: { resourceType: 'Bundle', type: 'searchset', link, entry } };
}

const ask = (availability: Availability, calendar = KIM): Promise<SiteState> =>
  availability.ask({ calendar, visitType: '410', window: DAY }, 'patient', never);

/** Starts of the slots that an answer leads to, and the warnings. */
function read(state: SiteState): readonly [slots: readonly string[], warnings: readonly string[]] {
  const { kind, body, contentType, readAt } = state;
  const message = { kind, shape: 'state', object: state.object, body, contentType, readAt } as const;
  const stored = { ...message, receivedAt: RECEIVED, occurredAt: null };
  const mapped = epicMapping.map(stored, { site: hl7Site(), visitTypes });
  assert.ok(mapped.kind === 'changes');
  const [change] = mapped.changes as readonly SlotWindowChange[];
  return [(change?.slots ?? []).map(({ during }) => formatInstant(during.start)), mapped.warnings];
}

async function failure(asking: Promise<unknown>): Promise<HubError> {
  const error: unknown = await asking.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HubError, String(error));
  return error;
}

test('visit type, department and window are asked for, in the words that the site understands', async (t) => {
  for (const serviceTypeName of ['serviceType', 'service-type'] as const) {
    const { availability, asked, base } = await world(t, () => bundle([told('4101')]), { serviceTypeName });
    assert.deepEqual(await availability.pairs(never), [
      { calendar: KIM, visitType: '410' },
      { calendar: OKE, visitType: '410' },
    ]);
    assert.deepEqual(read(await ask(availability)), [[], []]);
    assert.deepEqual(asked[0] && [asked[0].method, asked[0].path], ['POST', '/api/FHIR/STU3/Appointment/$find']);
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), {
      resourceType: 'Parameters',
      parameter: [
        { name: 'startTime', valueDateTime: '2026-12-01T06:00:00Z' },
        { name: 'endTime', valueDateTime: '2026-12-02T06:00:00Z' },
        { name: serviceTypeName, valueCodeableConcept: { coding: [{ system: SYSTEM, code: '410' }] } },
        { name: 'location-reference', valueReference: { reference: `${base}/Location/eLocNorth3` } },
      ],
    });
  }
});

test('pages are followed as they were given, a short or empty one too', async (t) => {
  const { availability, asked } = await world(t, (_, nth, base) => {
    const next = `${base}/Appointment?sessionID=s%2B1&page=${nth + 1}`;
    if (nth === 1) return bundle([proposed(base, '2026-12-01T15:00:00Z')], next);
    return nth === 2 ? bundle([], next) : bundle([proposed(base, '2026-12-01T16:00:00Z')]);
  });
  assert.deepEqual(read(await ask(availability))[0], ['2026-12-01T15:00:00Z', '2026-12-01T16:00:00Z']);
  assert.deepEqual(
    asked.slice(1).map(({ method, path }) => `${method} ${path}`),
    [2, 3].map((page) => `GET /api/FHIR/STU3/Appointment?sessionID=s%2B1&page=${page}`),
  );
});

test('a search that expires between its pages is begun anew, and nothing of the first is kept', async (t) => {
  const { availability, asked } = await world(t, (_, nth, base) => {
    if (nth === 1) return bundle([proposed(base, '2026-12-01T15:00:00Z')], `${base}/Appointment?page=2`);
    if (nth === 2) return { status: 400, body: told('4113', 'fatal')['resource'] };
    return bundle([proposed(base, '2026-12-01T17:00:00Z')]);
  });
  assert.deepEqual(read(await ask(availability))[0], ['2026-12-01T17:00:00Z']);
  assert.equal(asked.filter(({ method }) => method === 'POST').length, 2);
});

test('a page that is elsewhere is not asked for, since the token would go there', async (t) => {
  const { availability, asked } = await world(t, () => bundle([], 'http://127.0.0.1:1/Appointment?page=2'));
  assert.equal((await failure(ask(availability))).code, 'SITE_ANSWER_UNREADABLE');
  assert.equal(asked.length, 1);
});

test('one answer serves each practitioner of the department once; who asks again, asks Epic', async (t) => {
  const { availability, asked } = await world(t, (_, _nth, base) =>
    bundle([
      proposed(base, '2026-12-01T15:00:00Z'),
      proposed(base, '2026-12-01T16:00:00Z', { who: 'ePracOke3' }),
      proposed(base, '2026-12-01T17:00:00Z', { who: 'eSomebodyElse' }),
    ]),
  );
  const [kim, oke] = await Promise.all([ask(availability), ask(availability, OKE)]);
  assert.deepEqual([read(kim)[0], read(oke)[0]], [['2026-12-01T15:00:00Z'], ['2026-12-01T16:00:00Z']]);
  assert.equal(asked.length, 1);
  assert.equal(kim.readAt, oke.readAt);
  const again = await ask(availability);
  assert.equal(asked.length, 2);
  assert.equal(again.digest, kim.digest, 'other ids of the same times are no news');
});

test('somebody who waits to book is answered by a question of their own', async (t) => {
  const { availability, asked } = await world(t, () => bundle([]));
  await ask(availability, OKE);
  await availability.ask({ calendar: KIM, visitType: '410', window: DAY }, 'patient', never, 'booking');
  assert.equal(asked.length, 2);
});

test('where Epic ignored a filter, other visit types are left out and it is told', async (t) => {
  for (const code of ['59109', '59100', '4122']) {
    const { availability } = await world(t, (_, _nth, base) =>
      bundle([
        proposed(base, '2026-12-01T15:00:00Z'),
        proposed(base, '2026-12-01T16:00:00Z', { type: '999' }),
        told(code, 'information'),
      ]),
    );
    const [slots, warnings] = read(await ask(availability));
    assert.deepEqual(slots, ['2026-12-01T15:00:00Z'], code);
    assert.match(warnings.join(), /ignored a part of the question/);
  }
});

test('an answer that is not whole is no answer: nothing that it lacks is taken for closed', async (t) => {
  const cases = [
    [told('59200'), 'SITE_REFUSED', /for 410 by the decision tree \(59200\)/],
    [told('59133', 'information'), 'SITE_PAGE_FULL', /more times than one answer holds/],
    [told('4112', 'fatal'), 'SITE_REFUSED', /\(4112\)/],
    [{ resource: { resourceType: 'OperationOutcome' } }, 'SITE_REFUSED', /status 200/],
  ] as const;
  for (const [entry, code, says] of cases) {
    const { availability } = await world(t, (_, _nth, base) => bundle([proposed(base, '2026-12-01T15:00:00Z'), entry]));
    const error = await failure(ask(availability));
    assert.equal(error.code, code);
    assert.match(error.detail, says);
  }
});

test('who shares a question that was given up asks anew, and together with the others', async (t) => {
  let held: (() => void) | null = null;
  const { availability, asked } = await world(
    t,
    () => bundle([]),
    {},
    (nth) => (nth === 1 ? new Promise((resolve) => (held = resolve)) : undefined),
  );
  const stop = new AbortController();
  const window = { calendar: KIM, visitType: '410', window: DAY };
  const first = availability.ask(window, 'patient', stop.signal);
  const second = ask(availability, OKE);
  while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  assert.equal((await failure(first)).code, 'STOPPING');
  assert.deepEqual(read(await second), [[], []]);
  assert.equal(asked.length, 2);
  (held as (() => void) | null)?.();
});

test('a check says which question Epic does not understand', async (t) => {
  for (const [entry, ok, says] of [
    [told('4101'), true, /understood/],
    [told('59109', 'information'), false, /serviceTypeName/],
    [told('59200'), false, /decision tree/],
    [told('4118', 'fatal'), false, /4118/],
  ] as const) {
    const { check, asked } = await world(t, () => bundle([entry]));
    const [token, found, ...more] = await check();
    assert.deepEqual([token?.ok, found?.ok, more], [true, ok, []]);
    assert.match(found?.detail ?? '', says);
    assert.equal(asked.length, 1, 'one question for a department, however many work there');
  }
});

test('near days are asked for often and far days seldom', async (t) => {
  const { availability } = await world(t, () => bundle([]));
  const now = at('2026-12-01T18:00:00Z');
  const again = (days: number): number => {
    const window = { start: at(`2026-12-0${1 + days}T06:00:00Z`), end: at(`2026-12-0${2 + days}T06:00:00Z`) };
    return ((availability.askAgain?.({ calendar: KIM, visitType: '410', window }, now) ?? now) - now) / 1_000;
  };
  assert.deepEqual([again(0), again(3), again(4)], [300, 300, 3_600]);
});
