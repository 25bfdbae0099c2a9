/** Checks a filled source against a schema, completes it with the defaults, and says what is wrong in sentences. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { Filled } from './fill.ts';
import { suggest, type FieldPath, type Issue } from './issue.ts';
import type { ValueSchema } from './spec.ts';

export interface Checked {
  readonly filled: Filled;
  /** Completed with defaults; of the declared type only where there are no issues. */
  readonly value: unknown;
  readonly issues: readonly Issue[];
  /** Whether anything at or below this path was refused or is unknown. */
  isSound(path: FieldPath): boolean;
}

const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, strictSchema: true });
addFormats.default(ajv);
ajv.addVocabulary(['secret', 'fromFile', 'say']);

/** Compiled once per schema object: the schemas are constants, and compiling costs more than checking. */
const compiled = new WeakMap<ValueSchema, ValidateFunction>();

export function check(filled: Filled, schema: ValueSchema): Checked {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  const value = structuredClone(filled.value);
  validate(value);
  const refused: { readonly path: FieldPath; readonly issue: Issue | null }[] = [];
  for (const error of relevant(validate.errors ?? [])) {
    const path = pathOf(error);
    // One thing at a time about one value: what is no text is none of the known words either.
    if (refused.some((earlier) => earlier.path.join('\u0000') === path.join('\u0000'))) continue;
    const found = filled.isUnknown(path) ? null : sentence(error, path, filled);
    refused.push({ path, issue: found && issueAt(filled, path, found) });
  }
  const issues = refused.flatMap(({ issue }) => issue ?? []);
  const isSound = (path: FieldPath): boolean =>
    !refused.some((one) => path.every((key, at) => one.path[at] === key)) && !holdsUnknown(filled, filled.value, path);
  return { filled, value, issues, isSound };
}

export function issueAt(filled: Filled, path: FieldPath, found: Pick<Issue, 'problem' | 'write'>): Issue {
  const { source } = filled;
  return { file: source.file, line: source.lineOf(path), field: source.nameOf(path), ...found };
}

/**
 * Of an either-or, what is wrong with the form that was chosen; where none was, the either-or itself. Types come first.
 */
function relevant(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const chosen = new Map<ErrorObject, string | null>();
  for (const either of errors.filter(({ keyword }) => keyword === 'oneOf'))
    chosen.set(either, chosenForm(either, errors));
  const kept = errors.filter((error) => {
    // A wrong key is told once, by `propertyNames`.
    if (error.propertyName !== undefined && error.keyword !== 'propertyNames') return false;
    const around = [...chosen].filter(([either]) => error !== either && isWithin(error, either, either.schemaPath));
    if (around.some(([either, form]) => form === null || !isWithin(error, either, form))) return false;
    return error.keyword !== 'oneOf' || chosen.get(error) === null;
  });
  const order = (error: ErrorObject): number => (error.keyword === 'type' ? 0 : 1);
  return kept.sort((a, b) => order(a) - order(b));
}

/**
 * Schema path of the branch whose type the value has; null when it has none of them, or is not the one word of a
 * branch.
 */
function chosenForm(either: ErrorObject, errors: readonly ErrorObject[]): string | null {
  const misfits = errors
    .filter(({ keyword, instancePath }) => instancePath === either.instancePath && /^(type|enum)$/.test(keyword))
    .map(({ schemaPath }) => schemaPath);
  const branches = ((either.parentSchema ?? {}) as ValueSchema).oneOf ?? [];
  const forms = branches.map((_, at) => `${either.schemaPath}/${at}`);
  const wrongIn = (form: string): boolean => errors.some((error) => isWithin(error, either, form));
  return forms.find((form) => wrongIn(form) && !misfits.some((path) => path.startsWith(`${form}/`))) ?? null;
}

function isWithin(error: ErrorObject, either: ErrorObject, form: string): boolean {
  return error.schemaPath.startsWith(`${form}/`) && `${error.instancePath}/`.startsWith(`${either.instancePath}/`);
}

function pathOf(error: ErrorObject): FieldPath {
  const parts = error.instancePath.split('/').slice(1);
  const path = parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const params = error.params as Readonly<Record<string, unknown>>;
  const key = params['missingProperty'] ?? params['additionalProperty'] ?? params['propertyName'];
  return typeof key === 'string' ? [...path, key] : path;
}

