/**
 * The listeners of a hub: one port that sites share, and ports of their own. A change of plan opens, keeps and closes
 * them one by one, so that whoever is connected to a port that did not change notices nothing.
 */
import { X509Certificate } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { instant, type Instant } from '../core/instant.ts';
import type { MllpTls } from '../settings/mllp-shape.ts';
import type { Admission, Peer } from './admission.ts';
import { startListener, type ConnectionRefusal, type Listener, type ListenerEvent } from './listener.ts';
import type { ListenerLimits } from './listener.ts';

/** A port as the plan wants it. */
export interface Door {
  /** See `doorOf` in settings/mllp-rules.ts. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly tls?: MllpTls;
  readonly admit: Admission;
  /** Whose messages arrive there. */
  readonly sites: readonly string[];
}

/** How a port stands, for the operator. */
export interface DoorView {
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly sites: readonly string[];
  readonly tls: 'none' | 'server' | 'mutual';
  /** When the hub's certificate ends; null without TLS. */
  readonly certificateUntil: Instant | null;
  readonly connections: number;
  /** All since the hub started. */
  readonly connectedTotal: number;
  readonly refusedTotal: Readonly<Record<ConnectionRefusal, number>>;
  readonly lastRefusal: ShownRefusal | null;
  readonly messagesRefusedTotal: number;
  readonly lastMessageRefusal: { readonly at: Instant; readonly site: string | null; readonly reason: string } | null;
}

export interface ShownRefusal {
  readonly at: Instant;
  readonly address: string;
  readonly reason: ConnectionRefusal;
  readonly detail: string;
}

export type TakeFrame = (frame: Uint8Array, peer: Peer) => Promise<Uint8Array | null>;

export interface DoorsOptions {
  readonly clock: Clock;
  readonly limits: ListenerLimits;
  /** What is done with the frames of a door; `refused` is told of every message that is not taken. */
  readonly intake: (door: string, refused: (site: string | null, reason: string) => void) => TakeFrame;
  readonly onEvent: (door: string, event: ListenerEvent) => void;
}

/** A change that is prepared: new ports are open and take nothing yet. */
export interface DoorChange {
  /** The new plan is in force. */
  commit(): void;
  /** It is not: everything stands as before. */
  rollback(): Promise<void>;
}

/** How long those who are connected to a port that closes may take to get their answers. */
const FAREWELL_MS = 5_000;

export class Doors {
  readonly #options: DoorsOptions;
  #open = new Map<string, OpenDoor>();

  constructor(options: DoorsOptions) {
    this.#options = options;
  }

  get(key: string): Listener | undefined {
    return this.#open.get(key)?.listener;
  }

