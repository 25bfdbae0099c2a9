/** Rehearses what a site's tokens take, for `slotwire check`. */
import { asHubError } from '../../core/errors.ts';
import type { BackendTokenSpec } from '../contract-auth.ts';
import type { CheckResult } from '../contract.ts';
import type { Exchanging, TokenEndpoint } from './token-exchange.ts';
import { clockText, isClockGood } from './token-refusal.ts';

export interface Rehearsed {
  readonly endpoint: (signal: AbortSignal) => Promise<TokenEndpoint>;
  readonly get: (signal: AbortSignal) => Promise<string>;
  /** Of the last question of this process; null: none, or the server tells no time. */
  readonly ahead_ms: () => number | null;
}

/** In order, up to the first that fails: what follows would fail for the same reason. */
export async function checkToken(
  { signer }: Exchanging,
  spec: BackendTokenSpec,
  signal: AbortSignal,
  { endpoint, get, ahead_ms }: Rehearsed,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const step = async (what: string, run: () => Promise<string>): Promise<boolean> => {
    try {
      results.push({ what, ok: true, detail: await run() });
      return true;
    } catch (error) {
      results.push({ what, ok: false, detail: asHubError(error).message });
      return false;
    }
  };
  if (!(await step('token endpoint', async () => (await endpoint(signal)).url))) return results;
  if (spec.auth === 'private_key_jwt') {
    const jwksUrl = signer.jwksUrl();
    const byHand = 'hub.yaml has no publicUrl: the site must have been handed the keys (slotwire keys export)';
    results.push({ what: 'JWKS URL', ok: true, detail: jwksUrl ?? byHand });
  }
  await step('access token', async () => {
    await get(signal);
    return `given to ${spec.clientId}`;
  });
  const ahead = ahead_ms();
  if (ahead !== null) results.push({ what: 'clock', ok: isClockGood(ahead), detail: clockText(ahead) });
  return results;
}
