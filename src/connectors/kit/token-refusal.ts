/**
 * Why an authorization server gives no token, for the person who must find out. Servers tell next to nothing: Epic
 * answers `invalid_client` without a description to every mistake (vendors/epic.md section 1.3).
 */
import type { BackendTokenSpec } from '../contract-auth.ts';

export interface Refused {
  readonly spec: BackendTokenSpec;
  readonly audience: string;
  /** Of the key that signed; null: a secret was sent. */
  readonly kid: string | null;
  /** Our clock minus the server's; null: it tells no time. */
  readonly ahead_ms: number | null;
  readonly jwksUrl: string | null;
  /** The body; null: no JSON object. */
  readonly answer: Readonly<Record<string, unknown>> | null;
}

/** Our time stands five seconds back in an assertion, and the assertion lives for four minutes. */
const MOST_AHEAD_MS = 5_000;
const MOST_BEHIND_MS = 120_000;

export function isClockGood(ahead_ms: number): boolean {
  return ahead_ms <= MOST_AHEAD_MS && ahead_ms >= -MOST_BEHIND_MS;
}

/** `this hub's clock is 7.2 s ahead of the server's`. */
export function clockText(ahead_ms: number | null): string {
  if (ahead_ms === null) return 'the server tells no time (Date header)';
  const seconds = (Math.abs(ahead_ms) / 1000).toFixed(1);
  return `this hub's clock is ${seconds} s ${ahead_ms < 0 ? 'behind' : 'ahead of'} the server's`;
}

export function refusalText(refused: Refused): string {
  const { spec, answer } = refused;
  const error = wordOf(answer?.['error']);
  const said = described(answer?.['error_description'], spec.secret);
  const head = `${error ?? 'without an OAuth error code'}${said === null ? '' : ` ("${said}")`}`;
  if (error === 'invalid_scope') {
    const write = 'Ask for what the client is registered for, in the form that the site writes (SMART v1 or v2).';
    return `${head}. Scope asked for: ${spec.scope ?? 'none'}. ${write}`;
  }
  if (error === 'unsupported_grant_type' || error === 'unauthorized_client') {
    const write = 'it must be registered as a backend (system) app';
    return `${head}. The client ${spec.clientId} may not ask by client credentials: ${write}.`;
  }
  const checks = spec.auth === 'private_key_jwt' ? keyChecks(refused) : secretChecks(spec);
  return `${head}. Check, in this order: ${checks.map((check, at) => `(${String(at + 1)}) ${check}`).join('; ')}.`;
}

const ITS_ENVIRONMENT = 'must be the one of this environment (production and non-production have different ones)';
const BY_HAND = 'set it, or hand the keys over (slotwire keys export)';

function keyChecks({ spec, audience, kid, ahead_ms, jwksUrl }: Refused): readonly string[] {
  const isCause = ahead_ms !== null && !isClockGood(ahead_ms);
  return [
    `clock: ${clockText(ahead_ms)}${isCause ? '. THIS IS THE CAUSE, or one: set it right by NTP' : ''}`,
    `kid: the key ${kid ?? ''} must be in the set that the site reads; slotwire keys list shows the hub's`,
    jwksUrl === null
      ? `JWKS URL: hub.yaml has no publicUrl, so that nobody outside can read the keys; ${BY_HAND}`
      : `JWKS URL: ${jwksUrl} must be what is registered, and open from outside without a login`,
    `audience: aud was ${audience}; it must be the token URL letter by letter, or another that the site has allowed`,
    `client id: ${spec.clientId} ${ITS_ENVIRONMENT}, enabled at the site, and mapped to a user there`,
    'time: a new client or key is picked up in cycles of up to 12 hours, and a site may keep a key set for 29 hours',
  ];
}

function secretChecks({ clientId, auth }: BackendTokenSpec): readonly string[] {
  const way = auth === 'client_secret_basic' ? 'by HTTP Basic' : 'in the form';
  return [
    `client id: ${clientId} ${ITS_ENVIRONMENT}, and enabled at the site`,
    `secret: it must be the one in force; it was sent ${way}, which the server must take`,
    'time: a new client or secret may take hours to be picked up',
  ];
}

/** Codes of OAuth are words; anything else is no code. */
function wordOf(value: unknown): string | null {
  return typeof value === 'string' && /^[a-z][a-z_]{0,49}$/.test(value) ? value : null;
}

/** A server may repeat what it was sent: what may be a secret, an assertion or a token is taken out. */
function described(value: unknown, secret: string | undefined): string | null {
  if (typeof value !== 'string' || value === '') return null;
  const without = secret === undefined || secret === '' ? value : value.replaceAll(secret, '...');
  const plain = without.replaceAll(/[^\x20-\x7e]+/g, ' ').replaceAll(/[A-Za-z0-9_.~+/=-]{32,}/g, '...');
  return plain.trim().slice(0, 200);
}
