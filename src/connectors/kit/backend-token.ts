/**
 * Access tokens that all nodes of the hub share. One node asks for the next under a lease, the others read it; it is
 * asked for when three quarters of its life are over, while the one in use still holds, so that no call waits. A node
 * that dies between asking and storing costs one token and the rest of its lease, never a call with a dead token.
 */
import { asHubError, HubError } from '../../core/errors.ts';
import { randomToken, sha256 } from '../../core/ids.ts';
import { instant, plus, type Instant } from '../../core/instant.ts';
import type { BackendToken, BackendTokenSpec } from '../contract-auth.ts';
import type { KeptToken, TokenFailure, TokenLease, TokenName, TokenShelf } from '../contract-tokens.ts';
import { checkToken } from './token-check.ts';
import { askForToken, discover, type Exchanging, type FreshToken, type TokenEndpoint } from './token-exchange.ts';

export interface TokenSources extends Omit<Exchanging, 'site'> {
  readonly shelf: TokenShelf;
  /** After each question: `given`, or the code of the error. */
  readonly asked?: (site: string, outcome: string, took_ms: number) => void;
  /** 0 up to 1, for the spread of refreshes. */
  readonly random?: () => number;
}

export interface BackendTokens {
  /** For the connector of one site. */
  readonly lend: (site: string) => (spec: BackendTokenSpec) => BackendToken;
  /** What is under way is given up. */
  stop(): Promise<void>;
}

/** Longer than its questions may take: a lease that ends while its holder still asks would have two ask. */
const LEASE_MS = 15_000;
const AT_MOST_EVERY_S = 5;
/** A share of the life, spread so that the nodes of many hubs do not ask at once. */
const REFRESH_AFTER = 0.75;
const SPREAD = 0.1;
/** A call that leaves with the token must arrive before its end. */
const MARGIN = 0.1;
const MARGIN_MOST_MS = 30_000;
const LOOK_AGAIN_MS = 100;
/** Nobody waits longer for leave to ask: the caller plans. */
const LONGEST_WAIT_MS = 10_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

export function openBackendTokens(sources: TokenSources): BackendTokens {
  const stopping = new AbortController();
  const byName = new Map<string, Shared>();
  const sharedOf = (site: string, spec: BackendTokenSpec): Shared => {
    const name = nameOf(site, spec);
    const known = byName.get(name.name);
    if (known !== undefined) return known;
    const made = new Shared(sources, site, spec, name, stopping.signal);
    byName.set(name.name, made);
    return made;
  };
  return {
    lend: (site) => (spec) => {
      const shared = sharedOf(site, spec);
      return {
        get: (signal) => shared.get(spec, signal),
        refused: (token) => shared.refused(token),
        check: (signal) =>
          checkToken({ ...sources, site }, spec, signal, {
            endpoint: (of) => shared.endpoint(of),
            get: (of) => shared.get(spec, of),
            ahead_ms: () => shared.ahead_ms,
          }),
      };
    },
    async stop() {
      stopping.abort();
      await Promise.all([...byName.values()].map((shared) => shared.ended()));
    },
  };
}

/** @throws HubError CONFIG_INVALID: there is nowhere to ask */
function nameOf(site: string, spec: BackendTokenSpec): TokenName {
  const { tokenUrl, fhirBaseUrl, clientId, scope = '', auth, audience = '' } = spec;
  const endpoint = tokenUrl ?? fhirBaseUrl;
  if (endpoint === undefined)
    throw new HubError('CONFIG_INVALID', { detail: 'a token needs tokenUrl or a FHIR base that tells it', site });
  return { name: sha256(JSON.stringify([endpoint, clientId, scope, auth, audience])), endpoint, clientId, scope };
}

/** One token, for all connectors of this process that ask for the same. */
class Shared {
  ahead_ms: number | null = null;
  readonly #sources: TokenSources;
  readonly #on: Exchanging;
  readonly #name: TokenName;
  readonly #stopping: AbortSignal;
  #spec: BackendTokenSpec;
  #held: KeptToken | null = null;
  #endpoint: TokenEndpoint | null = null;
  #flight: Promise<KeptToken> | null = null;
  /** The last one that a site refused. What was read before it was written down may still bring it. */
  #refused: KeptToken | null = null;
  /** Refusals that are not written yet: nothing is read before them. */
  #refusing: Promise<void> = Promise.resolve();

  constructor(sources: TokenSources, site: string, spec: BackendTokenSpec, name: TokenName, stopping: AbortSignal) {
    this.#sources = sources;
    this.#on = { ...sources, site };
    this.#spec = spec;
    this.#name = name;
    this.#stopping = stopping;
  }

