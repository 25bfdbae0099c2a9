/** Reads and checks a seed: a misspelt setting is refused, because it would silently test something else. */
import { Ajv } from 'ajv';
import { HubError } from '../../core/errors.ts';
import { isTimeZone } from '../../core/instant.ts';
import { flag, issuesOf, list, record, share, text, weekHours, whole } from '../kit/schema.ts';
import { DEFAULTS, type Seed, type Settings } from './seed.ts';

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  forbiddenVerb: [405, 404],
  bookResponse: ['appointment', 'bundle'],
  bookStatus: [200, 201],
  takenStyle: ['59159', '59144', 'argoCancelled', 'http409'],
  unknownProposalStatus: [400, 404],
  serviceTypeName: ['serviceType', 'service-type'],
  unknownParameter: ['ignore', 'refuse'],
  searchWithoutPatient: ['nothing', 'identifier'],
  postSearch: ['body', 'query'],
  stu3Ids: ['same', 'different'],
  movedCsn: ['keep', 'new'],
  msh7Digits: [14, 16],
  arrivalSends: ['S14', 'nothing'],
  afterError: ['retry', 'park'],
};
const SETTINGS_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]: [string, unknown]) => {
      if (Array.isArray(value)) return [name, list(text)];
      const choices = CHOICES[name];
      return [name, choices === undefined ? { type: typeof value } : { enum: choices }];
    }),
  ),
};

const CHANNEL = { enum: ['patient', 'staff'] };
const SCHEMA = record(
  {
    site: record(
      { name: text, timezone: text, oid: text },
      { instance: text, application: text, facility: text, authority: text },
    ),
    clients: list(record({ id: text, jwksUrl: text }, { mapped: flag, channel: CHANNEL })),
    departments: list(record({ id: text, fhirId: text, name: text }), 1),
    practitioners: list(
      record(
        { id: text, fhirId: text, family: text, given: text },
        { npi: text, role: { type: 'array', items: text, minItems: 2, maxItems: 2 } },
      ),
      1,
    ),
    templates: list(
      record(
        { practitioner: text, department: text, hours: weekHours, visitTypes: list(text, 1) },
        { patientHours: weekHours, every: { type: 'integer', minimum: 5 }, capacity: { type: 'integer', minimum: 1 } },
      ),
      1,
    ),
    visitTypes: list(
      record({ code: text, name: text, minutes: { type: 'integer', minimum: 5 } }, { channels: list(CHANNEL) }),
      1,
    ),
  },
  {
    patients: list(
      record(
        { mrn: text, family: text, given: text, birthDate: text, sex: { enum: ['F', 'M'] } },
        { phone: text, email: text },
      ),
    ),
    mrnPrefix: text,
    invented: record({ firstPerson: whole, people: whole, fill: share, daysAhead: whole }),
    horizonDays: whole,
    target: record({ host: text, port: whole }),
    requests: { anyOf: [record({ port: whole }), { type: 'null' }] },
    settings: SETTINGS_SCHEMA,
  },
);

type Required = 'clients' | 'departments' | 'practitioners' | 'templates' | 'visitTypes';
type Given = Partial<Omit<Seed, 'settings' | 'site'>> &
  Pick<Seed, Required> & {
    readonly site: Partial<Seed['site']> & Pick<Seed['site'], 'name' | 'timezone' | 'oid'>;
    readonly settings?: Partial<Settings>;
  };

/** @throws HubError CONFIG_INVALID naming every field that is wrong */
export function readEpicSeed(raw: unknown): Seed {
  const check = new Ajv({ allErrors: true, strict: false }).compile(SCHEMA);
  if (!check(raw)) throw new HubError('CONFIG_INVALID', { detail: `Epic seed: ${issuesOf(check.errors)}` });
  const given = raw as Given;
  const wrong = wrongNames(given);
  if (!isTimeZone(given.site.timezone)) wrong.push(`no time zone: ${given.site.timezone}`);
  if (wrong.length > 0) throw new HubError('CONFIG_INVALID', { detail: `Epic seed: ${wrong.join('; ')}` });
  return {
    patients: [],
    mrnPrefix: '',
    invented: null,
    horizonDays: 28,
    target: null,
    requests: null,
    ...given,
    site: {
      instance: 'Interconnect',
      application: 'SCHED',
      facility: given.site.name,
      authority: 'EPI',
      ...given.site,
    },
    settings: { ...DEFAULTS, ...given.settings },
  };
}

/** Templates speak of practitioners, departments and visit types that must be there. */
function wrongNames(given: Given): string[] {
  return given.templates.flatMap((one, index) => [
    ...(given.practitioners.some(({ id }) => id === one.practitioner) ? [] : [`/templates/${index}: no practitioner`]),
    ...(given.departments.some(({ id }) => id === one.department) ? [] : [`/templates/${index}: no department`]),
    ...one.visitTypes
      .filter((code) => !given.visitTypes.some((type) => type.code === code))
      .map((code) => `/templates/${index}: no visit type ${code}`),
  ]);
}

/** @throws HubError CONFIG_INVALID */
export function checkSettings(settings: unknown): Partial<Settings> {
  const check = new Ajv({ allErrors: true, strict: false }).compile(SETTINGS_SCHEMA);
  if (check(settings)) return settings;
  throw new HubError('CONFIG_INVALID', { detail: `settings: ${issuesOf(check.errors)}` });
}
