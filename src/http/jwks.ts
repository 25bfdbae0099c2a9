/**
 * `/.well-known/jwks/{environment}.json`: the public keys by which sites know this hub (RFC 7517; vendors/epic.md
 * section 1.2), for anybody, without a token. One set for each environment.
 */
import type { RequestHandler } from 'express';
import { HubError } from '../core/errors.ts';
import { signingOf } from '../settings/signing-spec.ts';
import type { HttpDeps } from './deps.ts';

export function keySet({
  keys,
  currentPlan,
}: Pick<HttpDeps, 'keys' | 'currentPlan'>): RequestHandler<{ name: string }> {
  return async (req, res) => {
    const [, environment] = /^([a-z]{1,20})\.json$/.exec(req.params.name) ?? [];
    if (environment === undefined) {
      const detail = `the keys of this hub are at /.well-known/jwks/${currentPlan().hub.environment}.json`;
      throw new HubError('NOT_FOUND', { detail });
    }
    const set = await keys.signing.jwks(environment);
    res.setHeader('Cache-Control', `public, max-age=${String(signingOf(currentPlan().hub).jwksCache_s)}`);
    res.json(set);
  };
}
