/**
 * A small world for tests of the stages and of booking: a plan of two sites that compute their slots and share a
 * practitioner by NPI, and one feed that only sends; the real store, stages and desk on a database of their own;
 * connectors that answer what the test decides; and a clock that the test moves. Messages carry canonical changes as
 * JSON, so that no vendor's format is between.
 */
import { approvals } from '../../src/booking/approve.ts';
import { bookingDesk, type Desk } from '../../src/booking/desk.ts';
import type {
  AmendRequest,
  Approvals,
  CancelRequest,
  MoveRequest,
  PlaceRequest,
  StatusRequest,
} from '../../src/booking/contract.ts';
import { lapse } from '../../src/booking/lapse.ts';
import { abilityOf } from '../../src/booking/owning-site.ts';
import { verifier, type AskWindow } from '../../src/booking/verify.ts';
import { resolveStep, type ResolveDeps } from '../../src/booking/resolve.ts';
import { outdated } from '../../src/booking/outdated.ts';
import { recordOutcome, recordWithin } from '../../src/booking/settle.ts';
import type { ConnectorKind } from '../../src/connectors/contract.ts';
import { sha256 } from '../../src/core/ids.ts';
import { type Instant } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Amendment } from '../../src/fhir/amendment.ts';
import type { Appointment, AppointmentStatus, Slot } from '../../src/fhir/types.ts';
import { openPractitioners } from '../../src/hub-practitioners.ts';
import { patientIndex } from '../../src/identity/patients.ts';
import { goldenOf, personMeant } from '../../src/identity/serving/people-seen.ts';
import type { Change, Mapped, Mapping, PatientAssertion, SlotStatement } from '../../src/mappings/contract.ts';
import { mappingFor } from '../../src/mappings/registry.ts';
import type { Effects, MappingOf } from '../../src/pipeline/apply-context.ts';
import { applyStage, type ApplyStage } from '../../src/pipeline/apply.ts';
import { reviewConflicts } from '../../src/pipeline/conflicts.ts';
import { askNow } from '../../src/pipeline/availability.ts';
import type { PollDeps } from '../../src/pipeline/poll.ts';
import { createBreaker, type Breaker } from '../../src/pipeline/breaker.ts';
import { deliverToSite, requeueExpired, type DeliverDeps } from '../../src/pipeline/deliver.ts';
import type { StageEvents } from '../../src/pipeline/events.ts';
import { expireHolds } from '../../src/pipeline/sweep.ts';
import type { Plan, SiteSettings } from '../../src/settings/shape.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import type { InboxMessage } from '../../src/store/contract-inbox.ts';
import type { StoredAppointment, StoredSlot } from '../../src/store/contract-resources.ts';
import { type Scope, type Store, type Tx } from '../../src/store/contract.ts';
import { openedStore, type Opened } from '../store/opened.ts';
import type { Cleanup } from './database.ts';
import { askedOf, scriptedSite, type ScriptedSite } from './scripted-site.ts';
import { SCOPE, MONDAY, type ManualClock, manualClock, testPlan, ANA } from './facts.ts';
export { bookedAt, scriptedSite, stands, type ScriptedSite } from './scripted-site.ts';
export {
  type ManualClock,
  NPI,
  SHARED,
  SCOPE,
  SUNDAY_NOON,
  MONDAY,
  monday,
  during,
  manualClock,
  siteOf,
  testSites,
  testPlan,
  ANA,
  BOB,
  visit,
  fed,
  slotKey,
  offered,
} from './facts.ts';

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

export const testMappingOf: MappingOf = (_site, kind) =>
  kind === 'test' ? mapping : (mappingFor('hl7v2', kind) ?? null);

