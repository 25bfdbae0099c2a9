/** Which of a site's patient records are one person: decisions, and what they come to. Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';

/** `one` and `other` are the site's keys of records. */
export interface PatientDecision {
  /**
   * merge: `one` was merged into `other`. link, unlink: both stay. remove: the site no longer has `one`; restore: it
   * has it again.
   */
  readonly kind: 'merge' | 'link' | 'unlink' | 'remove' | 'restore';
  readonly one: string;
  /** Null for remove and restore. */
  readonly other: string | null;
  /** The site's time: decisions hold in this order, however they arrive. */
  readonly at: Instant;
  /** What it was told by: `ADT^A40`. */
  readonly reason: string;
  readonly messageId: number | null;
}
export interface RecordedDecision extends PatientDecision {
  readonly id: number;
}

/** What a site's key names. */
export interface PatientRecord {
  readonly key: string;
  readonly patientId: string;
  /** The record that it was merged into; null: it stands for itself. */
  readonly survivorId: string | null;
  readonly goldenId: string;
  /** Since when the site no longer has it. */
  readonly removedAt: Instant | null;
}

export interface PeopleStore {
  /** Appends; false: the same was decided before. The actor is the scope's. */
  decide(site: string, decision: PatientDecision, now: Instant): Promise<boolean>;
  /** All decisions about these records, and about records that decisions connect with them, oldest time first. */
  decisionsAbout(site: string, keys: readonly string[]): Promise<readonly RecordedDecision[]>;
  record(site: string, key: string): Promise<PatientRecord | null>;
  records(site: string, keys: readonly string[]): Promise<readonly PatientRecord[]>;
  /** What the decisions come to; written for records that are known. Who stands for whom: IdentityStore. */
  setRemoved(site: string, records: readonly Pick<PatientRecord, 'key' | 'removedAt'>[]): Promise<void>;
  /** Records of the site whose Patient carries one of these identifiers (`system|value`). */
  recordsWith(site: string, identifiers: readonly string[]): Promise<readonly PatientRecord[]>;
  /** Ids of the RelatedPersons of a Patient. */
  relatedTo(patientId: string): Promise<readonly string[]>;
  /** Security labels of the visits of a Patient, each set once. */
  labelsOfVisits(patientId: string): Promise<readonly (readonly string[])[]>;
  /** Appointments of the site that carry one of these identifiers (`system|value`, or `*|value`). */
  visitsWith(
    site: string,
    identifiers: readonly string[],
  ): Promise<readonly { readonly id: string; readonly siteKey: string | null }[]>;
}
