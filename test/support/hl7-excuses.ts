/** Values that may change without consequence, and why. */
import type { Place, Text } from './hl7-mutation.ts';

export interface Excuse {
  /** `SCH-11.4`, or `SCH-11` for all of its components. */
  readonly at: readonly string[];
  readonly because: string;
  /** What speaks first: without it, the value must count. `*`: the other repetitions of the field. */
  readonly by?: readonly string[];
  /** True: it counts whether there is a value, not which one. */
  readonly whether?: true;
  /** What must be so of the message. Absent: always. */
  when?(text: Text, place: Place): boolean;
}

const isScheduling = (text: Text): boolean => text.first('MSH-9') === 'SIU';
const isBooking = (text: Text): boolean => ['A05', 'A38'].includes(text.trigger);
/** An ADT that books or cancels a visit, or tells more of one that has a number. */
const isPlan = (text: Text): boolean =>
  isBooking(text) || (text.trigger === 'A08' && text.first('PV1-19') !== '' && text.first('PV2-8') !== '');
const isEnd = (text: Text): boolean => ['S15', 'S16', 'S17', 'S26'].includes(text.trigger) || endOfBatch(text);
const endOfBatch = (text: Text): boolean => text.lines.some((fields) => fields[0] === 'MSH' && fields[8] === 'SIU^S15');
const day = (time: string): string => time.slice(0, 8);
const sibling = (text: Text, place: Place, component: number): string => text.value({ ...place, component });

const END_OF_VISIT = ['TQ1-8', 'TQ1-6', 'SCH-11.5', 'SCH-11.3'];

