/**
 * One question at an authorization server, without memory: where its token endpoint is, and a token of it. OAuth 2
 * client credentials (RFC 6749 section 4.4) with an assertion (RFC 7523, SMART Backend Services) or a secret. Nothing
 * that is thrown holds an assertion, a secret or a token.
 */
import { alarmAfter, type Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import { randomToken } from '../../core/ids.ts';
import type { Instant } from '../../core/instant.ts';
import type { Claims, SigningAlgorithm } from '../../core/jwt.ts';
import type { BackendTokenSpec } from '../contract-auth.ts';
import { causeOf, retryAfter } from './http.ts';
import { AnswerUnreadable, openTransport, type Question, type RawAnswer } from './transport.ts';
import { refusalText, type Refused } from './token-refusal.ts';

/** The hub's own key signs; the connector never sees it. */
export interface AssertionSigner {
  /** `supported`: algorithms that the server takes; null: it does not say. @throws HubError SIGNING_UNAVAILABLE */
  sign(claims: Claims, supported: readonly string[] | null): Promise<SignedAssertion>;
  /** Where others read its public part; null: the hub has no address that they can reach. */
  readonly jwksUrl: () => string | null;
}
export interface SignedAssertion {
  readonly jwt: string;
  readonly kid: string;
  readonly alg: SigningAlgorithm;
}

export interface Exchanging {
  readonly site: string;
  readonly clock: Clock;
  readonly signer: AssertionSigner;
}

export interface TokenEndpoint {
  readonly url: string;
  readonly algorithms: readonly string[] | null;
}

export interface FreshToken {
  readonly token: string;
  readonly life_s: number;
  /** When the question left: the token's life is counted from there. */
  readonly askedAt: Instant;
  /** Our clock minus the server's, as its Date header tells, in ms; null: it tells none. */
  readonly ahead_ms: number | null;
}

/** Two questions, for the endpoint and for a token, fit into a lease. */
const TIMEOUT_MS = 7_000;
const ANSWER_BYTES = 262_144;
/** Of a server that does not say (RFC 6749 only recommends it). SMART recommends at most 300 s. */
const LIFE_UNTOLD_S = 300;
/** A future `iat` or `nbf` is refused, and a life of more than five minutes (vendors/epic.md section 1.1). */
const BACKDATED_S = 5;
const ASSERTION_LIFE_S = 240;
const TOKEN = /^[\x21-\x7e]{1,65536}$/;

/** @throws HubError as `BackendToken.get` */
export async function discover(on: Exchanging, fhirBaseUrl: string, signal: AbortSignal): Promise<TokenEndpoint> {
  const call = 'GET {fhirBase}/.well-known/smart-configuration';
  const base = fhirBaseUrl.replace(/\/+$/, '');
  const page = `${base}/.well-known/smart-configuration`;
  const { status, text } = await exchanged(on, call, page, { method: 'GET', effect: 'read' }, signal);
  if (status !== 200) throw failed(on, call, status);
  const said = objectOf(text);
  const url = said?.['token_endpoint'];
  // Whoever asks over TLS must not be sent to a place without it.
  const form = base.startsWith('http:') ? /^https?:\/\/[^\s@]+$/ : /^https:\/\/[^\s@]+$/;
  if (typeof url !== 'string' || !form.test(url) || !URL.canParse(url))
    throw unreadable(on, call, 'it names no token_endpoint that can be used; write tokenUrl in the site file');
  const algorithms = said?.['token_endpoint_auth_signing_alg_values_supported'];
  return { url, algorithms: Array.isArray(algorithms) ? algorithms.map(String) : null };
}

/** @throws HubError as `BackendToken.get` */
export async function askForToken(
  on: Exchanging,
  spec: BackendTokenSpec,
  endpoint: TokenEndpoint,
  signal: AbortSignal,
): Promise<FreshToken> {
  const call = 'POST to the token endpoint';
  const audience = spec.audience ?? endpoint.url;
  const askedAt = on.clock.now();
  const { fields, headers, kid } = await credentials(on, spec, endpoint, audience, askedAt);
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(spec.scope === undefined || spec.scope === '' ? {} : { scope: spec.scope }),
    ...fields,
  }).toString();
  const answer = await exchanged(on, call, endpoint.url, { method: 'POST', effect: 'write', form, headers }, signal);
  const ahead_ms = aheadOf(answer, askedAt, on.clock.now());
  if (answer.status !== 200) {
    const jwksUrl = on.signer.jwksUrl();
    const refused: Refused = { spec, audience, kid, ahead_ms, jwksUrl, answer: objectOf(answer.text) };
    throw failed(on, call, answer.status, answer, refused);
  }
  return { ...read(on, call, answer), askedAt, ahead_ms };
}

interface Credentials {
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly kid: string | null;
}

