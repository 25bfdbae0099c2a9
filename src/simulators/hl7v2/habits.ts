/** How senders differ from the standard, each switchable, and the sets of them that real systems come with. */
import type { Settings } from './seed.ts';

export interface Habits {
  readonly segmentEnd: 'CR' | 'LF' | 'CRLF';
  /** False: nothing stands behind the last segment. */
  readonly lastSegmentEnd: boolean;
  /** MSH stops after MSH-12: no acknowledgement wish, no character set. */
  readonly shortHeader: boolean;
  /** `repeating`: the same ten control ids over and over. */
  readonly controlIds: 'unique' | 'repeating';
  /**
   * The one place that says when a visit is. `contradicting`: TQ1 (in 2.3 SCH-11) is right and every other place says
   * an hour later.
   */
  readonly startIn: 'everywhere' | 'SCH-11' | 'TQ1' | 'AIS' | 'AIG' | 'contradicting';
  readonly practitionerIn: 'AIP' | 'AIG';
  /** False: minutes are meant and nothing says so. */
  readonly durationUnits: boolean;
  /** SCH-25 is Booked whatever happened. */
  readonly statusContradicts: boolean;
  /** S13 has two RGS groups: the old resources marked D, the new ones A. */
  readonly moveAsGroups: boolean;
  /** AIP-3 names the person three times: own id, NPI, and a number that a payer gave. */
  readonly threeAuthorities: boolean;
  readonly withoutPatient: boolean;
  readonly zSegments: boolean;
  /** Capitals beyond ASCII are sent as `\XC7\` and the like. */
  readonly hexEscapes: boolean;
  /** `ADT`: visits are booked by A05, cancelled by A38, and moved by A38 of the old number and A05 of a new one. */
  readonly speaks: 'SIU' | 'ADT';
  readonly arrivesBy: 'A01' | 'A04' | 'A10';
  /** An engine in the middle puts its own MSH-3, MSH-4, MSH-7 and MSH-10. */
  readonly engine: boolean;
}

export const NO_HABITS: Habits = {
  segmentEnd: 'CR',
  lastSegmentEnd: true,
  shortHeader: false,
  controlIds: 'unique',
  startIn: 'everywhere',
  practitionerIn: 'AIP',
  durationUnits: true,
  statusContradicts: false,
  moveAsGroups: false,
  threeAuthorities: false,
  withoutPatient: false,
  zSegments: false,
  hexEscapes: false,
  speaks: 'SIU',
  arrivesBy: 'A04',
  engine: false,
};

const flag = { type: 'boolean' };

export const HABITS_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    segmentEnd: { enum: ['CR', 'LF', 'CRLF'] },
    lastSegmentEnd: flag,
    shortHeader: flag,
    controlIds: { enum: ['unique', 'repeating'] },
    startIn: { enum: ['everywhere', 'SCH-11', 'TQ1', 'AIS', 'AIG', 'contradicting'] },
    practitionerIn: { enum: ['AIP', 'AIG'] },
    durationUnits: flag,
    statusContradicts: flag,
    moveAsGroups: flag,
    threeAuthorities: flag,
    withoutPatient: flag,
    zSegments: flag,
    hexEscapes: flag,
    speaks: { enum: ['SIU', 'ADT'] },
    arrivesBy: { enum: ['A01', 'A04', 'A10'] },
    engine: flag,
  },
};

export type PresetName = 'standard-2.5.1' | 'standard-2.3' | 'loose' | 'adt-appointments' | 'latin' | 'engine';

interface Preset {
  readonly settings: Partial<Omit<Settings, 'habits' | 'preset'>>;
  readonly habits: Partial<Habits>;
}

const OLD = { version: '2.3', characterSet: '', enhancedAcknowledgement: false } as const;

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  'standard-2.5.1': { settings: {}, habits: {} },
  'standard-2.3': { settings: OLD, habits: {} },
  loose: {
    settings: OLD,
    habits: {
      segmentEnd: 'LF',
      lastSegmentEnd: false,
      shortHeader: true,
      startIn: 'SCH-11',
      practitionerIn: 'AIG',
      durationUnits: false,
      zSegments: true,
    },
  },
  'adt-appointments': { settings: { enhancedAcknowledgement: false }, habits: { speaks: 'ADT' } },
  latin: { settings: { characterSet: '8859/1' }, habits: { hexEscapes: true, threeAuthorities: true } },
  engine: { settings: {}, habits: { engine: true, segmentEnd: 'CRLF', controlIds: 'repeating' } },
};

/** What an engine calls itself in MSH-3 and MSH-4. */
export const ENGINE = { application: 'ENGINE', facility: 'INTERFACES' } as const;

const ENDS = { CR: '\r', LF: '\n', CRLF: '\r\n' } as const;

/** A message as it leaves: `text` has CR behind every segment. */
export function dress(text: string, habits: Habits): string {
  let segments = text.split('\r').slice(0, -1);
  if (habits.shortHeader) segments = segments.map((one) => (one.startsWith('MSH') ? shortened(one) : one));
  if (habits.zSegments) segments = [...segments, 'ZSC|1|LOCAL^Something local^L||7', 'ZZZ'];
  if (habits.hexEscapes) segments = segments.map(escapeCapitals);
  const end = ENDS[habits.segmentEnd];
  return segments.join(end) + (habits.lastSegmentEnd ? end : '');
}

function shortened(header: string): string {
  return header.split('|').slice(0, 12).join('|');
}

function escapeCapitals(segment: string): string {
  return segment.replace(/[\u00c0-\u00de]/g, (sign) => `\\X${sign.charCodeAt(0).toString(16).toUpperCase()}\\`);
}
