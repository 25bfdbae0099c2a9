/** Operators and the keys by which sites know this hub: what `slotwire keys` asks for. Public parts only. */
import express, { Router, type Request } from 'express';
import { HubError } from '../core/errors.ts';
import { formatInstant, parseInstant, type Instant } from '../core/instant.ts';
import type { AskedBy, KeyShown } from '../pipeline/signing-keys.ts';
import { FHIR_JSON, readJson } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

export function opsKeys({ keys, currentPlan, clock }: Pick<HttpDeps, 'keys' | 'currentPlan' | 'clock'>): Router {
  const router = Router();
  const body = express.raw({ type: () => true, limit: currentPlan().hub.limits.httpBody_bytes });
  const answer = (shown: readonly KeyShown[]): object => ({
    environment: currentPlan().hub.environment,
    url: keys.url(),
    keys: shown.map(told),
  });
  router.get('/', async (_req, res) => {
    res.json(answer(await keys.signing.list()));
  });
  router.post('/rotate', body, async (req, res) => {
    const { from } = fieldsOf(req);
    res.json(answer(await keys.signing.rotate(askedBy(req), fromOf(from, clock.now()))));
  });
  router.post('/:kid/withdraw', body, async (req, res) => {
    const { atOnce } = fieldsOf(req);
    if (atOnce !== undefined && typeof atOnce !== 'boolean') throw wrong('atOnce is true or false');
    await keys.signing.withdraw(askedBy(req), req.params.kid, atOnce === true);
    res.json(answer(await keys.signing.list()));
  });
  return router;
}

function told({ jwk, state, createdAt, signsFrom, publishedUntil }: KeyShown): object {
  return {
    kid: jwk.kid,
    alg: jwk.alg,
    state,
    createdAt: formatInstant(createdAt),
    signsFrom: formatInstant(signsFrom),
    publishedUntil: publishedUntil === null ? null : formatInstant(publishedUntil),
    jwk,
  };
}

/** Null: not said. */
function fromOf(value: unknown, now: Instant): Instant | null {
  if (value === undefined || value === null) return null;
  if (value === 'now') return now;
  const from = typeof value === 'string' ? parseInstant(value) : null;
  if (from === null) throw wrong("from is 'now', or a time with its zone like 2026-12-01T06:00:00Z");
  return from;
}

function fieldsOf(req: Request): Readonly<Record<string, unknown>> {
  const value = Buffer.isBuffer(req.body) && req.body.length > 0 ? readJson(req, FHIR_JSON) : {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('the body is a JSON object');
  return { ...value };
}

function askedBy(req: Request): AskedBy {
  return { scope: callerOf(req).scope, requestId: contextOf(req).requestId };
}

function wrong(detail: string): HubError {
  return new HubError('REQUEST_INVALID', { detail });
}
