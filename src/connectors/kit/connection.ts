/** Connections for one write each, which may be opened while what comes before the write is still under way. */
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { Clock } from '../../core/clock.ts';

export interface Where {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
}

export interface Connection {
  /** It stands, with TLS where that is spoken: what is sent on it may arrive. */
  stands(): boolean;
  /** Whether a write may begin on it now. */
  usable(): boolean;
  /** For one write. Null: not usable. */
  take(): Socket | null;
  /** Does nothing to one that was taken: the write ends it. */
  close(): void;
}

export interface Connections {
  open(where: Where): Connection;
  /** Those that were taken too. */
  close(): void;
}

/** So young that no server closes it: a write on a connection that is being closed would be one of unknown end. */
const YOUNG_MS = 2_000;

export function openConnections(clock: Clock): Connections {
  const open = new Set<Socket>();
  return {
    open(where) {
      let since = 0;
      let stands = false;
      let taken = false;
      let socket: Socket | null = null;
      const begin = (): Socket => {
        since = clock.monotonic();
        const made = socketTo(where);
        open.add(made);
        made.once(where.secure ? 'secureConnect' : 'connect', () => {
          stands = true;
        });
        // Who takes it listens; of one that nobody took nobody needs to know.
        made.on('error', () => undefined);
        made.once('close', () => open.delete(made));
        return made;
      };
      // What is about to be sent goes first.
      const soon = setImmediate(() => (socket ??= begin()));
      // What the site says before it was asked anything is no answer to what it will be asked.
      const isFit = (one: Socket): boolean =>
        !taken && one.writable && one.readableLength === 0 && clock.monotonic() - since <= YOUNG_MS;
      return {
        stands: () => stands,
        usable: () => socket === null || isFit(socket),
        take() {
          clearImmediate(soon);
          socket ??= begin();
          if (!isFit(socket)) return null;
          taken = true;
          return socket;
        },
        close() {
          clearImmediate(soon);
          if (!taken) socket?.destroy();
        },
      };
    },
    close() {
      for (const socket of open) socket.destroy();
    },
  };
}

function socketTo({ secure, host, port }: Where): Socket {
  if (!secure) return connect({ host, port, noDelay: true });
  // TLS names no numeric address (RFC 6066 section 3); the certificate is compared with it all the same.
  const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  const socket = connectSecurely({ host, port, ...named, ALPNProtocols: ['http/1.1'] });
  return socket.setNoDelay(true);
}
