/** What golden records are made from: sites' records as they stand, and what the operator trusts. */
import type { Instant } from '../../core/instant.ts';
import type { Patient } from '../../fhir/types.ts';
import type { SingleAttribute } from './decision.ts';
import type { Source } from './replay.ts';

export type SetAttribute = 'identifier' | 'telecom';
export type Attribute = SingleAttribute | SetAttribute;

export interface Member extends Source {
  /** As served, links left out of account. */
  readonly patient: Patient;
  /** When the site said it last. */
  readonly statedAt: Instant;
  /** False: merged into another one, or removed at its site. It speaks only where no record in use does. */
  readonly inUse: boolean;
  /** What was checked against a document or with the person. */
  readonly verified: readonly Attribute[];
  readonly withheld: readonly Withheld[];
}

/**
 * A contact that is never the person's own for others to use. guarantor: it is of whoever pays, as of a parent; then
 * the same phone or e-mail is withheld from every record of the person. confidential-visit: told for one visit only,
 * and kept there.
 */
export interface Withheld {
  readonly element: 'telecom' | 'address';
  /** Which one of the Patient's, from 0. */
  readonly index: number;
  readonly why: 'guarantor' | 'confidential-visit';
}

/**
 * How one of several values is chosen. trust: the rank of its site. verified: it was checked. recency: it was said
 * last. frequency: most records say so. completeness: it has more parts.
 */
export type Rule = 'trust' | 'verified' | 'recency' | 'frequency' | 'completeness';

export interface Survivorship {
  /** Sites, the most trusted first, for all attributes; those not named are behind them, and equal. */
  readonly trust: readonly string[];
  /** For single attributes, instead. */
  readonly trustFor: Readonly<Partial<Record<SingleAttribute, readonly string[]>>>;
  readonly order: readonly Rule[];
}

export const SURVIVORSHIP: Survivorship = {
  trust: [],
  trustFor: {},
  order: ['trust', 'verified', 'recency', 'frequency', 'completeness'],
};

/**
 * Why a value is shown. override: somebody said so. only-value: nobody says otherwise. in-use: others are of records
 * that are not in use. oldest: nothing else told them apart. collected: of these a person has several.
 */
export type Ground = Rule | 'override' | 'only-value' | 'in-use' | 'oldest' | 'collected';

/** Where a value comes from. */
export interface Origin {
  readonly attribute: Attribute;
  /** Which one of the golden record's, from 0. */
  readonly index: number;
  /** The record that has it, or that the override belongs to. */
  readonly source: string;
  readonly ground: Ground;
  /** The override's place in the log. */
  readonly decision: number | null;
}
