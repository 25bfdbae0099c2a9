/** The hub's own keys and the access tokens that it gets by them, on its store: shared by all nodes. */
import { openBackendTokens, type BackendTokens } from './connectors/kit/backend-token.ts';
import { memoryShelf } from './connectors/kit/token-shelf.ts';
import type { TokenShelf } from './connectors/contract-tokens.ts';
import type { Clock } from './core/clock.ts';
import { asHubError, HubError } from './core/errors.ts';
import { DAY_MS, plus } from './core/instant.ts';
import { startLoop, type Loop } from './core/loop.ts';
import type { HubEvents } from './hub-events.ts';
import { SigningKeys } from './pipeline/signing-keys.ts';
import type { HubSettings, Plan } from './settings/shape.ts';
import { systemScope, type Store } from './store/contract.ts';

export interface HubKeys {
  readonly signing: SigningKeys;
  readonly tokens: BackendTokens;
  /** Where others read the keys; null: nobody outside can. */
  url(): string | null;
  /** Keys are withdrawn and rotated from now on. */
  start(): void;
  stop(): Promise<void>;
}

export interface HubKeysOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: Pick<HubEvents, 'signingKeyMoved' | 'tokenAsked' | 'stageFailed' | 'swept'>;
  readonly plan: () => Plan;
  /** Where the hub is reached from outside; null: nobody can. */
  readonly reachedAt: (plan: Plan) => string | null;
}

const TICK_MS = 60_000;
const FORGOTTEN_AFTER_MS = DAY_MS;
const SCOPE = systemScope('tokens');

export function openHubKeys(options: HubKeysOptions): HubKeys {
  const { store, clock, events, plan, reachedAt } = options;
  const hub = (): HubSettings => plan().hub;
  const url = (): string | null => jwksUrl(reachedAt(plan()), hub().environment);
  const signing = new SigningKeys({ store, clock, hub, moved: events.signingKeyMoved });
  const tokens = openBackendTokens({
    clock,
    shelf: shelfOn(store),
    signer: { sign: (claims, supported) => signing.sign(claims, supported), jwksUrl: url },
    asked: events.tokenAsked,
  });
  let loop: Loop | null = null;
  const step = async (): Promise<false> => {
    await signing.sweep();
    const before = plus(clock.now(), -FORGOTTEN_AFTER_MS);
    const forgotten = await store.transaction(SCOPE, (tx) => tx.backendTokens.forget(before));
    if (forgotten > 0) events.swept('access tokens that nobody asks for', forgotten);
    return false;
  };
  return {
    signing,
    tokens,
    url,
    start() {
      const onError = (error: unknown): void => {
        const { code, detail } = asHubError(error);
        events.stageFailed('keys', code, detail);
      };
      loop = startLoop({ clock, tick_ms: TICK_MS, step, onError });
    },
    async stop() {
      await tokens.stop();
      await loop?.stop();
    },
  };
}

/** Of a process that is no hub and has none of its keys. */
export function loneTokens(clock: Clock): BackendTokens {
  const detail = 'keys are the hub’s alone: this process has none';
  const sign = (): Promise<never> => Promise.reject(new HubError('SIGNING_UNAVAILABLE', { detail }));
  return openBackendTokens({ clock, shelf: memoryShelf(), signer: { sign, jwksUrl: () => null } });
}

/**
 * Of a process beside the hub: tokens of its own, asked for with the hub's key as long as its store can be read. Who
 * uses it stops it.
 */
export function rehearsedTokens(
  store: Store | null,
  clock: Clock,
  hub: HubSettings,
  base: string | null,
): BackendTokens {
  const signing =
    store === null ? null : new SigningKeys({ store, clock, hub: () => hub, makes: false, moved: () => undefined });
  const detail =
    'the hub’s key cannot be read from here: run this where the hub runs, with its DATA_DIR and DATABASE_URL, once ' +
    'the hub has been started and its JWKS URL opened';
  const tokens = openBackendTokens({
    clock,
    shelf: memoryShelf(),
    signer: {
      sign: (claims, supported) =>
        signing === null
          ? Promise.reject(new HubError('SIGNING_UNAVAILABLE', { detail }))
          : signing.sign(claims, supported),
      jwksUrl: () => jwksUrl(base, hub.environment),
    },
  });
  return {
    lend: tokens.lend,
    async stop() {
      await tokens.stop();
      await store?.close();
    },
  };
}

function jwksUrl(base: string | null, environment: HubSettings['environment']): string | null {
  return base === null ? null : `${base.replace(/\/$/, '')}/.well-known/jwks/${environment}.json`;
}

function shelfOn(store: Store): TokenShelf {
  return {
    standing: (name, now) => store.glance(SCOPE, (tx) => tx.backendTokens.standing(name, now)),
    lease: (name, lease, now) => store.transaction(SCOPE, (tx) => tx.backendTokens.lease(name, lease, now)),
    put: (name, lease, token) => store.transaction(SCOPE, (tx) => tx.backendTokens.put(name, lease, token)),
    fail: (name, lease, failure, notBefore) =>
      store.transaction(SCOPE, (tx) => tx.backendTokens.fail(name, lease, failure, notBefore)),
    refuse: (name, generation) => store.transaction(SCOPE, (tx) => tx.backendTokens.refuse(name, generation)),
  };
}
