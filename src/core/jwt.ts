/**
 * Keys that the hub signs with, their public parts as JWK (RFC 7517), and JWTs signed by them (RFC 7515, RFC 7518
 * section 3). Signing only: what others signed is never read here, so that no library has to tell good from bad
 * (docs/decisions/0022).
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';

export const SIGNING_ALGORITHMS = ['RS384', 'ES384'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** What anybody may see of a key: never a private member (RFC 7518 sections 6.2.2 and 6.3.2). */
export interface PublicJwk {
  readonly kty: 'RSA' | 'EC';
  /** SHA-256 thumbprint (RFC 7638): two keys never share one. */
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: SigningAlgorithm;
  readonly n?: string;
  readonly e?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
}

export interface MadeKey {
  readonly jwk: PublicJwk;
  /** PKCS 8, DER. */
  readonly privatePart: Buffer;
}

export type Claims = Readonly<Record<string, string | number>>;

const generate = promisify(generateKeyPair);

/** In a thread of Node's pool: RSA takes from a tenth of a second to some seconds. */
export async function makeSigningKey(alg: SigningAlgorithm, rsaKey_bits: number): Promise<MadeKey> {
  const { privateKey } =
    alg === 'RS384'
      ? await generate('rsa', { modulusLength: rsaKey_bits })
      : await generate('ec', { namedCurve: 'P-384' });
  const { kty, n, e, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  // The members that the thumbprint is of, in the order of their names.
  const parts =
    alg === 'RS384'
      ? { e: String(e), kty: 'RSA', n: String(n) }
      : { crv: String(crv), kty: 'EC', x: String(x), y: String(y) };
  if (kty !== parts.kty) throw new TypeError('the key that was made is of another type');
  const kid = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  return {
    jwk: { ...parts, kty: parts.kty === 'RSA' ? 'RSA' : 'EC', kid, use: 'sig', alg },
    privatePart: privateKey.export({ type: 'pkcs8', format: 'der' }),
  };
}

export interface SigningPart {
  readonly alg: SigningAlgorithm;
  readonly kid: string;
  readonly privatePart: Buffer;
}

/** The three parts, joined (RFC 7515 section 7.1). */
export function signedJwt(key: SigningPart, claims: Claims): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
  const signed = `${part({ alg: key.alg, typ: 'JWT', kid: key.kid })}.${part(claims)}`;
  const privateKey = createPrivateKey({ key: key.privatePart, format: 'der', type: 'pkcs8' });
  // RFC 7518 section 3.4: of ECDSA both numbers one behind the other, not the DER that is usual elsewhere.
  const signature = sign('sha384', Buffer.from(signed, 'ascii'), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
