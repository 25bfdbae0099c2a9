/**
 * The keys by which sites know this hub: made on first need, published, rotated, withdrawn. They sign assertions for
 * tokens and nothing else. How a key stands follows from three times, so that no step is lost between nodes:
 *
 *   made --- published ---> signsFrom --- signs ---> the next one's signsFrom --- published ---> withdrawn
 *
 * Two of an algorithm are live while one follows the other, never three.
 */
import { askedTogether } from '../core/asked-together.ts';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { instant, plus, type Instant } from '../core/instant.ts';
import { makeSigningKey, signedJwt, type Claims, type PublicJwk, type SigningAlgorithm } from '../core/jwt.ts';
import type { Environment, HubSettings } from '../settings/shape.ts';
import type { SigningSettings } from '../settings/signing-shape.ts';
import { signingOf } from '../settings/signing-spec.ts';
import { systemScope, type Scope, type Store, type Tx } from '../store/contract.ts';
import {
  elsewhere,
  isOld,
  isOver,
  noneTaken,
  ofAlgorithm,
  shownOf,
  standings,
  twoAreLive,
  withdrawable,
  type KeyShown,
  type Standing,
} from './key-standing.ts';

export type { KeyShown } from './key-standing.ts';

export interface SigningKeyDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly hub: () => Pick<HubSettings, 'environment' | 'signing'>;
  readonly moved: (environment: Environment, what: 'made' | 'withdrawn', kid: string) => void;
  /** False: whoever reads beside the hub makes no keys. */
  readonly makes?: false;
}

export interface AskedBy {
  readonly scope: Scope;
  readonly requestId: string;
}

export interface Signed {
  readonly jwt: string;
  readonly kid: string;
  readonly alg: SigningAlgorithm;
}

const SCOPE = systemScope('keys');

export class SigningKeys {
  readonly #deps: SigningKeyDeps;
  readonly #published: (ask: null) => Promise<readonly Standing[]>;

