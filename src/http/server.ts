/**
 * The HTTP server: health, metrics, FHIR, intake and the operations page on one port. It refuses what it cannot read
 * before any of it is kept, and ends without cutting off what it has begun.
 */
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../core/error-catalogue.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { outcomeOf } from '../fhir/outcome.ts';
import { errorHandler, FHIR_TYPE, sendError } from './answer.ts';
import { beginContext, contextOf } from './context.ts';
import type { HttpDeps, HttpEvents } from './deps.ts';
import { fhirRouter, smartConfiguration } from './fhir.ts';
import { intakeRouter } from './intake.ts';
import { keySet } from './jwks.ts';
import { opsRouter } from './ops.ts';

export interface HttpOptions extends HttpDeps {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface HttpServer {
  readonly port: number;
  /** Takes no more, finishes what is under way, and cuts off what is left when the deadline has passed. */
  close(deadline_ms: number): Promise<void>;
}

/** A search of 200 parameters fits; Node's own 16 KiB would answer long ones with an empty 431. */
const HEADERS_MAX_BYTES = 65_536;
const HEADERS_WITHIN_MS = 15_000;
const KEEP_ALIVE_MS = 65_000;
/** A booking may wait for its site longer than other requests may take. */
const BEYOND_WAIT_MS = 5_000;

/** @throws HubError PORT_IN_USE */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const underWay = new Set<Response>();
  const state = { closing: false };
  const app = application(options, state, underWay);
  const timeout_ms = options.currentPlan().hub.limits.requestTimeout_ms;
  const server = createServer(
    {
      maxHeaderSize: HEADERS_MAX_BYTES,
      requestTimeout: timeout_ms,
      headersTimeout: Math.min(timeout_ms, HEADERS_WITHIN_MS),
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(timeout_ms, 5_000),
    },
    app,
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseUnread(error, socket, options.events));
  const port = await listen(server, options.host, options.port);
  return {
    port,
    close: (deadline_ms) => close(server, options, state, underWay, deadline_ms),
  };
}

function application(deps: HttpDeps, state: { readonly closing: boolean }, underWay: Set<Response>): Express {
  const app = express();
  // Versions are our ETags; express would hash every body for nothing.
  app.disable('etag').disable('x-powered-by').set('query parser', 'simple');
  app.use(begun(deps, state, underWay));
  app.get('/livez', (_req, res) => {
    res.json({ live: true });
  });
  app.get('/readyz', async (_req, res) => {
    const missing = state.closing ? ['the hub is stopping'] : (await deps.readiness()).missing;
    res.status(missing.length === 0 ? 200 : 503).json({ ready: missing.length === 0, missing });
  });
  app.get('/metrics', async (_req, res) => {
    const text = await deps.metrics();
    res.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
    res.send(text);
  });
  // Before the hub is ready, and while it stops: a site that cannot read the keys gives no token to any node.
  app.get('/.well-known/jwks/:name', keySet(deps));
  app.use(notStopping(state));
  app.get('/.well-known/smart-configuration', smartConfiguration);
  app.use('/fhir/R4', fhirRouter(deps, deps.clock.now()));
  app.use('/intake', intakeRouter(deps));
  app.use('/ops', opsRouter(deps));
  app.use(() => {
    throw new HubError('NOT_FOUND', { detail: 'nothing is served at this address; the API is at /fhir/R4' });
  });
  app.use(errorHandler(deps.events));
  return app;
}

/** Counts the request, names it, and bounds the time that it may take. */
function begun(deps: HttpDeps, state: { readonly closing: boolean }, underWay: Set<Response>): RequestHandler {
  return (req, res, next) => {
    const started = deps.clock.monotonic();
    const context = beginContext(req, res);
    res.setHeader('X-Content-Type-Options', 'nosniff');
    underWay.add(res);
    if (state.closing) res.setHeader('Connection', 'close');
    const { limits, booking } = deps.currentPlan().hub;
    const most_ms = limits.requestTimeout_ms;
    res.setTimeout(Math.max(most_ms, booking.wait_ms + Math.min(most_ms, BEYOND_WAIT_MS)), () =>
      tooSlow(req, res, deps),
    );
    res.once('close', () => {
      underWay.delete(res);
      deps.events.answered({
        method: req.method,
        route: routeOf(req),
        status: res.writableFinished ? res.statusCode : 499,
        duration_ms: deps.clock.monotonic() - started,
        requestId: context.requestId,
        client: context.caller?.id ?? null,
      });
    });
    next();
  };
}

const MOUNTED = ['/fhir/R4', '/intake', '/ops'];

/** The pattern, not the path: paths hold ids, and each would be a series of its own in the metrics. */
function routeOf(req: Request): string {
  const mount = MOUNTED.find((prefix) => req.originalUrl.startsWith(prefix)) ?? '';
  const route: unknown = req.route;
  const named = typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string';
  return named ? `${mount}${String(route.path)}` : `${mount}(none)`;
}

function tooSlow(req: Request, res: Response, deps: HttpDeps): void {
  if (res.headersSent) {
    // The caller does not read what it asked for: it holds a connection and gives nothing back.
    res.destroy();
    return;
  }
  deps.events.failed({ requestId: contextOf(req).requestId, code: 'REQUEST_TOO_SLOW', detail: routeOf(req) });
  res.setHeader('Connection', 'close');
  sendError(res, new HubError('REQUEST_TOO_SLOW'));
}

function notStopping(state: { readonly closing: boolean }): RequestHandler {
  return (_req, _res, next) => {
    if (state.closing) throw new HubError('STOPPING');
    next();
  };
}

/** What Node could not read as a request at all; it would answer with an empty body or none. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Duplex, events: HttpEvents): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code]: readonly [string, ErrorCode] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'REQUEST_TOO_LARGE']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'REQUEST_UNREADABLE']
        : ['400 Bad Request', 'REQUEST_UNREADABLE'];
  const body = JSON.stringify(outcomeOf(new HubError(code)));
  events.answered({
    method: '(none)',
    route: '(none)',
    status: Number(status.slice(0, 3)),
    duration_ms: 0,
    requestId: '(none)',
    client: null,
  });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${FHIR_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new HubError('PORT_IN_USE', { detail: `HTTP_PORT ${port} on ${host}` }) : asHubError(error));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function close(
  server: Server,
  options: HttpOptions,
  state: { closing: boolean },
  underWay: ReadonlySet<Response>,
  deadline_ms: number,
): Promise<void> {
  state.closing = true;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // A connection that was kept for the next request gets none any more; one that is busy ends with its answer.
  server.closeIdleConnections();
  for (const res of underWay) {
    if (!res.headersSent) res.setHeader('Connection', 'close');
    res.once('close', () => setImmediate(() => server.closeIdleConnections()));
  }
  const ended = new AbortController();
  const late = options.clock.sleep(deadline_ms, ended.signal).then(() => {
    if (!ended.signal.aborted) server.closeAllConnections();
  });
  await closed;
  ended.abort();
  await late;
}
