/** What a seed file may say; README.md of this folder describes it for people. */
import { Ajv } from 'ajv';
import { HubError } from '../../core/errors.ts';
import { isTimeZone } from '../../core/instant.ts';

export interface Settings {
  /** Bookings in client mode start at least this much later than now. */
  readonly minNoticeHours: number;
  /** ... and at most this many days ahead. */
  readonly maxDaysAhead: number;
  readonly phoneRequired: boolean;
  readonly clientCancel: boolean;
  readonly clientReschedule: boolean;
  /** Clients may cancel or move until so many hours before the start. */
  readonly changeHoursBefore: number;
  /** Sheet section 9: whether rows of a list say `canceled`. */
  readonly listsCarryCanceled: boolean;
  /** Sheet section 9: the answer to cancelling twice. */
  readonly secondCancel: 'ok' | 'refuse';
  /** Sheet 3.1: cancelled appointments stay readable by id. */
  readonly canceledReadable: boolean;
  /** Sheet 3.4: `scheduled` or `appointment.scheduled` in the webhook body. */
  readonly webhookActionStyle: 'plain' | 'prefixed';
  /** Sheet 3.2: the field of check-times that says yes or no. */
  readonly checkTimesField: 'valid' | 'available' | 'both';
  /** Sheet section 7: the field of check-times that says why not. */
  readonly checkTimesReason: string;
  /** Sheet 2.3, source conflict: status of a lost race. */
  readonly notAvailableStatus: number;
  readonly notAvailableCode: string;
  readonly timesCarrySlotsAvailable: boolean;
  readonly classesCarryId: boolean;
  readonly carryDatetimeCreated: boolean;
  readonly carryCalendarTimezone: boolean;
  /** Zone of availability days when the caller names none. */
  readonly availabilityZone: 'account' | 'calendar';
  /** The vendor takes only ports 80 and 443; a sandbox on loopback needs any. */
  readonly webhookTargetPorts: 'any' | 'standard';
  /** Sheet section 9: which key signs hooks that an OAuth app made. */
  readonly oauthHookKey: 'user-key' | 'client-secret';
  readonly deactivatedStatus: string;
  readonly webhookFirstRetrySeconds: number;
  readonly webhookRetryFactor: number;
  readonly webhookRetryHours: number;
  readonly webhookDeactivateDays: number;
  /** Whether an appointment deleted by staff is told as `changed`. */
  readonly deleteFiresChanged: boolean;
  readonly requestsPerSecond: number;
  readonly concurrentRequests: number;
}

export const DEFAULTS: Settings = {
  minNoticeHours: 0,
  maxDaysAhead: 180,
  phoneRequired: false,
  clientCancel: true,
  clientReschedule: true,
  changeHoursBefore: 0,
  listsCarryCanceled: false,
  secondCancel: 'ok',
  canceledReadable: true,
  webhookActionStyle: 'plain',
  checkTimesField: 'valid',
  checkTimesReason: 'error',
  notAvailableStatus: 400,
  notAvailableCode: 'not_available',
  timesCarrySlotsAvailable: true,
  classesCarryId: true,
  carryDatetimeCreated: true,
  carryCalendarTimezone: true,
  availabilityZone: 'account',
  webhookTargetPorts: 'any',
  oauthHookKey: 'user-key',
  deactivatedStatus: 'disabled',
  webhookFirstRetrySeconds: 2,
  webhookRetryFactor: 2,
  webhookRetryHours: 24,
  webhookDeactivateDays: 5,
  deleteFiresChanged: false,
  requestsPerSecond: 10,
  concurrentRequests: 20,
};

export interface User {
  readonly id: number;
  readonly apiKey: string;
  /** False: sees only its own calendars. */
  readonly admin?: boolean;
  readonly calendarIDs?: readonly number[];
}

export interface Calendar {
  readonly id: number;
  readonly name: string;
  readonly email?: string;
  readonly description?: string;
  readonly location?: string;
  readonly timezone?: string;
  /** `mon: ['09:00-12:00', '13:00-17:00']`, in the zone of the calendar. */
  readonly hours: Readonly<Record<string, readonly string[]>>;
}

export interface AppointmentType {
  readonly id: number;
  readonly name: string;
  readonly type: 'service' | 'class' | 'series';
  readonly duration: number;
  readonly calendarIDs: readonly number[];
  readonly active?: boolean;
  readonly private?: boolean;
  readonly description?: string;
  readonly category?: string;
  readonly price?: string;
  readonly color?: string;
  readonly classSize?: number;
  readonly paddingBefore?: number;
  readonly paddingAfter?: number;
  /** Minutes between offered starts; the duration where absent. */
  readonly startEvery?: number;
  readonly addonIDs?: readonly number[];
  readonly formIDs?: readonly number[];
}

