/** The settings of a site file, declared once. `settings:` in it is declared by the kind. */
import {
  keyed,
  label,
  listOf,
  name,
  objectOf,
  oneOfWords,
  practitionerReference,
  siteCode,
  text,
  timeZone,
  wholeNumber,
} from './declare.ts';
import { environment } from './hub-spec.ts';
import { identifier, patientPolicy } from './identifier-spec.ts';
import { siteMatching } from './people-spec.ts';
import type {
  LocationSettings,
  PilotScope,
  PollSettings,
  ResourceRule,
  ResourceSettings,
  SensitivitySettings,
  SiteSettings,
} from './shape.ts';
import type { AnySettingsSpec, KindSettings, SettingsSpec, ValueSchema } from './spec.ts';
import { visits } from './take-spec.ts';
import { holidays, templates } from './template-spec.ts';

type FieldsOf<T> = SettingsSpec<T>['fields'];

const locationKey: ValueSchema = { ...name, say: 'write a location key in lower-case letters, digits and hyphens' };

const scope: FieldsOf<PilotScope> = {
  locations: { schema: listOf(text), prose: 'Locations in the pilot; empty means all.', default: [] },
  visitTypes: {
    schema: listOf(text),
    prose: 'Visit types in the pilot, by their code in the catalogue; empty means all.',
    default: [],
  },
};

const location: FieldsOf<LocationSettings> = {
  name: { schema: text, prose: 'What patients and staff read.', example: 'Midtown North' },
  timeZone: { schema: timeZone, prose: "Default: the site's.", optional: true, example: 'America/Denver' },
  address: { schema: text, prose: 'One line.', optional: true },
  room: {
    schema: { type: 'boolean' },
    prose: 'A room is occupied by one visit at a time; a clinic is not.',
    default: false,
  },
  partOf: { schema: text, prose: 'Key of the location that this one lies in.', optional: true },
  codes: {
    schema: listOf(siteCode),
    prose: 'What the site calls it, when that is not the key: point of care, department number.',
    default: [],
  },
  latitude: {
    schema: { type: 'number', minimum: -90, maximum: 90 },
    prose: 'Degrees north, for the way to other locations.',
    optional: true,
    example: 41.88,
  },
  longitude: { schema: { type: 'number', minimum: -180, maximum: 180 }, prose: 'Degrees east.', optional: true },
  virtual: {
    schema: { type: 'boolean' },
    prose: 'Nobody travels there: visits by video or telephone.',
    default: false,
  },
};

const rule: FieldsOf<Omit<ResourceRule, 'person'>> = {
  practitioner: {
    schema: practitionerReference,
    prose: 'Who: npi: and ten digits, or local: and a code of your own. The same NPI at two sites is the same person.',
    optional: true,
    example: 'npi:1234567893',
  },
  name: { schema: text, prose: 'The name to show.', optional: true, example: 'Dr. Asha Rao' },
  location: { schema: text, prose: 'Key of a location of this file.', optional: true, example: 'north' },
  specialty: {
    schema: siteCode,
    prose: 'Specialty: a code (NUCC, or your own), or a word that `specialties` of this file lists.',
    optional: true,
  },
};

const device: FieldsOf<ResourceSettings['devices'][string]> = {
  name: { schema: text, prose: 'The name to show.', example: 'Ultrasound 1' },
  location: { schema: text, prose: 'Key of a location of this file.', optional: true },
};

const resources: FieldsOf<ResourceSettings> = {
  calendars: {
    schema: keyed(siteCode, objectOf(rule)),
    prose: 'Vendor calendar id, and who and where it is. A calendar must name a practitioner or a location.',
    default: {},
  },
  practitioners: {
    schema: keyed(siteCode, objectOf(rule)),
    prose: 'Person code as the site writes it, and who it is.',
    default: {},
  },
  devices: { schema: keyed(siteCode, objectOf(device)), prose: 'Device code as the site writes it.', default: {} },
};

const mirrorRule: ValueSchema = objectOf({
  to: { schema: { ...listOf(text), minItems: 1 }, prose: 'Site ids.', example: ['riverside-athena'] },
  as: {
    schema: oneOfWords('block', 'appointment'),
    prose: 'block: the time is closed there; appointment: the visit is written there.',
    example: 'block',
  },
});

const labelsBy = (keys: ValueSchema): ValueSchema => keyed(keys, { ...listOf(label), minItems: 1 });

const sensitivity: FieldsOf<SensitivitySettings> = {
  site: { schema: listOf(label), prose: 'Labels of everything at this site.', default: [] },
  departments: { schema: labelsBy(text), prose: 'Labels by location key.', default: {} },
  visitTypes: { schema: labelsBy(text), prose: 'Labels by visit type of the catalogue.', default: {} },
  codes: { schema: labelsBy(siteCode), prose: 'Labels by what the site itself writes (HL7 v2 PV1-16).', default: {} },
};

