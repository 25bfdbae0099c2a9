/** Settings of who is who and of what people must do. Part of shape.ts. */

/** How many mistakes, and how much work, matching may make; smaller is stricter. */
export interface MatchingBudgets {
  /** Wrong links made without a person, for each million of records. */
  readonly falseLinksPerMillion: number;
  /** Pairs that a person looks at for one link found, at the lower end of the review band. */
  readonly reviewsPerLink: number;
}

/** Never looser than for all. */
export interface SitePairBudgets extends Partial<MatchingBudgets> {
  /** Two site ids. */
  readonly sites: readonly string[];
}

/** In what two records may agree. An address is street, number and postcode; `identifier` a number of one system. */
export type LinkFact =
  'given' | 'family' | 'birthDate' | 'phone' | 'email' | 'address' | 'social' | 'social-end' | 'identifier';

/** Two records that agree in all of this are linked without a score, where no guard strikes. */
export interface LinkRule {
  /** Stands in the decision. */
  readonly name: string;
  readonly agree: readonly LinkFact[];
  /** Of the identifier. */
  readonly system?: string;
  /** How often two people agree in all of it by chance. */
  readonly collision: number;
  /** Both records are of these; empty: of any. */
  readonly sites: readonly string[];
}

export interface MatchingSettings extends MatchingBudgets {
  readonly sitePairs: readonly SitePairBudgets[];
  /** Absent in plans of tests alone: none. */
  readonly rules?: readonly LinkRule[];
}

/** Of one site: never looser than for all. */
export interface SiteMatching extends Partial<MatchingBudgets> {
  /** Names of the rules that may link its records; absent: all. */
  readonly rules?: readonly string[];
}

/** How one of several values is chosen for a golden record; one rule after the other, until one value is left. */
export type SurvivorshipRule = 'trust' | 'verified' | 'recency' | 'frequency' | 'completeness';
export type PersonAttribute = 'name' | 'gender' | 'birthDate' | 'deceased' | 'address';

export interface SurvivorshipSettings {
  readonly order: readonly SurvivorshipRule[];
  /** Site ids, the most trusted first; those not named are behind them, and equal. */
  readonly trust: readonly string[];
  /** For these attributes, instead. */
  readonly trustFor: Readonly<Partial<Record<PersonAttribute, readonly string[]>>>;
}

export interface IdentitySettings {
  readonly matching: MatchingSettings;
  readonly survivorship: SurvivorshipSettings;
  /** How long a pair is kept for whoever has taken it. */
  readonly claim_min: number;
  /** When a pair is due, from when it was put before a person. */
  readonly reviewWithin_h: number;
}

export interface EscalationStep {
  readonly role: string;
  /** So long after it was due. */
  readonly after_h: number;
}

/** What waits too long goes to the next role, step by step. */
export interface WorkSettings {
  readonly escalation: readonly EscalationStep[];
  /** By kind of work item, instead; an empty list: nobody. */
  readonly escalationFor: Readonly<Record<string, readonly EscalationStep[]>>;
}
