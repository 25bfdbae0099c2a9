/** What a master file says about the people and places of a site. Part of mappings/contract.ts. */
import type { Ordered, PractitionerAssertion } from './contract.ts';

/** Someone who works at the site. `active` undefined: not stated. */
export interface PractitionerChange extends Ordered {
  readonly kind: 'practitioner';
  readonly assertion: PractitionerAssertion;
  readonly active?: boolean;
}

/** A place. `code` as the site writes it, or the key of the site file where it lists that code. */
export interface PlaceChange extends Ordered {
  readonly kind: 'place';
  readonly code: string;
  readonly name?: string;
  readonly active?: boolean;
}
