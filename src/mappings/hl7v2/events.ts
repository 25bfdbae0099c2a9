/**
 * What becomes of a message, by MSH-9, as data. Ignored means that nothing the hub keeps is lost by it; whatever would
 * be lost or would leave something wrong standing is parked instead.
 */
export type EventRule =
  | { readonly kind: 'appointment' }
  | { readonly kind: 'block'; readonly closed: boolean }
  | { readonly kind: 'answer' }
  /** States a person, and by ADT_STATUS what happened to a visit of theirs. */
  | { readonly kind: 'patient' }
  | { readonly kind: 'people'; readonly effect: PeopleEffect; readonly otherwise?: string }
  | { readonly kind: 'planned' }
  | { readonly kind: 'master'; readonly of: 'staff' | 'places' }
  | { readonly kind: 'ignored'; readonly because: string };

/**
 * merge: the records of MRG go into those of PID, pair by pair. link, unlink: the two PIDs. remove: the site no longer
 * has the person. account: what the hub keeps only where the person carries the number. visit-moved: the visits of PV1
 * belong to the person of PID. visit-renumbered: MRG-5 or MRG-6 has become PV1-19 or PV1-50.
 */
export type PeopleEffect = 'merge' | 'link' | 'unlink' | 'remove' | 'account' | 'visit-moved' | 'visit-renumbered';

const appointment: EventRule = { kind: 'appointment' };
const patient: EventRule = { kind: 'patient' };
const stay = ignored('is about a stay (admission, transfer, discharge, bed); the hub keeps appointments and people');
const request = ignored('asks this hub for an appointment, which cannot be answered by HL7 v2 yet; nothing was booked');
const answer: EventRule = { kind: 'answer' };
const account = people('account', 'is about an account; the hub keeps none, and the person carries no number of it');

function people(effect: PeopleEffect, otherwise?: string): EventRule {
  return otherwise === undefined ? { kind: 'people', effect } : { kind: 'people', effect, otherwise };
}
function ignored(because: string): EventRule {
  return { kind: 'ignored', because };
}
function each(kind: string, triggers: string, rule: EventRule): readonly (readonly [string, EventRule])[] {
  return triggers.split(' ').map((trigger) => [`${kind}^${trigger}`, rule] as const);
}

export const EVENTS: ReadonlyMap<string, EventRule> = new Map<string, EventRule>([
  ...each('SIU', 'S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S26 S27', appointment),
  ['SIU^S23', { kind: 'block', closed: true }],
  ['SIU^S24', { kind: 'block', closed: false }],
  ...each('ADT', 'A01 A03 A04 A05 A08 A10 A11 A13 A28 A31 A32', patient),
  // A43 moves a record to another person; A46 to A48 put the right number in the place of a wrong one. In all of them
  // what MRG names is not to be used any more, and what PID names stands for it.
  ...each('ADT', 'A18 A30 A34 A36 A39 A40 A43 A46 A47 A48', people('merge')),
  ['ADT^A24', people('link')],
  ['ADT^A37', people('unlink')],
  ...each('ADT', 'A23 A29', people('remove')),
  ...each('ADT', 'A35 A41 A44 A49', account),
  ['ADT^A45', people('visit-moved')],
  ...each('ADT', 'A42 A50 A51', people('visit-renumbered')),
  ...each('ADT', 'A02 A06 A07 A09 A12 A14 A15 A16 A17 A20 A21 A22 A25 A26 A27 A33', stay),
  ...each('ADT', 'A52 A53 A54 A55 A61 A62', stay),
  ['ADT^A60', ignored('is about allergies; the hub keeps appointments and people')],
  ['ADT^A38', { kind: 'planned' }],
  ['MFN^M02', { kind: 'master', of: 'staff' }],
  ['MFN^M05', { kind: 'master', of: 'places' }],
  ...each('SRM', 'S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S11', request),
  ...each('SRR', 'S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S11', answer),
  ['ACK', answer],
  // Whom a site named when it was asked for somebody: what it says of a person, as in ADT.
  ['RSP^K22', patient],
]);
