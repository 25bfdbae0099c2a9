/**
 * Takes HL7 v2 messages over MLLP, plain or with TLS. It knows nothing of sites and stores: `receive` is handed each
 * frame, stores it and only then returns the answer, so a message is acknowledged after its commit or not at all.
 */
import { createServer, type AddressInfo, type DropArgument, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type Server as TlsServer, type TlsOptions } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { alternativeNames, type Admission, type Peer } from './admission.ts';
import { Connection } from './connection.ts';

export interface ListenerLimits {
  readonly maxFrame_bytes: number;
  /** A connection on which nothing moves for so long is closed. HL7 feeds are kept open for hours: be generous. */
  readonly idle_ms: number;
  readonly maxConnections: number;
  /** Frames of one connection that wait to be stored; reading pauses at that number. */
  readonly maxPending_frames: number;
  /**
   * Frames of one connection that may be with `receive` at once, for senders that do not wait for each answer. Above 1
   * `receive` itself must keep them in order and store none behind one that failed; a peer stands for its connection.
   * Default 1.
   */
  readonly pipelined_frames?: number;
  /** How long one message may take to arrive. Absent: as long as something moves within `idle_ms`. */
  readonly maxFrame_ms?: number;
}

interface Origin {
  /** Counts up from 1 per listener. */
  readonly connection: number;
  readonly peer: Peer;
}

/** Not on the list of addresses or certificates; too many connections; TLS did not come about. */
export type ConnectionRefusal = 'address' | 'certificate' | 'connections' | 'tls';

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
  /** A connection that was not taken; `detail` says more of what TLS could not do. */
  | {
      readonly kind: 'refused';
      readonly reason: ConnectionRefusal;
      readonly address: string;
      readonly detail: string;
    }
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
  readonly admit?: Admission;
  /**
   * Stores the frame and returns the answer (a message, not framed), null when the sender wants none. Called for the
   * frames of a connection in their order, for one at a time or `pipelined_frames`. A rejection means "not stored": no
   * answer, neither to those behind it, and the connection is closed.
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
   * For new connections; `tls` only where the listener has TLS already, and with `ca` only where it had one. Whoever is
   * not let in any more loses the connection, with `all` everyone does, once what was read is answered.
   */
  renew(next: { readonly tls?: TlsOptions; readonly admit?: Admission; readonly all?: boolean }): void;
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
  const open = new Map<Connection, Peer>();
  let count = 0;
  let closing = false;
  let admit = options.admit ?? ((): null => null);
  const accept = (socket: Socket): void => {
    const peer = peerOf(socket);
    const reason = admit(peer);
    if (closing || reason !== null) {
      socket.on('error', () => undefined);
      socket.destroy();
      if (!closing && reason !== null) options.onEvent({ kind: 'refused', reason, address: peer.address, detail: '' });
      return;
    }
    count += 1;
    const connection: Connection = new Connection(
      count,
      { ...peer, say: (message) => connection.say(message) },
      socket,
      options,
    );
    open.set(connection, peer);
    connection.done.then(
      () => open.delete(connection),
      () => open.delete(connection),
    );
  };
  const greeting = new Map<string, Socket>();
  const server = openServer(options, accept, greeting);
  server.maxConnections = options.limits.maxConnections;
  server.on('drop', (data?: DropArgument) => {
    const address = plainAddress(data?.remoteAddress);
    options.onEvent({ kind: 'refused', reason: 'connections', address, detail: '' });
  });
  const { port, address } = await listening(server, options);
  server.on('error', (error) => options.onEvent({ kind: 'listener-error', error: asHubError(error) }));
  return {
    host: address,
    port,
    connections: () => open.size,
    renew(next) {
      if (next.tls !== undefined && 'setSecureContext' in server) server.setSecureContext(next.tls);
      admit = next.admit ?? ((): null => null);
      for (const [connection, peer] of open) if (next.all === true || admit(peer) !== null) connection.finish();
    },
    async close(deadline_ms) {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of greeting.values()) socket.destroy();
      for (const connection of open.keys()) connection.finish();
      await within(deadline_ms, options.clock, Promise.all([...open.keys()].map(({ done }) => done)));
      for (const connection of open.keys()) connection.destroy();
      await closed;
    },
  };
}

/**
 * `greeting` holds the connections whose TLS handshake is not done, which nothing else knows of, by address and port.
 */
function openServer(
  options: ListenerOptions,
  accept: (socket: Socket) => void,
  greeting: Map<string, Socket>,
): Server | TlsServer {
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
    server.on('tlsClientError', (error, socket) => {
      const detail = tlsProblem(error, socket);
      options.onEvent({ kind: 'refused', reason: 'tls', address: plainAddress(socket.remoteAddress), detail });
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
  const certificate = socket.getPeerCertificate();
  const subject: Readonly<Record<string, string | readonly string[] | undefined>> = { ...certificate.subject };
  const parts = Object.entries(subject).map(([name, value]) => `${name}=${String(value)}`);
  const named = [subject['CN'] ?? []].flat().map((name) => `CN=${name}`);
  return {
    ...peer,
    certificateSubject: parts.join(', '),
    certificateNames: [...named, ...alternativeNames(certificate.subjectaltname ?? '')],
    certificateDigest: certificate.fingerprint256.replaceAll(':', ''),
  };
}

const TLS_PROBLEMS: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the sender showed no certificate',
  CERT_HAS_EXPIRED: 'the certificate of the sender has expired',
  CERT_NOT_YET_VALID: 'the certificate of the sender is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the sender is self-signed and not among the authorities',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the sender is from an authority that is not known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the sender is from an authority that is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate of the sender is from an authority that is not known',
  ERR_SSL_HTTP_REQUEST: 'the sender speaks HTTP',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the sender speaks no TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the sender speaks only an older TLS',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the sender does not trust the certificate of the hub',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'the sender does not trust the certificate of the hub',
  ERR_SSL_SSL_ALERT_CERTIFICATE_UNKNOWN: 'the sender does not trust the certificate of the hub',
  ECONNRESET: 'the sender hung up before TLS came about',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the sender did not begin TLS in time; it may speak none',
};

/** For the operator; codes of OpenSSL say nothing to most. */
function tlsProblem(error: Error, socket: TLSSocket): string {
  // A certificate that was refused ends as a reset; why stands at the socket (a code, whatever its type says).
  const refused: unknown = socket.authorizationError;
  const { code = '' } = error as NodeJS.ErrnoException;
  const name = typeof refused === 'string' ? refused : code;
  return TLS_PROBLEMS[name] ?? (name === '' ? 'TLS did not come about' : `TLS did not come about (${name})`);
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
