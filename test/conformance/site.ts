/** One site of a rig: its connector, its simulator, and the steps that a running hub would take for it by itself. */
import assert from 'node:assert/strict';
import type { BookingAnswer } from '../../src/booking/contract.ts';
import type { Desk } from '../../src/booking/desk.ts';
import type { Connector, ConnectorKind, Tools } from '../../src/connectors/contract.ts';
import { sha256 } from '../../src/core/ids.ts';
import { askWindows, planWindows } from '../../src/pipeline/availability.ts';
import { deliverToSite, type DeliverDeps } from '../../src/pipeline/deliver.ts';
import { fetchHints } from '../../src/pipeline/fetch.ts';
import { pollPage, type PollDeps } from '../../src/pipeline/poll.ts';
import { loadOnce } from '../../src/pipeline/site-runner.ts';
import { takeUpTemplates, templateAvailability } from '../../src/pipeline/template-window.ts';
import type { Amendment } from '../../src/fhir/amendment.ts';
import type { AppointmentStatus } from '../../src/fhir/types.ts';
import type { Plan, SiteSettings } from '../../src/settings/shape.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { SimulatedSite } from './arrangement.ts';
import { until, type JumpClock } from './clock.ts';
import type { Gateway } from './gateway.ts';

export const SCOPE = systemScope('conformance');
const CLIENT = 'conformance';
const DELIVER_ROUNDS = 5;

export interface SiteParts {
  readonly stages: PollDeps & { readonly clock: JumpClock };
  readonly plan: Plan;
  readonly deliver: DeliverDeps;
  readonly desk: Desk;
  readonly kind: ConnectorKind;
  readonly settings: SiteSettings;
  readonly world: SimulatedSite;
  readonly gateway: Gateway;
  readonly tools: Tools;
  readonly steps: { apply(): Promise<void>; resolve(): Promise<void> };
}

export interface Asked {
  readonly bookingId: string;
  /** What the caller is told, once the steps were taken that settle it. */
  readonly answer: Promise<BookingAnswer>;
}

export interface RigSite {
  readonly settings: SiteSettings;
  readonly kind: ConnectorKind;
  /** The one that is open now; `reopen` closes it and opens another, as a restart does. */
  readonly connector: Connector;
  readonly world: SimulatedSite;
  readonly gateway: Gateway;
  reopen(): Promise<void>;
  /** One page. True: there is more. */
  pollPage(signal?: AbortSignal): Promise<boolean>;
  /** A whole cycle; the number of pages. */
  poll(): Promise<number>;
  /** Until no hint is due. */
  fetch(): Promise<void>;
  load(): Promise<void>;
  /** Plans the windows of computed availability, or of the site file's templates, and asks those that are due. */
  ask(): Promise<void>;
  /** Sends what is due. */
  deliver(): Promise<void>;
  /** Waits for what the site sends by itself, fetches it and applies it, with the open time that it changes. */
  news(): Promise<void>;
  /** Everything that a running hub would do until it rests: news, polls, calls, questions. */
  settle(): Promise<void>;
  /** Asks for a visit. Resolves when the booking is stored and waits to be sent. */
  place(slotId: string, patientId: string, requestKey?: string): Promise<Asked>;
  cancel(appointmentId: string, requestKey?: string): Promise<Asked>;
  setStatus(appointmentId: string, status: AppointmentStatus): Promise<Asked>;
  amend(appointmentId: string, to: Amendment): Promise<Asked>;
  booking(id: string): Promise<Booking>;
}

