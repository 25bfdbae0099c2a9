import { createHash, hash, randomBytes, randomUUID } from 'node:crypto';
import type { Instant } from './instant.ts';

/** Any JSON-like scalar list that names a thing; order matters. */
export type KeyPart = string | number;

/**
 * A UUID (version 8) that is a pure function of its parts, so the same site record has the same id after a re-load, a
 * replay or a cancel and re-open. Parts are length-prefixed: ('ab','c') and ('a','bc') differ.
 */
export function derivedId(...parts: readonly KeyPart[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const text = String(part);
    hash.update(`${Buffer.byteLength(text)}:${text};`);
  }
  return asUuid(hash.digest().subarray(0, 16), 8);
}

/** UUID version 7: time-ordered, so that new rows land at the end of an index. */
export function newId(now: Instant): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  return asUuid(bytes, 7);
}

export function randomToken(bytes = 24): string {
  return freshBytes(bytes).toString('base64url');
}

const POOL_BYTES = 4_096;
let pool: Buffer = Buffer.alloc(0);
let used = 0;

/**
 * Random bytes fit for keys, tokens and nonces. Drawn from the system some thousand at a time (a call for twelve costs
 * as much), given out once, and wiped where they lay.
 */
export function freshBytes(count: number): Buffer {
  if (count > POOL_BYTES) return randomBytes(count);
  if (used + count > pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  const given = Buffer.from(pool.subarray(used, used + count));
  pool.fill(0, used, used + count);
  used += count;
  return given;
}

export function requestId(): string {
  return randomUUID();
}

/** Lower-case hex SHA-256, for digests and dedupe keys. */
export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes); // in one call: measured, twice as fast as an object that is fed
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

function asUuid(bytes: Uint8Array, version: number): string {
  const copy = Buffer.from(bytes);
  copy[6] = ((copy[6] ?? 0) & 0x0f) | (version << 4);
  copy[8] = ((copy[8] ?? 0) & 0x3f) | 0x80;
  const hex = copy.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
