/**
 * The real HTTP server on a real store that holds the world of test/store/search-world.ts. Only the booking desk and
 * the taking of webhooks are doubles, and only where a test says what they answer: their own tests are elsewhere.
 */
import type {
  Approvals,
  BookingAnswer,
  BookingDesk,
  AmendRequest,
  BookHeldRequest,
  CancelRequest,
  Decision,
  HoldLongerRequest,
  HoldRequest,
  MoveRequest,
  PlaceRequest,
  StatusRequest,
  WaitingApproval,
} from '../../src/booking/contract.ts';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/core/clock.ts';
import { HubError } from '../../src/core/errors.ts';
import type { HttpDeps, OpsView } from '../../src/http/deps.ts';
import type { ReceiveWebhook } from '../../src/http/intake.ts';
import { startHttp } from '../../src/http/server.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { registryDesk } from '../../src/identity/registry-desk.ts';
import { peopleServing } from '../../src/identity/serving/serving.ts';
import { SigningKeys } from '../../src/pipeline/signing-keys.ts';
import type { ClientSettings, HubLimits, Plan, SiteSettings } from '../../src/settings/shape.ts';
import type { Store, Tx } from '../../src/store/contract.ts';
import type { Pool } from '../../src/store/postgres.ts';
import { openedStore } from '../store/opened.ts';
import { writeWorld } from '../store/search-world.ts';
import type { Cleanup } from '../support/database.ts';
import { setDeskDouble, type SetDeskDouble } from './set-desk.ts';

export const TOKENS = {
  admin: 'admin-token-0123456789',
  scheduler: 'scheduler-token-0123456789',
  readonly: 'readonly-token-0123456789',
  cleared: 'cleared-token-0123456789',
  north: 'north-token-0123456789',
  annex: 'annex-token-0123456789',
} as const;
export type Who = keyof typeof TOKENS;

const client = (id: Who, more: Partial<ClientSettings>): ClientSettings => ({
  id,
  token: TOKENS[id],
  role: 'readonly',
  sites: '*',
  locations: '*',
  clearances: [],
  ...more,
});
const CLIENTS: readonly ClientSettings[] = [
  client('admin', { role: 'admin', clearances: ['R', '42CFRPart2'] }),
  client('scheduler', { role: 'scheduler' }),
  client('readonly', {}),
  client('cleared', { clearances: ['R', '42CFRPart2'] }),
  client('north', { role: 'site', sites: ['north'] }),
  client('annex', { locations: ['north/annex'] }),
];

const LIMITS: HubLimits = {
  httpBody_bytes: 100_000,
  webhookBody_bytes: 10_000,
  frame_bytes: 1_000_000,
  mllpConnections: 4,
  mllpIdle_ms: 60_000,
  mllpMessage_ms: 60_000,
  pageSize: 50,
  pageSizeMax: 100,
  searchRowsExamined: 50_000,
  requestTimeout_ms: 30_000,
  requestsPerClient_per_s: 100_000,
  databaseConnections: 10,
  applyBatch: 100,
  applyAttempts: 8,
};

export function site(id: string, more: Partial<SiteSettings> = {}): SiteSettings {
  return {
    id,
    identity: id,
    kind: 'acuity',
    environment: 'sandbox',
    stage: 'live',
    scope: { locations: [], visitTypes: [] },
    timeZone: 'UTC',
    settings: {},
    locations: {},
    resources: { calendars: {}, practitioners: {}, devices: {} },
    identifiers: {},
    unknownIdentifiers: 'park',
    visitTypes: {},
    write: 'automatic',
    mirror: [],
    sensitivity: { site: [], departments: {}, visitTypes: {}, codes: {} },
    poll: {
      every_s: 60,
      overlap_s: 60,
      horizon_days: 14,
      availabilityEvery_s: 600,
      freshFor_s: 600,
      reconcileEvery_min: 0,
    },
    ...more,
  };
}

