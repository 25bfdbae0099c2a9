/**
 * Verification of webhooks over the raw bytes, before anything parses them: a re-serialised body no longer fits its
 * signature.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ErrorCode } from '../../core/error-catalogue.ts';
import { HubError } from '../../core/errors.ts';
import type { RawRequest, Verdict } from '../contract.ts';

/**
 * How a vendor signs. Every mode compares in constant time, so that a forger learns nothing from how long a refusal
 * takes.
 */
export type SignatureMode =
  | {
      readonly kind: 'hmac';
      readonly algorithm: 'sha256' | 'sha1' | 'sha512';
      readonly encoding: 'base64' | 'hex';
      /** Lower-case name of the header that holds the signature. */
      readonly header: string;
      /** Text before the signature in the header, like `sha256=`. */
      readonly prefix?: string;
    }
  /** The vendor repeats a secret that it was given. */
  | { readonly kind: 'shared-secret'; readonly header: string; readonly prefix?: string };

/** Several keys: any one may fit, which lets a key be changed at both ends without losing webhooks in between. */
export function verifySignature(request: RawRequest, mode: SignatureMode, keys: readonly string[]): Verdict {
  const sent = request.headers[mode.header];
  if (sent === undefined || sent === '') return refused('SIGNATURE_MISSING', `header ${mode.header} is missing`);
  const prefix = mode.prefix ?? '';
  if (!sent.startsWith(prefix)) return refused('SIGNATURE_WRONG', `header ${mode.header} has another form`);
  const given = sent.slice(prefix.length).trim();
  // Every key is tried, also after one fitted: the time taken must not tell which.
  const fits = keys.filter((key) => equal(given, expected(request.body, mode, key))).length > 0;
  return fits ? { genuine: true } : refused('SIGNATURE_WRONG', `header ${mode.header}`);
}

function expected(body: Uint8Array, mode: SignatureMode, key: string): string {
  return mode.kind === 'hmac' ? createHmac(mode.algorithm, key).update(body).digest(mode.encoding) : key;
}

function equal(one: string, other: string): boolean {
  // Hashing both first makes the lengths equal, which timingSafeEqual demands and which would otherwise be told by
  // time.
  const digest = (text: string): Buffer => createHmac('sha256', 'length').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function refused(code: ErrorCode, detail: string): Verdict {
  return { genuine: false, error: new HubError(code, { detail }) };
}

/**
 * Fields of a form body (`application/x-www-form-urlencoded`).
 * @throws HubError WEBHOOK_UNREADABLE for another content type or bytes that are not UTF-8
 */
export function readForm(request: RawRequest): URLSearchParams {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    throw new HubError('WEBHOOK_UNREADABLE', { detail: 'the content type is not application/x-www-form-urlencoded' });
  }
  try {
    return new URLSearchParams(new TextDecoder('utf-8', { fatal: true }).decode(request.body));
  } catch {
    throw new HubError('WEBHOOK_UNREADABLE', { detail: 'the body is not UTF-8 text' });
  }
}
