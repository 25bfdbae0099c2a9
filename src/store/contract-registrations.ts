/** Whom sites were asked to register, once for each person and site. Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';

export interface Registration {
  readonly site: string;
  /** The record by which the person was described. */
  readonly patientId: string;
  /** The id that the site was given for the person. */
  readonly goldenId: string;
  /** asked: the message is under way, or was when the hub ended. unsent: provably not there, may be asked again. */
  readonly state: 'asked' | 'accepted' | 'refused' | 'unsent' | 'unknown';
  /** Of a refusal: codes of the site. */
  readonly code: string | null;
  readonly askedAt: Instant;
  /** The site had a record of the person by then, or its people were asked to look. */
  readonly isSettled: boolean;
}

export interface NewRegistration extends Pick<Registration, 'site' | 'patientId' | 'goldenId' | 'askedAt'> {
  readonly answerBy: Instant;
  readonly showsBy: Instant;
}

/** How a person stands with a site, whatever the scope may see: who is not seen must not be registered twice. */
export interface Standing {
  /** By any record of the person. */
  readonly registration: Registration | null;
  /** The site has a record of the person in use, or one that may be theirs and waits for somebody to decide. */
  readonly isThere: boolean;
  /** Records of the person wait to be placed, so that nobody knows yet. */
  readonly isBeingPlaced: boolean;
  /** The last record of the site that waits to be placed, and might be the person's; null: none waits. */
  readonly dueUpTo: number | null;
}

/** A record that came with an id that the hub gave its site, and the record of the person to whom the id was given. */
export interface GivenId {
  readonly recordId: string;
  readonly patientId: string;
  readonly goldenId: string;
  readonly site: string;
  /** People were told apart since who were one when it was given: it says nothing of which of them is meant. */
  readonly isSplit: boolean;
  /** The record came with ids of several people. */
  readonly isOfSeveral: boolean;
}

export interface Missing extends Registration {
  /** A record came with the id, and is not the person's until somebody decides. */
  readonly isHeard: boolean;
}

export interface RegistrationStore {
  standing(site: string, patientId: string): Promise<Standing>;
  /** Whether records of the site up to this one still wait to be placed. */
  isDue(site: string, upTo: number): Promise<boolean>;
  /** False: this person was asked for before, or the id was given for somebody else. Under a lock on the site. */
  ask(registration: NewRegistration): Promise<boolean>;
  /** From asked. False: it was not waited for any more. */
  answered(
    of: Pick<Registration, 'site' | 'patientId'>,
    state: 'accepted' | 'refused' | 'unsent' | 'unknown',
    code: string | null,
  ): Promise<boolean>;
  /**
   * Settles those that are due: refused, unknown (also what a hub did not live to hear), and accepted ones whose site
   * has had its time. How many, and those of people of whom the site has no record even so.
   */
  settle(now: Instant, limit: number): Promise<{ readonly settled: number; readonly missing: readonly Missing[] }>;
  /** A record of the site came with an id of the hub. False: it was never given there, or that is known. */
  heard(site: string, goldenId: string, recordId: string, now: Instant): Promise<boolean>;
  /** Of these records, as the one that came or as the one of the person. */
  given(records: readonly string[]): Promise<readonly GivenId[]>;
}
