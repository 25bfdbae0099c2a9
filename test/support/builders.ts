/**
 * A small world for tests of the stages and of booking: a plan of two sites that compute their slots and share a
 * practitioner by NPI, and one feed that only sends; the real store, stages and desk on a database of their own;
 * connectors that answer what the test decides; and a clock that the test moves. Messages carry canonical changes as
 * JSON, so that no vendor's format is between.
 */
import { bookingDesk, type Desk } from '../../src/booking/desk.ts';
import type { CancelRequest, PlaceRequest } from '../../src/booking/contract.ts';
import { resolveStep, type ResolveDeps } from '../../src/booking/resolve.ts';
import { recordOutcome } from '../../src/booking/settle.ts';
import type {
  Block,
  BlockOrder,
  BlockOutcome,
  Book,
  CancelOrder,
  ConnectorKind,
  FindOrder,
  Found,
  PlaceOrder,
  WriteOutcome,
} from '../../src/connectors/contract.ts';
import type { Clock } from '../../src/core/clock.ts';
import { sha256 } from '../../src/core/ids.ts';
import { instant, MINUTE_MS, plus, type Instant, type Interval } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Appointment, Slot } from '../../src/fhir/types.ts';
import { patientIndex } from '../../src/identity/patients.ts';
import { practitionerIndex } from '../../src/identity/practitioners.ts';
import type {
  AppointmentChange,
  Change,
  Mapped,
  Mapping,
  PatientAssertion,
  SlotStatement,
} from '../../src/mappings/contract.ts';
import type { Effects } from '../../src/pipeline/apply-context.ts';
import { applyStage, type ApplyStage } from '../../src/pipeline/apply.ts';
import { deliverToSite, requeueExpired, type DeliverDeps } from '../../src/pipeline/deliver.ts';
import { syncDirectory } from '../../src/pipeline/directory.ts';
import type { StageEvents } from '../../src/pipeline/events.ts';
import { expireHolds } from '../../src/pipeline/sweep.ts';
import type { Plan, SiteSettings } from '../../src/settings/shape.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import type { InboxMessage } from '../../src/store/contract-inbox.ts';
import type { StoredAppointment, StoredSlot } from '../../src/store/contract-resources.ts';
import { systemScope, type Scope, type Store, type Tx } from '../../src/store/contract.ts';
import { openedStore, type Opened } from '../store/opened.ts';
import type { Cleanup } from './database.ts';

export const NPI = '1043333339';
/** The practitioner that both calendars of the two sites mean. */
export const SHARED = canonicalId.practitionerByNpi(NPI);
export const SCOPE = systemScope('test');
/** Sunday 2026-11-22 12:00 UTC. */
export const SUNDAY_NOON = instant(Date.UTC(2026, 10, 22, 12));
/** Monday 2026-11-23, all sites in UTC. */
export const MONDAY: Interval = { start: instant(Date.UTC(2026, 10, 23)), end: instant(Date.UTC(2026, 10, 24)) };

export function monday(hour: number, minute = 0): Instant {
  return instant(Date.UTC(2026, 10, 23, hour, minute));
}

export function during(hour: number, minute = 0, minutes = 30): Interval {
  const start = monday(hour, minute);
  return { start, end: plus(start, minutes * MINUTE_MS) };
}

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

