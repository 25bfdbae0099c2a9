/**
 * Who is who. A lookup, made inside the transaction that applies the message: the same assertion always gives the same
 * answer, and what a decision changes later are links, never the site's own records.
 */
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PatientAssertion, PractitionerAssertion } from '../mappings/contract.ts';
import type { Instant } from '../core/instant.ts';
import type { SiteSettings } from '../settings/shape.ts';

export interface PatientIndex {
  /** Writes or updates the site's own Patient resource and answers its id. */
  resolve(assertion: PatientAssertion, site: SiteSettings, at: Instant, tx: Tx, cause: Cause): Promise<PatientMatch>;
}

/** `id` is the site's own record; `goldenId` the person it is linked to. */
export interface PatientMatch {
  readonly kind: 'known' | 'new';
  readonly id: string;
  readonly goldenId: string;
}

export interface PractitionerIndex {
  /** One canonical Practitioner (NPI first), with a PractitionerRole at this site. */
  resolve(assertion: PractitionerAssertion, site: SiteSettings, tx: Tx, cause: Cause): Promise<PractitionerMatch>;
  /** The Practitioner that `resolve` will answer, told without looking: what is to be changed must be locked before. */
  idOf(assertion: PractitionerAssertion, site: SiteSettings): string;
}

export interface PractitionerMatch {
  readonly practitionerId: string;
  readonly roleId: string;
}
