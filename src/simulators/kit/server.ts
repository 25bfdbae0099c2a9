/**
 * The HTTP face of a simulator: the vendor's edge and faults around its endpoints, and `/__sim/` beside them, free of
 * both.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { systemClock } from '../../core/clock.ts';
import type { SimulatedClock } from './clock.ts';
import { control } from './control.ts';
import type { Faults } from './faults.ts';
import type { SimulatorParts } from './kind.ts';
import { EdgeLimits } from './limits.ts';
import { findRoute, Refusal, type Answer, type Call } from './route.ts';
import type { Store } from './store.ts';

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const ECHO_LIMIT_MS = 5000;

export interface ServerOptions {
  readonly identity: { readonly site: string; readonly kind: string };
  readonly parts: SimulatorParts;
  readonly store: Store;
  readonly faults: Faults;
  readonly clock: SimulatedClock;
}

interface Worked {
  readonly answer: Answer;
  readonly wrote: boolean;
  readonly queued: readonly string[];
}

/** Counts calls by route and status, for whoever checks how often the hub asked. */
export type CallCounts = Map<string, number>;

export function simulatorServer(options: ServerOptions): Server {
  const { parts, faults } = options;
  const limits = new EdgeLimits(faults, parts.edge, () => systemClock.monotonic());
  const calls: CallCounts = new Map();
  const server = createServer((request, response) => {
    const failed = (): void => {
      if (!response.headersSent) send(options, response, parts.edge.failed());
      else response.destroy();
    };
    if ((request.url ?? '').startsWith('/__sim/')) {
      answerControl(options, calls, request, response).catch(failed);
    } else {
      answerVendor(options, limits, calls, request, response).catch(failed);
    }
  });
  server.keepAliveTimeout = 60_000;
  return server;
}

async function answerControl(
  options: ServerOptions,
  calls: CallCounts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const url = new URL(request.url ?? '/', 'http://simulator');
  const answer = await control({ ...options, calls }, request.method ?? 'GET', url, body ?? Buffer.alloc(0));
  send(options, response, answer);
  options.parts.echo?.takeQueued();
  options.parts.echo?.ring();
}

async function answerVendor(
  options: ServerOptions,
  limits: EdgeLimits,
  calls: CallCounts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { parts, faults } = options;
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', 'http://simulator');
  const label = `${method} ${url.pathname}`;
  const address = request.socket.remoteAddress ?? '';
  parts.edge.seen?.(url.pathname);
  if (faults.take('outage', label)) {
    request.socket.destroy();
    return;
  }
  const count = (status: number | string): void => {
    const key = `${method} ${url.pathname.replace(/\d{3,}/g, ':id')} ${status}`;
    calls.set(key, (calls.get(key) ?? 0) + 1);
  };
  const leave = limits.enter(address);
  // The body is read in any case: answering with unread bytes resets the connection, and the 429 would be lost.
  const body = await readBody(request);
  if (leave === null || body === null) {
    const answer = leave === null ? parts.edge.limited() : parts.edge.failed();
    count(answer.status);
    leave?.();
    send(options, response, answer);
    return;
  }
  try {
    faults.felt('clockSkewMs');
    await delayed(faults.felt('latencyMs'));
    const worked = await work(options, { method, url, label, request, body, address });
    if (worked.wrote && faults.take('dropAnswer', label)) {
      count('dropped');
      request.socket.destroy();
      parts.echo?.ring();
      return;
    }
    if (worked.queued.length > 0 && faults.take('echoFirst', label)) {
      await parts.echo?.firstAttempts(worked.queued, ECHO_LIMIT_MS);
    }
    await delayed(faults.felt('answerDelayMs'));
    count(worked.answer.status);
    send(options, response, worked.answer);
    parts.echo?.ring();
  } finally {
    leave();
  }
}

interface Incoming {
  readonly method: string;
  readonly url: URL;
  readonly label: string;
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly address: string;
}

async function work(options: ServerOptions, incoming: Incoming): Promise<Worked> {
  const { parts, faults, store, clock } = options;
  const early = parts.edge.intercept?.(incoming.label) ?? null;
  if (early !== null) return { answer: early, wrote: false, queued: [] };
  if (faults.takeShare('errorRate')) return { answer: parts.edge.failed(), wrote: false, queued: [] };
  const path = endpointPath(parts, incoming.url.pathname);
  const found = findRoute(parts.routes, incoming.method, path);
  if (found.kind === 'none') return { answer: parts.edge.notFound(path), wrote: false, queued: [] };
  if (found.kind === 'wrong-method') return { answer: parts.edge.wrongMethod(), wrote: false, queued: [] };
  const stale = incoming.method === 'GET' ? faults.felt('staleReads') : faults.number('staleReads');
  let wrote = false;
  const call: Call = {
    method: incoming.method,
    path,
    params: found.params,
    query: incoming.url.searchParams,
    headers: incoming.request.headers,
    body: incoming.body,
    address: incoming.address,
    view: stale > 0 ? store.asOf(clock.real() - stale) : store,
    write: (change) => {
      const result = store.write(change, faults.strikes('silentDrop', incoming.label));
      faults.take('silentDrop', incoming.label);
      wrote = true;
      return result;
    },
  };
  try {
    const given = found.route.handle(call);
    // Nothing may come between a write and the taking of what it queued: another call's would be taken for it.
    const answer = given instanceof Promise ? await given : given;
    return { answer, wrote, queued: parts.echo?.takeQueued() ?? [] };
  } catch (error) {
    parts.echo?.takeQueued();
    if (error instanceof Refusal) return { answer: error.answer, wrote: false, queued: [] };
    process.stderr.write(`${incoming.label}: ${error instanceof Error ? (error.stack ?? '') : 'thrown'}\n`);
    return { answer: parts.edge.failed(), wrote: false, queued: [] };
  }
}

async function delayed(ms: number): Promise<void> {
  if (ms > 0) await systemClock.sleep(ms);
}

function endpointPath(parts: SimulatorParts, pathname: string): string {
  const mount = parts.mount.find((prefix) => pathname === prefix || pathname.startsWith(`${prefix}/`)) ?? '';
  const path = pathname.slice(mount.length);
  if (parts.suffix !== undefined && path.endsWith(parts.suffix)) return path.slice(0, -parts.suffix.length);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Null when the body is larger than any call of a vendor API. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const piece = part as Buffer;
    bytes += piece.length;
    if (bytes <= MAX_BODY_BYTES) parts.push(piece);
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(parts);
}

function send(options: ServerOptions, response: ServerResponse, answer: Answer): void {
  const isText = typeof answer.body === 'string';
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'content-type': isText ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    date: new Date(options.clock.now()).toUTCString(),
    ...answer.headers,
  });
  response.end(text);
}
