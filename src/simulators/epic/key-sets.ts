/** The key sets of clients as Epic keeps them (sheet section 1.2). */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { settingsOf, type Hospital } from './hospital.ts';
import type { Client } from './seed.ts';

export interface PublishedKey {
  readonly kid: string | null;
  readonly key: KeyObject;
}

interface Kept {
  readonly keys: readonly PublishedKey[];
  readonly until: number;
}

const FETCH_LIMIT_MS = 5000;

export class KeySets {
  readonly #hospital: Hospital;
  readonly #kept = new Map<string, Kept>();
  #fetches = 0;

  constructor(hospital: Hospital) {
    this.#hospital = hospital;
  }

  /** How often a key set was fetched: once per token request at most. */
  get fetches(): number {
    return this.#fetches;
  }

  /** True when a key of the client verifies; one fetch at most, and only if the cache expired or no key in it does. */
  async verified(client: Client, verifies: (key: PublishedKey) => boolean): Promise<boolean> {
    const kept = this.#kept.get(client.id);
    const isFresh = kept !== undefined && kept.until > this.#hospital.clock.due();
    if (isFresh && kept.keys.some(verifies)) return true;
    const fetched = await this.#fetch(client);
    return fetched?.some(verifies) ?? false;
  }

  async #fetch(client: Client): Promise<readonly PublishedKey[] | null> {
    const url = URL.parse(client.jwksUrl);
    const { loopbackJwks, jwksCacheSeconds } = settingsOf(this.#hospital);
    const isLoopback = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
    if (url === null || (url.protocol !== 'https:' && !(loopbackJwks && isLoopback))) return null;
    this.#fetches += 1;
    try {
      const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_LIMIT_MS) });
      const set = (await answer.json()) as { readonly keys?: readonly JsonWebKey[] };
      if (!answer.ok) return null;
      const keys = (set.keys ?? []).flatMap((jwk) => readKey(jwk));
      const seconds = Math.min(jwksCacheSeconds, maxAge(answer.headers.get('cache-control')));
      this.#kept.set(client.id, { keys, until: this.#hospital.clock.due() + seconds * 1000 });
      return keys;
    } catch {
      return null;
    }
  }
}

/** One key that cannot be read does not spoil the set. */
function readKey(jwk: JsonWebKey): PublishedKey[] {
  try {
    const kid = typeof jwk['kid'] === 'string' ? jwk['kid'] : null;
    return [{ kid, key: createPublicKey({ key: jwk, format: 'jwk' }) }];
  } catch {
    return [];
  }
}

/** Seconds; endless when the header does not shorten anything. */
function maxAge(header: string | null): number {
  if (header === null) return Infinity;
  if (/no-store|no-cache/i.test(header)) return 0;
  const age = /max-age=(\d+)/i.exec(header)?.[1];
  return age === undefined ? Infinity : Number(age);
}