/** Stands still until it is moved; whoever sleeps wakes when it has moved far enough. */
export function manualClock(start: Instant = SUNDAY_NOON): ManualClock {
  let passed = 0;
  const sleepers = new Set<{ readonly due: number; readonly wake: () => void }>();
  return {
    now: () => plus(start, passed),
    monotonic: () => passed,
    sleep(ms, signal) {
      if (signal?.aborted === true || ms <= 0) return Promise.resolve();
      return new Promise((resolve) => {
        const sleeper = {
          due: passed + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      });
    },
    advance(ms) {
      passed += ms;
      for (const sleeper of [...sleepers]) if (sleeper.due <= passed) sleeper.wake();
    },
  };
}

export function siteOf(id: string, more: Partial<SiteSettings> = {}): SiteSettings {
  return {
    id, identity: id, kind: 'scripted', environment: 'sandbox', stage: 'live', scope: { locations: [], visitTypes: [] },
    timeZone: 'UTC', settings: {}, locations: {}, resources: { calendars: {}, practitioners: {}, devices: {} }, identifiers: {},
    unknownIdentifiers: 'local-only', visitTypes: {}, write: 'automatic', mirror: [],
    sensitivity: { site: [], departments: {}, visitTypes: {}, codes: {} },
    poll: { every_s: 60, overlap_s: 60, horizon_days: 14, availabilityEvery_s: 600 }, ...more,
  }; // prettier-ignore
}

const place = (name: string, room = false): SiteSettings['locations'][string] => ({
  name,
  timeZone: 'UTC',
  room,
  codes: [],
});

/** `north` and `south` compute slots and share a practitioner; `n2` is another person's calendar; `feed` only sends. */
export function testSites(): readonly [SiteSettings, SiteSettings, SiteSettings] {
  const north = siteOf('north', {
    locations: { 'north-clinic': place('North clinic'), annex: place('Annex') },
    resources: {
      calendars: {
        n1: { practitioner: `npi:${NPI}`, location: 'north-clinic', name: 'Dr Ada Shared' },
        n2: { practitioner: 'local:ben', location: 'north-clinic', name: 'Ben Own' },
      },
      practitioners: {},
      devices: {},
    },
    visitTypes: { t50: 'therapy-50', t30: 'check-30', group: 'group-60' },
  });
  const south = siteOf('south', {
    locations: { 'south-clinic': place('South clinic') },
    resources: {
      calendars: { s1: { practitioner: `npi:${NPI}`, location: 'south-clinic' } },
      practitioners: {},
      devices: {},
    },
    visitTypes: { t50: 'therapy-50' },
  });
  const feed = siteOf('feed', {
    kind: 'feed',
    write: 'read-only',
    locations: { hall: place('Hall'), room1: place('Room 1', true) },
    resources: { calendars: {}, practitioners: { ADA: { practitioner: `npi:${NPI}` } }, devices: {} },
    visitTypes: { CHECK: 'check-30' },
  });
  return [north, south, feed];
}

export function testPlan(sites: readonly SiteSettings[] = testSites(), more: Partial<Plan['hub']> = {}): Plan {
  const type = (name: string, duration_min: number): Plan['hub']['visitTypes'][string] =>
    ({ name, duration_min, modality: 'in-person', patients: 'any' }); // prettier-ignore
  return {
    hub: {
      environment: 'sandbox', timeZone: 'UTC', clients: [], simulators: {},
      visitTypes: { 'therapy-50': type('Therapy', 50), 'check-30': type('Check', 30), 'group-60': type('Group', 60) },
      limits: {
        httpBody_bytes: 100_000, webhookBody_bytes: 10_000, frame_bytes: 1_000_000, mllpConnections: 4, mllpIdle_ms: 60_000,
        pageSize: 50, pageSizeMax: 100, searchRowsExamined: 50_000, requestTimeout_ms: 30_000, requestsPerClient_per_s: 1000,
        databaseConnections: 10, applyBatch: 100, applyAttempts: 3,
      },
      booking: { wait_ms: 2_000, siteTimeout_ms: 1_000, holdExpiry_s: 60, resolveEvery_ms: 5_000, resolveFor_s: 3_600 },
      retention: { inbox_days: 90, history_days: 90, dedupe_days: 14 },
      ...more,
    },
    sites: [...sites].sort((one, other) => (one.id < other.id ? -1 : 1)),
    subscribers: [],
  }; // prettier-ignore
}

// -------------------------------------------------------------------------------------------------------------
// messages

export const ANA: PatientAssertion = {
  key: 'ana',
  identifiers: [{ system: 'urn:mrn', value: 'M-1' }],
  family: 'Lopez',
  given: 'Ana',
  birthDate: '1980-02-03',
  phone: '+1 555 555 0188',
  email: 'ana@example.org',
};
export const BOB: PatientAssertion = { key: 'bob', identifiers: [], family: 'Miller', given: 'Bob' };

/** A visit in a calendar of a site that computes its slots. */
export function visit(
  key: string,
  calendar: string,
  time: Interval,
  more: Partial<AppointmentChange> = {},
): AppointmentChange {
  return {
    kind: 'appointment',
    at: SUNDAY_NOON,
    key,
    identifiers: [],
    status: 'booked',
    during: time,
    visitType: { code: 't50' },
    participants: [{ actor: { kind: 'calendar', code: calendar }, status: 'accepted' }],
    patients: [ANA],
    ...more,
  };
}

/** A visit as a feed states it: a person and a place. */
export function fed(key: string, time: Interval, more: Partial<AppointmentChange> = {}): AppointmentChange {
  return visit(key, '', time, {
    visitType: { code: 'CHECK' },
    participants: [
      {
        actor: { kind: 'practitioner', assertion: { code: 'ADA', family: 'Shared', given: 'Ada' } },
        status: 'accepted',
      },
      { actor: { kind: 'location', code: 'hall' }, status: 'accepted' },
    ],
    ...more,
  });
}

export function slotKey(calendar: string, visitType: string, start: Instant): string {
  return `${calendar}:${visitType}:${start}`;
}

export function offered(
  calendar: string,
  visitType: string,
  time: Interval,
  more: Partial<SlotStatement> = {},
): SlotStatement {
  return { key: slotKey(calendar, visitType, time.start), during: time, status: 'free', ...more };
}

interface Sent {
  readonly changes?: readonly Change[];
  readonly mapped?: Mapped;
  /** The mapping throws it, as a fault of the hub would. */
  readonly fault?: string;
}

/** What a message of the test says stands in its body. `at` of each change is the message's own time. */
const mapping: Mapping = {
  accepts: ['test'],
  map(message): Mapped {
    const said = JSON.parse(Buffer.from(message.body).toString('utf8')) as Sent;
    if (said.fault !== undefined) throw new TypeError(said.fault);
    if (said.mapped !== undefined) return said.mapped;
    const at = message.readAt ?? message.occurredAt ?? message.receivedAt;
    return { kind: 'changes', changes: (said.changes ?? []).map((change) => ({ ...change, at })), warnings: [] };
  },
};

export interface TellOptions {
  /** Ordering time; default now. */
  readonly at?: Instant;
  readonly shape?: 'event' | 'state';
  readonly object?: string;
  readonly sequenceKeys?: readonly string[];
  /** Default true: applied before the call returns. */
  readonly apply?: boolean;
}

// ------------------------------------------------------------------------------------------------------------
// connectors

/** What a site answers: each a function that a test replaces. What was asked is kept. */
export interface ScriptedSite {
  exclusive: boolean;
  showsWithin_ms: number;
  canBook: boolean;
  canFind: boolean;
  onPlace: (order: PlaceOrder) => Promise<WriteOutcome> | WriteOutcome;
  onCancel: (order: CancelOrder) => Promise<WriteOutcome> | WriteOutcome;
  onFind: (order: FindOrder) => Promise<Found> | Found;
  onBlock: (order: BlockOrder) => Promise<BlockOutcome> | BlockOutcome;
  onUnblock: (key: string) => Promise<BlockOutcome> | BlockOutcome;
  readonly placed: PlaceOrder[];
  readonly cancelled: CancelOrder[];
  readonly found: FindOrder[];
  readonly blocked: BlockOrder[];
  readonly unblocked: string[];
  readonly book: Book;
  readonly block: Block;
}

export function scriptedSite(): ScriptedSite {
  let number = 0;
  /** Blocks of ours that the site shows. */
  const standing = new Map<string, string>();
  const site: ScriptedSite = {
    exclusive: true,
    showsWithin_ms: 1_000,
    canBook: true,
    canFind: true,
    onPlace: (order) => bookedAt(`K${(number += 1)}`, order),
    onCancel: (order) => ({ kind: 'booked', at: { key: order.key, status: 'cancelled', start: SUNDAY_NOON, end: SUNDAY_NOON, calendar: '' } }), // prettier-ignore
    onFind: () => ({ kind: 'absent' }),
    onBlock: () => ({ kind: 'done', key: `B${(number += 1)}` }),
    onUnblock: (key) => ({ kind: 'done', key }),
    placed: [],
    cancelled: [],
    found: [],
    blocked: [],
    unblocked: [],
    get book(): Book {
      return {
        exclusive: site.exclusive,
        showsWithin_ms: site.showsWithin_ms,
        place: async (order) => {
          site.placed.push(order);
          return site.onPlace(order);
        },
        cancel: async (order) => {
          site.cancelled.push(order);
          return site.onCancel(order);
        },
        ...(site.canFind
          ? {
              find: async (order: FindOrder) => {
                site.found.push(order);
                return site.onFind(order);
              },
            }
          : {}),
      };
    },
    get block(): Block {
      return {
        showsWithin_ms: site.showsWithin_ms,
        place: async (order) => {
          site.blocked.push(order);
          const outcome = await site.onBlock(order);
          if (outcome.kind === 'done') standing.set(order.correlation, outcome.key);
          return outcome;
        },
        remove: async (key) => {
          site.unblocked.push(key);
          for (const [correlation, one] of standing) if (one === key) standing.delete(correlation);
          return site.onUnblock(key);
        },
        find: (order) => {
          const key = standing.get(order.correlation);
          return Promise.resolve(key === undefined ? { kind: 'absent' } : { kind: 'found', key });
        },
      };
    },
  };
  return site;
}

export function bookedAt(key: string, order: { calendar: string; start: Instant; end: Instant }): WriteOutcome {
  return {
    kind: 'booked',
    at: { key, status: 'booked', start: order.start, end: order.end, calendar: order.calendar },
  };
}

const KIND: ConnectorKind = {
  name: 'scripted',
  summary: 'answers what a test decides',
  settings: {} as ConnectorKind['settings'],
  cursor: { version: 1, parse: (_version, stored) => stored },
  patientIdentity: 'demographics',
  open: () => {
    throw new Error('not opened in these tests');
  },
};

// -----------------------------------------------------------------------------------------------------------------
// world

export interface World extends Opened {
  readonly clock: ManualClock;
  plan: Plan;
  readonly desk: Desk;
  readonly stage: ApplyStage;
  readonly sites: Readonly<Record<'north' | 'south' | 'feed', ScriptedSite>>;
  /** What the stages reported: name, then arguments. */
  readonly told: (readonly [keyof StageEvents, ...unknown[]])[];
  readonly effects: Effects[];
  readonly deliverDeps: DeliverDeps;
  readonly resolveDeps: ResolveDeps;
  /** Stores a message; answers its inbox id (0: a repeat). */
  tell(site: string, changes: Sent | readonly Change[] | Change, options?: TellOptions): Promise<number>;
  /** Until nothing is due. */
  apply(): Promise<void>;
  deliver(site?: 'north' | 'south' | 'feed'): Promise<void>;
  resolve(): Promise<void>;
  /** Holds and calls past their time. */
  sweep(): Promise<void>;
  syncDirectory(): Promise<void>;
  /** A day of open slots of one calendar and visit type. */
  offer(
    site: string,
    calendar: string,
    visitType: string,
    slots: readonly SlotStatement[],
    at?: Instant,
  ): Promise<void>;
  slot(site: string, key: string): Promise<StoredSlot>;
  /** Its FHIR body, as the hub itself sees it. */
  slotBody(site: string, key: string): Promise<Slot>;
  appointment(site: string, key: string): Promise<StoredAppointment>;
  appointmentOf(id: string): Promise<StoredAppointment | null>;
  message(id: number): Promise<InboxMessage>;
  booking(id: string): Promise<Booking>;
  /** A patient record of a site; its id. */
  patient(site: string, assertion?: PatientAssertion): Promise<string>;
  placing(slotId: string, patientId: string, more?: Partial<PlaceRequest>): PlaceRequest;
  cancelling(appointmentId: string, more?: Partial<CancelRequest>): CancelRequest;
  /** Places and delivers; the booking as it stands afterwards. */
  book(slotId: string, patientId: string, more?: Partial<PlaceRequest>): Promise<Booking>;
  /** Asks to cancel and delivers; the booking as it stands afterwards. */
  cancel(appointmentId: string, more?: Partial<CancelRequest>): Promise<Booking>;
  read<T>(work: (tx: Tx) => Promise<T>, scope?: Scope): Promise<T>;
  rows(text: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

export interface WorldOptions {
  readonly sites?: readonly SiteSettings[];
  readonly hub?: Partial<Plan['hub']>;
  readonly max?: number;
  /** Around the store that the stages use. */
  readonly wrap?: (store: Store) => Store;
}

const NEVER = new AbortController().signal;

export async function openWorld(cleanup: Cleanup, options: WorldOptions = {}): Promise<World> {
  const clock = manualClock();
  const opened = await openedStore(cleanup, { clock, max: options.max ?? 10 });
  const store = options.wrap?.(opened.store) ?? opened.store;
  const sites = { north: scriptedSite(), south: scriptedSite(), feed: scriptedSite() };
  sites.feed.canBook = false;
  const scripted = (id: string): ScriptedSite | undefined => (sites as Record<string, ScriptedSite | undefined>)[id];
  const told: World['told'] = [];
  const effects: Effects[] = [];
  const events = new Proxy({} as StageEvents, {
    get:
      (_target, name) =>
      (...args: unknown[]) =>
        told.push([name as keyof StageEvents, ...args]),
  });
  let number = 0;

  const bookingDeps = {
    store,
    clock,
    plan: (): Plan => world.plan,
    ability: (id: string) => {
      const site = scripted(id);
      return site === undefined ? null : { kind: KIND, book: site.canBook };
    },
  };
  const desk = bookingDesk({ ...bookingDeps, deliver: () => undefined });
  const resolveDeps: ResolveDeps = {
    ...bookingDeps,
    changed: (booking, state) => {
      desk.changed(booking.id);
      events.bookingMoved(booking.site, booking.action, state);
    },
    book: (id) => (scripted(id)?.canBook === true ? (scripted(id)?.book ?? null) : null),
    deliveriesWaiting: () => undefined,
  };
  const deliverDeps: DeliverDeps = {
    store,
    clock,
    events,
    plan: () => world.plan,
    settle: (answer) => recordOutcome(resolveDeps, answer),
  };
  const stage = applyStage({
    store,
    clock,
    plan: () => world.plan,
    mappingOf: (_site, kind) => (kind === 'test' ? mapping : null),
    patients: patientIndex,
    practitioners: practitionerIndex,
    publishesSlots: (site) => site.kind === 'scripted',
    events,
    after: (happened) => {
      effects.push(happened);
      for (const id of happened.bookings) desk.changed(id);
    },
  });
  const settled = async (asked: Promise<unknown>, requestKey: string): Promise<Booking> => {
    const failed = asked.then(
      () => null,
      (error: unknown) => ({ error }),
    );
    for (;;) {
      const found = await world.read((tx) => tx.bookings.byRequestKey('tester', requestKey));
      if (found !== null) {
        await world.deliver(found.site as 'north');
        // The caller's patience ends with the clock; what became of the booking stands in the store.
        for (let step = 0; step < 40 && (await Promise.race([failed, tick()])) === undefined; step += 1)
          clock.advance(100);
        await failed;
        return world.booking(found.id);
      }
      const over = await Promise.race([failed, tick()]);
      if (over !== undefined) throw over === null ? new Error('answered without a booking') : over.error;
    }
  };

  const world: World = {
    ...opened,
    store,
    clock,
    plan: testPlan(options.sites, options.hub),
    desk,
    stage,
    sites,
    told,
    effects,
    deliverDeps,
    resolveDeps,
    async tell(site, said, more = {}) {
      number += 1;
      const sent: Sent = Array.isArray(said) ? { changes: said as readonly Change[] } : 'kind' in said ? { changes: [said] } : (said as Sent); // prettier-ignore
      const [first] = sent.changes ?? [];
      const key = first !== undefined && 'key' in first ? first.key : `${number}`;
      const object =
        more.object ?? (first?.kind === 'slots' ? `slots:${first.calendar}:${first.visitType}` : `appointment:${key}`);
      const at = more.at ?? clock.now();
      const base = {
        kind: 'test',
        sequenceKeys: more.sequenceKeys ?? [object],
        contentType: 'application/json',
        body: Buffer.from(JSON.stringify(sent)),
      };
      const [stored] = await opened.store.transaction(SCOPE, (tx) =>
        tx.inbox.insert(
          site,
          'poll',
          more.shape === 'event'
            ? [{ ...base, shape: 'event', id: `event-${number}`, occurredAt: at }]
            : [{ ...base, shape: 'state', object, digest: sha256(`${number}`), readAt: at }],
          clock.now(),
          null,
        ),
      );
      if (more.apply !== false) await world.apply();
      return stored?.id ?? 0;
    },
    async apply() {
      for (let round = 0; round < 500 && (await stage.step()); round += 1);
    },
    async deliver(site = 'north') {
      const settings = world.plan.sites.find((one) => one.id === site);
      const { book, block, canBook } = sites[site];
      if (settings === undefined) return;
      while (await deliverToSite(deliverDeps, settings, { book: canBook ? book : undefined, block }, NEVER));
    },
    async resolve() {
      while (await resolveStep(resolveDeps, NEVER));
    },
    async sweep() {
      await requeueExpired(deliverDeps);
      const retention = (): Plan['hub']['retention'] => world.plan.hub.retention;
      await expireHolds({ store, clock, events, retention, expired: (id) => desk.changed(id) });
    },
    syncDirectory: () => syncDirectory(store, world.plan, practitionerIndex, clock.now()),
    async offer(site, calendar, visitType, slots, at) {
      const change: Change = { kind: 'slots', at: clock.now(), calendar, visitType, window: MONDAY, slots };
      await world.tell(site, change, at === undefined ? {} : { at });
    },
    async slot(site, key) {
      const slot = await world.read((tx) => tx.resources.slot(canonicalId.slot(site, key)));
      if (slot === null) throw new Error(`no slot ${site} ${key}`);
      return slot;
    },
    async slotBody(site, key) {
      const served = await world.read((tx) => tx.resources.read('Slot', canonicalId.slot(site, key)));
      if (served === null) throw new Error(`no slot ${site} ${key}`);
      return JSON.parse(served.json) as Slot;
    },
    async appointment(site, key) {
      const id = await world.read((tx) => tx.resources.appointmentByKey(site, key));
      const found = id === null ? null : await world.appointmentOf(id);
      if (found === null) throw new Error(`no appointment ${site} ${key}`);
      return found;
    },
    appointmentOf: (id) => opened.store.transaction(SCOPE, (tx) => tx.resources.appointment(id)),
    async message(id) {
      const message = await world.read((tx) => tx.inbox.get(id));
      if (message === null) throw new Error(`no message ${id}`);
      return message;
    },
    async booking(id) {
      const booking = await world.read((tx) => tx.bookings.get(id));
      if (booking === null) throw new Error(`no booking ${id}`);
      return booking;
    },
    async patient(site, assertion = ANA) {
      await world.tell(
        site,
        { kind: 'patient', at: clock.now(), patient: assertion },
        { object: `patient-${assertion.key}` },
      );
      return canonicalId.patient(site, assertion.key);
    },
    placing(slotId, patientId, more = {}) {
      number += 1;
      return {
        client: 'tester', requestKey: `request-${number}`, digest: sha256(`${slotId} ${patientId}`), requestId: `id-${number}`,
        trace: null, slotId, start: null, end: null, patientId, channel: 'staff', identifiers: [], ...more,
      }; // prettier-ignore
    },
    cancelling(appointmentId, more = {}) {
      number += 1;
      return {
        client: 'tester', requestKey: `request-${number}`, digest: sha256(appointmentId), requestId: `id-${number}`, trace: null,
        appointmentId, by: 'patient', version: null, ...more,
      }; // prettier-ignore
    },
    book(slotId, patientId, more = {}) {
      const request = world.placing(slotId, patientId, more);
      return settled(desk.place(request, SCOPE), request.requestKey);
    },
    cancel(appointmentId, more = {}) {
      const request = world.cancelling(appointmentId, more);
      return settled(desk.cancel(request, SCOPE), request.requestKey);
    },
    read: (work, scope = SCOPE) => opened.store.read(scope, work),
    async rows(text, values = []) {
      return (await opened.pool.query<Readonly<Record<string, unknown>>>(text, values)).rows;
    },
  };
  await world.syncDirectory();
  return world;
}

function tick(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => setTimeout(resolve, 2, undefined)));
}

export function bodyOf(served: { readonly json: string } | null): Appointment {
  if (served === null) throw new Error('not served');
  return JSON.parse(served.json) as Appointment;
}
