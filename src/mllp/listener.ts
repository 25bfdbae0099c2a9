/**
 * Takes HL7 v2 messages over MLLP, plain or with TLS. It knows nothing of sites and stores: `receive` is handed each
 * frame, stores it and only then returns the answer, so a message is acknowledged after its commit or not at all.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { Connection } from './connection.ts';

export interface Peer {
  /** IPv4 in its own form, also where the listener is bound to IPv6. */
  readonly address: string;
  readonly port: number;
  /** Of the client certificate that was verified, as `CN=engine, O=Riverside`; absent without mutual TLS. */
  readonly certificateSubject?: string;
}

export interface ListenerLimits {
  readonly maxFrame_bytes: number;
  /** A connection on which nothing moves for so long is closed. HL7 feeds are kept open for hours: be generous. */
  readonly idle_ms: number;
  readonly maxConnections: number;
  /** Frames of one connection that wait to be stored; reading pauses at that number. */
  readonly maxPending_frames: number;
  /** How long one message may take to arrive. Absent: as long as something moves within `idle_ms`. */
  readonly maxFrame_ms?: number;
}

interface Origin {
  /** Counts up from 1 per listener. */
  readonly connection: number;
  readonly peer: Peer;
}

/** For counters and logs; none holds content of a message. */
export type ListenerEvent =
  | ({ readonly kind: 'connected' } & Origin)
  | ({ readonly kind: 'disconnected' } & Origin)
  | ({ readonly kind: 'frame'; readonly length: number; readonly finalCr: boolean } & Origin)
  | ({ readonly kind: 'answered' } & Origin)
  /** The message is stored, its sender went away before the answer and will send it again. */
  | ({ readonly kind: 'answer-undelivered' } & Origin)
  | ({ readonly kind: 'garbage'; readonly length: number } & Origin)
  | ({ readonly kind: 'stray-fs' } & Origin)
  /** The sender began a message anew without closing the one before, of which `length` bytes were dropped. */
  | ({ readonly kind: 'restarted'; readonly length: number } & Origin)
  | ({ readonly kind: 'oversize'; readonly length: number } & Origin)
  | ({ readonly kind: 'refused-charset'; readonly length: number } & Origin)
  | ({ readonly kind: 'dropped-mid-frame'; readonly length: number } & Origin)
  | ({ readonly kind: 'idle-closed' } & Origin)
  /** `receive` failed, or a message had no end; the connection is closed and its sender repeats. */
  | ({ readonly kind: 'error'; readonly error: HubError } & Origin)
  | { readonly kind: 'refused'; readonly reason: 'not-admitted' | 'connections' | 'tls'; readonly address: string }
  | { readonly kind: 'listener-error'; readonly error: HubError };

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly limits: ListenerLimits;
  readonly clock: Clock;
  /** See `FrameOptions.finalCr`. Default `required`. */
  readonly finalCr?: 'required' | 'optional';
  /** Mutual TLS: `{ key, cert, ca, requestCert: true, rejectUnauthorized: true }`. */
  readonly tls?: TlsOptions;
  /** Allow-list by address and certificate. Absent: everyone. */
  readonly admit?: (peer: Peer) => boolean;
  /**
   * Stores the frame and returns the answer (a message, not framed), null when the sender wants none. Called for one
   * frame of a connection at a time, in their order. A rejection means "not stored": no answer, the connection is
   * closed.
   */
  readonly receive: (frame: Uint8Array, peer: Peer) => Promise<Uint8Array | null>;
  /** Answer to a message above the limit, of which only `head` is known. Absent: AR or CR under its control id. */
  readonly oversize?: (head: Uint8Array, length: number, peer: Peer) => Promise<Uint8Array | null>;
  /** MSH-10 of the answers that the listener makes itself. Absent: random. */
  readonly controlId?: () => string;
  readonly onEvent: (event: ListenerEvent) => void;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  connections(): number;
  /**
   * Takes no more connections and frames, answers what it has read, ends the connections; those that have not ended
   * after `deadline_ms` are cut. What was read in part is not acknowledged, so it comes again.
   */
  close(deadline_ms: number): Promise<void>;
}

