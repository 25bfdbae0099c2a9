/** What a site file says under `settings:` for kind acuity. Sources of limits and names: the README of this folder. */
import { keyed, oneOfWords } from '../../settings/declare.ts';
import type { BrokenRule, SettingsSpec } from '../../settings/spec.ts';
import type { LabelMeaning } from './wire.ts';

export interface AcuitySettings {
  readonly baseUrl: string;
  readonly userId?: string | number;
  readonly apiKey?: string;
  readonly accessToken?: string;
  readonly webhooks: 'static' | 'dynamic' | 'none';
  readonly webhookKey?: string;
  readonly webhookEvents: readonly string[];
  readonly mrnField?: number;
  readonly birthDateField?: number;
  readonly birthDateOrder: 'mdy' | 'dmy';
  readonly bookingIdField?: number;
  readonly classTypes: readonly string[];
  readonly otherCalendars: 'park' | 'ignore';
  readonly labels: Readonly<Partial<Record<LabelMeaning, number>>>;
  readonly comments: boolean;
  readonly egress: string;
  readonly requestsPerSecond: number;
  readonly reservedForBookings: number;
  readonly concurrentRequests: number;
  readonly timeout_ms: number;
  readonly readRetries: number;
  readonly listRows: number;
  readonly chunk_days: number;
  readonly loadBeyond_days: number;
  readonly noEmail: boolean;
  readonly readBack: boolean;
  readonly showsWithin_ms: number;
}

/** What a label may mean. */
const MEANINGS = ['booked', 'confirmed', 'arrived', 'checked-in', 'fulfilled'] as const;
const FIELD_ID = { type: 'integer', minimum: 1 } as const;

/** In every enumeration of the vendor; `order.completed` is left out because it says nothing about appointments. */
const EVENTS = [
  'appointment.changed',
  'appointment.scheduled',
  'appointment.rescheduled',
  'appointment.canceled',
] as const;

const access = {
  baseUrl: {
    schema: { type: 'string', pattern: '^https?://[^\\s?#]+$', say: 'write an address like https://host/api/v1' },
    prose: 'Address of the API. Change it only for a simulator or a gateway of your own.',
    default: 'https://acuityscheduling.com/api/v1',
  },
  userId: {
    schema: {
      oneOf: [
        { type: 'string', pattern: '^[0-9]+$' },
        { type: 'integer', minimum: 1 },
      ],
    },
    prose: 'Numeric user id of the API credentials (Acuity: Integrations, API).',
    optional: true,
    example: '${ACUITY_USER}',
  },
  apiKey: {
    schema: { type: 'string', minLength: 8 },
    prose: 'API key that belongs to userId. It also signs webhooks unless webhookKey is set.',
    optional: true,
    secret: true,
    example: '${ACUITY_KEY}',
  },
  accessToken: {
    schema: { type: 'string', minLength: 8 },
    prose: 'OAuth2 access token (scope api-v1), instead of userId and apiKey.',
    optional: true,
    secret: true,
  },
  webhooks: {
    schema: { type: 'string', enum: ['static', 'dynamic', 'none'] },
    prose: 'static: set up by hand in the account. dynamic: the hub registers and repairs them. none: polling only.',
    default: 'static',
  },
  webhookKey: {
    schema: { type: 'string', minLength: 8 },
    prose: "Key that signs webhooks, where it is not apiKey: for static webhooks the main administrator's API key.",
    optional: true,
    secret: true,
  },
  webhookEvents: {
    schema: { type: 'array', items: { type: 'string', enum: EVENTS }, minItems: 1, uniqueItems: true },
    prose: 'Events to register with webhooks: dynamic. appointment.changed covers all others; do not add them to it.',
    default: ['appointment.changed'],
  },
} as const;

const meaning = {
  mrnField: {
    schema: FIELD_ID,
    prose: 'Id of the intake form field that holds the medical record number.',
    optional: true,
  },
  birthDateField: {
    schema: FIELD_ID,
    prose: 'Id of the intake form field that holds the date of birth.',
    optional: true,
  },
  birthDateOrder: {
    schema: { type: 'string', enum: ['mdy', 'dmy'] },
    prose: 'How people write a birth date with slashes in that field. Dates like 1980-05-31 are always understood.',
    default: 'mdy',
  },
  bookingIdField: {
    schema: FIELD_ID,
    prose: 'Id of a hidden intake form field in which the hub leaves its own booking id. Strongly recommended.',
    optional: true,
  },
  classTypes: {
    schema: { type: 'array', items: { type: 'string' }, uniqueItems: true },
    prose: 'Ids of group classes whose appointments carry no classID: all seats of one time occupy the calendar once.',
    default: [],
  },
  otherCalendars: {
    schema: { type: 'string', enum: ['park', 'ignore'] },
    prose: 'What to do with appointments on calendars that this file does not list under resources.',
    default: 'park',
  },
  labels: {
    schema: keyed(oneOfWords(...MEANINGS), FIELD_ID),
    prose:
      'Ids of the labels by which the account tells how a visit stands, and by which the hub sets it (confirmed: the ' +
      'patient has said that they come). The vendor keeps one label on a visit.',
    default: {},
    example: { confirmed: 9001, arrived: 9002, booked: 9003 },
  },
  comments: {
    schema: { type: 'boolean' },
    prose:
      'true: the notes of the clinic are the comment of the Appointment, read and written. They may hold anything.',
    default: false,
  },
} as const;

