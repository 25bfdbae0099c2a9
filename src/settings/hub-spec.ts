/** The settings of `hub.yaml`, declared once. */
import { CLIENT_HL7 } from './client-hl7-spec.ts';
import {
  allOr,
  keyed,
  label,
  listOf,
  name,
  objectOf,
  oneOfWords,
  siteCode,
  text,
  timeZone,
  webAddress,
  wholeNumber,
} from './declare.ts';
import { mllpSchema } from './mllp-spec.ts';
import type {
  BookingSettings,
  ClientSettings,
  HubLimits,
  HubSettings,
  PractitionerSettings,
  RetentionSettings,
  SimulatorSettings,
  VisitType,
} from './shape.ts';
import { identity, work } from './people-spec.ts';
import { signing } from './signing-spec.ts';
import type { Setting, SettingsSpec, ValueSchema } from './spec.ts';
import { travel } from './take-spec.ts';

type FieldsOf<T> = SettingsSpec<T>['fields'];

export const environment: ValueSchema = oneOfWords('production', 'test', 'sandbox');

const visitType: FieldsOf<VisitType> = {
  name: { schema: text, prose: 'What patients and staff read.', example: 'Therapy, 50 minutes' },
  duration_min: { schema: wholeNumber(1, 1440), prose: 'How long the visit takes.', example: 50 },
  modality: {
    schema: oneOfWords('in-person', 'video', 'phone', 'group'),
    prose: 'How it is held.',
    default: 'in-person',
  },
  patients: {
    schema: oneOfWords('new', 'established', 'any'),
    prose: 'Who may take it: new patients, established ones, or both.',
    default: 'any',
  },
  specialty: { schema: siteCode, prose: 'Specialty code (NUCC, or your own).', optional: true, example: '103T00000X' },
};

const client: FieldsOf<ClientSettings> = {
  id: { schema: name, prose: 'Stands in the audit log for whoever uses this token.', example: 'portal' },
  token: {
    schema: {
      type: 'string',
      minLength: 16,
      maxLength: 4096,
      say: 'write ${VAR} or file:/path of 16 characters or more',
    },
    prose: 'The bearer token. Absent: it asks by hl7 alone.',
    secret: true,
    optional: true,
    example: '${PORTAL_TOKEN}',
  },
  role: {
    schema: oneOfWords('admin', 'scheduler', 'readonly', 'site'),
    prose: 'admin: everything; scheduler: read and book; readonly: read; site: one site, for that site itself.',
    example: 'scheduler',
  },
  sites: { schema: allOr(text, 'site ids'), prose: "The sites it may see, or '*'.", example: '*' },
  locations: {
    schema: allOr(text, 'locations as site/location'),
    prose: "The locations it may see, as site/location, or '*'.",
    default: '*',
  },
  clearances: {
    schema: listOf(label),
    prose: 'Security labels beyond N that it may see; without one, such visits show as busy and nothing else.',
    default: [],
  },
  coordinator: {
    schema: { type: 'boolean' },
    prose:
      'It decides about bookings that wait for approval (sites with write: approval), besides admins. With role ' +
      'readonly it decides and cannot book.',
    default: false,
  },
  hl7: CLIENT_HL7,
};

const simulator: FieldsOf<SimulatorSettings> = {
  kind: { schema: text, prose: 'The kind of system that is simulated.', example: 'acuity' },
  seed: { schema: text, prose: 'The seed file, relative to CONFIG_DIR.', example: 'sandbox/midtown-acuity.yaml' },
};

const limit = (schema: ValueSchema, value: number, prose: string): Setting => ({ schema, prose, default: value });
const MIB = 1_048_576;
const DAY_MS = 86_400_000;