async function credentials(
  on: Exchanging,
  spec: BackendTokenSpec,
  { algorithms }: TokenEndpoint,
  audience: string,
  now: Instant,
): Promise<Credentials> {
  const { clientId, auth, secret = '' } = spec;
  if (auth === 'private_key_jwt') {
    const { jwt, kid } = await on.signer.sign(assertionClaims(clientId, audience, now), algorithms);
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    return { fields: { client_assertion_type, client_assertion: jwt }, headers: {}, kid };
  }
  if (auth === 'client_secret_post')
    return { fields: { client_id: clientId, client_secret: secret }, headers: {}, kid: null };
  // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
  const encoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  const login = Buffer.from(`${encoded(clientId)}:${encoded(secret)}`, 'utf8').toString('base64');
  return { fields: {}, headers: { authorization: `Basic ${login}` }, kid: null };
}

function assertionClaims(clientId: string, aud: string, now: Instant): Claims {
  const now_s = Math.floor(now / 1000);
  const begun_s = now_s - BACKDATED_S;
  const exp = now_s + ASSERTION_LIFE_S;
  return { iss: clientId, sub: clientId, aud, jti: randomToken(24), iat: begun_s, nbf: begun_s, exp };
}

function read(on: Exchanging, call: string, { text }: RawAnswer): Pick<FreshToken, 'token' | 'life_s'> {
  const said = objectOf(text);
  const { access_token: token, token_type: type, expires_in: life } = said ?? {};
  if (typeof token !== 'string' || !TOKEN.test(token)) throw unreadable(on, call, 'the answer holds no access_token');
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw unreadable(on, call, 'the token is no bearer token');
  const life_s = typeof life === 'string' && /^\d{1,9}$/.test(life) ? Number(life) : life;
  return { token, life_s: typeof life_s === 'number' && life_s > 0 ? Math.floor(life_s) : LIFE_UNTOLD_S };
}

type Asked = Pick<Question, 'method' | 'effect' | 'form'> & { readonly headers?: Readonly<Record<string, string>> };

async function exchanged(
  { site, clock }: Exchanging,
  call: string,
  url: string,
  { headers = {}, ...question }: Asked,
  signal: AbortSignal,
): Promise<RawAnswer> {
  const given = (): HubError => new HubError('STOPPING', { detail: `${call}: given up`, site });
  if (signal.aborted) throw given();
  // The query of an address would be lost in the base: it is the path here.
  const { origin, pathname, search } = new URL(url);
  const transport = openTransport({ clock, baseUrl: origin, headers, maxAnswer_bytes: ANSWER_BYTES, connections: 1 });
  // An object: what its fields are is decided by others while the answer is waited for.
  const cut = { byCaller: false, byTime: false };
  const exchange = transport.ask({ ...question, path: `${pathname}${search}` });
  const stop = (): void => {
    cut.byCaller = !cut.byTime;
    exchange.cut();
  };
  signal.addEventListener('abort', stop, { once: true });
  const callOff = alarmAfter(clock, TIMEOUT_MS, () => {
    cut.byTime = !cut.byCaller;
    exchange.cut();
  });
  try {
    return await exchange.answered;
  } catch (error) {
    if (cut.byCaller) throw given();
    const reason = cut.byTime ? `no answer within ${String(TIMEOUT_MS)} ms` : causeOf(error);
    const code = error instanceof AnswerUnreadable ? 'SITE_ANSWER_UNREADABLE' : 'SITE_UNREACHABLE';
    throw new HubError(code, { detail: `${call}: ${reason}`, site });
  } finally {
    callOff();
    signal.removeEventListener('abort', stop);
    transport.close();
  }
}

function failed(on: Exchanging, call: string, status: number, answer?: RawAnswer, refused?: Refused): HubError {
  const { site, clock } = on;
  const about = { detail: `${call}: status ${String(status)}`, site };
  if (status === 429) {
    const wait = retryAfter(answer?.headers['retry-after'], clock.now());
    return new HubError('SITE_RATE_LIMITED', { ...about, ...(wait !== null && { retryAfter_ms: wait }) });
  }
  if (status >= 500) return new HubError('SITE_FAILED', about);
  if (refused === undefined) return new HubError('SITE_ANSWER_UNREADABLE', about);
  return new HubError('SITE_TOKEN_REFUSED', { detail: `${about.detail}, ${refusalText(refused)}`, site });
}

function unreadable({ site }: Exchanging, call: string, detail: string): HubError {
  return new HubError('SITE_ANSWER_UNREADABLE', { detail: `${call}: ${detail}`, site });
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** The header has whole seconds, cut off: its middle is meant. The question took a while: so is its middle. */
function aheadOf({ headers }: RawAnswer, sentAt: Instant, answeredAt: Instant): number | null {
  const told = Date.parse(headers['date'] ?? '');
  return Number.isNaN(told) ? null : Math.round((sentAt + answeredAt) / 2 - (told + 500));
}
