/** Who is meant by the codes of sites, and what changes when that changes. Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';
import type { Touched } from './contract-bookings.ts';

/** A code of a site, and whom its visits take, as the PractitionerRoles tell. */
export interface CodeInForce {
  readonly site: string;
  readonly code: string;
  readonly personId: string;
  /** Null: known at this site only. */
  readonly npi: string | null;
}

/** The NPI that a site has said for one of its codes. */
export interface CodeSaid {
  readonly site: string;
  readonly code: string;
  readonly npi: string;
  readonly by: 'master' | 'message';
}

/** Whose time is moved to whom: what this site has said, or the hub has booked, by this code, from now on. */
export interface Rekeyed {
  readonly site: string;
  readonly code: string;
  readonly from: string;
  readonly to: string;
  readonly now: Instant;
  /** Of rows that do not say by which code they came: those of visits in these schedules... */
  readonly schedules: readonly string[];
  /** ...or all, where the person has no other code at the site. */
  readonly only: boolean;
}

export interface RekeyedRow extends Touched {
  readonly appointmentId: string | null;
  readonly bookingId: string | null;
}

export interface PractitionerStore {
  /** A code in several roles is told several times, the newest role first. */
  inForce(): Promise<readonly CodeInForce[]>;
  said(): Promise<readonly CodeSaid[]>;
  /** A later word of the same or more weight takes the place of an earlier one. */
  say(said: CodeSaid, now: Instant): Promise<void>;
  /** Schedules of the site in which the person is, with the keys that the site has for them. */
  schedulesOf(site: string, personId: string): Promise<readonly { readonly id: string; readonly key: string }[]>;
  /**
   * Moves time that has not ended; call it under the locks of both. What overlaps another visit there that the hub
   * placed is marked contested, outside the last line against double bookings; what is so no more loses the mark.
   */
  rekey(rekeyed: Rekeyed): Promise<readonly RekeyedRow[]>;
  /** PractitionerRoles of the site that have any, by id. */
  rolesWithSpecialty(site: string): Promise<readonly string[]>;
  /** Visits of these sites that have not ended and take this person's time. */
  visitsOf(personId: string, sites: readonly string[], now: Instant): Promise<readonly string[]>;
}