const limits = {
  egress: {
    schema: { type: 'string', minLength: 1, maxLength: 60 },
    prose: 'Name of the address from which calls leave. The vendor limits each address, so its sites share one budget.',
    default: 'acuity',
  },
  requestsPerSecond: {
    schema: { type: 'integer', minimum: 1, maximum: 100_000 },
    prose: 'Calls per second of the whole egress. The vendor allows 10. The first site of an egress decides.',
    default: 10,
  },
  reservedForBookings: {
    schema: { type: 'integer', minimum: 0, maximum: 100_000 },
    prose: 'Part of requestsPerSecond that only bookings may use.',
    default: 3,
  },
  concurrentRequests: {
    schema: { type: 'integer', minimum: 1, maximum: 10_000 },
    prose: 'Calls under way at once, of the whole egress. The vendor allows 20.',
    default: 20,
  },
  timeout_ms: {
    schema: { type: 'integer', minimum: 100, maximum: 120_000 },
    prose: 'How long one call may take. A write that takes longer is looked up, never repeated blindly.',
    default: 15_000,
  },
  readRetries: {
    schema: { type: 'integer', minimum: 0, maximum: 10 },
    prose: 'How often a failed read is repeated at once before the failure is reported. Writes are never repeated.',
    default: 2,
  },
  listRows: {
    schema: { type: 'integer', minimum: 1, maximum: 10_000 },
    prose: 'Rows asked for per list. Raise it only after making sure that the vendor really gives more than 100.',
    default: 100,
  },
  chunk_days: {
    schema: { type: 'integer', minimum: 1, maximum: 31 },
    prose: 'Days of one calendar that one list call covers.',
    default: 7,
  },
  loadBeyond_days: {
    schema: { type: 'integer', minimum: 0, maximum: 730 },
    prose: 'How far beyond the polling horizon appointments are read once, at go-live.',
    default: 180,
  },
} as const;

const writing = {
  noEmail: {
    schema: { type: 'boolean' },
    prose: 'true: the vendor sends no e-mail or text message about what the hub books, moves or cancels.',
    default: true,
  },
  readBack: {
    schema: { type: 'boolean' },
    prose: 'true: a booking counts only when the vendor shows it on being asked again.',
    default: true,
  },
  showsWithin_ms: {
    schema: { type: 'integer', minimum: 0, maximum: 600_000 },
    prose: 'How long the vendor may take to show a write. Absence before that proves nothing.',
    default: 5_000,
  },
} as const;

export const acuitySettings: SettingsSpec<AcuitySettings> = {
  publishesSlots: true,
  fields: { ...access, ...meaning, ...limits, ...writing },
  rules(settings, about) {
    const broken: BrokenRule[] = [];
    const rule = (holds: boolean, field: string, problem: string, write: string): void => {
      if (!holds) broken.push({ field, problem, write });
    };
    const keys = settings.userId !== undefined && settings.apiKey !== undefined;
    const token = settings.accessToken !== undefined;
    rule(keys || token, 'apiKey', 'there are no credentials', 'write userId and apiKey, or accessToken');
    rule(!(keys && token), 'accessToken', 'there are two kinds of credentials', 'keep apiKey or accessToken, not both');
    const canVerify = settings.webhookKey !== undefined || settings.apiKey !== undefined;
    rule(
      settings.webhooks === 'none' || canVerify,
      'webhookKey',
      'webhooks cannot be verified without a key',
      'write webhookKey, or webhooks: none',
    );
    const https = settings.baseUrl.startsWith('https://');
    rule(
      https || about.environment !== 'production',
      'baseUrl',
      'a production site must be called over https',
      'write an address that starts with https://',
    );
    rule(
      settings.reservedForBookings < settings.requestsPerSecond,
      'reservedForBookings',
      'nothing is left for polling',
      'write a number below requestsPerSecond',
    );
    const ids = Object.values(settings.labels);
    rule(
      new Set(ids).size === ids.length,
      'labels',
      'give two meanings to one label',
      'write another label for each meaning',
    );
    const changedToo = settings.webhookEvents.includes('appointment.changed') && settings.webhookEvents.length > 1;
    rule(
      !changedToo,
      'webhookEvents',
      'appointment.changed already covers every other event, so each booking would arrive twice',
      'keep appointment.changed alone, or the three specific events',
    );
    return broken;
  },
};