const poll: FieldsOf<PollSettings> = {
  every_s: { schema: wholeNumber(1, 86_400), prose: 'How often the site is asked for news.', default: 60 },
  overlap_s: {
    schema: wholeNumber(0, 86_400),
    prose: 'How far each question reaches back behind the last one. More than the clocks of hub and site differ.',
    default: 120,
  },
  horizon_days: {
    schema: wholeNumber(1, 400),
    prose: 'How far ahead availability and appointments are read.',
    default: 30,
  },
  availabilityEvery_s: {
    schema: wholeNumber(10, 86_400),
    prose: 'How old a confirmed window of availability may get before it is asked again.',
    default: 300,
  },
  freshFor_s: {
    schema: wholeNumber(1, 86_400),
    prose:
      'How old a confirmed window of availability may be when a booking takes a slot of it. Older, the site is asked ' +
      'first. More than availabilityEvery_s, or most bookings wait for a question.',
    default: 600,
  },
  reconcileEvery_min: {
    schema: wholeNumber(0, 10_080),
    prose:
      'How often every window of the copy is held against all that the site has in it, where the site can be asked. ' +
      '0: never.',
    default: 60,
  },
};

/** `identity` follows from `formerly`; `id` is the name of the file. */
const siteFields: Omit<FieldsOf<Omit<SiteSettings, 'id' | 'identity' | 'taxonomy'>>, 'settings'> = {
  kind: { schema: text, prose: 'The kind of system.', example: 'acuity' },
  formerly: {
    schema: text,
    prose: 'After a rename: the first id that this site had. Keeps the ids of everything it ever told the hub.',
    optional: true,
  },
  environment: { schema: environment, prose: "Must be the hub's.", example: 'production' },
  stage: {
    schema: oneOfWords('shadow', 'read', 'pilot', 'live', 'suspended'),
    prose:
      'shadow: received, invisible to callers; read: visible; pilot: bookings in its scope; live: bookings; ' +
      'suspended: nothing flows, data kept.',
    example: 'shadow',
  },
  scope: { schema: objectOf(scope), prose: 'What stage pilot covers.', default: {} },
  timeZone: {
    schema: timeZone,
    prose: 'The zone of times that the site writes without one.',
    example: 'America/Chicago',
  },
  locations: {
    schema: keyed(locationKey, objectOf(location)),
    prose: 'The places where care happens, by a key of your choice.',
    default: {},
  },
  resources: { schema: objectOf(resources), prose: 'What a visit occupies.', default: {} },
  identifiers: {
    schema: keyed(siteCode, objectOf(identifier)),
    prose: 'What a patient identifier means here, by the authority as the site writes it: ACME^MR, or mrn.',
    default: {},
  },
  unknownIdentifiers: {
    schema: oneOfWords('park', 'local-only'),
    prose:
      'An authority that is not listed. park: the message waits for a person; local-only: kept, but matched with ' +
      'nothing and never written back.',
    default: 'park',
  },
  matching: siteMatching,
  patients: { schema: objectOf(patientPolicy), prose: 'Who a booking may be for.', default: {} },
  visitTypes: {
    schema: keyed(siteCode, text),
    prose: 'The code of the site, and the code of the catalogue. What is not listed is counted and cannot be booked.',
    default: {},
  },
  specialties: {
    schema: keyed(siteCode, siteCode),
    prose:
      'What the site calls a specialty (HL7 v2 PRA-5, ORG-6 to ORG-8, or a word that rules under resources use), ' +
      'and the code for it: NUCC, or your own. What a master file names and this does not list is counted and asked.',
    default: {},
  },
  visits,
  write: {
    schema: oneOfWords('automatic', 'approval', 'read-only'),
    prose: 'automatic: callers book; approval: a coordinator decides first; read-only: never written.',
    default: 'read-only',
  },
  whenDown: {
    schema: oneOfWords('refuse', 'queue'),
    prose:
      'A booking while the site does not answer. refuse: the caller is told to come back; queue: it keeps its time ' +
      'and is sent when the site is back, in the order of asking.',
    default: 'refuse',
  },
  mirror: {
    schema: {
      oneOf: [mirrorRule, { type: 'array', items: mirrorRule }],
      say: 'write { to: [site-id], as: block }, or a list of such',
    },
    prose: 'Which other systems are closed for what is booked here.',
    default: [],
  },
  sensitivity: { schema: objectOf(sensitivity), prose: 'Security labels.', default: {} },
  poll: { schema: objectOf(poll), prose: 'How often and how far the site is read.', default: {} },
  templates,
  holidays,
};

/** Where the kind is not known, its settings are taken as they are: the kind is the issue then. */
const anySettings: ValueSchema = { type: 'object' };

const schemas = new WeakMap<AnySettingsSpec, ValueSchema>();
const withoutKind: ValueSchema = siteSchemaWith(anySettings);

/** The schema of a site file of this kind; one object per kind, so that it is compiled once. */
export function siteSchema(kind: AnySettingsSpec | undefined): ValueSchema {
  if (kind === undefined) return withoutKind;
  const known = schemas.get(kind);
  if (known !== undefined) return known;
  const schema = siteSchemaWith(objectOf(kind.fields));
  schemas.set(kind, schema);
  return schema;
}

function siteSchemaWith(settings: ValueSchema): ValueSchema {
  const needed = settings.required !== undefined && settings.required.length > 0;
  const prose = 'The address and credentials of the system, as its kind declares them.';
  const declared = { schema: settings, prose, ...(needed ? { example: '...' } : { default: {} }) };
  return objectOf({ ...siteFields, settings: declared });
}

export function kindNames(kinds: KindSettings): readonly string[] {
  return [...kinds.keys()].sort();
}
