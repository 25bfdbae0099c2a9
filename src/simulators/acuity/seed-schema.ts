/**
 * Reads and checks a seed: unknown names are refused, because a misspelt setting would silently test something else.
 */
import { Ajv } from 'ajv';
import { HubError } from '../../core/errors.ts';
import { isTimeZone } from '../../core/instant.ts';
import {
  flag,
  issuesOf,
  list,
  record,
  share,
  text,
  weekdayName,
  weekdaysById,
  weekHours,
  whole,
} from '../kit/schema.ts';
import { DEFAULTS, type Seed, type Settings } from './seed.ts';

/** @throws HubError CONFIG_INVALID naming every field that is wrong */
export function readAcuitySeed(raw: unknown): Seed {
  const check = new Ajv({ allErrors: true, strict: false }).compile(SCHEMA);
  if (!check(raw)) {
    throw new HubError('CONFIG_INVALID', { detail: `Acuity seed: ${issuesOf(check.errors)}` });
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
  throw new HubError('CONFIG_INVALID', { detail: `settings: ${issuesOf(check.errors)}` });
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

const ids = { type: 'array', items: whole };
const EVENTS = {
  enum: ['scheduled', 'rescheduled', 'canceled', 'changed']
    .map((name) => `appointment.${name}`)
    .concat('order.completed'),
};
const SCHEMA = record(
  {
    account: record({ name: text, email: text, timezone: text }, { id: whole }),
    users: list(record({ id: whole, apiKey: text }, { admin: flag, calendarIDs: ids }), 1),
    calendars: list(
      record(
        { id: whole, name: text, hours: weekHours },
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
        { appointmentTypeID: whole, calendarID: whole, weekday: weekdayName, time: text },
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
        fill: share,
        daysAhead: whole,
        daysBack: whole,
      },
      { mrnPrefix: text, mrnFieldID: whole, birthDateFieldID: whole, canceledShare: share, weekdays: weekdaysById },
    ),
    horizonDays: whole,
    settings: SETTINGS_SCHEMA,
  },
);