  view(): readonly DoorView[] {
    return [...this.#open.values()].map((one) => one.view());
  }

  /** @throws HubError PORT_IN_USE, CONFIG_INVALID; then nothing has changed */
  async change(wanted: readonly Door[]): Promise<DoorChange> {
    const before = this.#open;
    const left = [...before.values()].filter((old) => !wanted.some((door) => old.canBecome(door)));
    const fresh = wanted.filter((door) => before.get(door.key)?.canBecome(door) !== true);
    const opened: OpenDoor[] = [];
    const closed: OpenDoor[] = [];
    const rollback = async (): Promise<void> => {
      for (const one of opened) one.close(0);
      for (const old of closed) await old.reopen();
    };
    try {
      // One after the other: of two sites that want one port the second is told.
      for (const door of fresh) {
        const earlier = before.get(door.key);
        // A free port that was found once is kept: its senders know it.
        const port = door.port === 0 ? (earlier?.listener.port ?? 0) : door.port;
        const inTheWay = left.filter((old) => old.listener.port === port && !closed.includes(old));
        for (const old of inTheWay) old.close(FAREWELL_MS);
        closed.push(...inTheWay);
        opened.push(await OpenDoor.open({ ...door, port }, this.#options, earlier?.counts));
      }
    } catch (error) {
      await rollback();
      throw error;
    }
    return {
      rollback,
      commit: () => {
        for (const old of left) if (!closed.includes(old)) old.close(FAREWELL_MS);
        this.#open = new Map(
          wanted.flatMap((door) => {
            const kept = opened.find(({ key }) => key === door.key) ?? before.get(door.key);
            return kept === undefined ? [] : [[door.key, kept] as const];
          }),
        );
        for (const door of wanted) this.#open.get(door.key)?.become(door);
      },
    };
  }

  async close(deadline_ms: number): Promise<void> {
    await Promise.all([...this.#open.values()].map((one) => one.listener.close(deadline_ms)));
  }
}

interface Counts {
  connected: number;
  readonly refused: Record<ConnectionRefusal, number>;
  lastRefusal: ShownRefusal | null;
  messagesRefused: number;
  lastMessageRefusal: DoorView['lastMessageRefusal'];
}

class OpenDoor {
  readonly counts: Counts;
  readonly key: string;
  listener: Listener;
  readonly #options: DoorsOptions;
  /** Frames wait here until the plan that wants this door is in force. */
  readonly #inForce = Promise.withResolvers<undefined>();
  #door: Door;

  static async open(door: Door, options: DoorsOptions, counts: Counts | undefined): Promise<OpenDoor> {
    const kept = counts ?? {
      connected: 0,
      refused: { address: 0, certificate: 0, connections: 0, tls: 0 },
      lastRefusal: null,
      messagesRefused: 0,
      lastMessageRefusal: null,
    };
    return await new OpenDoor(door, options, kept).#start(door.port);
  }

  private constructor(door: Door, options: DoorsOptions, counts: Counts) {
    this.key = door.key;
    this.counts = counts;
    this.listener = NOT_OPEN;
    this.#door = door;
    this.#options = options;
    // Refused when the plan is, whether or not a frame waits.
    this.#inForce.promise.catch(() => undefined);
  }

  async #start(port: number): Promise<this> {
    const { clock, limits } = this.#options;
    const take = this.#options.intake(this.key, (site, reason) => {
      this.counts.messagesRefused += 1;
      this.counts.lastMessageRefusal = { at: clock.now(), site, reason };
    });
    this.listener = await startListener({
      host: this.#door.host,
      port,
      clock,
      limits,
      ...(this.#door.tls === undefined ? {} : { tls: tlsOptions(this.#door.tls) }),
      admit: this.#door.admit,
      receive: async (frame, peer) => {
        await this.#inForce.promise;
        return await take(frame, peer);
      },
      onEvent: (event) => this.#heard(event),
    }).catch((error: unknown) => {
      throw namingSites(error, this.#door);
    });
    return this;
  }

  /** Whether the listener that is open can take this on without being opened anew. */
  canBecome(door: Door): boolean {
    const samePort = door.port === 0 || door.port === this.listener.port;
    const samePlace = door.key === this.key && door.host === this.#door.host && samePort;
    return samePlace && kindOfTls(door.tls) === kindOfTls(this.#door.tls);
  }

  become(door: Door): void {
    this.#inForce.resolve(undefined);
    const sendersChanged = door.tls?.ca !== this.#door.tls?.ca;
    this.#door = door;
    this.listener.renew({
      ...(door.tls === undefined ? {} : { tls: tlsOptions(door.tls) }),
      admit: door.admit,
      // Those who connected by an authority that is not trusted any more must show their certificate again.
      ...(sendersChanged ? { all: true } : {}),
    });
  }

  close(deadline_ms: number): void {
    this.#inForce.reject(new HubError('NOT_READY', { detail: 'the configuration that opened this port was refused' }));
    this.listener.close(deadline_ms).catch(() => undefined);
  }

  /** On the port that it had: its senders know no other. */
  async reopen(): Promise<void> {
    await this.#start(this.listener.port);
  }

  view(): DoorView {
    const { tls, sites, key } = this.#door;
    const { host, port } = this.listener;
    const { connected, refused, lastRefusal, messagesRefused, lastMessageRefusal } = this.counts;
    return {
      key,
      host,
      port,
      sites,
      tls: kindOfTls(tls),
      certificateUntil: tls === undefined ? null : instant(new X509Certificate(tls.certificate).validToDate.getTime()),
      connections: this.listener.connections(),
      connectedTotal: connected,
      refusedTotal: { ...refused },
      lastRefusal,
      messagesRefusedTotal: messagesRefused,
      lastMessageRefusal,
    };
  }

  #heard(event: ListenerEvent): void {
    if (event.kind === 'connected') this.counts.connected += 1;
    if (event.kind === 'refused') {
      const { reason, address, detail } = event;
      this.counts.refused[reason] += 1;
      this.counts.lastRefusal = { at: this.#options.clock.now(), address, reason, detail };
    }
    this.#options.onEvent(this.key, event);
  }
}

/** In the place of a listener that is just being opened. */
const NOT_OPEN: Listener = {
  host: '',
  port: 0,
  connections: () => 0,
  renew: () => undefined,
  close: () => Promise.resolve(),
};

function kindOfTls(tls: MllpTls | undefined): DoorView['tls'] {
  if (tls === undefined) return 'none';
  return tls.ca === undefined ? 'server' : 'mutual';
}

function tlsOptions({ key, certificate, ca, minVersion }: MllpTls): TlsOptions {
  const senders = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return { key, cert: certificate, minVersion, ...senders };
}

function namingSites(error: unknown, { sites, key }: Door): unknown {
  if (!(error instanceof HubError) || key === 'shared') return error;
  const detail = `${error.detail} (settings.listen of ${sites.join(', ')})`;
  return new HubError(error.code, { detail, cause: error });
}
