/**
 * JSON Schemas (draft 7) of the bodies that the API takes. Elements, cardinalities and primitive formats are those of
 * FHIR R4 4.0.1 (fhir-scheduling.md sections 1 and 3); an element that R4 does not have is refused, because a
 * misspelt one that is ignored would book something else than was meant.
 */
type Schema = Readonly<Record<string, unknown>>;

const ITEMS_MAX = 500;
const TEXT_MAX = 100_000;

const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
const many = (item: Schema): Schema => ({ type: 'array', minItems: 1, maxItems: ITEMS_MAX, items: item });
const matching = (pattern: string): Schema => ({ type: 'string', pattern, maxLength: TEXT_MAX });

/** `_status` and the like carry extensions of a primitive; `text` of R4 resources is a Narrative. */
function element(properties: Schema, required: readonly string[] = []): Schema {
  return {
    type: 'object',
    minProperties: 1,
    properties: { id: ref('string'), extension: many(ref('Extension')), ...properties },
    patternProperties: { '^_[a-z][A-Za-z]*$': {} },
    required,
    additionalProperties: false,
  };
}

function resource(type: string, properties: Schema, required: readonly string[] = []): Schema {
  return element(
    {
      resourceType: { const: type },
      id: ref('id'),
      meta: ref('Meta'),
      implicitRules: ref('string'),
      language: ref('code'),
      text: element({ status: ref('code'), div: ref('string') }, ['status', 'div']),
      contained: many(ref('AnyResource')),
      modifierExtension: many(ref('Extension')),
      ...properties,
    },
    ['resourceType', ...required],
  );
}

/** Of one person: what is looked for grows with the product of these. */
const several = (item: Schema): Schema => ({ type: 'array', maxItems: 20, items: item });

function loosely(properties: Schema): Schema {
  return { type: 'object', properties };
}

const OFFSET = '(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])';
const MONTH = '(0[1-9]|1[0-2])';
const DAY = '(0[1-9]|[12][0-9]|3[01])';
const CLOCK = `T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?${OFFSET}`;
const INSTANT = `^[0-9]{4}-${MONTH}-${DAY}${CLOCK}$`;
const DATE_TIME = `^[0-9]{4}(-${MONTH}(-${DAY}(${CLOCK})?)?)?$`;

const APPOINTMENT_STATUS = [
  'proposed', 'pending', 'booked', 'arrived', 'fulfilled', 'cancelled', 'noshow', 'entered-in-error', 'checked-in',
  'waitlist',
]; // prettier-ignore

