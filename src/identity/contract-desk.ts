/** What people do about who is who: look at pairs, decide, take apart. Part of identity/contract.ts. */
import type { Instant } from '../core/instant.ts';
import type { ErasedRows } from '../store/contract-erasure.ts';
import type {
  IdentityCounts,
  KnownRecord,
  ReviewPlace,
  ReviewRow,
  StoredDecision,
} from '../store/contract-identity.ts';
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

/** Attributes of which a person has one value. */
export type PersonAttribute = 'name' | 'gender' | 'birthDate' | 'deceased' | 'address';

/** A value that somebody knows to be right, for a golden person or one record. */
export interface Saying {
  /** A golden id, or the id of a record's Patient. */
  readonly person: string;
  readonly attribute: PersonAttribute;
  /** Whole, as FHIR has it (the date as text, deceased as true or false). Null: what the records say holds again. */
  readonly value: unknown;
  readonly reason: string;
}

export interface TakenBack {
  /** Place in the log of a person's decision; all that was said at once with it goes too. */
  readonly decision: number;
  readonly reason: string;
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
  /** The same, added up from what two records taken at random have. */
  readonly waterfall: ShownWaterfall;
  readonly modelId: string;
  /** By which rule of the settings matching would link them, where the score alone would ask a person. */
  readonly rule: {
    readonly name: string;
    readonly agree: readonly string[];
    readonly system?: string;
    readonly collision: number;
  } | null;
  readonly samePerson: boolean;
  /** `evidence`: as it was when the pair was put before a person. */
  readonly review: (ShownPair & { readonly evidence: Readonly<Record<string, unknown>> }) | null;
  /** All that was decided about the two and those whom decisions connect with them. */
  readonly decisions: readonly ShownDecision[];
}

export interface ShownWaterfall {
  readonly start: number;
  readonly steps: readonly {
    readonly field: string;
    readonly level: string;
    readonly bits: number;
    readonly sum: number;
  }[];
  readonly total: number;
  readonly thresholds: { readonly review: number; readonly auto: number };
}

/** `holds`: nobody has taken it back. What it says may still give way to a weightier or a later word. */
export type ShownDecision = StoredDecision & { readonly holds: boolean };

export type ShownPair = Omit<ReviewRow, 'evidence'>;

export interface ReviewList {
  /** Those due first. */
  readonly pairs: readonly ShownPair[];
  /** Where the next list begins; null: this is the end. */
  readonly next: ReviewPlace | null;
}

/** What people decided about pairs that matching had put before them. */
export interface Verdicts {
  readonly verdicts: readonly {
    /** log2 of the odds that the score gave the pair. */
    readonly odds: number;
    readonly same: boolean;
    /** Something else than the score kept it from being linked. */
    readonly guarded: boolean;
    readonly modelId: string;
  }[];
  /** Where the next list begins; null: this is the end. */
  readonly next: number | null;
}

export interface PersonShown {
  readonly goldenId: string;
  readonly records: readonly Pick<KnownRecord, 'id' | 'site' | 'since' | 'survivorId'>[];
  /** What people said and holds. The only values of a person that the desk shows. */
  readonly overrides: readonly {
    readonly attribute: PersonAttribute;
    readonly value: unknown;
    readonly decision: number;
    readonly record: string;
    readonly actor: StoredDecision['actor'];
    readonly reason: string;
    readonly at: Instant;
  }[];
  readonly decisions: readonly ShownDecision[];
}

/** For good: nobody can bring back what is destroyed. */
export interface Erasing {
  /** All records of the person, by the ids of their Patients. */
  readonly records: readonly string[];
  readonly reason: string;
}

export interface Erased extends ErasedRows {
  /** Now, and by this. */
  readonly erased: readonly string[];
  /** Before. */
  readonly gone: readonly string[];
  /** Visits that were of nobody else: their times stay, what was said of the person does not. */
  readonly visits: number;
}

/** Whoever may not see all records concerned is told of none. @throws HubError NOT_FOUND, RULE_BROKEN */
export interface PeopleDesk {
  stats(asked: Asked): Promise<IdentityCounts>;
  /** Pairs to be looked at. */
  reviews(asked: Asked, limit: number, after: ReviewPlace | null): Promise<ReviewList>;
  /** What was decided about pairs of the queue, by people, in the order of the log. */
  verdicts(asked: Asked, limit: number, after: number | null): Promise<Verdicts>;
  explain(asked: Asked, one: string, other: string): Promise<ExplainedPair>;
  /** By a golden id or the id of a record. */
  person(asked: Asked, id: string): Promise<PersonShown>;
  /** For so long as the settings say; whoever has it has it longer. */
  claim(asked: Asked, one: string, other: string): Promise<void>;
  release(asked: Asked, one: string, other: string): Promise<void>;
  decide(asked: Asked, word: Word): Promise<Decided>;
  unmerge(asked: Asked, parting: Parting): Promise<Decided>;
  override(asked: Asked, saying: Saying): Promise<Decided>;
  undo(asked: Asked, word: TakenBack): Promise<Decided>;
  /** @throws HubError RULE_BROKEN with what is to be done first */
  erase(asked: Asked, erasing: Erasing): Promise<Erased>;
}
