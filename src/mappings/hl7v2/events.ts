/**
 * What becomes of a message, by MSH-9, as data. Ignored means that nothing the hub keeps is lost by it; whatever would
 * be lost or would leave something wrong standing is parked instead.
 */
export type EventRule =
  | { readonly kind: 'appointment' }
  | { readonly kind: 'block'; readonly closed: boolean }
  | { readonly kind: 'answer' }
  | { readonly kind: 'patient' }
  | { readonly kind: 'master'; readonly of: 'staff' | 'places' }
  | { readonly kind: 'ignored'; readonly because: string }
  | { readonly kind: 'parked'; readonly problem: string };

const appointment: EventRule = { kind: 'appointment' };
const patient: EventRule = { kind: 'patient' };
const stay = ignored('is about a stay (admission, transfer, discharge, bed); the hub keeps appointments and people');
const visitAsAppointment = ignored('undoes a planned stay; appointments of this site are read from SIU alone');
const request = ignored('asks this hub for an appointment, which cannot be answered by HL7 v2 yet; nothing was booked');
const answer: EventRule = { kind: 'answer' };
const merge = parked(
  'merges, links or renames the records of a person, which needs the identity feature; until then appointments stay ' +
    'with the record they were sent for',
);
const removal = parked(
  'says that a person is to be deleted, which needs the identity feature; the person is still shown',
);

function ignored(because: string): EventRule {
  return { kind: 'ignored', because };
}
function parked(problem: string): EventRule {
  return { kind: 'parked', problem };
}
function each(kind: string, triggers: string, rule: EventRule): readonly (readonly [string, EventRule])[] {
  return triggers.split(' ').map((trigger) => [`${kind}^${trigger}`, rule] as const);
}

export const EVENTS: ReadonlyMap<string, EventRule> = new Map<string, EventRule>([
  ...each('SIU', 'S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S26 S27', appointment),
  ['SIU^S23', { kind: 'block', closed: true }],
  ['SIU^S24', { kind: 'block', closed: false }],
  ...each('ADT', 'A01 A04 A05 A08 A28 A31', patient),
  ...each('ADT', 'A18 A24 A30 A34 A35 A36 A37 A39 A40 A41 A42 A43 A44 A45 A46 A47 A48 A49 A50 A51', merge),
  ...each('ADT', 'A23 A29', removal),
  ...each('ADT', 'A02 A03 A06 A07 A09 A10 A11 A12 A13 A14 A15 A16 A17 A20 A21 A22 A25 A26 A27 A32 A33', stay),
  ...each('ADT', 'A52 A53 A54 A55 A61 A62', stay),
  ['ADT^A60', ignored('is about allergies; the hub keeps appointments and people')],
  ['ADT^A38', visitAsAppointment],
  ['MFN^M02', { kind: 'master', of: 'staff' }],
  ['MFN^M05', { kind: 'master', of: 'places' }],
  ...each('SRM', 'S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S11', request),
  ...each('SRR', 'S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S11', answer),
  ['ACK', answer],
]);