const definitions: Schema = {
  string: { type: 'string', minLength: 1, maxLength: TEXT_MAX },
  id: matching('^[A-Za-z0-9.-]{1,64}$'),
  code: matching('^[^\\s]+( [^\\s]+)*$'),
  uri: matching('^\\S+$'),
  instant: matching(INSTANT),
  dateTime: matching(DATE_TIME),
  boolean: { type: 'boolean' },
  Coding: element({
    system: ref('uri'),
    version: ref('string'),
    code: ref('code'),
    display: ref('string'),
    userSelected: ref('boolean'),
  }),
  CodeableConcept: element({ coding: many(ref('Coding')), text: ref('string') }),
  Period: element({ start: ref('dateTime'), end: ref('dateTime') }),
  Reference: element({
    reference: ref('string'),
    type: ref('uri'),
    identifier: ref('Identifier'),
    display: ref('string'),
  }),
  Identifier: element({
    use: ref('code'),
    type: ref('CodeableConcept'),
    system: ref('uri'),
    value: ref('string'),
    period: ref('Period'),
    assigner: ref('Reference'),
  }),
  // Any of the 50 data types may be its value; the hub reads none of them.
  Extension: {
    type: 'object',
    properties: { id: ref('string'), url: ref('uri'), extension: many(ref('Extension')) },
    patternProperties: { '^_?value[A-Z][A-Za-z0-9]*$': {} },
    required: ['url'],
    additionalProperties: false,
  },
  Meta: element({
    versionId: ref('id'),
    lastUpdated: ref('instant'),
    source: ref('uri'),
    profile: many(ref('uri')),
    security: many(ref('Coding')),
    tag: many(ref('Coding')),
  }),
  AnyResource: {
    type: 'object',
    properties: { resourceType: matching('^[A-Z][A-Za-z]{1,60}$'), id: ref('id') },
    required: ['resourceType'],
  },
  Participant: element(
    {
      modifierExtension: many(ref('Extension')),
      type: many(ref('CodeableConcept')),
      actor: ref('Reference'),
      required: { enum: ['required', 'optional', 'information-only'] },
      status: { enum: ['accepted', 'declined', 'tentative', 'needs-action'] },
      period: ref('Period'),
    },
    ['status'],
  ),
  Appointment: resource(
    'Appointment',
    {
      identifier: many(ref('Identifier')),
      status: { enum: APPOINTMENT_STATUS },
      cancelationReason: ref('CodeableConcept'),
      serviceCategory: many(ref('CodeableConcept')),
      serviceType: many(ref('CodeableConcept')),
      specialty: many(ref('CodeableConcept')),
      appointmentType: ref('CodeableConcept'),
      reasonCode: many(ref('CodeableConcept')),
      reasonReference: many(ref('Reference')),
      priority: { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
      description: ref('string'),
      supportingInformation: many(ref('Reference')),
      start: ref('instant'),
      end: ref('instant'),
      minutesDuration: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
      slot: many(ref('Reference')),
      created: ref('dateTime'),
      comment: ref('string'),
      patientInstruction: ref('string'),
      basedOn: many(ref('Reference')),
      participant: many(ref('Participant')),
      requestedPeriod: many(ref('Period')),
    },
    ['status', 'participant'],
  ),
  Parameter: {
    type: 'object',
    properties: {
      id: ref('string'),
      extension: many(ref('Extension')),
      modifierExtension: many(ref('Extension')),
      name: ref('string'),
      resource: {
        // An Appointment is looked into; other resources are only named.
        if: { type: 'object', properties: { resourceType: { const: 'Appointment' } }, required: ['resourceType'] },
        then: ref('Appointment'),
        else: ref('AnyResource'),
      },
      part: many(ref('Parameter')),
      valueReference: ref('Reference'),
      valueString: ref('string'),
      valueCode: ref('code'),
    },
    patternProperties: { '^_?value[A-Z][A-Za-z0-9]*$': {} },
    required: ['name'],
    additionalProperties: false,
  },
  Parameters: resource('Parameters', { parameter: many(ref('Parameter')) }),
  // Whom $match is to find: it need not be a valid Patient. What is read is what it should be; the rest is left alone.
  Patient: {
    type: 'object',
    properties: {
      resourceType: { const: 'Patient' },
      identifier: several(ref('Identifier')),
      name: several(
        loosely({
          use: ref('code'),
          family: ref('string'),
          given: several(ref('string')),
          suffix: several(ref('string')),
        }),
      ),
      telecom: several(loosely({ system: ref('code'), value: ref('string') })),
      gender: ref('code'),
      birthDate: ref('string'),
      address: several(
        loosely({
          line: several(ref('string')),
          city: ref('string'),
          state: ref('string'),
          postalCode: ref('string'),
        }),
      ),
    },
    required: ['resourceType'],
  },
  JsonPatch: {
    type: 'array',
    minItems: 1,
    maxItems: ITEMS_MAX,
    items: {
      type: 'object',
      properties: {
        op: { enum: ['add', 'remove', 'replace', 'move', 'copy', 'test'] },
        path: { type: 'string', pattern: '^(/.*)?$', maxLength: 1000 },
        from: { type: 'string', maxLength: 1000 },
        value: {},
      },
      required: ['op', 'path'],
      additionalProperties: false,
    },
  },
};

/** Of the body as a whole. */
export function bodySchema(name: BodyName): Schema {
  return { $schema: 'http://json-schema.org/draft-07/schema#', definitions, ...ref(name) };
}

export type BodyName = 'Appointment' | 'Parameters' | 'Patient' | 'JsonPatch';
