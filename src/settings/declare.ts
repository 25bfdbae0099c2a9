/**
 * The words in which settings are declared: an object of settings, a mapping keyed by data, and forms used in many
 * places.
 */
import type { Setting, ValueSchema } from './spec.ts';

/** Settings with fixed names as a schema. An object all of whose settings have defaults may be left out as a whole. */
export function objectOf(fields: Readonly<Record<string, Setting>>): ValueSchema {
  const entries = Object.entries(fields);
  const needed = entries.filter(([, setting]) => setting.default === undefined && setting.optional !== true);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, setting]) => [name, schemaOfSetting(setting)])),
    required: needed.map(([name]) => name),
    additionalProperties: false,
  };
}

function schemaOfSetting(setting: Setting): ValueSchema {
  return {
    ...setting.schema,
    description: setting.prose,
    ...(setting.default === undefined ? {} : { default: setting.default }),
    ...(setting.example === undefined ? {} : { examples: [setting.example] }),
    ...(setting.secret === true ? { secret: true } : {}),
  };
}

/** A mapping whose keys are data: codes, ids, names that the writer chooses. */
export function keyed(keys: ValueSchema, values: ValueSchema): ValueSchema {
  return { type: 'object', propertyNames: keys, additionalProperties: values };
}

export function listOf(items: ValueSchema): ValueSchema {
  return { type: 'array', items, uniqueItems: true };
}

export function wholeNumber(minimum: number, maximum: number): ValueSchema {
  return { type: 'integer', minimum, maximum };
}

export function oneOfWords(...words: readonly string[]): ValueSchema {
  return { type: 'string', enum: words };
}

export const text: ValueSchema = { type: 'string', minLength: 1, maxLength: 200 };

/** Names that end up in addresses and in ids of resources, so their alphabet is small. */
export const name: ValueSchema = {
  type: 'string',
  pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
  maxLength: 63,
  say: 'write lower-case letters, digits and single hyphens, at most 63',
};

/** A code of the site's own system: anything printable but `|`, which separates system and code in FHIR searches. */
export const siteCode: ValueSchema = {
  type: 'string',
  pattern: '^[^\\s|\\u0000-\\u001f]([^|\\u0000-\\u001f]*[^\\s|\\u0000-\\u001f])?$',
  maxLength: 120,
  say: 'write the code as the site writes it, without | and without blanks around it',
};

export const label: ValueSchema = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$',
  say: 'write a security label like R or 42CFRPart2',
};

export const timeZone: ValueSchema = {
  type: 'string',
  minLength: 1,
  examples: ['America/Chicago'],
  say: 'write an IANA name like America/Chicago',
};

export const webAddress: ValueSchema = {
  type: 'string',
  pattern: '^https?://[^\\s/?#@]+(/[^\\s?#]*)?$',
  say: 'write an address like https://hub.example.org, without a query and without a login in it',
};

/** `*`, or a list. */
export function allOr(items: ValueSchema, noun: string): ValueSchema {
  return {
    oneOf: [{ type: 'string', enum: ['*'] }, listOf(items)],
    say: `write '*' for all, or a list of ${noun}`,
  };
}

/** The form that `npi:` and `local:` references have; the check digit is a rule, not a form. */
export const practitionerReference: ValueSchema = {
  type: 'string',
  pattern: '^(npi:\\d{10}|local:[A-Za-z0-9][A-Za-z0-9._-]{0,63})$',
  examples: ['npi:1234567893'],
  say: 'write npi: and the ten digits, or local: and a code of your own for someone without an NPI',
};
