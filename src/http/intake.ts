/**
 * Webhooks from sites: `/intake/{site}`. The bytes go to the pipeline as they came, since the signature is over them.
 * What is acknowledged is stored; what is not stored is answered with an error, on which the vendor sends it again
 * (5xx) or its IT team finds out (4xx).
 */
import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import type { RawRequest, RawResponse } from '../connectors/contract.ts';
import { ERRORS } from '../core/error-catalogue.ts';
import { HubError } from '../core/errors.ts';
import { sendError, understood } from './answer.ts';
import { contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

/**
 * Verifies, stores and answers one webhook; resolves only after the commit.
 * @throws HubError SITE_UNKNOWN, WEBHOOK_UNSUPPORTED, SIGNATURE_MISSING, SIGNATURE_WRONG, WEBHOOK_UNREADABLE;
 * anything else means that it was not stored
 */
export type ReceiveWebhook = (site: string, request: RawRequest, trace: string | null) => Promise<RawResponse>;

type IntakeDeps = Pick<HttpDeps, 'receiveWebhook' | 'currentPlan' | 'events'>;

export function intakeRouter(deps: IntakeDeps): Router {
  const router = Router();
  router.all('/:site', async (req, res) => {
    const { site } = req.params;
    try {
      // Before the body is read: an unknown site costs no memory.
      if (!deps.currentPlan().sites.some(({ id }) => id === site)) throw new HubError('SITE_UNKNOWN');
      const body = await rawBody(req, res, deps.currentPlan().hub.limits.webhookBody_bytes);
      const answer = await deps.receiveWebhook(site, rawRequest(req, body), contextOf(req).trace);
      deps.events.intake({ site, outcome: 'stored' });
      res.status(answer.status).set(answer.headers).send(answer.body);
    } catch (thrown) {
      refuse(req, res, thrown, deps);
    }
  });
  return router;
}

function refuse(req: Request, res: Response, thrown: unknown, deps: IntakeDeps): void {
  const error = understood(thrown);
  const known = deps.currentPlan().sites.some(({ id }) => id === req.params['site']);
  // An unknown name is a stranger's text and would make a series of its own in the metrics.
  deps.events.intake({
    site: known ? (req.params['site'] as string) : '(unknown)',
    outcome: isAborted(thrown) ? 'aborted' : error.code,
  });
  const status = ERRORS[error.code].http;
  if (status >= 500) {
    deps.events.failed({ requestId: contextOf(req).requestId, code: error.code, detail: error.detail });
  }
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  // Not stored, for whatever reason of ours: 503 is what every vendor takes as "again, later".
  sendError(res, error, status >= 500 ? 503 : status);
}

/** The body ended before its announced length: what express.raw calls it. */
function isAborted(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'type' in thrown && thrown.type === 'request.aborted';
}

/** @throws what express.raw throws, with `type` and `status` */
async function rawBody(req: Request, res: Response, limit: number): Promise<Buffer> {
  const read: RequestHandler = express.raw({ type: () => true, limit });
  await new Promise<void>((resolve, reject) => {
    const done = (error?: unknown): void => {
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new HubError('REQUEST_UNREADABLE'));
    };
    Promise.resolve(read(req, res, done)).catch(done);
  });
  const body: unknown = req.body;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function rawRequest(req: Request, body: Buffer): RawRequest {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(req.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    method: req.method,
    url: req.originalUrl,
    headers,
    body,
    remoteAddress: req.socket.remoteAddress ?? '',
  };
}