export const EXCUSES: readonly Excuse[] = [
  {
    at: ['NTE-3'],
    because: 'a note on one resource is for who prepares it; the comment is what is noted on the visit',
    when: (text, { line }) => ['AIG', 'AIL', 'AIP'].includes(text.before(line)),
  },
  { at: ['MSH-7', 'EVN-2'], because: 'EVN says when it happened, EVN-6 before EVN-2', by: ['EVN-6', 'EVN-2'] },
  {
    at: ['EVN-2'],
    because: 'a time long after receipt is a mistake and would outrank all news until then',
    when: (text, place) => text.value(place) > '2028',
  },
  {
    at: ['EVN-4'],
    because: 'a reason is kept of a visit that is cancelled; why a record was changed is in the stored message',
    when: (text) => text.trigger !== 'A38',
  },

  // The person
  {
    at: ['PID-3'],
    because: 'a stand-in for a social security number is no identifier, whoever is said to have issued it',
    when: (text, place) => sibling(text, place, 1) === '123456789' && place.component !== 1,
  },
  {
    at: ['PID-2', 'PID-3'],
    because: 'an authority without a number names nobody',
    when: (text, place) => ['', '""'].includes(sibling(text, place, 1)),
  },
  { at: ['PID-5', 'PID-11'], because: 'the legal name and the home address are taken', by: ['*'] },
  {
    at: ['NK1-4'],
    because: 'the address where they live is taken: this is where they work or were born',
    when: (text, place) => ['BA', 'BI'].includes(sibling(text, place, 7)),
  },
  {
    at: ['NK1-5', 'NK1-6', 'NK1-40', 'GT1-6', 'GT1-7'],
    because: 'the first number and the first e-mail address of a person are taken, by the rules of PID-13',
  },
  {
    at: ['GT1-5', 'GT1-8', 'GT1-9'],
    because: 'who pays for themselves is no second person',
    when: (text) => text.first('GT1-11') === '' || text.first('GT1-11') === 'SEL',
  },
  {
    at: ['PID-13.4', 'PID-14.4'],
    because: 'XTN-4 is an e-mail address, and this is none',
    when: (text, place) => !text.value(place).includes('@'),
  },
  {
    at: ['PID-40'],
    because: 'said to be an e-mail address, and it is none',
    when: (text, place) => sibling(text, place, 3) === 'Internet' && !text.value(place).includes('@'),
  },
  {
    at: ['PID-14.5', 'PID-14.6', 'PID-14.8'],
    because: 'parts of a second telephone number',
    by: ['PID-13', 'PID-14.12', '*'],
  },
  {
    at: ['PID-13', 'PID-14'],
    because: 'the first telephone number is taken; unformatted as it is, else by its parts, else as text',
    by: ['PID-13', '*', 'PID-13.7', 'PID-13.12', 'PID-14.7', 'PID-14.12'],
  },
  {
    at: ['PID-29'],
    because: 'that there is a time of death says that the person died; the time is not kept',
    by: ['PID-30'],
    whether: true,
  },
  {
    at: ['PD1-12'],
    because: 'a label is kept of a visit, not of a record',
    when: (text) => !isScheduling(text) && !isBooking(text),
  },

  // PV1 and PV2: of a visit that ADT books, or where SIU names nobody
  {
    at: ['PV1-3', 'PV1-7', 'PV1-9', 'PV1-10', 'PV1-16', 'PV1-17', 'PV1-18', 'PV2-3', 'PV2-8', 'DG1-3', 'DG1-4'],
    because: 'a message about a person books no visit, so who and where a stay is occupies nobody',
    when: (text) => !isScheduling(text) && !isPlan(text),
  },
  {
    at: ['PV1-9', 'PV1-10', 'PV1-17', 'PV1-18', 'PV2-3', 'PV2-8'],
    because: 'read of a visit that ADT books; SIU has fields of its own for it',
    when: isScheduling,
  },
  { at: ['PV1-7'], because: 'AIP and AIG name the person', by: ['AIP', 'AIG'], when: isScheduling },
  { at: ['PV1-3'], because: 'AIL and AIG name the place', by: ['AIL', 'AIG'], when: isScheduling },
  {
    at: ['PV1-19'],
    because: 'the number of a stay that nothing has happened to',
    when: (text) => ['A08', 'A28', 'A31'].includes(text.trigger) && text.first('PV2-8') === '',
  },
  {
    at: ['PV1-50'],
    because: 'another number of the visit, which the site file may name as its key (ADT) and SIU does not need',
    when: (text) => isScheduling(text) || ['A08', 'A28', 'A31'].includes(text.trigger),
  },

  {
    at: ['PV1-50.4'],
    because: 'a number that the site file names as key is told by its value alone',
    when: (text) => text.trigger === 'A04',
  },

  // The visit
  {
    at: ['SCH-5'],
    because: 'names a calendar, and the site file lists none',
  },
  {
    at: ['SCH-6'],
    because: 'where nothing is cancelled it says why the message was sent (FHIR app-4)',
    when: (text) => !['S15', 'S16'].includes(text.trigger),
  },
  { at: ['SCH-9', 'SCH-10'], because: 'the end of the visit is told', by: END_OF_VISIT },
  {
    at: ['SCH-11.5', 'TQ1-8'],
    because: 'an end days after the start is not believed',
    when: (text, place) => day(text.value(place)) !== day(sibling(text, place, 4) || text.first('TQ1-7')),
  },
  { at: ['SCH-11.4', 'SCH-11.5'], because: 'TQ1 goes before SCH-11', by: ['TQ1'] },
  {
    at: ['SCH-11.3'],
    because: 'the end is told, or a length that names its unit',
    by: ['TQ1', 'SCH-11.5', 'SCH-9', 'SCH-10', 'AIS', 'AIG', 'AIL', 'AIP'],
  },
  { at: ['TQ1-6'], because: 'the end of the visit is told', by: ['TQ1-8'] },
  {
    at: ['SCH-26.2', 'SCH-27.2'],
    because: 'the universal id names the authority better than its name',
    by: ['SCH-26.3', 'SCH-27.3'],
  },

  // Resources
  { at: ['AIS-10'], because: 'SCH-25 says the status, else the first service', by: ['SCH-25', 'AIS-10'] },
  {
    at: ['RGS-2', 'AIS-2', 'AIG-2', 'AIL-2', 'AIP-2'],
    because: 'what ends a visit removes none of its resources',
    when: isEnd,
  },
  { at: ['AIS-2'], because: 'the site file has SCH-5 say the kind of visit where no service does', by: ['SCH-5'] },
  {
    at: ['AIG-14', 'AIL-12', 'AIP-12'],
    because: 'a resource of a visit that ended has declined nothing',
    when: isEnd,
  },
  {
    at: ['AIS-7', 'AIS-8'],
    because: 'the length of the visit is told by SCH or TQ1',
    by: [...END_OF_VISIT, 'SCH-9', 'SCH-10'],
  },
  { at: ['AIG-2', 'AIG-3'], because: 'the person is named by AIP', by: ['AIP'] },
  {
    at: ['AIL-6', 'AIL-9', 'AIL-10'],
    because: 'a time of another day is not believed beside that of SCH',
    by: ['SCH-11', 'SCH-9', 'SCH-10'],
  },
  {
    at: ['AIP-6', 'AIP-9', 'AIP-10'],
    because: 'a time of another day is not believed beside that of SCH, and AIL goes before AIP',
    by: ['SCH-11', 'SCH-9', 'SCH-10', 'AIL'],
  },
  {
    at: ['AIL-10', 'AIP-10'],
    because: 'a unit without a number',
    when: (text, { line, field }) => text.lines[line]?.[field - 1] === '',
  },
  { at: ['AIG-9'], because: 'the start itself is told', by: ['AIG-8'] },
  {
    at: ['AIG-10'],
    because: 'the unit of an offset of nothing',
    when: (text) => text.first('AIG-9') === '0',
  },
  {
    at: ['AIL-3', 'AIP-3'],
    because: 'the site file reads the field before it',
    when: (text, { line }) => (text.lines[line]?.[2] ?? '').includes('^'),
  },

  // Master files
  {
    at: ['MFE-4', 'STF-2', 'PRA-1'],
    because: 'the key of the entry is told by STF or LOC',
    by: ['STF-1', 'LOC-1', 'MFE-4', 'STF-2'],
  },
  {
    at: ['STF-2.5'],
    because: 'a type that is not NPI says nothing of the person',
    when: (text, place) => !text.value(place).startsWith('NPI'),
  },
  {
    at: ['PRA-6'],
    because: 'a number that is not the NPI',
    when: (text, place) => sibling(text, place, 2) !== 'NPI',
  },
];

/** The first that holds here; `counts`: the value matters without these, as another one or by being there at all. */
export function excuseFor(
  text: Text,
  place: Place,
  counts: (without: readonly string[], whether: boolean) => boolean,
): Excuse | undefined {
  return EXCUSES.find(
    (excuse) =>
      (excuse.at.includes(place.path) || excuse.at.includes(`${place.path}.${place.component}`)) &&
      (excuse.when?.(text, place) ?? true) &&
      (excuse.by === undefined || counts(excuse.by, excuse.whether === true)),
  );
}
