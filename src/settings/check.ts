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
ajv.addVocabulary(['secret', 'say']);

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

/** Of an either-or, only what is wrong inside the form that was chosen; where none was, the either-or itself. */
function relevant(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const eithers = errors.filter((error) => error.keyword === 'oneOf');
  const branchOf = (error: ErrorObject): ErrorObject | undefined =>
    eithers.find(
      (either) =>
        error.schemaPath.startsWith(`${either.schemaPath}/`) &&
        `${error.instancePath}/`.startsWith(`${either.instancePath}/`),
    );
  const inside = errors.filter((error) => {
    const either = branchOf(error);
    return either !== undefined && error.instancePath.length > either.instancePath.length;
  });
  return errors.filter((error) => {
    // A wrong key is told once, by `propertyNames`.
    if (error.propertyName !== undefined && error.keyword !== 'propertyNames') return false;
    if (error.keyword === 'oneOf') return !inside.some((deeper) => branchOf(deeper) === error);
    return branchOf(error) === undefined || inside.includes(error);
  });
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
      return { problem: 'is an empty list', write: schema.say ?? 'write at least one' };
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
  if (data === null) return { problem: 'has no value', write: `write ${wanted}, or remove the line` };
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
