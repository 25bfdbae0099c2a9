/** Looking for a person at a site that keys people by its own numbers. Part of contract.ts. */
import type { HubError } from '../core/errors.ts';
import type { SiteEvent } from './contract.ts';

/** Absent: the site cannot be asked who it has. Asks only: nothing is written there, so it may be asked again. */
export interface Seek {
  person(asked: PersonAsked, signal: AbortSignal): Promise<Sought>;
}

/** All three are asked for: who has less of somebody is not found by it. Date `YYYY-MM-DD`. */
export interface PersonAsked {
  readonly family: string;
  readonly given: string;
  readonly birthDate: string;
}

/**
 * `one`: the only record that fits, as the site gave it; it takes the way of all news, and whether it is the person is
 * for the index to say. Of several none is handed on: people whom nobody asked for are none of the hub's business.
 */
export type Sought =
  | { readonly kind: 'one'; readonly message: SiteEvent }
  | { readonly kind: 'none' | 'several' }
  | { readonly kind: 'unknown'; readonly error: HubError };