const KEEP_ALIVE_MS = 60_000;
const HANDSHAKE_MS = 10_000;

/** @throws HubError PORT_IN_USE, or CONFIG_INVALID when the address or the TLS material cannot be used */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const open = new Set<Connection>();
  let count = 0;
  let closing = false;
  const accept = (socket: Socket): void => {
    const peer = peerOf(socket);
    if (closing || options.admit?.(peer) === false) {
      socket.on('error', () => undefined);
      socket.destroy();
      if (!closing) options.onEvent({ kind: 'refused', reason: 'not-admitted', address: peer.address });
      return;
    }
    count += 1;
    const connection = new Connection(count, peer, socket, options);
    open.add(connection);
    connection.done.then(
      () => open.delete(connection),
      () => open.delete(connection),
    );
  };
  const greeting = new Map<string, Socket>();
  const server = openServer(options, accept, greeting);
  server.maxConnections = options.limits.maxConnections;
  server.on('drop', (data) => {
    options.onEvent({ kind: 'refused', reason: 'connections', address: plainAddress(data?.remoteAddress) });
  });
  const { port, address } = await listening(server, options);
  server.on('error', (error) => options.onEvent({ kind: 'listener-error', error: asHubError(error) }));
  return {
    host: address,
    port,
    connections: () => open.size,
    async close(deadline_ms) {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of greeting.values()) socket.destroy();
      for (const connection of open) connection.finish();
      await within(deadline_ms, options.clock, Promise.all([...open].map((connection) => connection.done)));
      for (const connection of open) connection.destroy();
      await closed;
    },
  };
}

/**
 * `greeting` holds the connections whose TLS handshake is not done, which nothing else knows of, by address and port.
 */
function openServer(options: ListenerOptions, accept: (socket: Socket) => void, greeting: Map<string, Socket>): Server {
  // Half-open: a sender that has said all it wants and waits for its answers must still get them.
  const shared = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  if (options.tls === undefined) return createServer(shared, accept);
  try {
    // A peer that leaves in the middle of the handshake is not noticed (half-open), only timed out.
    const server = createTlsServer({ handshakeTimeout: HANDSHAKE_MS, ...shared, ...options.tls }, (socket) => {
      greeting.delete(keyOf(socket));
      accept(socket);
    });
    server.on('connection', (socket: Socket) => {
      const key = keyOf(socket);
      greeting.set(key, socket);
      socket.once('close', () => greeting.get(key) === socket && greeting.delete(key));
    });
    server.on('tlsClientError', (_error, socket) => {
      options.onEvent({ kind: 'refused', reason: 'tls', address: plainAddress(socket.remoteAddress) });
    });
    return server;
  } catch (cause) {
    throw new HubError('CONFIG_INVALID', { detail: 'the TLS key or certificate of the MLLP listener', cause });
  }
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`;
}

async function listening(server: Server, options: ListenerOptions): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const where = `${options.host}:${options.port}`;
      const code = cause.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'CONFIG_INVALID';
      reject(new HubError(code, { detail: `MLLP on ${where}: ${cause.message}`, cause }));
    });
    server.listen(options.port, options.host, resolve);
  });
  server.removeAllListeners('error');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new HubError('INTERNAL', { detail: 'no TCP address' });
  return address;
}

function peerOf(socket: Socket): Peer {
  const peer = { address: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 };
  if (!(socket instanceof TLSSocket) || !socket.authorized) return peer;
  const subject: Readonly<Record<string, string | readonly string[] | undefined>> = {
    ...socket.getPeerCertificate().subject,
  };
  const parts = Object.entries(subject).map(([name, value]) => `${name}=${String(value)}`);
  return { ...peer, certificateSubject: parts.join(', ') };
}

function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/, '') ?? '';
}

/** Waits for `work`, but not longer than `ms`. */
async function within(ms: number, clock: Clock, work: Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  await Promise.race([work, clock.sleep(ms, stop.signal)]);
  stop.abort();
}