function holdsUnknown(filled: Filled, whole: unknown, path: FieldPath): boolean {
  let value = whole;
  for (const key of path)
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  if (filled.isUnknown(path)) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).some((key) => holdsUnknown(filled, whole, [...path, key]));
}

type Sentence = Pick<Issue, 'problem' | 'write'>;

function sentence(error: ErrorObject, path: FieldPath, filled: Filled): Sentence {
  const schema = (error.parentSchema ?? {}) as ValueSchema;
  const params = error.params as Readonly<Record<string, unknown>>;
  const shown = filled.isPrivate(path) ? '' : ` (${quoted(error.data)})`;
  const write = schema.say ?? exampleOf(schema);
  switch (error.keyword) {
    case 'required':
      return { problem: 'is missing', write: missing(schema, path) };
    case 'additionalProperties':
      return unknownKey(schema, path);
    case 'propertyNames': {
      const say = schema.propertyNames?.say ?? 'choose another name';
      return { problem: 'is no name that can be used here', write: say };
    }
    case 'type':
      return wrongType(error, schema, shown);
    case 'enum': {
      const choices = (schema.enum ?? []).map(String);
      const problem = `is none of the known values${shown}`;
      return { problem, write: suggest(shown === '' ? '' : String(error.data), choices, 'value') };
    }
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
      return { problem: `is out of range${shown}`, write: rangeOf(schema) };
    case 'minLength':
      return { problem: 'is too short', write: schema.say ?? `write at least ${String(params['limit'])} characters` };
    case 'maxLength':
      return { problem: 'is too long', write: schema.say ?? `write at most ${String(params['limit'])} characters` };
    case 'minItems':
      return {
        problem: Array.isArray(error.data) && error.data.length > 0 ? 'is too short a list' : 'is an empty list',
        write: schema.say ?? 'write at least one',
      };
    case 'uniqueItems':
      return { problem: 'names something twice', write: 'keep one of the two' };
    default:
      return { problem: `does not have the form that is needed here${shown}`, write };
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping (`key: value` lines)',
  array: 'a list (`- item` lines or [a, b])',
};

function wrongType(error: ErrorObject, schema: ValueSchema, shown: string): Sentence {
  const wanted = TYPE_WORDS[schema.type ?? ''] ?? 'something else';
  const { data } = error as { readonly data?: unknown };
  if (data === null) {
    const words = schema.enum === undefined ? wanted : schema.enum.join(' | ');
    return { problem: 'has no value', write: `write ${words}, or remove the line` };
  }
  const scalar = typeof data === 'number' || typeof data === 'boolean';
  if (schema.type === 'string' && scalar) return { problem: `must be text${shown}`, write: 'put it in quotes' };
  if (schema.type === 'array' && typeof data === 'string')
    return { problem: `must be a list${shown}`, write: 'put it in square brackets' };
  return { problem: `must be ${wanted}${shown}`, write: schema.say ?? exampleOf(schema) };
}

function unknownKey(schema: ValueSchema, path: FieldPath): Sentence {
  const known = Object.keys(schema.properties ?? {});
  return { problem: 'there is no such setting', write: suggest(path.at(-1) ?? '', known, 'setting here') };
}

function missing(schema: ValueSchema, path: FieldPath): string {
  const key = path.at(-1) ?? '';
  const wanted = schema.properties?.[key];
  const example = wanted?.examples?.[0];
  const word = TYPE_WORDS[wanted?.type ?? ''] ?? 'a value';
  const shown = example ?? wanted?.enum?.join(' | ');
  return shown === undefined ? `add "${key}:" with ${word}` : `add "${key}: ${plainText(shown)}"`;
}

function rangeOf(schema: ValueSchema): string {
  if (schema.minimum !== undefined && schema.maximum !== undefined)
    return `write a number from ${schema.minimum} to ${schema.maximum}`;
  return schema.minimum === undefined ? `write at most ${schema.maximum ?? 0}` : `write at least ${schema.minimum}`;
}

function exampleOf(schema: ValueSchema): string {
  const example = schema.examples?.[0] ?? schema.default;
  if (example !== undefined) return `write for example ${plainText(example)}`;
  return `write ${TYPE_WORDS[schema.type ?? ''] ?? 'it as the settings page shows'}`;
}

function quoted(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a mapping';
  const text = plainText(value);
  return `"${text.length > 40 ? `${text.slice(0, 37)}...` : text}"`;
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
