/** `templates` and `holidays` of a site file, declared once. */
import { keyed, listOf, name, objectOf, oneOfWords, siteCode, text, wholeNumber } from './declare.ts';
import type { Setting, SettingsSpec, ValueSchema } from './spec.ts';
import type {
  BlockSettings,
  HolidaySettings,
  ReleaseSettings,
  RotationSettings,
  TemplateSettings,
} from './template-shape.ts';

type FieldsOf<T> = SettingsSpec<T>['fields'];

const date: ValueSchema = {
  type: 'string',
  pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
  say: 'write a date like 2026-12-24',
};

const hours: ValueSchema = {
  type: 'string',
  pattern: '^([01]\\d|2[0-3]):[0-5]\\d-(([01]\\d|2[0-3]):[0-5]\\d|24:00)$',
  examples: ['09:00-12:00'],
  say: "write hours of one day like '09:00-12:00'",
};

const hoursList: ValueSchema = { ...listOf(hours), minItems: 1 };

const rotation: FieldsOf<RotationSettings> = {
  anchor: { schema: date, prose: 'A date in the week of the first place.', example: '2026-11-02' },
  weeks: {
    schema: { type: 'array', items: text, minItems: 2, say: 'write two or more locations, one for each week' },
    prose: 'Locations, one for each week (Monday to Sunday), then from the first again.',
    example: ['north', 'south'],
  },
};

const everySoManyWeeks: FieldsOf<NonNullable<BlockSettings['weeks']>> = {
  every: { schema: wholeNumber(1, 26), prose: 'Runs every so many weeks.', example: 2 },
  anchor: { schema: date, prose: 'A date in a week in which the block runs.', example: '2026-11-02' },
};

const release: FieldsOf<ReleaseSettings> = {
  before_h: {
    schema: wholeNumber(1, 8_760),
    prose: 'So many hours before the block begins, what is not booked is given free.',
    example: 48,
  },
  visitTypes: {
    schema: listOf(siteCode),
    prose: "Visit types (the site's codes) that are offered from then on, beside those of the block.",
    default: [],
  },
  close: {
    schema: { type: 'boolean' },
    prose: 'Nothing more is offered from then on.',
    default: false,
  },
};

const block: FieldsOf<BlockSettings> = {
  days: {
    schema: { ...listOf(oneOfWords('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')), minItems: 1 },
    prose: 'Days of the week.',
    example: ['mon', 'wed'],
  },
  weeks: { schema: objectOf(everySoManyWeeks), prose: 'Alternate weeks. Default: every week.', optional: true },
  hours: {
    schema: hoursList,
    prose: 'From when to when, on the wall clock of the location. Visits are laid from the beginning of each.',
    example: ['09:00-12:00', '13:00-17:00'],
  },
  breaks: { schema: listOf(hours), prose: 'Times within the hours in which nothing is offered.', default: [] },
  location: { schema: text, prose: 'Key of a location of this file. Default: that of the template.', optional: true },
  visitTypes: {
    schema: { ...listOf(siteCode), minItems: 1 },
    prose: "The site's codes, each listed under visitTypes. All are offered over the same time.",
    example: ['OFFICE'],
  },
  length_min: {
    schema: wholeNumber(5, 720),
    prose: 'Length of a visit. Default: duration_min of the visit type in hub.yaml.',
    optional: true,
  },
  step_min: {
    schema: wholeNumber(5, 720),
    prose: 'From one start to the next. Default: the length.',
    optional: true,
  },
  capacity: { schema: wholeNumber(1, 200), prose: 'How many visits may be booked into one time.', default: 1 },
  overbook: {
    schema: wholeNumber(0, 200),
    prose: 'How many more the staff channel may book above the capacity.',
    default: 0,
  },
  channel: {
    schema: oneOfWords('patient', 'staff'),
    prose: 'The only channel through which it may be booked. Default: any.',
    optional: true,
  },
  release: {
    schema: objectOf(release),
    prose: 'What becomes of the block some hours before it begins; a channel ends then.',
    optional: true,
  },
};

const exception: ValueSchema = {
  oneOf: [
    { type: 'string', enum: ['closed'] },
    { type: 'object', propertyNames: name, additionalProperties: hoursList },
  ],
  say: "write closed, or the blocks of that date with their hours: { morning: ['09:00-11:00'] }",
};

const template: FieldsOf<TemplateSettings> = {
  calendar: { schema: siteCode, prose: 'One of resources.calendars.', optional: true },
  practitioner: {
    schema: siteCode,
    prose: 'Or one of resources.practitioners, who works at location (or by rotation).',
    optional: true,
    example: 'RAO',
  },
  location: { schema: text, prose: 'Key of a location of this file.', optional: true, example: 'north' },
  rotation: { schema: objectOf(rotation), prose: 'Places that change from week to week.', optional: true },
  from: { schema: date, prose: 'First date. Default: from ever.', optional: true },
  until: { schema: date, prose: 'Last date. Default: for ever.', optional: true },
  blocks: {
    schema: keyed(name, objectOf(block)),
    prose: 'Blocks of the week by names of your own.',
    example: { morning: { days: ['mon'], hours: ['09:00-12:00'], visitTypes: ['OFFICE'] } },
  },
  exceptions: {
    schema: keyed(date, exception),
    prose:
      'By date: closed, or exactly the blocks that run then, each with its hours; also on holidays and on days ' +
      'without any block.',
    default: {},
    example: { '2026-12-24': { morning: ['09:00-11:00'] }, '2026-12-31': 'closed' },
  },
};

const holiday: FieldsOf<HolidaySettings> = {
  dates: { schema: { ...listOf(date), minItems: 1 }, prose: 'Dates.', example: ['2026-11-26', '2026-12-25'] },
  locations: {
    schema: listOf(text),
    prose: 'Locations that are closed then, with all that lie in them. Empty: all.',
    default: [],
  },
};

export const templates: Setting = {
  schema: keyed(name, objectOf(template)),
  prose:
    'Hours by which the hub lays out slots, for a site that sends appointments and no slots. By names of your own.',
  default: {},
};

export const holidays: Setting = {
  schema: keyed(name, objectOf(holiday)),
  prose: 'Days on which templates offer nothing, as named lists.',
  default: {},
};
