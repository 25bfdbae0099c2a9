/**
 * AES-256-GCM as everything at rest is sealed.
 *
 *   sealed = nonce (12 bytes) | tag (16 bytes) | ciphertext
 *
 * The nonce is random: NIST SP 800-38D 8.3 allows 2^32 random nonces under one key, far beyond what one hub writes
 * before its operator adds a key. Keys are KeyObjects, because a key given as bytes is imported anew on each call
 * (measured: 4 times slower).
 */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { freshBytes } from '../core/ids.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

/** @param about what the bytes are of: under anything else they do not open */
export function sealedBy(key: KeyObject, bytes: Uint8Array, about?: string): Buffer {
  const nonce = freshBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  if (about !== undefined) cipher.setAAD(Buffer.from(about, 'utf8'));
  const text = cipher.update(bytes);
  const last = cipher.final();
  return Buffer.concat([nonce, cipher.getAuthTag(), text, last]);
}

/** @throws Error when the key did not seal these bytes, or sealed them as something else */
export function openedBy(key: KeyObject, bytes: Uint8Array, about?: string): Buffer {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  if (about !== undefined) decipher.setAAD(Buffer.from(about, 'utf8'));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
}
