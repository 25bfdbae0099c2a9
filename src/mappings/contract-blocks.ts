/** Time that is closed or opened without a patient. Part of mappings/contract.ts. */
import type { Interval } from '../core/instant.ts';
import type { Ordered, ResourceAssertion } from './contract.ts';

/** Time that is closed or opened without a patient: a block, time off, SIU S23/S24. */
export interface BlockChange extends Ordered {
  readonly kind: 'block';
  readonly key: string;
  readonly actor: ResourceAssertion;
  readonly during: Interval;
  readonly closed: boolean;
  /** Set when the block is one that the hub itself placed. */
  readonly correlation?: string;
}

/** All blocks of a calendar that overlap the window: a known block of the site that is not listed is open again. */
export interface BlockWindowChange extends Ordered {
  readonly kind: 'blocks';
  readonly calendar: string;
  readonly window: Interval;
  readonly blocks: readonly { readonly key: string; readonly during: Interval; readonly correlation?: string }[];
}
