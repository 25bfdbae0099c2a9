/**
 * A token endpoint that trusts nothing: it verifies assertions as vendors/epic.md section 1 says, with keys that it
 * reads itself. Written from the sheet, not from the code that it is to test.
 */
import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cleanup } from './database.ts';

type Jwk = JsonWebKey & { readonly kid?: string; readonly alg?: string; readonly use?: string };

export interface AuthorizationServer {
  readonly url: string;
  readonly tokenUrl: string;
  /** Bodies of the token requests, in order. */
  readonly requests: readonly URLSearchParams[];
  readonly headers: readonly IncomingMessage['headers'][];
  /** Why assertions were refused; the caller is never told. */
  readonly breaches: readonly string[];
  /** Tokens that were given, in order. */
  readonly given: readonly string[];
  /** Answers the next requests itself; false: goes on as usual. */
  answer: ((request: URLSearchParams, response: ServerResponse) => boolean) | null;
  /** Held back until it resolves. */
  gate: Promise<void>;
  expiresIn: unknown;
  tokenType: string;
}

export interface AuthorizationOptions {
  readonly clientId?: string;
  readonly secret?: string;
  /** Absent: an assertion is not taken. */
  readonly keySet?: () => Promise<{ readonly keys: readonly Jwk[] }>;
  readonly now: () => number;
}

const MOST_S = 300;
const HASHES: Readonly<Record<string, string>> = { RS256: 'sha256', RS384: 'sha384', RS512: 'sha512', ES384: 'sha384' };

export async function startAuthorizationServer(
  cleanup: Cleanup,
  options: AuthorizationOptions,
): Promise<AuthorizationServer> {
  const used = new Set<string>();
  const state = {
    url: '',
    tokenUrl: '',
    requests: [] as URLSearchParams[],
    headers: [] as IncomingMessage['headers'][],
    breaches: [] as string[],
    given: [] as string[],
    answer: null as AuthorizationServer['answer'],
    gate: Promise.resolve(),
    expiresIn: 3600 as unknown,
    tokenType: 'Bearer',
  };
  const token = async (request: IncomingMessage, response: ServerResponse, body: string): Promise<void> => {
    const form = new URLSearchParams(body);
    state.requests.push(form);
    state.headers.push(request.headers);
    await state.gate;
    response.setHeader('Date', new Date(options.now()).toUTCString());
    response.setHeader('Content-Type', 'application/json');
    if (state.answer?.(form, response) === true) return;
    const breach = await breachOf(request, form, state.tokenUrl, options, used);
    if (breach !== null) {
      state.breaches.push(breach);
      response.statusCode = 400;
      response.end('{"error":"invalid_client","error_description":null}');
      return;
    }
    const given = `token-${String(state.given.length + 1)}.opaque`;
    state.given.push(given);
    response.end(
      JSON.stringify({ access_token: given, token_type: state.tokenType, expires_in: state.expiresIn, scope: '' }),
    );
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url === '/api/FHIR/R4/.well-known/smart-configuration') {
        const algorithms = ['RS384', 'ES384'];
        const said = { token_endpoint: state.tokenUrl, token_endpoint_auth_signing_alg_values_supported: algorithms };
        response.end(JSON.stringify(said));
        return;
      }
      token(request, response, Buffer.concat(parts).toString('utf8')).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  state.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  state.tokenUrl = `${state.url}/oauth2/token`;
  return state;
}

/** Null: the client is who it says. */
async function breachOf(
  request: IncomingMessage,
  form: URLSearchParams,
  tokenUrl: string,
  { clientId = 'client-1', secret, keySet, now }: AuthorizationOptions,
  used: Set<string>,
): Promise<string | null> {
  if (request.method !== 'POST' || request.url !== '/oauth2/token') return 'another address';
  if (request.headers['content-type'] !== 'application/x-www-form-urlencoded') return 'no form';
  if (form.get('grant_type') !== 'client_credentials') return 'grant_type';
  if (secret !== undefined) {
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64');
    const isBasic = request.headers.authorization === `Basic ${basic}`;
    const isPost = form.get('client_id') === clientId && form.get('client_secret') === secret;
    return isBasic || isPost ? null : 'secret';
  }
  if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') return 'type';
  const [head = '', body = '', signature = '', more] = (form.get('client_assertion') ?? '').split('.');
  if (more !== undefined) return 'parts';
  const header = parsed(head);
  const key = (await keySet?.())?.keys.find(({ kid }) => kid !== undefined && kid === header['kid']);
  if (key === undefined) return 'kid';
  const alg = String(header['alg']);
  const hash = HASHES[alg];
  if (hash === undefined || key.alg !== alg || header['typ'] !== 'JWT') return 'alg';
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const bytes = Buffer.from(signature, 'base64url');
  if (!verify(hash, Buffer.from(`${head}.${body}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes))
    return 'signature';
  return claimsBreach(parsed(body), clientId, tokenUrl, Math.floor(now() / 1000), used);
}

function claimsBreach(
  { iss, sub, aud, jti, exp, nbf, iat }: Readonly<Record<string, unknown>>,
  clientId: string,
  tokenUrl: string,
  now_s: number,
  used: Set<string>,
): string | null {
  if (iss !== clientId || sub !== clientId) return 'iss or sub';
  if (aud !== tokenUrl) return 'aud';
  if (typeof jti !== 'string' || jti === '' || jti.length > 151 || used.has(jti)) return 'jti';
  if (typeof exp !== 'number' || exp <= now_s || exp > now_s + MOST_S) return 'exp';
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > now_s || exp - nbf > MOST_S)) return 'nbf';
  if (iat !== undefined && (typeof iat !== 'number' || iat > now_s || exp - iat > MOST_S)) return 'iat';
  used.add(jti);
  return null;
}

function parsed(part: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Readonly<Record<string, unknown>>;
}