  async get(spec: BackendTokenSpec, signal: AbortSignal): Promise<string> {
    // The newest connector has the secret that is in force.
    this.#spec = spec;
    const now = this.#sources.clock.now();
    const held = this.#held;
    if (held !== null && now < held.endsAt) {
      // Nobody waits for the next one: whether it came shows when this one has ended.
      if (now >= held.refreshAt) this.#fly().catch(() => undefined);
      return held.token;
    }
    return (await orAbort(this.#fly(), signal, this.#on.site)).token;
  }

  refused(token: string): void {
    const held = this.#held;
    if (held?.token !== token) return;
    this.#held = null;
    this.#refused = held;
    const { shelf } = this.#sources;
    // Not written: whoever reads it again writes it then.
    const write = (): Promise<void> => shelf.refuse(this.#name, held.generation).catch(() => undefined);
    this.#refusing = this.#refusing.then(write);
  }

  async ended(): Promise<void> {
    await Promise.all([this.#flight?.catch(() => undefined), this.#refusing]);
  }

  async endpoint(signal: AbortSignal): Promise<TokenEndpoint> {
    const { tokenUrl, fhirBaseUrl = '' } = this.#spec;
    if (tokenUrl !== undefined) return { url: tokenUrl, algorithms: null };
    return (this.#endpoint ??= await discover(this.#on, fhirBaseUrl, signal));
  }

  #fly(): Promise<KeptToken> {
    return (this.#flight ??= this.#refusing
      .then(() => this.#obtain())
      .then(async (kept) => (this.#held = this.#isRefused(kept) ? await this.#obtain() : kept))
      .finally(() => {
        this.#flight = null;
      }));
  }

  async #obtain(): Promise<KeptToken> {
    const { shelf, clock } = this.#sources;
    const since = clock.monotonic();
    for (;;) {
      if (this.#stopping.aborted) throw new HubError('STOPPING', { detail: 'a token was waited for' });
      const now = clock.now();
      const standing = await shelf.standing(this.#name, now);
      const read = standing?.kept ?? null;
      if (read !== null && this.#isRefused(read)) await shelf.refuse(this.#name, read.generation);
      const kept = read !== null && this.#isRefused(read) ? null : read;
      if (kept !== null && now < kept.refreshAt) return kept;
      const lease = this.#leaseFrom(now);
      if (await shelf.lease(this.#name, lease, now)) return await this.#ask(lease, kept, standing?.failures ?? 0);
      // Another node asks, or it is too early: what there is does as long as it holds.
      if (kept !== null) return kept;
      const idle = standing !== null && standing.leaseUntil === null ? standing : null;
      const wait_ms = idle === null ? LOOK_AGAIN_MS : idle.notBefore - now;
      if (idle !== null && idle.failure !== null && wait_ms > 0) throw this.#again(idle.failure, wait_ms);
      if (wait_ms > LONGEST_WAIT_MS || clock.monotonic() - since > LEASE_MS + LONGEST_WAIT_MS)
        throw new HubError('SITE_RATE_LIMITED', {
          detail: 'the site refused a token, and the next one may not be asked for yet',
          site: this.#on.site,
          retryAfter_ms: Math.max(wait_ms, LOOK_AGAIN_MS),
        });
      await clock.sleep(Math.max(1, Math.min(wait_ms, LOOK_AGAIN_MS)), this.#stopping);
    }
  }

  /** A server may give the same text twice: the later one is not the one that was refused. */
  #isRefused({ token, generation }: KeptToken): boolean {
    return this.#refused?.generation === generation && this.#refused.token === token;
  }

  #leaseFrom(now: Instant): TokenLease {
    const every_ms = (this.#spec.atMostEvery_s ?? AT_MOST_EVERY_S) * 1000;
    return { id: randomToken(9), until: plus(now, LEASE_MS), notBefore: plus(now, every_ms) };
  }

  async #ask(lease: TokenLease, kept: KeptToken | null, failures: number): Promise<KeptToken> {
    const { shelf, clock, asked } = this.#sources;
    const began = clock.monotonic();
    const tell = (outcome: string): void => asked?.(this.#on.site, outcome, clock.monotonic() - began);
    let fresh: FreshToken;
    try {
      fresh = await askForToken(this.#on, this.#spec, await this.endpoint(this.#stopping), this.#stopping);
    } catch (error) {
      const failure = asHubError(error);
      // It may have moved: asked anew with the next question.
      this.#endpoint = null;
      tell(failure.code);
      const { code, detail, retryAfter_ms } = failure;
      const backoff_ms = retryAfter_ms ?? Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10));
      const notBefore = instant(Math.max(lease.notBefore, clock.now() + backoff_ms));
      await shelf.fail(this.#name, lease, code === 'STOPPING' ? null : { code, detail }, notBefore);
      // What there is holds a while longer.
      if (kept !== null && clock.now() < kept.endsAt && !this.#isRefused(kept)) return kept;
      throw failure;
    }
    tell('given');
    this.ahead_ms = fresh.ahead_ms;
    const stored = await shelf.put(this.#name, lease, { token: fresh.token, ...this.#lifeOf(fresh) });
    return stored ?? (await this.#obtain());
  }

  #lifeOf({ life_s, askedAt }: FreshToken): Pick<KeptToken, 'refreshAt' | 'endsAt'> {
    const life_ms = life_s * 1000;
    const random = this.#sources.random ?? Math.random;
    const share = REFRESH_AFTER + SPREAD * (random() - 0.5);
    const endsAt = plus(askedAt, life_ms - Math.min(MARGIN_MOST_MS, life_ms * MARGIN));
    return { refreshAt: plus(askedAt, life_ms * share), endsAt };
  }

  /** What the last question came to, without asking again: whoever asks wants to know why. */
  #again({ code, detail }: TokenFailure, wait_ms: number): HubError {
    return new HubError(code, { detail, site: this.#on.site, retryAfter_ms: wait_ms });
  }
}

/** The others who wait for the same are not disturbed. */
async function orAbort<T>(flight: Promise<T>, signal: AbortSignal, site: string): Promise<T> {
  const given = (): HubError => new HubError('STOPPING', { detail: 'given up while waiting for a token', site });
  if (signal.aborted) throw given();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(given());
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([flight, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
