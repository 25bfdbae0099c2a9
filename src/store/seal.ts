/**
 * Bodies at rest. Message bodies, demographics and booking orders stand in the database only as AES-256-GCM ciphertext
 * beside the id of the key that made it, so that a stolen dump or backup of the database alone tells nothing about
 * anyone. Patient records are sealed under keys of their own, which these keys wrap (record-keys.ts).
 */
import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HubError } from '../core/errors.ts';
import { randomToken } from '../core/ids.ts';
import { KEY_BYTES, openedBy, sealedBy } from './aes-gcm.ts';
import { folderError } from './embedded-folder.ts';
import { recordKeys, type RecordKeys } from './record-keys.ts';
import { errnoOf } from './sqlstate.ts';

/** 128 bits of HMAC-SHA256: two different texts never meet by chance, and an index entry stays short. */
const BLIND_BYTES = 16;

export interface Sealed {
  readonly keyId: string;
  readonly sealed: Buffer;
}

export interface Keys {
  seal(bytes: Uint8Array): Sealed;
  /** @throws HubError KEY_MISSING when the key is not in the file, or the bytes are not what that key sealed */
  open(keyId: string, sealed: Uint8Array): Buffer;
  /** Keyed hash, 22 URL-safe characters: finds what is equal without saying what it is. */
  blind(text: string): string;
  readonly records: RecordKeys;
}

export interface KeyOptions {
  /** `keys.json` in DATA_DIR. */
  readonly file: string;
  /** Ids of keys that sealed what is stored: see keysInUse. */
  readonly inUse?: readonly string[];
}

/** As it stands on disk. The last key seals; those before it only open what they once sealed. */
interface KeyFile {
  readonly version: 1;
  readonly keys: readonly { readonly id: string; readonly secret: string }[];
  /** Never changed once in use: every stored blind token would stop matching. */
  readonly blind: string;
}

/**
 * Reads the key file, or makes it on the first start. It is durable before this returns, because whatever is sealed
 * with a key that a power cut takes away is lost for good.
 * @throws HubError KEY_MISSING (there is a file, but no key file; or what is stored was sealed with other keys),
 * DATA_DIR_UNUSABLE, DISK_FULL
 */
export async function openKeys(options: KeyOptions): Promise<Keys> {
  const { file, inUse = [] } = options;
  const there = await readIfThere(file);
  if (there !== null) {
    const content = parsed(file, there);
    const missing = inUse.find((id) => !content.keys.some((key) => key.id === id));
    if (missing !== undefined) throw new HubError('KEY_MISSING', { detail: `${file} lacks key ${missing}` });
    return keysOf(content);
  }
  // A new key beside old rows would look like a start that went well, and everything stored before would be lost.
  if (inUse.length > 0) throw new HubError('KEY_MISSING', { detail: `${file} is gone, but sealed rows are stored` });
  await create(file);
  // Read back rather than kept: of two processes that create at once, one file wins, and both must use that one.
  const made = await readIfThere(file);
  if (made === null) throw new HubError('DATA_DIR_UNUSABLE', { detail: `${file}: it vanished while it was made` });
  return keysOf(parsed(file, made));
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw folderError(file, error);
  }
}

/** Complete under another name first, then linked: a kill in between leaves no half file under the real name. */
async function create(file: string): Promise<void> {
  const content: KeyFile = {
    version: 1,
    keys: [{ id: randomToken(6), secret: randomBytes(KEY_BYTES).toString('base64') }],
    blind: randomBytes(KEY_BYTES).toString('base64'),
  };
  const fresh = `${file}.${randomToken(6)}.new`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await written(fresh, `${JSON.stringify(content, null, 2)}\n`);
    // Unlike rename, link never replaces a file that another process has put there meanwhile.
    await link(fresh, file).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
    await syncFolder(dirname(file));
  } catch (error) {
    throw folderError(file, error);
  } finally {
    await rm(fresh, { force: true });
  }
}

async function written(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The name of a file is durable only with its folder. Windows cannot open a folder, and needs no such step. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function parsed(file: string, text: string): KeyFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which holds the keys.
    throw new HubError('KEY_MISSING', { detail: `${file} is not JSON` });
  }
  if (!isKeyFile(content)) throw new HubError('KEY_MISSING', { detail: `${file} does not hold keys of 32 bytes` });
  return content;
}

function isKeyFile(content: unknown): content is KeyFile {
  if (typeof content !== 'object' || content === null) return false;
  if (!('version' in content && 'keys' in content && 'blind' in content)) return false;
  const { version, keys, blind } = content;
  if (version !== 1 || !isSecret(blind) || !Array.isArray(keys) || keys.length === 0) return false;
  return keys.every(
    (key: unknown) =>
      typeof key === 'object' &&
      key !== null &&
      'id' in key &&
      typeof key.id === 'string' &&
      'secret' in key &&
      isSecret(key.secret),
  );
}

function isSecret(secret: unknown): secret is string {
  return typeof secret === 'string' && Buffer.from(secret, 'base64').length === KEY_BYTES;
}

function keysOf(file: KeyFile): Keys {
  const keys = new Map(file.keys.map(({ id, secret }) => [id, secretKey(secret)]));
  const newest = file.keys.at(-1)?.id ?? '';
  const blinding = secretKey(file.blind);
  const keyFor = (id: string): KeyObject => {
    const key = keys.get(id);
    if (key === undefined) throw new HubError('KEY_MISSING', { detail: `key ${id}` });
    return key;
  };
  return {
    seal: (bytes) => ({ keyId: newest, sealed: sealedBy(keyFor(newest), bytes) }),
    open: (keyId, bytes) => opened(keyFor(keyId), keyId, bytes),
    blind: (text) =>
      createHmac('sha256', blinding).update(text, 'utf8').digest().subarray(0, BLIND_BYTES).toString('base64url'),
    records: recordKeys({ newest, keyFor }),
  };
}

function secretKey(base64: string): KeyObject {
  return createSecretKey(Buffer.from(base64, 'base64'));
}

function opened(key: KeyObject, keyId: string, bytes: Uint8Array): Buffer {
  try {
    return openedBy(key, bytes);
  } catch {
    // A key file from another hub may hold the same id; altered rows end here as well.
    throw new HubError('KEY_MISSING', { detail: `key ${keyId} did not seal these bytes` });
  }
}