export function openSite(parts: SiteParts): RigSite {
  const { stages, desk, kind, settings, world, gateway, tools } = parts;
  const { store, clock } = stages;
  const open = (): Connector => kind.open({ id: settings.id, file: settings, settings: settings.settings }, tools);
  let connector = open();
  const never = new AbortController().signal;
  const templates = templateAvailability({ ...stages, plan: () => parts.plan }, settings);
  let takenUp = false;
  let requests = 0;

  const asked = async (requestKey: string, answer: Promise<BookingAnswer>): Promise<Asked> => {
    const state = { answered: false };
    const noted = (): void => {
      state.answered = true;
    };
    answer.then(noted, noted);
    const stored: Booking[] = [];
    await until(async () => {
      const booking = await store.read(SCOPE, (tx) => tx.bookings.byRequestKey(CLIENT, requestKey));
      if (booking !== null) stored.push(booking);
      return stored.length > 0 || state.answered;
    });
    const [booking] = stored;
    if (booking === undefined) {
      const told = await answer;
      assert.fail(`the request was answered ${told.kind} without a booking`);
    }
    return { bookingId: booking.id, answer };
  };
  const base = (requestKey: string): { client: string; requestKey: string; requestId: string; trace: null } => {
    return { client: CLIENT, requestKey, requestId: requestKey, trace: null };
  };

  const site: RigSite = {
    settings,
    kind,
    world,
    gateway,
    get connector() {
      return connector;
    },
    async reopen() {
      await connector.close();
      connector = open();
    },
    pollPage(signal) {
      if (signal === undefined) return clock.hurry(pollPage(stages, settings, kind, connector, never));
      // Hurried on, a call that ignores the signal would end soon enough by its own time limit.
      return pollPage(stages, settings, kind, connector, signal);
    },
    async poll() {
      let pages = 1;
      while (await site.pollPage()) pages += 1;
      return pages;
    },
    async fetch() {
      const { fetch } = connector;
      if (fetch !== undefined)
        while (await clock.hurry(fetchHints(stages, settings.id, fetch, never, connector.book?.showsWithin_ms)));
    },
    load: () => clock.hurry(loadOnce(stages, settings, connector, never)),
    async ask() {
      const availability = connector.availability ?? templates;
      if (availability === undefined) return;
      if (availability === templates && !takenUp)
        await takeUpTemplates({ ...stages, plan: () => parts.plan }, settings);
      takenUp = true;
      await clock.hurry(planWindows(stages, settings, availability, never));
      while (await clock.hurry(askWindows(stages, settings, availability, never)));
    },
    async deliver() {
      const { book, block } = connector;
      // One after the other of a visit: what waits behind an answered one is due at once.
      for (let round = 0; round < DELIVER_ROUNDS; round += 1) {
        await clock.hurry(deliverToSite(parts.deliver, settings, { book, block }, never));
        const due = await store.read(SCOPE, (tx) => tx.outbox.receiversDue('site', clock.now()));
        if (!due.includes(settings.id)) break;
      }
    },
    async news() {
      await world.quiet();
      await site.fetch();
      await parts.steps.apply();
      await site.ask();
      await parts.steps.apply();
    },
    async settle() {
      await site.news();
      if (connector.poll !== undefined) await site.poll();
      await site.fetch();
      await parts.steps.apply();
      for (let round = 0; round < 6 && (await isOpen(parts)); round += 1) {
        clock.jump(70_000);
        await parts.steps.resolve();
        await site.deliver();
      }
      await site.news();
    },
    place(slotId, patientId, requestKey = `request-${(requests += 1)}`) {
      const request = { ...base(requestKey), digest: sha256(`${slotId} ${patientId}`) };
      const facts = { slotId, start: null, end: null, patientId, channel: 'patient' as const, identifiers: [] };
      return asked(requestKey, desk.place({ ...request, ...facts }, SCOPE));
    },
    cancel(appointmentId, requestKey = `request-${(requests += 1)}`) {
      const request = { ...base(requestKey), digest: sha256(appointmentId) };
      return asked(requestKey, desk.cancel({ ...request, appointmentId, by: 'patient', version: null }, SCOPE));
    },
    setStatus(appointmentId, status) {
      const requestKey = `request-${(requests += 1)}`;
      const request = {
        ...base(requestKey),
        digest: sha256(`${appointmentId} ${status}`),
        appointmentId,
        version: null,
      };
      return asked(requestKey, desk.setStatus({ ...request, status }, SCOPE));
    },
    amend(appointmentId, to) {
      const requestKey = `request-${(requests += 1)}`;
      const digest = sha256(`${appointmentId} ${JSON.stringify(to)}`);
      const request = { ...base(requestKey), digest, appointmentId, version: null };
      return asked(requestKey, desk.amend({ ...request, to }, SCOPE));
    },
    async booking(id) {
      const booking = await store.read(SCOPE, (tx) => tx.bookings.get(id));
      assert.ok(booking !== null, `there is no booking ${id}`);
      return booking;
    },
  };
  return site;
}

/** A booking whose end is not known, or something owed to this site. */
async function isOpen({ stages, settings }: SiteParts): Promise<boolean> {
  return stages.store.read(SCOPE, async (tx) => {
    const counts = await tx.bookings.countByState();
    const owed = await tx.outbox.depth();
    const open = ['held', 'queued', 'sent', 'accepted', 'unknown', 'unsent'].some((state) => (counts[state] ?? 0) > 0);
    return open || owed.some((one) => one.receiverId === settings.id && one.state === 'queued' && one.count > 0);
  });
}