export interface FormField {
  readonly id: number;
  readonly name: string;
  readonly required?: boolean;
  readonly type?: string;
}

export interface Form {
  readonly id: number;
  readonly name: string;
  readonly description?: string;
  readonly fields: readonly FormField[];
}

export interface ClassPlan {
  readonly appointmentTypeID: number;
  readonly calendarID: number;
  readonly weekday: string;
  readonly time: string;
  readonly seats?: number;
  readonly private?: boolean;
  /** Of a series: so many meetings, one a week, are sold together. */
  readonly meetings?: number;
}

export interface SeedVisit {
  /** Days after the first day of this state folder, 0 is that day. */
  readonly day: number;
  readonly time: string;
  readonly calendarID: number;
  readonly appointmentTypeID: number;
  /** Number of an invented person. */
  readonly person: number;
  readonly canceled?: boolean;
}

export interface Invented {
  /** Invented people firstPerson to firstPerson + people - 1; the same number is the same person at every site. */
  readonly firstPerson: number;
  readonly people: number;
  /** Share of the times of each day that are taken, 0 to 1. */
  readonly fill: number;
  readonly daysAhead: number;
  readonly daysBack: number;
  /** Weekdays on which a calendar has invented visits, by calendar id; all where absent. */
  readonly weekdays?: Readonly<Record<string, readonly string[]>>;
  /** Share of the invented visits that were cancelled again. */
  readonly canceledShare?: number;
  readonly mrnPrefix?: string;
  readonly mrnFieldID?: number;
  readonly birthDateFieldID?: number;
}

export interface Certificate {
  readonly certificate: string;
  readonly appointmentTypeIDs: readonly number[];
  readonly expires?: string;
  readonly remainingUses?: number;
}

export interface Seed {
  readonly account: { readonly id?: number; readonly name: string; readonly email: string; readonly timezone: string };
  /** The first is the main admin. */
  readonly users: readonly User[];
  readonly oauthClients: readonly {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly userId: number;
  }[];
  readonly calendars: readonly Calendar[];
  readonly appointmentTypes: readonly AppointmentType[];
  readonly forms: readonly Form[];
  readonly labels: readonly { readonly id: number; readonly name: string; readonly color: string }[];
  readonly addons: readonly {
    readonly id: number;
    readonly name: string;
    readonly duration: number;
    readonly price: string;
    readonly private?: boolean;
  }[];
  readonly certificates: readonly Certificate[];
  readonly products: readonly { readonly id: number; readonly name: string; readonly price: string }[];
  readonly classes: readonly ClassPlan[];
  readonly staticWebhooks: readonly { readonly event: string; readonly target?: string }[];
  readonly visits: readonly SeedVisit[];
  readonly invented: Invented | null;
  /** How many days `/__sim/state` shows. */
  readonly horizonDays: number;
  readonly settings: Settings;
}

/** @throws HubError CONFIG_INVALID naming every field that is wrong */
export function readAcuitySeed(raw: unknown): Seed {
  const check = new Ajv({ allErrors: true, strict: false }).compile(SCHEMA);
  if (!check(raw)) {
    const issues = (check.errors ?? []).map((one) => `${one.instancePath || '/'} ${one.message ?? ''}`.trim());
    throw new HubError('CONFIG_INVALID', { detail: `Acuity seed: ${issues.join('; ')}` });
  }
  const given = raw as Partial<Seed> & Pick<Seed, 'account' | 'users' | 'calendars' | 'appointmentTypes'>;
  const zones = [given.account.timezone, ...given.calendars.map((one) => one.timezone ?? given.account.timezone)];
  const wrong = zones.filter((zone) => !isTimeZone(zone));
  if (wrong.length > 0)
    throw new HubError('CONFIG_INVALID', { detail: `Acuity seed: no time zone: ${wrong.join(', ')}` });
  return {
    oauthClients: [],
    forms: [],
    labels: [],
    addons: [],
    certificates: [],
    products: [],
    classes: [],
    staticWebhooks: [],
    visits: [],
    invented: null,
    horizonDays: 28,
    ...given,
    settings: { ...DEFAULTS, ...given.settings },
  };
}

