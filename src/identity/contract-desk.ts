/** What people do about who is who: look at pairs, decide, take apart. Part of identity/contract.ts. */
import type { Instant } from '../core/instant.ts';
import type { IdentityCounts, ReviewRow, StoredDecision } from '../store/contract-identity.ts';
import type { Scope } from '../store/contract.ts';

/** Who asks, and under which request. */
export interface Asked {
  readonly scope: Scope;
  readonly requestId: string;
}

/** Records are named by the id of their Patient. */
export interface Word {
  readonly one: string;
  readonly other: string;
  readonly verdict: 'same' | 'different';
  readonly reason: string;
}

export interface Parting {
  /** Records of one person who are another one. */
  readonly records: readonly string[];
  readonly reason: string;
  /** Also against what their site said of them. */
  readonly overrule: boolean;
}

export interface Decided {
  /** Places in the log; empty: nothing had to be written. */
  readonly decisions: readonly number[];
  /** Who is one person now, of all that are concerned. */
  readonly people: readonly { readonly goldenId: string; readonly records: readonly string[] }[];
}

/** Levels and bits, and no value of any record: those are read by whoever may see them. */
export interface ExplainedPair {
  readonly one: string;
  readonly other: string;
  readonly band: string;
  readonly score: number;
  readonly probability: number;
  readonly thresholds: { readonly auto: number; readonly review: number; readonly prior: number };
  readonly guards: readonly { readonly guard: string; readonly says: string }[];
  readonly levels: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly field: string; readonly level: string; readonly bits: number }[];
  readonly modelId: string;
  readonly samePerson: boolean;
  readonly review: Pick<ReviewRow, 'state' | 'why' | 'claimedBy' | 'dueAt'> | null;
  /** All that was decided about the two and those whom decisions connect with them. */
  readonly decisions: readonly StoredDecision[];
}

export interface ShownPair extends Omit<ReviewRow, 'evidence' | 'openedAt' | 'dueAt'> {
  readonly openedAt: Instant;
  readonly dueAt: Instant;
}

/** Whoever may not see both records of a pair is told of neither. @throws HubError NOT_FOUND, RULE_BROKEN */
export interface PeopleDesk {
  stats(asked: Asked): Promise<IdentityCounts>;
  /** Pairs to be looked at, the likeliest first. */
  reviews(asked: Asked, limit: number): Promise<readonly ShownPair[]>;
  explain(asked: Asked, one: string, other: string): Promise<ExplainedPair>;
  claim(asked: Asked, one: string, other: string): Promise<void>;
  release(asked: Asked, one: string, other: string): Promise<void>;
  decide(asked: Asked, word: Word): Promise<Decided>;
  unmerge(asked: Asked, parting: Parting): Promise<Decided>;
}