export function testPlan(limits: Partial<HubLimits> = {}, sites = [site('north'), site('south')]): Plan {
  return {
    hub: {
      environment: 'sandbox',
      timeZone: 'UTC',
      visitTypes: {},
      clients: CLIENTS,
      simulators: {},
      mllp: { allow: { addresses: [], certificates: [] } },
      limits: { ...LIMITS, ...limits },
      booking: {
        wait_ms: 1000,
        siteTimeout_ms: 1000,
        holdExpiry_s: 60,
        callerHold_s: 300,
        callerHoldTotal_s: 900,
        callerHoldsPerClient: 50,
        setVisits: 100,
        approvalExpiry_s: 86_400,
        resolveEvery_ms: 1000,
        resolveFor_s: 60,
        queueFor_s: 3600,
        breakerFailures: 5,
        breakerWithin_s: 60,
        breakerProbe_s: 10,
      },
      retention: { inbox_days: 90, history_days: 90, dedupe_days: 14 },
    },
    sites,
    subscribers: [],
  };
}

/** Answers what it is told to and keeps what it was asked. */
export interface DeskDouble extends BookingDesk {
  answer: BookingAnswer | HubError;
  readonly placed: PlaceRequest[];
  readonly cancelled: CancelRequest[];
  readonly moved: MoveRequest[];
  readonly statused: StatusRequest[];
  readonly amended: AmendRequest[];
  readonly held: HoldRequest[];
  readonly heldBooked: BookHeldRequest[];
  readonly heldLonger: HoldLongerRequest[];
  /** Whether `bookHeld` and `holdLonger` are asked about a hold. */
  holds: boolean;
}

function deskDouble(): DeskDouble {
  const answered = (desk: DeskDouble): Promise<BookingAnswer> =>
    desk.answer instanceof HubError ? Promise.reject(desk.answer) : Promise.resolve(desk.answer);
  const desk: DeskDouble = {
    answer: new HubError('INTERNAL', { detail: 'the test told the desk nothing' }),
    placed: [],
    cancelled: [],
    moved: [],
    statused: [],
    amended: [],
    held: [],
    heldBooked: [],
    heldLonger: [],
    holds: false,
    hold(request) {
      desk.held.push(request);
      return answered(desk);
    },
    bookHeld(request) {
      if (!desk.holds) return Promise.resolve(null);
      desk.heldBooked.push(request);
      return answered(desk);
    },
    holdLonger(request) {
      if (!desk.holds) return Promise.resolve(null);
      desk.heldLonger.push(request);
      return answered(desk);
    },
    place(request) {
      desk.placed.push(request);
      return answered(desk);
    },
    cancel(request) {
      desk.cancelled.push(request);
      return answered(desk);
    },
    move(request) {
      desk.moved.push(request);
      return answered(desk);
    },
    setStatus(request) {
      desk.statused.push(request);
      return answered(desk);
    },
    amend(request) {
      desk.amended.push(request);
      return answered(desk);
    },
    status: (bookingId) => (bookingId === UNKNOWN_BOOKING ? Promise.resolve(null) : answered(desk)),
  };
  return desk;
}
export const UNKNOWN_BOOKING = '00000000-0000-7000-8000-000000000000';

export interface Seen {
  readonly answered: Parameters<HttpDeps['events']['answered']>[0][];
  readonly failed: Parameters<HttpDeps['events']['failed']>[0][];
  readonly intake: Parameters<HttpDeps['events']['intake']>[0][];
}

type Decided = Awaited<ReturnType<Approvals['decide']>>;

export interface TestHub {
  readonly base: string;
  readonly url: string;
  readonly port: number;
  readonly store: Store;
  readonly pool: Pool;
  readonly desk: DeskDouble;
  readonly sets: SetDeskDouble;
  readonly seen: Seen;
  /** Put in force for the next request. */
  plan: Plan;
  settleBooking: HttpDeps['settleBooking'];
  receiveWebhook: ReceiveWebhook;
  ready: readonly string[];
  waiting: readonly WaitingApproval[];
  decide: (decision: Decision) => Promise<Decided>;
  readonly write: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  close(deadline_ms: number): Promise<void>;
  /** A request under /fhir/R4, as a client with a token. */
  fhir(who: Who | null, path: string, init?: RequestInit): Promise<Answer>;
  request(path: string, init?: RequestInit): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed; {} when there is none. */
  readonly body: Json;
}
export type Json = Readonly<Record<string, unknown>>;

const NO_VIEW: OpsView = { sites: [], listeners: [], bookings: {}, outbox: [], requests: [] };

function keysOf(store: Store, clock: Clock, plan: () => Plan): HttpDeps['keys'] {
  const signing = new SigningKeys({ store, clock, hub: () => plan().hub, moved: () => undefined });
  return { signing, url: () => 'https://hub.example.org/.well-known/jwks/sandbox.json' };
}