/** @throws HubError CONFIG_INVALID when a name or a type is not one of Settings */
export function checkSettings(settings: unknown): Partial<Settings> {
  const check = new Ajv({ allErrors: true, strict: false }).compile(SETTINGS_SCHEMA);
  if (check(settings)) return settings as Partial<Settings>;
  const issues = (check.errors ?? []).map((one) => `${one.instancePath} ${one.message ?? ''}`.trim());
  throw new HubError('CONFIG_INVALID', { detail: `settings: ${issues.join('; ')}` });
}

const ENUMS: Readonly<Record<string, readonly string[]>> = {
  secondCancel: ['ok', 'refuse'],
  webhookActionStyle: ['plain', 'prefixed'],
  checkTimesField: ['valid', 'available', 'both'],
  availabilityZone: ['account', 'calendar'],
  webhookTargetPorts: ['any', 'standard'],
  oauthHookKey: ['user-key', 'client-secret'],
};
const SETTINGS_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]: [string, unknown]) => {
      const options = ENUMS[name];
      return [name, options === undefined ? { type: typeof value } : { enum: options }];
    }),
  ),
};

const text = { type: 'string' };
const whole = { type: 'integer' };
const flag = { type: 'boolean' };
const ids = { type: 'array', items: whole };
const EVENTS = {
  enum: ['scheduled', 'rescheduled', 'canceled', 'changed']
    .map((name) => `appointment.${name}`)
    .concat('order.completed'),
};
const RANGES = {
  type: 'array',
  items: { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-4]):[0-5]\\d$' },
};
const SHARE = { type: 'number', minimum: 0, maximum: 1 };
const WEEKDAY = { enum: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] };
const WEEKDAYS = { type: 'object', additionalProperties: { type: 'array', items: WEEKDAY } };

function record(required: Record<string, unknown>, optional: Record<string, unknown> = {}): object {
  const properties = { ...required, ...optional };
  return { type: 'object', additionalProperties: false, required: Object.keys(required), properties };
}

function list(items: object, minItems = 0): object {
  return { type: 'array', items, minItems };
}

export const HOURS_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  patternProperties: { '^(mon|tue|wed|thu|fri|sat|sun)$': RANGES },
};

const SCHEMA = record(
  {
    account: record({ name: text, email: text, timezone: text }, { id: whole }),
    users: list(record({ id: whole, apiKey: text }, { admin: flag, calendarIDs: ids }), 1),
    calendars: list(
      record(
        { id: whole, name: text, hours: HOURS_SCHEMA },
        { email: text, description: text, location: text, timezone: text },
      ),
      1,
    ),
    appointmentTypes: list(
      record(
        { id: whole, name: text, type: { enum: ['service', 'class', 'series'] }, duration: whole, calendarIDs: ids },
        {
          active: flag,
          private: flag,
          description: text,
          category: text,
          price: text,
          color: text,
          classSize: whole,
          paddingBefore: whole,
          paddingAfter: whole,
          startEvery: whole,
          addonIDs: ids,
          formIDs: ids,
        },
      ),
      1,
    ),
  },
  {
    oauthClients: list(record({ clientId: text, clientSecret: text, userId: whole })),
    forms: list(
      record(
        { id: whole, name: text, fields: list(record({ id: whole, name: text }, { required: flag, type: text })) },
        {
          description: text,
        },
      ),
    ),
    labels: list(record({ id: whole, name: text, color: text })),
    addons: list(record({ id: whole, name: text, duration: whole, price: text }, { private: flag })),
    certificates: list(record({ certificate: text, appointmentTypeIDs: ids }, { expires: text, remainingUses: whole })),
    products: list(record({ id: whole, name: text, price: text })),
    classes: list(
      record(
        { appointmentTypeID: whole, calendarID: whole, weekday: WEEKDAY, time: text },
        { seats: whole, private: flag, meetings: whole },
      ),
    ),
    staticWebhooks: list(record({ event: EVENTS }, { target: text })),
    visits: list(
      record(
        { day: whole, time: text, calendarID: whole, appointmentTypeID: whole, person: whole },
        { canceled: flag },
      ),
    ),
    invented: record(
      {
        firstPerson: whole,
        people: whole,
        fill: SHARE,
        daysAhead: whole,
        daysBack: whole,
      },
      { mrnPrefix: text, mrnFieldID: whole, birthDateFieldID: whole, canceledShare: SHARE, weekdays: WEEKDAYS },
    ),
    horizonDays: whole,
    settings: SETTINGS_SCHEMA,
  },
);
