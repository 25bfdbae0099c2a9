/** How the hub's own keys stand, which follows from their times alone. Pure. */
import { HubError } from '../core/errors.ts';
import { DAY_MS, formatInstant, plus, type Instant } from '../core/instant.ts';
import type { PublicJwk, SigningAlgorithm } from '../core/jwt.ts';
import type { Environment } from '../settings/shape.ts';
import type { SigningKey } from '../store/contract-keys.ts';

/** waiting: published, and does not sign yet. kept: published for those who read what it signed. */
export type KeyState = 'waiting' | 'signing' | 'kept' | 'withdrawn';

export interface KeyShown {
  readonly jwk: PublicJwk;
  readonly state: KeyState;
  readonly createdAt: Instant;
  readonly signsFrom: Instant;
  /** When a key that is kept will be withdrawn, or one that was has been. */
  readonly publishedUntil: Instant | null;
}

export type Standing = SigningKey & {
  readonly state: KeyState;
  /** Since when another one signs instead. */
  readonly retiredAt: Instant | null;
};

/** An assertion lives for four minutes; whoever reads it within them must find its key (vendors/epic.md 1.2). */
const STILL_READ_MS = 300_000;

/** `keys`: the newest first. Whoever withdraws the newer one of two has the older sign again. */
export function standings(keys: readonly SigningKey[], now: Instant): readonly Standing[] {
  const follower = new Map<SigningAlgorithm, Instant>();
  return keys.map((key): Standing => {
    if (key.withdrawnAt !== null) return { ...key, state: 'withdrawn', retiredAt: null };
    if (key.signsFrom > now) return { ...key, state: 'waiting', retiredAt: null };
    const retiredAt = follower.get(key.jwk.alg) ?? null;
    follower.set(key.jwk.alg, key.signsFrom);
    return { ...key, state: retiredAt === null ? 'signing' : 'kept', retiredAt };
  });
}

/** Published ones of an algorithm, the newest first. */
export function ofAlgorithm(keys: readonly Standing[], alg: SigningAlgorithm): readonly Standing[] {
  return keys.filter(({ jwk, state }) => jwk.alg === alg && state !== 'withdrawn');
}

/** Only a key that nobody follows yet. */
export function isOld(live: readonly Standing[], rotateAfter_days: number, now: Instant): boolean {
  const [only, second] = live;
  return only !== undefined && second === undefined && plus(only.signsFrom, rotateAfter_days * DAY_MS) <= now;
}

export function isOver({ state, retiredAt }: Standing, keptFor_s: number, now: Instant): boolean {
  return state === 'kept' && retiredAt !== null && plus(retiredAt, keptFor_s * 1000) <= now;
}

export function shownOf(key: Standing, keptFor_s: number): KeyShown {
  const { jwk, state, createdAt, signsFrom, retiredAt, withdrawnAt } = key;
  const publishedUntil = withdrawnAt ?? (retiredAt === null ? null : plus(retiredAt, keptFor_s * 1000));
  return { jwk, state, createdAt, signsFrom, publishedUntil };
}

/**
 * The key, if it may be withdrawn. `wanted`: algorithms that the hub signs by.
 * @throws HubError NOT_FOUND, RULE_BROKEN
 */
export function withdrawable(
  keys: readonly Standing[],
  kid: string,
  now: Instant,
  { atOnce, wanted }: { readonly atOnce: boolean; readonly wanted: readonly SigningAlgorithm[] },
): Standing {
  const key = keys.find(({ jwk }) => jwk.kid === kid);
  if (key === undefined || key.state === 'withdrawn') {
    const detail = 'no published key of this hub has this kid; slotwire keys list shows them';
    throw new HubError('NOT_FOUND', { detail });
  }
  const { state, retiredAt, jwk } = key;
  const leavesOne = ofAlgorithm(keys, jwk.alg).some((one) => one.state === 'kept');
  if (state === 'signing' && wanted.includes(jwk.alg) && !leavesOne) {
    const detail = 'it is the one that signs, and sites would give no token any more; slotwire keys rotate --now first';
    throw new HubError('RULE_BROKEN', { detail });
  }
  const signedUntil = state === 'signing' ? now : retiredAt;
  const readUntil = signedUntil === null ? now : plus(signedUntil, STILL_READ_MS);
  if (readUntil > now && !atOnce) {
    const detail = `what it signed may be read until ${formatInstant(readUntil)}; wait, or withdraw it --now`;
    throw new HubError('RULE_BROKEN', { detail });
  }
  return key;
}

export function twoAreLive({ jwk }: Standing): HubError {
  const detail = `two keys of ${jwk.alg} are published; wait until ${jwk.kid} is withdrawn, or withdraw one of them`;
  return new HubError('RULE_BROKEN', { detail });
}

export function elsewhere(environment: string, own: Environment): HubError {
  const asked = ['production', 'test', 'sandbox'].includes(environment) ? environment : 'what was asked for';
  const there = `its keys are at /.well-known/jwks/${own}.json`;
  return new HubError('NOT_FOUND', {
    detail: `this hub's environment is ${own}, and ${there}; keys of ${asked} are not here`,
  });
}

export function noneTaken(supported: readonly string[], ours: readonly string[]): HubError {
  const theirs = supported.filter((one) => /^[A-Za-z0-9-]{1,20}$/.test(one)).join(', ');
  const detail = `the site takes ${theirs}, and signing.algorithms in hub.yaml has ${ours.join(', ')}`;
  return new HubError('SIGNING_UNAVAILABLE', { detail });
}