  constructor(deps: SigningKeyDeps) {
    this.#deps = deps;
    // Anybody may ask for the key set, as often as they like: one reading answers all who ask at once.
    this.#published = askedTogether(async (asks) => {
      const keys = await this.#present();
      return asks.map(() => keys);
    });
  }

  /** What anybody may read. @throws HubError NOT_FOUND: another environment has other keys, at another hub */
  async jwks(environment: string): Promise<{ readonly keys: readonly PublicJwk[] }> {
    const own = this.#environment();
    if (environment !== own) throw elsewhere(environment, own);
    const keys = await this.#published(null);
    return { keys: keys.filter(({ state }) => state !== 'withdrawn').map(({ jwk }) => jwk) };
  }

  async list(): Promise<readonly KeyShown[]> {
    const { keptFor_s } = this.#settings();
    return (await this.#present()).map((key) => shownOf(key, keptFor_s));
  }

  /**
   * Makes the next key of each algorithm. It signs from then on; null: when everybody who keeps the key set has had to
   * read it again. @throws HubError RULE_BROKEN: two are live already
   */
  async rotate(by: AskedBy, from: Instant | null): Promise<readonly KeyShown[]> {
    await this.#present();
    for (const alg of this.#settings().algorithms) await this.#follow(by.scope, alg, from, 'by hand', by.requestId);
    return this.list();
  }

  /** `atOnce`: also one that signed a moment ago. @throws HubError NOT_FOUND, RULE_BROKEN */
  async withdraw({ scope, requestId }: AskedBy, kid: string, atOnce: boolean): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#locked(scope, async (tx, keys) => {
      const { jwk } = withdrawable(keys, kid, now, { atOnce, wanted: this.#settings().algorithms });
      await tx.signingKeys.withdraw(kid, now);
      await this.#written(tx, now, 'withdrawn', jwk, 'by hand', requestId);
    });
    this.#deps.moved(this.#environment(), 'withdrawn', kid);
  }

  /**
   * `supported`: algorithms that the site takes; null: it does not say.
   * @throws HubError SIGNING_UNAVAILABLE: the site takes none of ours
   */
  async sign(claims: Claims, supported: readonly string[] | null): Promise<Signed> {
    const { algorithms } = this.#settings();
    const alg = algorithms.find((one) => supported === null || supported.length === 0 || supported.includes(one));
    if (alg === undefined) throw noneTaken(supported ?? [], algorithms);
    const key = (await this.#present()).find(({ jwk, state }) => jwk.alg === alg && state === 'signing');
    const kid = key?.jwk.kid ?? '';
    const privatePart = await this.#deps.store.glance(SCOPE, (tx) => tx.signingKeys.privatePart(kid));
    if (privatePart === null) {
      const detail = `no key signs by ${alg} at this moment; slotwire keys list shows why`;
      throw new HubError('SIGNING_UNAVAILABLE', { detail });
    }
    return { jwt: signedJwt({ alg, kid, privatePart }, claims), kid, alg };
  }

  /** Withdraws what was kept for long enough; replaces what signed for too long. How many keys were touched. */
  async sweep(): Promise<number> {
    const now = this.#deps.clock.now();
    const { rotateAfter_days, algorithms, keptFor_s } = this.#settings();
    const keys = await this.#deps.store.glance(SCOPE, (tx) => this.#stored(tx));
    const over = keys.some((key) => isOver(key, keptFor_s, now)) ? await this.#withdrawOver(now) : [];
    const old = algorithms.filter(
      (alg) => rotateAfter_days !== undefined && isOld(ofAlgorithm(keys, alg), rotateAfter_days, now),
    );
    // Two nodes may see it at once: the second is refused, since two are live then.
    for (const alg of old) await this.#follow(SCOPE, alg, null, 'signed for long enough').catch(unlessFollowed);
    return over.length + old.length;
  }

  async #withdrawOver(now: Instant): Promise<readonly Standing[]> {
    const { keptFor_s } = this.#settings();
    const over = await this.#locked(SCOPE, async (tx, keys) => {
      const found = keys.filter((key) => isOver(key, keptFor_s, now));
      for (const { jwk } of found) {
        await tx.signingKeys.withdraw(jwk.kid, now);
        await this.#written(tx, now, 'withdrawn', jwk, 'kept for long enough');
      }
      return found;
    });
    for (const { jwk } of over) this.#deps.moved(this.#environment(), 'withdrawn', jwk.kid);
    return over;
  }

  async #present(): Promise<readonly Standing[]> {
    const found = await this.#deps.store.glance(SCOPE, (tx) => this.#stored(tx));
    const missing = this.#settings().algorithms.filter((alg) => ofAlgorithm(found, alg).length === 0);
    if (missing.length === 0 || this.#deps.makes === false) return found;
    for (const alg of missing) await this.#first(alg);
    return this.#deps.store.glance(SCOPE, (tx) => this.#stored(tx));
  }

  /** Many processes may find at once that there is none: the first to come has made it. */
  async #first(alg: SigningAlgorithm): Promise<void> {
    const { jwk, privatePart } = await makeSigningKey(alg, this.#settings().rsaKey_bits);
    const now = this.#deps.clock.now();
    const environment = this.#environment();
    const isFirst = await this.#locked(SCOPE, async (tx, keys) => {
      if (ofAlgorithm(keys, alg).length > 0) return false;
      await tx.signingKeys.add({ environment, jwk, createdAt: now, signsFrom: now }, privatePart);
      await this.#written(tx, now, 'made', jwk, 'first need');
      return true;
    });
    if (isFirst) this.#deps.moved(environment, 'made', jwk.kid);
  }

  async #follow(
    scope: Scope,
    alg: SigningAlgorithm,
    from: Instant | null,
    cause: string,
    requestId?: string,
  ): Promise<void> {
    const { rsaKey_bits, jwksCache_s } = this.#settings();
    const { jwk, privatePart } = await makeSigningKey(alg, rsaKey_bits);
    const now = this.#deps.clock.now();
    const signsFrom = from === null ? plus(now, jwksCache_s * 1000) : instant(Math.max(from, now));
    const environment = this.#environment();
    await this.#locked(scope, async (tx, keys) => {
      const [newest, second] = ofAlgorithm(keys, alg);
      if (newest !== undefined && second !== undefined) throw twoAreLive(second);
      await tx.signingKeys.add({ environment, jwk, createdAt: now, signsFrom }, privatePart);
      await this.#written(tx, now, 'made', jwk, cause, requestId);
    });
    this.#deps.moved(environment, 'made', jwk.kid);
  }

  /** One at a time, on all nodes, each knowing what the one before has done. */
  #locked<T>(scope: Scope, work: (tx: Tx, keys: readonly Standing[]) => Promise<T>): Promise<T> {
    return this.#deps.store.transaction(scope, async (tx) => {
      await tx.lock([`signing-keys:${this.#environment()}`]);
      return work(tx, await this.#stored(tx));
    });
  }

  async #stored(tx: Tx): Promise<readonly Standing[]> {
    return standings(await tx.signingKeys.list(this.#environment()), this.#deps.clock.now());
  }

  async #written(
    tx: Tx,
    at: Instant,
    what: 'made' | 'withdrawn',
    { kid, alg }: PublicJwk,
    cause: string,
    requestId?: string,
  ): Promise<void> {
    const data = { kid, alg, environment: this.#environment() };
    await tx.ledger.add([{ at, kind: `signing-key-${what}`, cause, data }]);
    await tx.audit({ at, action: 'operate', outcome: 'success', ...(requestId === undefined ? {} : { requestId }) });
  }

  #settings(): SigningSettings {
    return signingOf(this.#deps.hub());
  }

  #environment(): Environment {
    return this.#deps.hub().environment;
  }
}

function unlessFollowed(error: unknown): void {
  if (!(error instanceof HubError) || error.code !== 'RULE_BROKEN') throw error;
}