export async function startTestHub(
  cleanup: Cleanup,
  more: { plan?: Plan; clock?: Clock; store?: Store } = {},
): Promise<TestHub> {
  const { store, pool, write } = await openedStore(cleanup);
  await write(writeWorld);
  const seen: Seen = { answered: [], failed: [], intake: [] };
  const desk = deskDouble();
  const sets = setDeskDouble();
  const hub = {
    plan: more.plan ?? testPlan(),
    ready: [] as readonly string[],
    waiting: [] as readonly WaitingApproval[],
    decide: (() => Promise.reject(new HubError('NOT_FOUND'))) as (decision: Decision) => Promise<Decided>,
    settleBooking: (() => Promise.reject(new HubError('NOT_FOUND'))) as HttpDeps['settleBooking'],
    receiveWebhook: (() => Promise.reject(new HubError('WEBHOOK_UNSUPPORTED'))) as ReceiveWebhook,
  };
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    clock: more.clock ?? systemClock,
    store: more.store ?? store,
    desk,
    sets,
    approvals: {
      list: () => Promise.resolve(hub.waiting),
      decide: (decision) => hub.decide(decision),
    },
    currentPlan: () => hub.plan,
    receiveWebhook: (siteId, request, trace) => hub.receiveWebhook(siteId, request, trace),
    readiness: () => Promise.resolve({ missing: hub.ready }),
    metrics: () => Promise.resolve('# HELP slotwire_up 1\nslotwire_up 1\n'),
    opsView: () => Promise.resolve(NO_VIEW),
    // Tested where operators' actions are.
    people: peopleDesk({ store: more.store ?? store, clock: more.clock ?? systemClock }),
    registry: registryDesk({ store: more.store ?? store, clock: more.clock ?? systemClock, plan: () => hub.plan }),
    serving: peopleServing(),
    keys: keysOf(more.store ?? store, more.clock ?? systemClock, () => hub.plan),
    operate: {} as HttpDeps['operate'],
    settleBooking: (scope, word) => hub.settleBooking(scope, word),
    explain: () => Promise.resolve(null),
    replayWindows: {} as HttpDeps['replayWindows'],
    reconcileFile: () => Promise.reject(new HubError('SITE_UNKNOWN')),
    events: {
      answered: (event) => seen.answered.push(event),
      failed: (event) => seen.failed.push(event),
      intake: (event) => seen.intake.push(event),
    },
    version: '0.0.0-test',
  });
  let closed: Promise<void> | null = null;
  const close = (deadline_ms: number): Promise<void> => (closed ??= server.close(deadline_ms));
  cleanup.after(() => close(0));
  const url = `http://127.0.0.1:${server.port}`;
  const request = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(path.startsWith('http') ? path : `${url}${path}`, init);
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('json') && text !== '';
    return { status: response.status, headers: response.headers, text, body: json ? (JSON.parse(text) as Json) : {} };
  };
  return Object.assign(hub, {
    base: `${url}/fhir/R4`,
    url,
    port: server.port,
    store,
    pool,
    desk,
    sets,
    seen,
    write,
    close,
    request,
    fhir: (who: Who | null, path: string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      if (who !== null) headers.set('Authorization', `Bearer ${TOKENS[who]}`);
      return request(path.startsWith('http') ? path : `/fhir/R4${path}`, { ...init, headers });
    },
  });
}

/** `entry` of a Bundle. */
export function entries(answer: Answer): readonly { fullUrl?: string; resource: Json; search: { mode: string } }[] {
  return (answer.body['entry'] ?? []) as never;
}
export function matches(answer: Answer): readonly string[] {
  return entries(answer)
    .filter(({ search }) => search.mode === 'match')
    .map(({ resource }) => String(resource['id']));
}
export interface IssueSeen {
  readonly severity: string;
  readonly code: string;
  readonly diagnostics?: string;
  readonly expression?: readonly string[];
  readonly details?: { readonly coding: readonly { readonly code: string }[] };
  readonly extension?: readonly { readonly url: string; readonly valueReference: { readonly reference: string } }[];
}
/** Issues of an OperationOutcome; fails on anything else. */
export function issues(answer: Answer): readonly IssueSeen[] {
  if (answer.body['resourceType'] !== 'OperationOutcome') throw new Error(`no OperationOutcome: ${answer.text}`);
  return answer.body['issue'] as never;
}
export function code(answer: Answer): string | undefined {
  return issues(answer)[0]?.details?.coding[0]?.code;
}
