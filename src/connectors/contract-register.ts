/** Registering a person at a site that keys people by its own numbers. Part of contract.ts. */
import type { HubError } from '../core/errors.ts';
import type { Address } from '../fhir/types.ts';

/** Absent: the site cannot be asked to. */
export interface Register {
  /** How long the site may take to tell of whom it has registered. */
  readonly showsWithin_ms: number;
  /** Called once for one person and site, for ever: somebody who is registered twice is a duplicate there. */
  person(asked: PersonToRegister, signal: AbortSignal): Promise<Registered>;
}

export interface PersonToRegister {
  /** The hub's own id of the person. The site is to send it back with its record, so that the record is known by it. */
  readonly hubId: string;
  readonly family: string;
  readonly given: string;
  readonly middle?: string;
  /** `YYYY-MM-DD` */
  readonly birthDate: string;
  readonly gender?: 'male' | 'female' | 'other' | 'unknown';
  readonly phone?: string;
  readonly email?: string;
  readonly address?: Address;
}

/**
 * `accepted`: which number the person has there is told by the site's news. `refused`: nobody was registered; a code of
 * the site, and no words of it. `unsent`: provably not there, so it may be asked again. `unknown`: it may be there.
 */
export type Registered =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unsent' | 'unknown'; readonly error: HubError };
