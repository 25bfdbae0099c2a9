/** Access tokens for calls without a person: OAuth 2 client credentials. Part of connectors/contract.ts. */
import type { CheckResult } from './contract.ts';

/**
 * How a site knows this client. Two connectors that ask for the same share one token, on all nodes of the hub.
 * `private_key_jwt`: SMART Backend Services, signed by the hub's own key, which the site reads at the hub's JWKS URL.
 */
export interface BackendTokenSpec {
  /** Absent: `token_endpoint` of `{fhirBaseUrl}/.well-known/smart-configuration`. */
  readonly tokenUrl?: string | undefined;
  readonly fhirBaseUrl?: string | undefined;
  readonly clientId: string;
  /** Absent: none is sent, and the site grants what the client is registered for. */
  readonly scope?: string | undefined;
  readonly auth: 'private_key_jwt' | 'client_secret_basic' | 'client_secret_post';
  /** Of the two with a secret. */
  readonly secret?: string | undefined;
  /** `aud` of the assertion, where the site wants another than the token URL. */
  readonly audience?: string | undefined;
  /** A new token is not asked for more often. Absent: 5 s. Oracle Health: 60 s. */
  readonly atMostEvery_s?: number | undefined;
}

export interface BackendToken {
  /**
   * A token that is good for the next call, nearly always from memory. Asked for before the one in use ends, so that no
   * call waits for it.
   * @throws HubError SITE_TOKEN_REFUSED (the detail lists what to check), SITE_UNREACHABLE, SITE_FAILED,
   * SITE_RATE_LIMITED, SITE_ANSWER_UNREADABLE, STOPPING when the signal aborts
   */
  get(signal: AbortSignal): Promise<string>;
  /** The site answered 401 to this token: it is given to nobody any more, on no node. Others are not touched. */
  refused(token: string): void;
  /** Rehearses: where tokens come from, the key, the clock, a token. */
  check(signal: AbortSignal): Promise<readonly CheckResult[]>;
}
