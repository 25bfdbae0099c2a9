/**
 * Stands between a connector and its simulator: writes down every call as it arrives, can keep a call or its answer
 * back, and can answer in the vendor's place. So a rule says "while this call is under way" without a sleep. What the
 * simulator does to a connection (cutting it after the write) is done to the connector's too.
 */
import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../src/core/clock.ts';
import type { Cleanup } from '../support/database.ts';

export interface Seen {
  /** `GET /api/v1/appointments?max=100` */
  readonly call: string;
  /** Milliseconds of the rig's clock that only grow. */
  readonly at: number;
}

export interface Held {
  /** Resolves when a call is kept back. */
  readonly reached: Promise<void>;
  release(): void;
}

export interface Canned {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Gateway {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Connections that the connector holds open. */
  readonly open: number;
  /** Calls that `answer` answered. */
  readonly answered: number;
  /** Keeps back the next call that contains `match`, before it reaches the site or after the site has done it. */
  hold(match: string, what: 'call' | 'answer'): Held;
  /**
   * The next `times` calls that contain `match` never reach the site and are answered so; it replaces what was said
   * before.
   */
  answer(match: string, canned: Canned, times?: number): void;
}

interface Hold {
  readonly match: string;
  readonly what: 'call' | 'answer';
  readonly reach: () => void;
  readonly released: Promise<void>;
}
interface Instead {
  readonly match: string;
  readonly canned: Canned;
  left: number;
}

export async function openGateway(cleanup: Cleanup, target: string, clock: Clock): Promise<Gateway> {
  const seen: Seen[] = [];
  const holds: Hold[] = [];
  const instead: Instead[] = [];
  const sockets = new Set<Socket>();
  let answered = 0;
  const agent = new Agent({ keepAlive: true });

  const wait = async (call: string, what: Hold['what']): Promise<void> => {
    const index = holds.findIndex((one) => one.what === what && call.includes(one.match));
    if (index < 0) return;
    const [held] = holds.splice(index, 1);
    held?.reach();
    await held?.released;
  };
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const call = `${incoming.method ?? ''} ${incoming.url ?? ''}`;
    seen.push({ call, at: clock.monotonic() });
    const body = await bodyOf(incoming);
    const own = instead.find((one) => one.left > 0 && call.includes(one.match));
    if (own !== undefined) {
      own.left -= 1;
      outgoing.writeHead(own.canned.status, { 'content-type': 'application/json', ...own.canned.headers });
      outgoing.end(own.canned.body ?? '{}', () => (answered += 1));
      return;
    }
    await wait(call, 'call');
    const answer = await forward(new URL(incoming.url ?? '/', target), incoming, body, agent);
    await wait(call, 'answer');
    const headers = { ...answer.headers };
    delete headers['transfer-encoding'];
    outgoing.writeHead(answer.status, { ...headers, 'content-length': String(answer.body.length) });
    outgoing.end(answer.body);
  };

  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  // Nothing but the connector ends its connections.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.after(async () => {
    agent.destroy();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get open() {
      return sockets.size;
    },
    get answered() {
      return answered;
    },
    hold(match, what) {
      let reach = (): void => undefined;
      let release = (): void => undefined;
      const reached = new Promise<void>((resolve) => (reach = resolve));
      const released = new Promise<void>((resolve) => (release = resolve));
      holds.push({ match, what, reach, released });
      return { reached, release };
    },
    answer(match, canned, times = 1) {
      instead.splice(0, instead.length, { match, canned, left: times });
    },
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function forward(url: URL, incoming: IncomingMessage, body: Buffer, agent: Agent): Promise<Answered> {
  // A write gets a connection of its own: a kept one that the site closes must not look like a lost answer.
  const own = incoming.method === 'GET' ? { agent } : { agent: false as const };
  return new Promise((resolve, reject) => {
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    const call = send(url, { method: incoming.method ?? 'GET', headers, ...own }, (answer) => {
      bodyOf(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    call.once('error', reject);
    call.end(body);
  });
}
