/** Who is one person across sites: the log of decisions, golden ids, the review queue. Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';
import type { ChainStep } from './contract-ledger.ts';

/** As the engine reads it (identity/golden/decision.ts). Records are named by the id of their Patient. */
export interface StoredDecision {
  readonly seq: number;
  readonly kind: 'link' | 'unlink' | 'not-same' | 'merge' | 'override' | 'undo';
  readonly one: string;
  /** Null: an override, or the undo of one. */
  readonly other: string | null;
  /** Of an override, or of the undo of one. */
  readonly attribute: string | null;
  readonly value: unknown;
  readonly actor: { readonly kind: 'person' | 'site' | 'hub'; readonly id: string };
  readonly reason: string;
  readonly evidence: Readonly<Record<string, string | number | readonly number[]>> | null;
  readonly modelId: string | null;
  readonly at: Instant;
  readonly supersedes: number | null;
  /** Place of the first of what was said at once. */
  readonly act: number;
}

export interface NewDecision extends Omit<StoredDecision, 'seq' | 'act'> {
  /** Absent: it is the first, or all, of what is said. */
  readonly act?: number;
  /** The site's own decision (patient_decision) that says so; null: none does. */
  readonly toldBy: number | null;
}

/** A site's record of a person, as far as decisions need it. */
export interface KnownRecord {
  readonly id: string;
  readonly site: string;
  readonly key: string;
  readonly since: Instant;
  readonly goldenId: string;
  readonly survivorId: string | null;
  readonly removedAt: Instant | null;
}

/** A record that a golden id stands for, or once stood for. */
export interface Held {
  readonly goldenId: string;
  readonly patientId: string;
}

/** What became of a golden id. */
export interface GoldenRow {
  readonly id: string;
  readonly state: 'active' | 'redirected' | 'split';
  readonly leadsTo: readonly string[];
}

/**
 * review: the score asks for it. withdrawn: a link was undone because the records no longer fit. kept-apart: a decision
 * stands against it. contradicted: another record of the person does not fit. truncated: not all records were compared.
 * overruled: a site's word that does not hold.
 */
export type ReviewCause = 'review' | 'withdrawn' | 'kept-apart' | 'contradicted' | 'truncated' | 'overruled';

export interface ReviewPair {
  /** Sorted. */
  readonly lo: string;
  readonly hi: string;
  readonly why: ReviewCause;
  readonly score: number;
  readonly probability: number;
  readonly modelId: string;
  /** Levels, steps of the waterfall and guards: no values of the records. */
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly dueAt: Instant;
}

export interface ReviewRow extends ReviewPair {
  /** outdated: the records changed, or are one person by now. */
  readonly state: 'open' | 'claimed' | 'decided' | 'outdated';
  readonly claimedBy: string | null;
  /** Null: it is not claimed. From then on anybody may have it. */
  readonly claimedUntil: Instant | null;
  readonly decision: number | null;
  readonly openedAt: Instant;
  /** Who is to look at it, and how many steps it went up because it was overdue. */
  readonly role: string;
  readonly escalated: number;
}

export type EscalatedReview = Pick<ReviewRow, 'lo' | 'hi' | 'role'> & { readonly from: string; readonly step: number };

/** Behind the last one of a list. */
export type ReviewPlace = Pick<ReviewRow, 'dueAt' | 'lo' | 'hi'>;

export type DecidedPair = Pick<ReviewRow, 'lo' | 'hi' | 'why' | 'score' | 'modelId' | 'evidence'> & {
  readonly decision: number;
  readonly same: boolean;
};

export interface IdentityCounts {
  readonly records: number;
  readonly people: number;
  readonly due: number;
  readonly truncated: number;
  readonly decisions: readonly { readonly actor: string; readonly kind: string; readonly count: number }[];
  readonly reviews: readonly { readonly state: string; readonly why: string; readonly count: number }[];
  /** Of the pairs that wait: past their time, and by whose they are by now. */
  readonly overdue: readonly { readonly role: string; readonly escalated: number; readonly count: number }[];
}