export interface TellOptions {
  /** Ordering time; default now. */
  readonly at?: Instant;
  readonly shape?: 'event' | 'state';
  readonly object?: string;
  readonly sequenceKeys?: readonly string[];
  /** Default true: applied before the call returns. */
  readonly apply?: boolean;
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

export interface World extends Opened {
  readonly clock: ManualClock;
  plan: Plan;
  readonly desk: Desk;
  readonly approvals: Approvals;
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
  /** So many patient records of a site, each another person; their ids. */
  crowd(site: string, size: number): Promise<readonly string[]>;
  placing(slotId: string, patientId: string, more?: Partial<PlaceRequest>): PlaceRequest;
  cancelling(appointmentId: string, more?: Partial<CancelRequest>): CancelRequest;
  moving(appointmentId: string, slotId: string, more?: Partial<MoveRequest>): MoveRequest;
  /** Places and delivers; the booking as it stands afterwards. */
  book(slotId: string, patientId: string, more?: Partial<PlaceRequest>): Promise<Booking>;
  /** Asks to cancel and delivers; the booking as it stands afterwards. */
  cancel(appointmentId: string, more?: Partial<CancelRequest>): Promise<Booking>;
  /** Asks to move and delivers; the booking as it stands afterwards. */
  move(appointmentId: string, slotId: string, more?: Partial<MoveRequest>): Promise<Booking>;
  /** Asks for another status and delivers; the booking as it stands afterwards. */
  setStatus(appointmentId: string, status: AppointmentStatus, more?: Partial<StatusRequest>): Promise<Booking>;
  /** Asks for an amendment and delivers; the booking as it stands afterwards. */
  amend(appointmentId: string, to: Amendment, more?: Partial<AmendRequest>): Promise<Booking>;
  changing(appointmentId: string): Omit<StatusRequest, 'status'>;
  read<T>(work: (tx: Tx) => Promise<T>, scope?: Scope): Promise<T>;
  rows(text: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

export interface WorldOptions extends Partial<Pick<ConnectorKind, 'patientIdentity'>> {
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
  const breakers = new Map<string, Breaker>();
  const breakerOf = (id: string): Breaker => {
    const known = breakers.get(id);
    if (known !== undefined) return known;
    const settings = (): Plan['hub']['booking'] => world.plan.hub.booking;
    const made = createBreaker(clock, settings, (state) => events.breaker(id, state));
    breakers.set(id, made);
    return made;
  };
  const stored = (): void => {
    world.apply().catch((error: unknown) => events.stageFailed('apply', 'INTERNAL', String(error)));
  };
  const bookingDeps = {
    store,
    clock,
    plan: (): Plan => world.plan,
    people: { meant: personMeant, goldenOf },
    away: (id: string) => (breakerOf(id).state() === 'open' ? { retryIn_ms: breakerOf(id).retryIn_ms() } : null),
    askWindow: (id: string) => askWindow({ store, clock, events, stored }, world.plan, id, scripted(id)),
    ability: (id: string) => {
      const [site, { patientIdentity = KIND.patientIdentity }] = [scripted(id), options];
      return site === undefined ? null : abilityOf({ ...KIND, patientIdentity }, site.canBook ? site.book : undefined);
    },
  };
  const deskDeps = { ...bookingDeps, verify: verifier(bookingDeps), deliver: () => undefined };
  const desk = bookingDesk(deskDeps);
  const resolveDeps: ResolveDeps = {
    ...bookingDeps,
    changed: (booking, state, visit) => {
      desk.changed(booking.id, visit);
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
    outdated,
    settle: (answer) => recordOutcome(resolveDeps, answer),
  };
  const people = openPractitioners({ store, clock, events, plan: () => world.plan }, () => undefined);
  const stage = applyStage({
    store,
    clock,
    plan: () => world.plan,
    mappingOf: testMappingOf,
    patients: patientIndex,
    practitioners: people.index,
    publishesSlots: (site) => site.kind === 'scripted',
    settle: (tx, answer) => recordWithin(resolveDeps, tx, answer),
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
    approvals: approvals({ ...deskDeps, changed: resolveDeps.changed, decided: () => undefined }),
    stage,
    sites,
    told,
    effects,
    deliverDeps,
    resolveDeps,
    async tell(site, said, more = {}) {
      number += 1;
      const sent: Sent = Array.isArray(said)
        ? { changes: said as readonly Change[] }
        : 'kind' in said
          ? { changes: [said] }
          : (said as Sent);
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
      for (let round = 0; round < 500 && (await people.then(() => stage.step())); round += 1);
      while (await reviewConflicts({ store, clock, events }));
    },
    async deliver(site = 'north') {
      const settings = world.plan.sites.find((one) => one.id === site);
      const { book, block, canBook } = sites[site];
      if (settings === undefined) return;
      const abilities = { book: canBook ? book : undefined, block };
      while (await deliverToSite(deliverDeps, settings, abilities, NEVER, breakerOf(site)));
    },
    async resolve() {
      while (await resolveStep(resolveDeps, NEVER));
    },
    async sweep() {
      await requeueExpired(deliverDeps);
      const retention = (): Plan['hub']['retention'] => world.plan.hub.retention;
      await expireHolds({ store, clock, events, retention, lapse, expired: (id) => desk.changed(id) });
    },
    async syncDirectory() {
      await people.writeDirectory(world.plan);
      await people.askAgain().then(() => Promise.resolve(false));
    },
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
    async crowd(site, size) {
      const people = Array.from({ length: size }, (_, at): PatientAssertion => {
        const birthDate = `19${50 + (at % 50)}-03-0${1 + (at % 9)}`;
        return {
          key: `c${at}`,
          identifiers: [{ system: 'urn:mrn', value: `C-${at}` }],
          family: `F${at}`,
          given: `G${at}`,
          birthDate,
        };
      });
      await world.tell(
        site,
        people.map((patient) => ({ kind: 'patient', at: clock.now(), patient })),
        { object: 'crowd' },
      );
      return people.map(({ key }) => canonicalId.patient(site, key));
    },
    placing(slotId, patientId, more = {}) {
      number += 1;
      return {
        client: 'tester',
        requestKey: `request-${number}`,
        digest: sha256(`${slotId} ${patientId}`),
        requestId: `id-${number}`,
        trace: null,
        slotId,
        start: null,
        end: null,
        patientId,
        channel: 'staff',
        identifiers: [],
        ...more,
      };
    },
    cancelling(appointmentId, more = {}) {
      number += 1;
      return {
        client: 'tester',
        requestKey: `request-${number}`,
        digest: sha256(appointmentId),
        requestId: `id-${number}`,
        trace: null,
        appointmentId,
        by: 'patient',
        version: null,
        ...more,
      };
    },
    moving(appointmentId, slotId, more = {}) {
      number += 1;
      return {
        client: 'tester',
        requestKey: `request-${number}`,
        digest: sha256(`${appointmentId} ${slotId}`),
        requestId: `id-${number}`,
        trace: null,
        appointmentId,
        slotId,
        start: null,
        end: null,
        channel: 'staff',
        version: null,
        ...more,
      };
    },
    book(slotId, patientId, more = {}) {
      const request = world.placing(slotId, patientId, more);
      return settled(desk.place(request, SCOPE), request.requestKey);
    },
    cancel(appointmentId, more = {}) {
      const request = world.cancelling(appointmentId, more);
      return settled(desk.cancel(request, SCOPE), request.requestKey);
    },
    move(appointmentId, slotId, more = {}) {
      const request = world.moving(appointmentId, slotId, more);
      return settled(desk.move(request, SCOPE), request.requestKey);
    },
    changing(appointmentId) {
      number += 1;
      const requestKey = `request-${number}`;
      const base = { client: 'tester', requestKey, digest: sha256(appointmentId), requestId: `id-${number}` };
      return { ...base, trace: null, appointmentId, version: null };
    },
    setStatus(appointmentId, status, more = {}) {
      const request = { ...world.changing(appointmentId), status, ...more };
      return settled(desk.setStatus(request, SCOPE), request.requestKey);
    },
    amend(appointmentId, to, more = {}) {
      const request = { ...world.changing(appointmentId), to, ...more };
      return settled(desk.amend(request, SCOPE), request.requestKey);
    },
    read: (work, scope = SCOPE) => opened.store.read(scope, work),
    async rows(text, values = []) {
      return (await opened.pool.query<Readonly<Record<string, unknown>>>(text, values)).rows;
    },
  };
  await world.syncDirectory();
  return world;
}

function askWindow(deps: PollDeps, plan: Plan, id: string, site: ScriptedSite | undefined): AskWindow | null {
  const settings = plan.sites.find((one) => one.id === id);
  if (site === undefined || site.onAsk === null || settings === undefined) return null;
  return (window, signal) => askNow(deps, settings, askedOf(site, deps.clock), window, signal);
}

const tick = (): Promise<undefined> => new Promise((resolve) => setImmediate(() => setTimeout(resolve, 2, undefined)));

export function bodyOf(served: { readonly json: string } | null): Appointment {
  if (served === null) throw new Error('not served');
  return JSON.parse(served.json) as Appointment;
}
