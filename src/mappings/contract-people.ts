/** What a message says about whole records of people and about visits that it knows by number. Part of contract.ts. */
import type { Instant } from '../core/instant.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import type { AppointmentChange, CodedText, PatientAssertion, SiteIdentifier } from './contract.ts';

/** Authorities of identifiers (`ACME^MR`) that the site file does not list; absent: none. */
export interface Unlisted {
  readonly unlisted?: readonly string[];
}

interface Told {
  /** Ordering time. */
  readonly at: Instant;
  /** What told it, for those who ask later why: `ADT^A40`. */
  readonly reason: string;
}

/** A record that a message names without saying more of it. */
export interface PatientName {
  readonly key: string;
  readonly identifiers: readonly SiteIdentifier[];
}

/** `from` is not to be used any more; `into` stands for it. Also a number that was wrong and the right one. */
export interface PatientMerge extends Told {
  readonly kind: 'patient-merge';
  readonly from: PatientName;
  readonly into: PatientAssertion;
}
/** Both records stay; they are (`linked`), or are not, one person. */
export interface PatientLink extends Told {
  readonly kind: 'patient-link';
  readonly linked: boolean;
  readonly one: PatientAssertion;
  readonly other: PatientAssertion;
}
/** The site no longer has the record. */
export interface PatientGone extends Told {
  readonly kind: 'patient-gone';
  readonly patient: PatientAssertion;
}

/**
 * How a message names a visit: the numbers it gives, the best first. Without a system it is told by the number alone,
 * with a type only by identifiers of that type.
 */
export type VisitName = readonly { readonly system?: string; readonly value: string; readonly type?: string }[];

/** The visit for which a message speaks of a person: what is confidential there is not told of the person. */
export interface ToldFor extends Pick<AppointmentChange, 'participants' | 'visitType'> {
  readonly visit: VisitName;
}

/** Somebody who acts or answers for a patient. `key` is theirs among those of that record. */
export interface RelatedAssertion extends Omit<PatientAssertion, 'cleared' | 'ofVisits' | 'language' | 'deceased'> {
  readonly relationship: readonly CodedText[];
  /** Dates `YYYY-MM-DD`; the end is over at the end of that day. */
  readonly from?: string;
  readonly until?: string;
}
/** All whom the site names beside the record in these parts: who is known and not named takes that part no more. */
export interface RelatedPeople {
  readonly kind: 'related-people';
  readonly at: Instant;
  readonly patient: Pick<PatientAssertion, 'key' | 'birthDate'>;
  readonly parts: readonly ('contact' | 'guarantor')[];
  readonly toldFor?: ToldFor;
  readonly people: readonly RelatedAssertion[];
}

interface ToldOfVisit extends Told {
  readonly visit: VisitName;
  /**
   * Keys of the records whose visit it may be; empty where the message tells none. Visit numbers of two systems, or of
   * two people, may be alike: a visit that is known to be somebody else's is not the one that is meant.
   */
  readonly of: readonly string[];
}

/**
 * What happened to a visit: it began or ended, or that was taken back. Applied to a visit that is known, or not at all.
 */
export interface VisitStatus extends ToldOfVisit {
  readonly kind: 'visit-status';
  readonly status: AppointmentStatus;
  /** Only a visit that is in one of these changes. */
  readonly from: readonly AppointmentStatus[];
}
/** A visit turned out to be another person's. */
export interface VisitMove extends ToldOfVisit {
  readonly kind: 'visit-moved';
  readonly patient: PatientAssertion;
}
/** A visit has another number now; the old one goes on naming it. */
export interface VisitRenumbering extends ToldOfVisit {
  readonly kind: 'visit-renumbered';
  readonly identifier: SiteIdentifier;
  /** Set where visits are named by this number: the new name. */
  readonly key?: string;
}

export type PeopleChange = PatientMerge | PatientLink | PatientGone;
export type VisitChange = VisitStatus | VisitMove | VisitRenumbering;