export interface IdentityStore {
  /** Appends; its place in the log, or null where the site's word was written down before. */
  append(decision: NewDecision, now: Instant): Promise<number | null>;
  /** All decisions about these records, and about records that decisions connect with them, in the order of the log. */
  about(ids: readonly string[]): Promise<readonly StoredDecision[]>;
  /** All that was said at once with this one; empty: there is none. */
  act(seq: number): Promise<readonly StoredDecision[]>;
  /** Those that are known, sorted by id. */
  records(ids: readonly string[]): Promise<readonly KnownRecord[]>;
  setPeople(records: readonly Pick<KnownRecord, 'id' | 'goldenId' | 'survivorId'>[]): Promise<void>;
  /** Of every golden id that ever stood for one of these records all records that it ever stood for. */
  holdings(ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  hold(held: readonly Held[]): Promise<void>;
  setGolden(rows: readonly GoldenRow[], now: Instant): Promise<void>;
  /** Of records by themselves: its own golden id stands for each, unless something is known of that id already. */
  ensureGolden(alone: readonly Held[], now: Instant): Promise<void>;
  golden(id: string): Promise<GoldenRow | null>;
  /** Records that a golden id stands for now. */
  members(goldenId: string): Promise<readonly KnownRecord[]>;
  /**
   * Copies what sites decided and an earlier release did not write into this log. The records that it is about; empty:
   * all is there.
   */
  copySiteDecisions(limit: number, now: Instant): Promise<readonly string[]>;
  /** As above, of what is decided about these records; what it wrote. */
  copySiteDecisionsOf(
    ids: readonly string[],
    now: Instant,
  ): Promise<readonly Pick<StoredDecision, 'seq' | 'kind' | 'one' | 'other'>[]>;

  /** Opens the pair, or opens it again. What a person has claimed stays claimed, and a weightier cause is kept. */
  openReview(pair: ReviewPair, now: Instant): Promise<void>;
  review(one: string, other: string): Promise<ReviewRow | null>;
  /** Open and claimed ones that name one of these records. */
  waiting(ids: readonly string[]): Promise<readonly Pick<ReviewRow, 'lo' | 'hi' | 'why'>[]>;
  /** Open and claimed ones, those due first. */
  reviews(limit: number, after: ReviewPlace | null): Promise<readonly ReviewRow[]>;
  /** Pairs that people decided, with what they found, by the place of the decision. */
  verdicts(limit: number, after: number | null): Promise<readonly DecidedPair[]>;
  outdate(pairs: readonly Pick<ReviewPair, 'lo' | 'hi'>[], now: Instant): Promise<void>;
  /** From open to claimed; whoever has it already has it longer. False: it is not to be had. */
  claim(one: string, other: string, by: string, until: Instant, now: Instant): Promise<boolean>;
  release(one: string, other: string, by: string, now: Instant): Promise<boolean>;
  /** Claims that ended are open again; how many. */
  lapseClaims(now: Instant): Promise<number>;
  /** Takes overdue pairs up by one step each; `chain` is theirs. */
  escalateReviews(chain: readonly ChainStep[], now: Instant): Promise<readonly EscalatedReview[]>;
  /** From decided to open, of pairs that these decided: what they said is taken back. */
  reopen(decisions: readonly number[], dueAt: Instant, now: Instant): Promise<void>;
  /** From open or claimed to decided. */
  decided(one: string, other: string, decision: number, now: Instant): Promise<boolean>;
  counts(now: Instant): Promise<IdentityCounts>;
  /** Records to be placed, and pairs to be looked at; read without counting what is done. */
  backlog(now: Instant): Promise<Readonly<Record<'due' | 'open' | 'claimed' | 'overdue', number>>>;
}
