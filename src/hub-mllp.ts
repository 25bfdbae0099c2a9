/** The doors for HL7 v2: which ports the plan wants, whose messages arrive at them, and how they stand. */
import { kinds } from './connectors/registry.ts';
import { asHubError, HubError } from './core/errors.ts';
import type { Clock } from './core/clock.ts';
import { formatInstant } from './core/instant.ts';
import type { Engine } from './hub-engine.ts';
import type { HubEvents } from './hub-events.ts';
import type { HubRequests } from './hub-requests.ts';
import type { OpsListener } from './http/deps.ts';
import { admission, anyOf } from './mllp/admission.ts';
import { Doors, type Door, type DoorChange, type DoorView } from './mllp/doors.ts';
import { hl7Intake } from './mllp/intake.ts';
import type { ConnectionRefusal, ListenerEvent } from './mllp/listener.ts';
import { laterAcks } from './mllp/later-acks.ts';
import { watchReusedIds } from './mllp/reused-ids.ts';
import type { Hl7Site } from './mllp/routes.ts';
import { doorOf, SHARED } from './settings/mllp-rules.ts';
import type { Hl7Address } from './settings/mllp-shape.ts';
import type { Plan, SiteSettings } from './settings/shape.ts';
import type { Store } from './store/contract.ts';

export interface MllpOptions {
  readonly plan: Plan;
  readonly store: Store;
  readonly clock: Clock;
  readonly host: string;
  readonly mllpPort: number;
}

export interface Mllp {
  /** Of the shared port. */
  readonly port: number;
  /** @throws HubError PORT_IN_USE, CONFIG_INVALID; everything stands as before then */
  prepare(next: Plan): Promise<DoorChange>;
  view(): readonly DoorView[];
  close(deadline_ms: number): Promise<void>;
}

/** Frames of one connection that may wait to be stored; reading from it pauses beyond. */
const PENDING_FRAMES = 64;
/** Of these, how many one commit may carry. */
const PIPELINED_FRAMES = 32;

export async function startMllp(
  options: MllpOptions,
  engine: Engine,
  events: HubEvents,
  requests: HubRequests,
): Promise<Mllp> {
  const { plan, store, clock, host } = options;
  const { limits } = plan.hub;
  const sites = hl7Sites(engine);
  const failed = (stage: string) => (error: unknown) => {
    const { code, detail } = asHubError(error);
    events.stageFailed(stage, code, detail);
  };
  const reused = watchReusedIds({
    store,
    clock,
    window_days: () => engine.plan().hub.retention.dedupe_days,
    reused: (site, messageId) => events.controlIdReused(site, messageId),
    onError: failed('control-ids'),
  });
  const later = laterAcks({
    store,
    clock,
    window_days: () => engine.plan().hub.retention.dedupe_days,
    answered: (site, code) => events.frameAnswered(site, code),
    onError: failed('acknowledge'),
  });
  const doors = new Doors({
    clock,
    limits: {
      maxFrame_bytes: limits.frame_bytes,
      maxFrame_ms: limits.mllpMessage_ms,
      idle_ms: limits.mllpIdle_ms,
      maxConnections: limits.mllpConnections,
      maxPending_frames: PENDING_FRAMES,
      pipelined_frames: PIPELINED_FRAMES,
    },
    intake: (door, refused) =>
      hl7Intake({
        clock,
        receiver: engine.receiver,
        door,
        sites,
        answered: (site, code) => events.frameAnswered(site, code),
        refused,
        stored: (site, messages) => reused.note(site, messages),
        owed: (ack) => later.owe(ack),
        requests,
        production: () => engine.plan().hub.environment === 'production',
      }),
    onEvent: (door, event) => tell(events, door, event),
  });
  const opening = async (): Promise<DoorChange> => doors.change(doorsOf(plan, host, options.mllpPort));
  const first = await opening().catch(async (error: unknown) => {
    await Promise.all([reused.stop(), later.stop()]);
    throw error;
  });
  first.commit();
  const port = doors.get(SHARED)?.port ?? options.mllpPort;
  return {
    port,
    prepare: async (next) => doors.change(doorsOf(next, host, port)),
    view: () => doors.view(),
    async close(deadline_ms) {
      await doors.close(deadline_ms);
      await Promise.all([reused.stop(), later.stop()]);
    },
  };
}

