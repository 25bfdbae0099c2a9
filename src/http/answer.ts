/** What leaves the hub: resources as text, errors as OperationOutcomes, never a stack or a statement. */
import type { ErrorRequestHandler, Request, Response } from 'express';
import { ERRORS } from '../core/error-catalogue.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { outcomeOf } from '../fhir/outcome.ts';
import { contextOf } from './context.ts';
import type { HttpEvents } from './deps.ts';

export const FHIR_TYPE = 'application/fhir+json; charset=utf-8';

export function sendFhir(res: Response, status: number, json: string): void {
  // The answer was given already: the request ran out of time, or its connection is gone.
  if (res.headersSent) return;
  res.status(status).setHeader('Content-Type', FHIR_TYPE);
  const { method } = res.req;
  if (method === 'GET' || method === 'HEAD') {
    res.send(json);
    return;
  }
  // Only those two may be answered with less than the text. Given as one text, head and body leave in one write.
  res.setHeader('Content-Length', Buffer.byteLength(json));
  res.end(json);
}

/** `status` where the one of the catalogue is not what this caller should go by. */
export function sendError(res: Response, error: HubError, status?: number): void {
  const http = status ?? ERRORS[error.code].http;
  if (http === 401) {
    const detail = error.code === 'TOKEN_INVALID' ? ', error="invalid_token"' : '';
    res.setHeader('WWW-Authenticate', `Bearer realm="slotwire"${detail}`);
  }
  if (error.retryAfter_ms !== undefined || http === 503 || http === 429) {
    res.setHeader('Retry-After', String(Math.max(1, Math.ceil((error.retryAfter_ms ?? 1000) / 1000))));
  }
  sendFhir(res, http, JSON.stringify(outcomeOf(error)));
}

/** The last handler: whatever was thrown on the way. */
export function errorHandler(events: HttpEvents): ErrorRequestHandler {
  return (thrown: unknown, req: Request, res: Response, _next) => {
    // The answer was given when the time was up; what its handler tries afterwards changes nothing.
    if (res.writableEnded || res.destroyed) return;
    const error = understood(thrown);
    if (ERRORS[error.code].http >= 500) report(events, req, error);
    if (res.headersSent) {
      // Half an answer is out: the only honest end is a broken connection.
      res.destroy();
      return;
    }
    // What was prepared for the answer that failed does not belong to this one.
    for (const name of ['ETag', 'Last-Modified', 'Location', 'Content-Location']) res.removeHeader(name);
    sendError(res, error);
  };
}

export function report(events: HttpEvents, req: Request, error: HubError): void {
  events.failed({ requestId: contextOf(req).requestId, code: error.code, detail: error.detail });
}

/** Errors of express and its body reader carry `status` and `type`; only their kind is told, not their text. */
export function understood(thrown: unknown): HubError {
  if (thrown instanceof HubError || typeof thrown !== 'object' || thrown === null) return asHubError(thrown);
  const type = 'type' in thrown && typeof thrown.type === 'string' ? thrown.type : '';
  const status = 'status' in thrown && typeof thrown.status === 'number' ? thrown.status : 500;
  if (type === 'entity.too.large' || status === 413) return new HubError('REQUEST_TOO_LARGE');
  if (type === 'encoding.unsupported' || status === 415) {
    return new HubError('MEDIA_TYPE_UNSUPPORTED', { detail: 'this content encoding is not supported' });
  }
  if (type === 'request.aborted') return new HubError('REQUEST_UNREADABLE', { detail: 'the body ended too early' });
  if (thrown instanceof URIError || (status >= 400 && status < 500)) return new HubError('REQUEST_UNREADABLE');
  return asHubError(thrown);
}