const limits: FieldsOf<HubLimits> = {
  httpBody_bytes: limit(wholeNumber(1024, 64 * MIB), MIB, 'The largest request body that the API takes.'),
  webhookBody_bytes: limit(wholeNumber(1024, 16 * MIB), 262_144, 'The largest webhook body that a site may send.'),
  frame_bytes: limit(wholeNumber(1024, 64 * MIB), MIB, 'The largest HL7 v2 message.'),
  mllpConnections: limit(wholeNumber(1, 10_000), 64, 'How many HL7 v2 senders may be connected to one port.'),
  mllpIdle_ms: limit(wholeNumber(1000, DAY_MS), 3_600_000, 'An HL7 v2 connection that is silent for longer is closed.'),
  mllpMessage_ms: limit(wholeNumber(1000, DAY_MS), 300_000, 'How long one HL7 v2 message may take to arrive.'),
  pageSize: limit(wholeNumber(1, 1000), 50, 'Search results per page where the caller does not say.'),
  pageSizeMax: limit(wholeNumber(1, 10_000), 500, 'The most results per page that a caller gets.'),
  searchRowsExamined: limit(wholeNumber(1000, 10_000_000), 50_000, 'A search that would look at more rows is refused.'),
  requestTimeout_ms: limit(wholeNumber(1000, 600_000), 30_000, 'A request that takes longer is ended.'),
  requestsPerClient_per_s: limit(wholeNumber(1, 100_000), 200, 'Requests that one client may make.'),
  databaseConnections: limit(wholeNumber(2, 500), 10, 'Connections to the database.'),
  applyBatch: limit(wholeNumber(1, 5000), 100, 'Messages that are applied in one transaction.'),
  applyAttempts: limit(wholeNumber(1, 100), 8, 'How often a message is tried before it is parked.'),
};

const booking: FieldsOf<BookingSettings> = {
  wait_ms: limit(wholeNumber(0, 120_000), 5000, 'How long a caller waits for the site before the answer is 202.'),
  siteTimeout_ms: limit(
    wholeNumber(500, 300_000),
    15_000,
    'How long one call to a site may take before its outcome counts as unknown.',
  ),
  holdExpiry_s: limit(wholeNumber(10, 86_400), 600, 'How long a hold lasts while the site is not asked yet.'),
  callerHold_s: limit(wholeNumber(10, 86_400), 300, 'How long $hold keeps a time; a caller may ask for less.'),
  callerHoldTotal_s: limit(
    wholeNumber(10, 604_800),
    900,
    'How long a time may be held in all, however often its client makes the hold longer.',
  ),
  callerHoldsPerClient: limit(
    wholeNumber(1, 100_000),
    50,
    'How many times one client may hold at once, so that no client keeps a clinic from the others.',
  ),
  setVisits: limit(
    wholeNumber(2, 500),
    100,
    'How many visits one set ($book-set, a series) may have. Their times are held together, in one transaction.',
  ),
  approvalExpiry_s: limit(
    wholeNumber(60, 2_592_000),
    86_400,
    'How long a coordinator has to decide (sites with write: approval), never past the start of the visit.',
  ),
  resolveEvery_ms: limit(wholeNumber(100, 3_600_000), 5000, 'How often a booking with unknown outcome is looked up.'),
  resolveFor_s: limit(wholeNumber(10, 604_800), 3600, 'How long it is looked up before a person must decide.'),
  queueFor_s: limit(
    wholeNumber(60, 2_592_000),
    86_400,
    'How long a booking waits for a site that is down (sites with whenDown: queue), never past the start of its visit.',
  ),
  breakerFailures: limit(wholeNumber(1, 1000), 5, 'So many failed calls in a row, and a site counts as down.'),
  breakerWithin_s: limit(wholeNumber(1, 86_400), 120, 'Only failures within this time count as a row.'),
  breakerProbe_s: limit(
    wholeNumber(1, 3600),
    10,
    'How long a site that is down is left alone before one call is tried.',
  ),
  patientOverlap: {
    schema: oneOfWords('refuse', 'allow'),
    prose: 'A second visit of one person at the same time, at any site. refuse: staff may still book it explicitly.',
    default: 'refuse',
  },
};