function tell(events: HubEvents, door: string, event: ListenerEvent): void {
  events.mllp(event.kind);
  if (event.kind === 'refused') events.connectionRefused(door, event.reason, event.address, event.detail);
}

/** Ports that a plan wants. A suspended site's own port is closed: its sender keeps its messages until it opens. */
export function doorsOf(plan: Plan, host: string, sharedPort: number): readonly Door[] {
  const { tls, allow } = plan.hub.mllp;
  const listening = plan.sites.flatMap((site) => {
    const address = addressOf(site);
    return address === null || site.stage === 'suspended' ? [] : [{ site, address }];
  });
  const grouped = Map.groupBy(listening, ({ site, address }) => doorOf(site.id, address.listen));
  const shared: Door = {
    key: SHARED,
    host,
    port: sharedPort,
    ...(tls === undefined ? {} : { tls }),
    admit: admission(allow),
    sites: (grouped.get(SHARED) ?? []).map(({ site }) => site.id),
  };
  const own = [...grouped].flatMap(([key, members]): readonly Door[] => {
    const port = members[0]?.address.listen.port;
    if (key === SHARED || port === undefined) return [];
    const ids = members.map(({ site }) => site.id);
    if (port === sharedPort && port !== 0) {
      const detail = `listen.port of ${ids.join(', ')} is ${port}, which all sites share (MLLP_PORT)`;
      throw new HubError('CONFIG_INVALID', { detail: `${detail}; write another port there, or remove it` });
    }
    const own_tls = members.find(({ address }) => address.listen.tls !== undefined)?.address.listen.tls;
    return [
      {
        key,
        host: members[0]?.address.listen.host ?? host,
        port,
        ...(own_tls === undefined ? {} : { tls: own_tls }),
        admit: anyOf(members.map(({ address }) => admission(address.listen.allow))),
        sites: ids,
      },
    ];
  });
  return [shared, ...own];
}

function addressOf(site: SiteSettings): Hl7Address | null {
  return kinds.get(site.kind)?.settings.hl7?.(site.settings) ?? null;
}

/** Every site that speaks HL7 v2; the same array for as long as the plan and the running connectors are the same. */
function hl7Sites(engine: Engine): () => readonly Hl7Site[] {
  let of: readonly unknown[] = [];
  let known: readonly Hl7Site[] = [];
  return () => {
    const { sites } = engine.plan();
    const seen = sites.flatMap((site) => [site, engine.runners.get(site.id)?.connector]);
    if (seen.length === of.length && seen.every((one, at) => one === of[at])) return known;
    of = seen;
    known = sites.flatMap((site) => hl7Site(site, engine));
    return known;
  };
}

function hl7Site(site: SiteSettings, engine: Engine): readonly Hl7Site[] {
  const runner = engine.runners.get(site.id);
  const feed = runner?.connector.hl7;
  if (runner !== undefined) return feed === undefined ? [] : [{ site: runner.site, feed }];
  const address = addressOf(site);
  if (address === null) return [];
  return [{ site, feed: { address }, rests: site.stage === 'suspended' ? 'suspended' : 'starting' }];
}

const REFUSALS: Readonly<Record<ConnectionRefusal, string>> = {
  address: 'its address is not on the list (allow.addresses)',
  certificate: 'its certificate is not on the list (allow.certificates)',
  connections: 'too many connections (limits.mllpConnections)',
  tls: 'TLS did not come about',
};

export function shownListeners(doors: readonly DoorView[]): readonly OpsListener[] {
  return doors.map(({ key, certificateUntil, lastRefusal, lastMessageRefusal, ...same }) => ({
    name: key,
    ...same,
    certificateUntil: certificateUntil === null ? null : formatInstant(certificateUntil),
    lastRefusal:
      lastRefusal === null
        ? null
        : {
            at: formatInstant(lastRefusal.at),
            address: lastRefusal.address,
            reason: lastRefusal.detail || REFUSALS[lastRefusal.reason],
          },
    lastMessageRefusal:
      lastMessageRefusal === null ? null : { ...lastMessageRefusal, at: formatInstant(lastMessageRefusal.at) },
  }));
}
