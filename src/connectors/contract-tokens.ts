/** Where access tokens are kept, and who may ask for the next. Part of connectors/contract.ts. */
import type { ErrorCode } from '../core/error-catalogue.ts';
import type { Instant } from '../core/instant.ts';

/** What a token is for. */
export interface TokenName {
  /** Hash of all that makes a token another one. */
  readonly name: string;
  /** The token URL, or the FHIR base that tells it. */
  readonly endpoint: string;
  readonly clientId: string;
  readonly scope: string;
}
export interface KeptToken {
  readonly token: string;
  /** Grows with each token of this name. */
  readonly generation: number;
  /** From then on the next one is asked for; from the other on it is given to nobody. */
  readonly refreshAt: Instant;
  readonly endsAt: Instant;
}
export interface TokenStanding {
  /** Null: none, it ended, or it was refused. */
  readonly kept: KeptToken | null;
  /** Null: nobody asks for the next one. */
  readonly leaseUntil: Instant | null;
  /** Nobody asks before. */
  readonly notBefore: Instant;
  /** Of the last question; null: it brought a token. */
  readonly failure: TokenFailure | null;
  /** In a row. */
  readonly failures: number;
}
export interface TokenFailure {
  readonly code: ErrorCode;
  readonly detail: string;
}
export interface TokenLease {
  readonly id: string;
  readonly until: Instant;
  readonly notBefore: Instant;
}

export interface TokenShelf {
  /** Null: nobody ever asked. */
  standing(name: TokenName, now: Instant): Promise<TokenStanding | null>;
  /** True: nobody else asks, the next token is due, and whoever called asks for it now. */
  lease(name: TokenName, lease: TokenLease, now: Instant): Promise<boolean>;
  /** Null: the lease was over and another took it, whose token holds. */
  put(name: TokenName, lease: TokenLease, token: Omit<KeptToken, 'generation'>): Promise<KeptToken | null>;
  /** Gives the lease back. Null: it was not asked to the end, and nothing is known by it. */
  fail(name: TokenName, lease: TokenLease, failure: TokenFailure | null, notBefore: Instant): Promise<void>;
  /** Exactly this one: a newer one stays. */
  refuse(name: TokenName, generation: number): Promise<void>;
}
