/** What a seed of the HL7 v2 simulator may say; README.md of this folder describes it for people. */
import { Ajv } from 'ajv';
import { HubError } from '../../core/errors.ts';
import { isTimeZone } from '../../core/instant.ts';
import { HABITS_SCHEMA, NO_HABITS, PRESETS, type Habits, type PresetName } from './habits.ts';
import { flag, issuesOf, list, record, share, text, weekdaysById, weekHours, whole } from '../kit/schema.ts';

export interface Clinic {
  readonly name: string;
  readonly timezone: string;
  /** MSH-3 and MSH-4 of what it sends. */
  readonly application: string;
  readonly facility: string;
  /** PL-1: the point of care of every room. */
  readonly pointOfCare: string;
  /** CX-4 of its medical record numbers. */
  readonly authority: string;
}

export interface Practitioner {
  readonly id: string;
  readonly npi?: string;
  readonly family: string;
  readonly given: string;
  readonly prefix?: string;
  readonly degree?: string;
  readonly room: string;
  /** Visits at the same time; default 1. */
  readonly capacity?: number;
  readonly hours: Readonly<Record<string, readonly string[]>>;
}

export interface VisitType {
  readonly code: string;
  readonly text: string;
  readonly minutes: number;
}

export interface Invented {
  readonly firstPerson: number;
  readonly people: number;
  readonly fill: number;
  readonly daysAhead: number;
  readonly daysBack: number;
  readonly weekdays?: Readonly<Record<string, readonly string[]>>;
}

export interface Settings {
  /** What is not said besides is as this kind of system has it. */
  readonly preset: PresetName;
  readonly habits: Habits;
  readonly version: '2.3' | '2.5.1';
  readonly processingId: string;
  /** MSH-18; also the bytes on the wire. Empty: nothing is said and UTF-8 is sent. */
  readonly characterSet: '' | 'UNICODE UTF-8' | '8859/1';
  /** Enhanced acknowledgement (MSH-15 AL, MSH-16 NE) instead of original; 2.3 in the field is original. */
  readonly enhancedAcknowledgement: boolean;
  /** False: times carry no zone, as most systems send them. True: MSH-7 and TQ1 say the offset. */
  readonly offsets: boolean;
  readonly receivingApplication: string;
  readonly receivingFacility: string;
  /** After so long without an answer the connection is closed and the same bytes are sent again. */
  readonly acknowledgementSeconds: number;
  /** Pause before a repeat or a new connection; doubles up to thirty times this. */
  readonly retryMilliseconds: number;
  /**
   * How an SRM is answered: `at-once` by SRR on its own connection; `later` by CA there and by an SRR of its own on
   * this system's connection to the hub; `as-asked` by what MSH-15 and MSH-16 of the SRM want.
   */
  readonly answers: 'at-once' | 'later' | 'as-asked';
  /** Between CA and the decision. */
  readonly answerDelay_ms: number;
  /** A request that was fulfilled before, word for word: answered as the first time, or denied as a duplicate. */
  readonly repeatPolicy: 'same' | 'deny';
  /** What becomes of a person whose record number is not known. */
  readonly unknownPatients: 'deny' | 'register';
  /** What becomes of ADT A28 and A04: `unsupported` is AR 200, `deny` AE. */
  readonly registrations: 'take' | 'deny' | 'unsupported';
  /** Between the acknowledgement and the clinic's own news of the record. */
  readonly registrationDelay_ms: number;
  /** Whether PID-3 names the numbers that other systems gave a person beside the clinic's own. */
  readonly tellsOtherIds: boolean;
}

/** Settings as they are given: some of them, and some of the habits. */
export type GivenSettings = Partial<Omit<Settings, 'habits'>> & { readonly habits?: Partial<Habits> };

export const DEFAULTS: Settings = {
  preset: 'standard-2.5.1',
  habits: NO_HABITS,
  version: '2.5.1',
  processingId: 'P',
  characterSet: 'UNICODE UTF-8',
  enhancedAcknowledgement: true,
  offsets: false,
  receivingApplication: 'SLOTWIRE',
  receivingFacility: 'HUB',
  acknowledgementSeconds: 30,
  retryMilliseconds: 250,
  answers: 'at-once',
  answerDelay_ms: 200,
  repeatPolicy: 'same',
  unknownPatients: 'deny',
  registrations: 'take',
  registrationDelay_ms: 0,
  tellsOtherIds: true,
};

