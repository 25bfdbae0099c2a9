/** Keys that the hub signs with, and the access tokens that sites gave it. Part of store/contract.ts. */
import type { TokenShelf } from '../connectors/contract-tokens.ts';
import type { Instant } from '../core/instant.ts';
import type { PublicJwk } from '../core/jwt.ts';
import type { Environment } from '../settings/shape.ts';

export interface SigningKey {
  readonly environment: Environment;
  readonly jwk: PublicJwk;
  readonly createdAt: Instant;
  /** It is published before. Of the keys of one algorithm the newest one that may sign does. */
  readonly signsFrom: Instant;
  /** Since then it is published no more, and its private part is destroyed. */
  readonly withdrawnAt: Instant | null;
}

export interface SigningKeyStore {
  /** The newest first; of those that were withdrawn the last hundred. */
  list(environment: Environment): Promise<readonly SigningKey[]>;
  /** PKCS 8. Null: it was withdrawn. @throws HubError KEY_MISSING */
  privatePart(kid: string): Promise<Buffer | null>;
  add(key: Omit<SigningKey, 'withdrawnAt'>, privatePart: Uint8Array): Promise<void>;
  /** False: it was already. */
  withdraw(kid: string, now: Instant): Promise<boolean>;
}

/** Tokens by name (what they are for), all that the nodes of a hub share of them. */
export interface BackendTokenStore extends TokenShelf {
  /** Those that nobody has asked for since. */
  forget(before: Instant): Promise<number>;
}
