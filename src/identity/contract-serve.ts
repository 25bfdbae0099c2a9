/**
 * People as they are shown to whoever asks. Every answer is made of the records that the scope of the transaction may
 * see, and of nothing else: neither a value nor an id nor a link tells of another one. Part of identity/contract.ts.
 */
import type { Instant } from '../core/instant.ts';
import type { SearchPlan } from '../fhir/search.ts';
import type { Identifier, Patient } from '../fhir/types.ts';
import type { Served } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';

/** A golden record, or what stands for a golden id that is nobody's now. */
export interface ServedPerson {
  readonly id: string;
  /** Of what it says: the same text has the same version, whoever reads it. */
  readonly versionId: string;
  readonly lastUpdated: Instant;
  readonly json: string;
  /** The records that it was made of. */
  readonly records: readonly string[];
}

export interface MatchAsked {
  /** As the caller describes the person; all of it may be missing. */
  readonly patient: Patient;
  readonly count: number;
  readonly onlyCertain: boolean;
  readonly now: Instant;
}

/**
 * certain: what would be linked without asking anybody. probable: as much speaks for it, and a person would be asked.
 * possible: less does, or something speaks against it.
 */
export type MatchGrade = 'certain' | 'probable' | 'possible';

export interface PersonMatch {
  readonly person: ServedPerson;
  readonly grade: MatchGrade;
  /** 0 to 1. */
  readonly score: number;
}

export interface Matched {
  /** Best first. */
  readonly matches: readonly PersonMatch[];
  /** How many there are without the limit. */
  readonly total: number;
  /** Kinds of keys that more records share than are compared: people may be missing. */
  readonly capped: readonly string[];
}

export interface CrossReferenceAsked {
  readonly system: string;
  readonly value: string;
  /** Only identifiers of these systems; empty: of all. */
  readonly targets: readonly string[];
}

/** unknown: no record in use carries it. several: records of several people do. */
export type CrossReferenced =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'several' }
  | {
      readonly kind: 'known';
      readonly identifiers: readonly Identifier[];
      /** Ids of Patients. */
      readonly patients: readonly string[];
      readonly records: readonly string[];
    };

/** Whom a golden id stands for, as far as the reader may see. */
export type PersonMeant =
  | {
      readonly kind: 'one';
      /** The oldest first; `inUse`: neither merged away nor removed. */
      readonly records: readonly { readonly id: string; readonly site: string; readonly inUse: boolean }[];
    }
  /** People who were told apart: nobody can say which of them is meant. */
  | { readonly kind: 'several' };

/** A record that may be of the person asked for: a pair with one of their records waits for somebody to decide. */
export interface UndecidedLink {
  /** Of the person that was named. */
  readonly with: string;
  /** The other one of the pair. */
  readonly record: string;
}

/** By which records a search found what it found. */
export interface FoundBy {
  /** Those that nobody has decided on, also such as are linked with the other one of a pair: by which pair. */
  readonly links: ReadonlyMap<string, UndecidedLink>;
  /** Those of the people who were named. */
  readonly decided: ReadonlySet<string>;
}

export interface PeopleServing {
  /** Null: no such golden id, or none that the reader may know of. */
  meant(tx: Tx, goldenId: string): Promise<PersonMeant | null>;
  /** The golden id of the person of a record, as the reader may know it. Null: not to be seen. */
  goldenOf(tx: Tx, recordId: string): Promise<string | null>;
  /** Null: no such golden id, or none that the reader may know of. */
  person(tx: Tx, id: string): Promise<ServedPerson | null>;
  /** Each Patient with its link to the golden record of its person; all else as it is. */
  linked(tx: Tx, served: readonly Served[]): Promise<readonly Served[]>;
  /** Null: what is said of the person is not enough to look for anybody. */
  match(tx: Tx, asked: MatchAsked): Promise<Matched | null>;
  crossReference(tx: Tx, asked: CrossReferenceAsked): Promise<CrossReferenced>;
  /**
   * What is asked of sealed elements, answered: the plan with the records that fit in its place.
   *
   * @param limit records that may be opened for it
   * @throws HubError SEARCH_TOO_COSTLY
   */
  opened(tx: Tx, plan: SearchPlan, limit: number): Promise<SearchPlan>;
  /**
   * An opened plan that also finds what belongs to records that may be of the person named. A pair that the reader may
   * not see whole is none.
   */
  undecided(tx: Tx, plan: SearchPlan): Promise<{ readonly plan: SearchPlan } & FoundBy>;
}