export interface Seed {
  readonly clinic: Clinic;
  readonly practitioners: readonly Practitioner[];
  readonly rooms: readonly string[];
  readonly visitTypes: readonly VisitType[];
  /** Invented people who are patients here: their record numbers are `mrnPrefix` and 10000 + number. */
  readonly mrnPrefix: string;
  readonly invented: Invented | null;
  /** Staff book a next free visit every so many seconds. */
  readonly drip: { readonly everySeconds: number } | null;
  readonly horizonDays: number;
  /** Where SRM is taken; port 0 is that of the last run when it is free, else any. Null: the system takes none. */
  readonly requests: { readonly port: number } | null;
  readonly target: { readonly host: string; readonly port: number } | null;
  readonly settings: GivenSettings;
}

const SETTINGS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    preset: { enum: Object.keys(PRESETS) },
    habits: HABITS_SCHEMA,
    version: { enum: ['2.3', '2.5.1'] },
    processingId: text,
    characterSet: { enum: ['', 'UNICODE UTF-8', '8859/1'] },
    enhancedAcknowledgement: flag,
    offsets: flag,
    receivingApplication: text,
    receivingFacility: text,
    acknowledgementSeconds: { type: 'number', exclusiveMinimum: 0 },
    retryMilliseconds: { type: 'number', exclusiveMinimum: 0 },
    answers: { enum: ['at-once', 'later', 'as-asked'] },
    answerDelay_ms: { type: 'number', minimum: 0 },
    repeatPolicy: { enum: ['same', 'deny'] },
    unknownPatients: { enum: ['deny', 'register'] },
    registrations: { enum: ['take', 'deny', 'unsupported'] },
    registrationDelay_ms: { type: 'number', minimum: 0 },
    tellsOtherIds: flag,
  },
};

const SCHEMA = record(
  {
    clinic: record({
      name: text,
      timezone: text,
      application: text,
      facility: text,
      pointOfCare: text,
      authority: text,
    }),
    practitioners: list(
      record(
        { id: text, family: text, given: text, room: text, hours: weekHours },
        { npi: text, prefix: text, degree: text, capacity: { type: 'integer', minimum: 1 } },
      ),
      1,
    ),
    rooms: list(text, 1),
    visitTypes: list(record({ code: text, text, minutes: whole }), 1),
  },
  {
    mrnPrefix: text,
    invented: record(
      { firstPerson: whole, people: whole, fill: share, daysAhead: whole, daysBack: whole },
      { weekdays: weekdaysById },
    ),
    drip: record({ everySeconds: { type: 'number', exclusiveMinimum: 0 } }),
    horizonDays: whole,
    requests: { anyOf: [record({ port: whole }), { type: 'null' }] },
    target: record({ host: text, port: whole }),
    settings: SETTINGS,
  },
);

/** @throws HubError CONFIG_INVALID naming every field that is wrong */
export function readHl7Seed(raw: unknown): Seed {
  const check = new Ajv({ allErrors: true, strict: false }).compile(SCHEMA);
  if (!check(raw)) throw new HubError('CONFIG_INVALID', { detail: `HL7 v2 seed: ${issuesOf(check.errors)}` });
  const given = raw as Partial<Seed> & Pick<Seed, 'clinic' | 'practitioners' | 'rooms' | 'visitTypes'>;
  if (!isTimeZone(given.clinic.timezone)) {
    throw new HubError('CONFIG_INVALID', { detail: `HL7 v2 seed: no time zone: ${given.clinic.timezone}` });
  }
  return {
    mrnPrefix: 'MRN',
    invented: null,
    drip: null,
    horizonDays: 28,
    requests: { port: 0 },
    target: null,
    settings: {},
    ...given,
  };
}

/** @throws HubError CONFIG_INVALID */
export function checkSettings(settings: unknown): GivenSettings {
  const check = new Ajv({ allErrors: true, strict: false }).compile(SETTINGS);
  if (!check(settings)) throw new HubError('CONFIG_INVALID', { detail: issuesOf(check.errors) });
  return settings as GivenSettings;
}

/** Defaults, then the preset, then what is said besides: first by the seed, then by whoever changed it since. */
export function resolveSettings(seed: GivenSettings, changed: GivenSettings): Settings {
  const preset = changed.preset ?? seed.preset ?? DEFAULTS.preset;
  const base = PRESETS[preset];
  const habits = { ...NO_HABITS, ...base.habits, ...seed.habits, ...changed.habits };
  return { ...DEFAULTS, ...base.settings, ...seed, ...changed, preset, habits };
}
