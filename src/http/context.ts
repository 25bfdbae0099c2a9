/** What belongs to one request: its id, its trace, its caller. */
import type { Request, Response } from 'express';
import { HubError } from '../core/errors.ts';
import { requestId } from '../core/ids.ts';
import type { Caller } from './auth.ts';

export interface RequestContext {
  readonly requestId: string;
  /** W3C trace context, carried on to messages, bookings and deliveries; null: none came. */
  readonly trace: string | null;
  caller: Caller | null;
}

const contexts = new WeakMap<Request, RequestContext>();

const ID = /^[A-Za-z0-9._-]{1,64}$/;
const TRACE = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A caller's own id is kept as it is; one that does not fit in a log line is replaced (FHIR R4 http.html#custom). */
export function beginContext(req: Request, res: Response): RequestContext {
  const given = req.get('x-request-id');
  const trace = req.get('traceparent');
  const context: RequestContext = {
    requestId: given !== undefined && ID.test(given) ? given : requestId(),
    trace: trace !== undefined && TRACE.test(trace) ? trace : null,
    caller: null,
  };
  res.setHeader('X-Request-Id', context.requestId);
  contexts.set(req, context);
  return context;
}

export function contextOf(req: Request): RequestContext {
  const context = contexts.get(req);
  if (context === undefined) throw new HubError('INTERNAL', { detail: 'a request was routed before it had a context' });
  return context;
}

/** @throws HubError TOKEN_MISSING when the route was not behind authentication */
export function callerOf(req: Request): Caller {
  const { caller } = contextOf(req);
  if (caller === null) throw new HubError('TOKEN_MISSING');
  return caller;
}

/** Where this hub answers, as the caller reached it: what links in answers begin with. */
export function fhirBase(req: Request): string {
  const host = req.get('host') ?? '';
  const { localAddress = '127.0.0.1', localPort = 0 } = req.socket;
  // A Host that is no host would make links that lead elsewhere.
  const shown = /^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$|^\[[0-9a-fA-F:]{2,45}\](?::\d{1,5})?$/.test(host)
    ? host
    : `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
  return `${req.protocol}://${shown}/fhir/R4`;
}
