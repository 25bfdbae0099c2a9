/** SMART Backend Services: the token endpoint, which really verifies (sheet sections 1.1 and 1.3). */
import { verify, type KeyObject } from 'node:crypto';
import { randomToken } from '../../core/ids.ts';
import type { Answer, Call, Route } from '../kit/route.ts';
import { settingsOf, type Hospital } from './hospital.ts';
import type { KeySets, PublishedKey } from './key-sets.ts';
import { ASSERTIONS, MAPPED, TOKENS } from './model.ts';
import type { Client } from './seed.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const LIFE_SECONDS = 300;
const JTI_MOST = 151;
const RSA_BITS = 2048;
const HASHES: Readonly<Record<string, string>> = {
  RS256: 'sha256',
  RS384: 'sha384',
  RS512: 'sha512',
  ES384: 'sha384',
};

/** Whatever breaks a rule is answered alike, and the cause is not told. */
const INVALID_CLIENT: Answer = { status: 400, body: { error: 'invalid_client', error_description: null } };

export function tokenPath({ seed }: Pick<Hospital, 'seed'>): string {
  return `/${seed.site.instance}/oauth2/token`;
}

export function tokenRoutes(hospital: Hospital, keySets: KeySets): Route[] {
  return [{ method: 'POST', path: '/oauth2/token', handle: (call) => issue(hospital, keySets, call) }];
}

interface Assertion {
  readonly clientId: string;
  readonly jti: string;
  readonly expires: number;
  readonly kid: string | null;
  readonly algorithm: string;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

async function issue(hospital: Hospital, keySets: KeySets, call: Call): Promise<Answer> {
  const isForm = call.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const form = new URLSearchParams(isForm ? call.body.toString('utf8') : '');
  if (form.get('grant_type') !== 'client_credentials') {
    return { status: 400, body: { error: isForm ? 'unsupported_grant_type' : 'invalid_request' } };
  }
  if (form.get('client_assertion_type') !== ASSERTION_TYPE) return INVALID_CLIENT;
  const assertion = read(hospital, form.get('client_assertion') ?? '');
  const client = hospital.seed.clients.find((one) => one.id === assertion?.clientId);
  if (assertion === null || client === undefined || !isMapped(hospital, client)) return INVALID_CLIENT;
  if (!(await keySets.verified(client, (key) => isSignedBy(assertion, key)))) return INVALID_CLIENT;
  return grant(hospital, client, assertion, form.get('scope'));
}

export function isMapped(hospital: Pick<Hospital, 'store'>, client: Client): boolean {
  return hospital.store.get(MAPPED, client.id) ?? client.mapped ?? true;
}

/** In one write, so that of two requests with one assertion only one is given a token. */
function grant(hospital: Hospital, client: Client, assertion: Assertion, scope: string | null): Answer {
  const key = `${client.id} ${assertion.jti}`;
  const now = hospital.clock.due();
  const { tokenSeconds } = settingsOf(hospital);
  return hospital.store.write((tx) => {
    for (const old of tx.all(ASSERTIONS)) if (old.until <= now) tx.remove(ASSERTIONS, old.key);
    if (tx.get(ASSERTIONS, key) !== undefined) return INVALID_CLIENT;
    tx.put(ASSERTIONS, key, { key, until: now + assertion.expires * 1000 - hospital.clock.now() });
    const token = randomToken(32);
    tx.put(TOKENS, token, { token, clientId: client.id, expiresAt: now + tokenSeconds * 1000 });
    const body = {
      access_token: token,
      token_type: 'Bearer',
      expires_in: tokenSeconds,
      scope: scope ?? 'system/Appointment.read system/Patient.read',
    };
    return { status: 200, body, headers: { 'cache-control': 'no-store' } };
  });
}

/** The claims that the rules of sheet 1.1 allow; null for any breach. */
function read(hospital: Hospital, jwt: string): Assertion | null {
  const [head = '', body = '', tail = '', ...rest] = jwt.split('.');
  const [header, claims] = [readPart(head), readPart(body)];
  if (rest.length > 0 || header === null || claims === null) return null;
  const { alg, typ, kid } = header;
  const { iss, sub, aud, jti, exp, nbf, iat } = claims;
  if (typeof alg !== 'string' || !Object.hasOwn(HASHES, alg) || (typ !== undefined && typ !== 'JWT')) return null;
  if (typeof iss !== 'string' || iss !== sub || typeof aud !== 'string') return null;
  const own = `${new URL(hospital.base()).origin}${tokenPath(hospital)}`;
  if (![own, ...settingsOf(hospital).audiences].includes(aud)) return null;
  if (typeof jti !== 'string' || jti === '' || jti.length > JTI_MOST) return null;
  const now = hospital.clock.now() / 1000;
  if (typeof exp !== 'number' || exp <= now || exp > now + LIFE_SECONDS) return null;
  const isPast = (at: unknown): boolean =>
    at === undefined || (typeof at === 'number' && at <= now && at <= exp && exp - at <= LIFE_SECONDS);
  if (!isPast(nbf) || !isPast(iat)) return null;
  return {
    clientId: iss,
    jti,
    expires: exp,
    kid: typeof kid === 'string' ? kid : null,
    algorithm: alg,
    signed: Buffer.from(`${head}.${body}`),
    signature: Buffer.from(tail, 'base64url'),
  };
}

function readPart(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A key id that is named must be the key's; without one every key of the set is tried. */
function isSignedBy(assertion: Assertion, { kid, key }: PublishedKey): boolean {
  if (assertion.kid !== null && assertion.kid !== kid) return false;
  const hash = HASHES[assertion.algorithm] ?? '';
  if (!fits(key, assertion.algorithm)) return false;
  const isElliptic = assertion.algorithm === 'ES384';
  return verify(hash, assertion.signed, isElliptic ? { key, dsaEncoding: 'ieee-p1363' } : key, assertion.signature);
}

function fits(key: KeyObject, algorithm: string): boolean {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (algorithm === 'ES384') return key.asymmetricKeyType === 'ec' && namedCurve === 'secp384r1';
  return key.asymmetricKeyType === 'rsa' && modulusLength >= RSA_BITS;
}
