/**
 * Rules that a kind is let off. A waived rule is still run, and a waiver of a rule that holds is itself a failure. What
 * a vendor cannot do at all needs no waiver: the ability is absent, and the suite checks that it is.
 */
export interface Waiver {
  readonly kind: string;
  /** The rule's name, word for word. */
  readonly rule: string;
  /** What at the vendor makes it impossible, with its source. "Not done yet" is no reason. */
  readonly reason: string;
}

export const waivers: readonly Waiver[] = [];
