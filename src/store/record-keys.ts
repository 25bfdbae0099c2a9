/**
 * Patient records at rest: each under a data key of its own, which is stored only wrapped by the hub's key. Whoever
 * destroys the wrapped key has destroyed the record with all its versions. Every value is bound to what it is
 * (additional authenticated data): a body moved to another record or another version does not open, nor does a data key
 * beside another record.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { HubError } from '../core/errors.ts';
import { freshBytes } from '../core/ids.ts';
import { KEY_BYTES, openedBy, sealedBy } from './aes-gcm.ts';

/** As it is stored. */
export interface DataKey {
  /** Of the hub's key that wraps it. */
  readonly keyId: string;
  readonly wrapped: Buffer;
}

/** A body of a record. */
export interface RecordVersion {
  readonly id: string;
  readonly version: number;
}

export interface RecordKeys {
  fresh(recordId: string): DataKey;
  seal(of: RecordVersion, bytes: Uint8Array, dataKey: DataKey): Buffer;
  /** @throws HubError KEY_MISSING, also when these are bytes of another record or version */
  open(of: RecordVersion, sealed: Uint8Array, dataKey: DataKey): Buffer;
  /** Of a record that was erased nothing is kept in memory either. */
  forget(recordId: string): void;
}

/** The keys of the key file. */
export interface WrappingKeys {
  readonly newest: string;
  /** @throws HubError KEY_MISSING */
  readonly keyFor: (keyId: string) => KeyObject;
}

interface Unwrapped {
  readonly wrapped: Buffer;
  readonly key: KeyObject;
}

/** Unwrapping costs as much as opening a small record; some 10 MB at most are spent on not doing it twice. */
const REMEMBERED = 20_000;

export function recordKeys({ newest, keyFor }: WrappingKeys, most = REMEMBERED): RecordKeys {
  const known = new Map<string, Unwrapped>();
  const remember = (id: string, one: Unwrapped): KeyObject => {
    const [oldest] = known.size >= most ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
    known.set(id, one);
    return one.key;
  };
  const unwrapped = (id: string, { keyId, wrapped }: DataKey): KeyObject => {
    const before = known.get(id);
    // By the record and its key: a key that somebody put beside another record must not be found here.
    if (before?.wrapped.equals(wrapped) === true) return before.key;
    const bytes = opened(keyFor(keyId), keyId, wrapped, aboutKey(id));
    known.delete(id);
    return remember(id, { wrapped, key: createSecretKey(bytes) });
  };
  return {
    fresh(id) {
      const bytes = freshBytes(KEY_BYTES);
      const wrapped = sealedBy(keyFor(newest), bytes, aboutKey(id));
      known.delete(id);
      remember(id, { wrapped, key: createSecretKey(bytes) });
      return { keyId: newest, wrapped };
    },
    seal: (of, bytes, dataKey) => sealedBy(unwrapped(of.id, dataKey), bytes, aboutBody(of)),
    open: (of, sealed, dataKey) => opened(unwrapped(of.id, dataKey), dataKey.keyId, sealed, aboutBody(of)),
    forget: (id) => void known.delete(id),
  };
}

function aboutKey(id: string): string {
  return `slotwire 1 data key of Patient/${id}`;
}

function aboutBody({ id, version }: RecordVersion): string {
  return `slotwire 1 body of Patient/${id}/_history/${String(version)}`;
}

function opened(key: KeyObject, keyId: string, bytes: Uint8Array, about: string): Buffer {
  try {
    return openedBy(key, bytes, about);
  } catch {
    throw new HubError('KEY_MISSING', { detail: `key ${keyId} did not seal these bytes as what they stand for` });
  }
}
