/** How a visit belongs to other visits of its site. Part of mappings/contract.ts. */
import type { SiteIdentifier } from './contract.ts';

export interface VisitLinks {
  /** True: says that a visit was moved, so an unknown key may be the new one of a visit that is known by another id. */
  readonly moves?: true;
  /** Ids of the visit that this one is an occurrence of. */
  readonly parents?: readonly SiteIdentifier[];
  /** What was asked for together with it. */
  readonly group?: SiteIdentifier;
  /** Orders that it serves. */
  readonly orders?: readonly SiteIdentifier[];
  /** Key of the appointment whose message states this time as one of several. */
  readonly occurrenceOf?: string;
  /** Keys of the further times that this message states; a known one that is not listed is no longer wanted. */
  readonly occurrences?: readonly string[];
}
