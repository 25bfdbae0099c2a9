/**
 * Rules that a kind is let off. A waived rule is still run, and a waiver of a rule that holds is itself a failure. What
 * a vendor cannot do at all needs no waiver: the ability is absent, and the suite checks that it is.
 */
export interface Waiver {
  /** Or the name of a further arrangement. */
  readonly kind: string;
  /** The rule's name, word for word. */
  readonly rule: string;
  /** What at the vendor makes it impossible, with its source. "Not done yet" is no reason. */
  readonly reason: string;
}

const REQUESTS = 'hl7v2 that takes requests';
const ADT = 'hl7v2 that books by ADT';

export const waivers: readonly Waiver[] = [
  {
    kind: REQUESTS,
    rule: 'the lost answer of a move is unknown, and where the visit is now is found',
    reason: 'nothing can be asked: the schedule query SQM was withdrawn (V2 chapter 10); the news of the site tells',
  },
  {
    kind: ADT,
    rule: 'booked, moved, changed, cancelled, deleted, not come: the hub says what the site says',
    reason: 'ADT has no event for a visit that nobody came to, nor for one that was entered in error (V2 chapter 3)',
  },
  {
    kind: ADT,
    rule: 'time that the site blocks is busy for its people until it is opened',
    reason: 'ADT speaks of patients and visits, not of blocked time (V2 chapter 3)',
  },
];
