/**
 * Who is who. A lookup, made inside the transaction that applies the message: the same assertion always gives the same
 * answer, and what a decision changes later are links, never the site's own records.
 */
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PatientName, RelatedPeople } from '../mappings/contract-people.ts';
import type { PatientAssertion, PractitionerAssertion } from '../mappings/contract.ts';
import type { PatientDecision } from '../store/contract-people.ts';
import type { Instant } from '../core/instant.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';

export interface PatientIndex {
  /** Writes or updates the Patient of the record that is named, and answers which record stands for it. */
  resolve(assertion: PatientAssertion, site: SiteSettings, at: Instant, tx: Tx, cause: Cause): Promise<PatientMatch>;
  /** Writes who acts or answers for the person, as RelatedPersons of the record. */
  relate(change: RelatedPeople, patientId: string, site: SiteSettings, tx: Tx, cause: Cause): Promise<void>;
  /**
   * Writes down what a site decides about its own records, and what all decisions about them come to. Records that are
   * named and not known yet are made. `circular`: a merge that would make two records stand for each other; nothing is
   * written. `erased`: one of them was erased, and nothing is decided about it any more.
   */
  decide(
    statement: PatientStatement,
    site: SiteSettings,
    tx: Tx,
    cause: Cause,
  ): Promise<'decided' | 'circular' | 'erased'>;
  /**
   * Whether the record that is named was erased. What its site says of it then is not taken, and the message is noted,
   * so that its body goes as well.
   */
  isErased(name: Pick<PatientName, 'key'>, site: SiteSettings, tx: Tx, cause: Cause): Promise<boolean>;
  /** Keys of all records that a decision about these would change: locked before it is made. */
  concerned(statement: PatientStatement, site: SiteSettings, tx: Tx): Promise<readonly string[]>;
}

/** `id` is the record that stands for the one named: itself, or the one that it was merged into. */
export interface PatientMatch {
  readonly kind: 'known' | 'new';
  readonly id: string;
  /** The record that was named. What is said of it is kept with it, so that an undone merge finds it there. */
  readonly recordId: string;
  /** The person that the record is linked to. */
  readonly goldenId: string;
  /** Since when the site no longer has the record. */
  readonly removedAt: Instant | null;
  /** The person was erased: nothing that is said of them is kept. */
  readonly isErased?: true;
}

/** Records by name; `other` is null where only one is concerned. */
export interface PatientStatement {
  readonly kind: PatientDecision['kind'];
  readonly one: PatientName;
  readonly other: PatientName | null;
  readonly at: Instant;
  readonly reason: string;
}

export interface PractitionerIndex {
  /** One canonical Practitioner (NPI first), with a PractitionerRole at this site. */
  resolve(assertion: PractitionerAssertion, site: SiteSettings, tx: Tx, cause: Cause): Promise<PractitionerMatch>;
  /** The Practitioner that `resolve` will answer, told without looking: what is to be changed must be locked before. */
  idOf(assertion: PractitionerAssertion, site: SiteSettings): string;
  /** The code still stands for a person: what it takes is to be moved before its calendar is anything else. */
  isPerson(code: string, site: SiteSettings): boolean;
  /** After the site file was read: closes the work items about practitioners that it answers. */
  review(site: SiteSettings, tx: Tx, cause: Cause): Promise<void>;
}

export interface PractitionerMatch {
  readonly practitionerId: string;
  readonly roleId: string;
}

/** `npi` is null for somebody who is known at one site only. */
export interface Who {
  readonly id: string;
  readonly npi: string | null;
}

/** A code of a site that should stand for somebody else than it does. */
export interface CodeDue {
  readonly site: SiteSettings;
  readonly code: string;
  readonly from: Who;
  /** Null: nobody, but a place or a calendar, as the site file says. */
  readonly to: Who | null;
  /** The site file's word, the crosswalk's included, is not doubted. */
  readonly because: 'site-file' | 'site-silent' | 'master' | 'message';
}

/** What is to be moved from one person to another (pipeline/rekey.ts). */
export interface PractitionerChanges {
  /** False: nothing was said since `due` was empty. */
  isDue(): boolean;
  due(plan: Plan): readonly CodeDue[];
  /** Null: go on. Else it is left, and a person is asked by a Task, since names deny that two are one. */
  doubt(due: CodeDue, tx: Tx, cause: Cause): Promise<string | null>;
  /** The person has no other code at the site. */
  isOnly(due: CodeDue): boolean;
  /** Whom assertions name once it is done. */
  as(due: CodeDue): PractitionerIndex;
  /** Takes the code from the person of before, and writes down again what was said. */
  giveUp(due: CodeDue, tx: Tx, cause: Cause): Promise<void>;
  /** Committed: from now on the code stands for the other. */
  done(due: CodeDue): void;
  /** Left until `askAgain`. */
  wait(due: CodeDue): void;
  /** The plan is another one. */
  askAgain(): void;
}

/** Locked by whoever writes down what is decided about who is one person: such decisions are made one by one. */
export const IDENTITY_LOG = 'identity-log';

/** What came of placing one record among the others. */
export interface Placed {
  /** Links made, and links undone because the records no longer fit. */
  readonly linked: number;
  readonly withdrawn: number;
  /** Pairs that a person must look at. */
  readonly reviews: number;
  /** Keys that more records share than are compared; `none`: not even by the tighter key. */
  readonly capped: readonly { readonly kind: string; readonly read: 'tight' | 'none' }[];
}

/** Finds out whether a record is of a person who is known already. */
export interface PatientPlacing {
  /** Within one transaction, and before it has locked anything. Null: there is no such record. */
  place(tx: Tx, id: string, now: Instant): Promise<Placed | null>;
  /**
   * What comes of placing them one behind the other, in one transaction that holds off everybody else who places or
   * decides. Those that there are not any more are left out.
   */
  placeMany(tx: Tx, ids: readonly string[], now: Instant): Promise<readonly Placed[]>;
  /** Makes due what an earlier release, or one with other keys, has stored. How much; 0: nothing is left. */
  catchUp(tx: Tx, now: Instant): Promise<number>;
}