const retention: FieldsOf<RetentionSettings> = {
  inbox_days: limit(wholeNumber(1, 36_500), 90, 'How long messages are kept as they were received.'),
  history_days: limit(wholeNumber(1, 36_500), 2557, 'How long earlier versions of resources are kept.'),
  dedupe_days: limit(
    wholeNumber(2, 3650),
    14,
    'How long a message is recognised as a repeat. Longer than the longest retry of any vendor (a day).',
  ),
};

const codeAtSite: ValueSchema = {
  ...siteCode,
  pattern: `^[a-z0-9-]+/${siteCode.pattern?.slice(1) ?? ''}`,
  say: 'write the site, a stroke and the code as the site writes it: riverside-hl7/LEE',
};

const practitioners: FieldsOf<PractitionerSettings> = {
  crosswalk: {
    schema: text,
    prose:
      'A CSV file below CONFIG_DIR with the columns site, code, npi, name: which NPI stands behind a code of a site, ' +
      'where its feed carries none. docs/identity.md.',
    optional: true,
    example: 'practitioners.csv',
  },
  taxonomy: {
    schema: text,
    prose:
      'The CSV file of the Health Care Provider Taxonomy, as NUCC publishes it, below CONFIG_DIR: specialties are ' +
      'served with their names, and codes that it does not have are told. docs/identity.md.',
    optional: true,
    example: 'nucc_taxonomy_251.csv',
  },
  apart: {
    schema: listOf({ ...listOf(codeAtSite), minItems: 2, say: 'write two codes or more' }),
    prose:
      'Lists of codes, SITE/CODE, of practitioners who are called alike and of whom no two are one person: ' +
      'slotwire identity practitioners lists them no more. docs/identity.md.',
    optional: true,
    example: [['midtown-acuity/84022', 'riverside-hl7/ORTIZB']],
  },
};

const hubFields: FieldsOf<HubSettings> = {
  environment: {
    schema: environment,
    prose: 'Where messages and bookings are real. Every site must say the same.',
    example: 'production',
  },
  publicUrl: {
    schema: webAddress,
    prose: 'Where the hub is reached from outside; vendors are given it as the target of webhooks.',
    optional: true,
    example: 'https://hub.example.org',
  },
  timeZone: { schema: timeZone, prose: 'The zone of a search date that names none.', example: 'America/Chicago' },
  visitTypes: {
    schema: keyed(name, objectOf(visitType)),
    prose: 'The catalogue of visit types, by code. Sites map their own codes to it.',
    default: {},
  },
  clients: {
    schema: { type: 'array', items: objectOf(client) },
    prose: 'Who may call the API. May be empty in the sandbox only, where the hub makes tokens by itself.',
    default: [],
  },
  practitioners: {
    schema: objectOf(practitioners),
    prose: 'Who practitioners are, where no site file says so.',
    default: {},
  },
  simulators: {
    schema: keyed(text, objectOf(simulator)),
    prose: 'Sandbox only: the simulators to start, by site id.',
    default: {},
  },
  mllp: {
    schema: mllpSchema,
    prose: 'The HL7 v2 port that sites share (MLLP_PORT). A site may have one of its own: settings.listen.',
    default: {},
  },
  limits: { schema: objectOf(limits), prose: 'Sizes, counts and waits; the unit is in the name.', default: {} },
  booking: { schema: objectOf(booking), prose: 'How long a booking may take at each step.', default: {} },
  travel,
  retention: { schema: objectOf(retention), prose: 'How long what is stored is kept.', default: {} },
  identity,
  work,
  signing,
};

export const hubSchema: ValueSchema = objectOf(hubFields);

/** Read once at start: sockets, pools and simulators that exist cannot be given another size or environment. */
export const NEEDS_RESTART: readonly string[] = [
  'environment',
  'simulators',
  'limits.httpBody_bytes',
  'limits.webhookBody_bytes',
  'limits.frame_bytes',
  'limits.mllpConnections',
  'limits.mllpIdle_ms',
  'limits.mllpMessage_ms',
  'limits.requestTimeout_ms',
  'limits.databaseConnections',
];
