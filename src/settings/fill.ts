/**
 * Puts variables and secret files into the values of a source: `${NAME}` anywhere in a text, `file:/path` where the
 * schema says secret or fromFile. The schema is walked along, because a variable is always text but a port is a number.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FieldPath, Issue } from './issue.ts';
import { reasonOf } from './load.ts';
import type { Source } from './source.ts';
import type { ValueSchema } from './spec.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Filled {
  readonly source: Source;
  readonly value: unknown;
  readonly issues: readonly Issue[];
  /** The value is not known (undefined variable, unreadable secret): nothing more is to be said about it. */
  isUnknown(path: FieldPath): boolean;
  /** The value must not be repeated in an issue: it is a secret or came from outside the file. */
  isPrivate(path: FieldPath): boolean;
  /** Secrets that stand in the file itself. */
  readonly inlineSecrets: readonly FieldPath[];
  /** Every secret value, for striking out of whatever is printed. */
  readonly secretValues: readonly string[];
}

export interface FillFrom {
  readonly variables: Variables;
  /** Relative `file:` paths start here. */
  readonly configDir: string;
}

const VARIABLE = /\$\{([^}]*)\}/g;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SECRET_FILE = 'file:';

export async function fill(source: Source, schema: ValueSchema, from: FillFrom): Promise<Filled> {
  return await new Filler(source, from).run(schema);
}

class Filler {
  private readonly source: Source;
  private readonly from: FillFrom;
  private readonly issues: Issue[] = [];
  private readonly unknown = new Set<string>();
  private readonly hidden = new Set<string>();
  private readonly inlineSecrets: FieldPath[] = [];
  private readonly secretValues: string[] = [];

  constructor(source: Source, from: FillFrom) {
    this.source = source;
    this.from = from;
  }

  async run(schema: ValueSchema): Promise<Filled> {
    const { source, issues, inlineSecrets, secretValues, unknown, hidden } = this;
    const value = await this.walk(source.value, schema, []);
    const isUnknown = (path: FieldPath): boolean => unknown.has(path.join('\u0000'));
    const isPrivate = (path: FieldPath): boolean => hidden.has(path.join('\u0000'));
    return { source, value, issues, inlineSecrets, secretValues, isUnknown, isPrivate };
  }

  private async walk(value: unknown, schema: ValueSchema | undefined, path: FieldPath): Promise<unknown> {
    const fitting = branchFor(value, schema);
    if (Array.isArray(value)) {
      const items: unknown[] = [];
      for (const [at, item] of value.entries())
        items.push(await this.walk(item, fitting?.items, [...path, String(at)]));
      return items;
    }
    if (typeof value === 'object' && value !== null) {
      const result: Record<string, unknown> = {};
      for (const [key, child] of Object.entries(value))
        result[key] = await this.walk(child, schemaOfKey(fitting, key), [...path, key]);
      return result;
    }
    if (fitting?.secret === true) return await this.secret(value, path);
    if (typeof value !== 'string') return value;
    if (fitting?.fromFile === true && value.startsWith(SECRET_FILE)) return await this.fileText(value, path, false);
    return typed(this.replaced(value, path), value, fitting);
  }

  private async secret(value: unknown, path: FieldPath): Promise<unknown> {
    this.hide(path);
    if (value === null) return value;
    // A number here was meant as text: its type is told later, its digits are as secret as any.
    if (typeof value !== 'string') {
      this.secretValues.push(JSON.stringify(value));
      this.inlineSecrets.push(path);
      return value;
    }
    const text = value.startsWith(SECRET_FILE) ? await this.fileText(value, path, true) : this.replaced(value, path);
    if (text === value && !this.unknown.has(path.join('\u0000'))) this.inlineSecrets.push(path);
    if (text !== '') this.secretValues.push(text);
    return text;
  }

  private async fileText(value: string, path: FieldPath, isSecret: boolean): Promise<string> {
    const [noun, what] = isSecret ? ['secret file', 'the secret'] : ['file', 'what is wanted here'];
    const file = resolve(this.from.configDir, this.replaced(value.slice(SECRET_FILE.length), path));
    try {
      const text = (await readFile(file, 'utf8')).trimEnd();
      if (text !== '') return text;
      this.refuse(path, `names a ${noun} that is empty`, `write ${what} into that file`);
    } catch (error) {
      const problem = `names a ${noun} that cannot be read (${reasonOf(error)})`;
      this.refuse(path, problem, 'create that file or mend its permissions');
    }
    return value;
  }

  /** `$${` stands for a plain `${`. */
  private replaced(text: string, path: FieldPath): string {
    return text
      .split('$${')
      .map((part) => part.replace(VARIABLE, (written, name: string) => this.variable(written, name, path)))
      .join('${');
  }

  private variable(written: string, name: string, path: FieldPath): string {
    this.hide(path);
    if (!VARIABLE_NAME.test(name)) {
      this.refuse(path, 'has ${...} around something that is no variable name', 'write ${NAME}, or $${ for plain ${');
      return written;
    }
    const value = Object.hasOwn(this.from.variables, name) ? this.from.variables[name] : undefined;
    if (value !== undefined && value !== '') return value;
    const state = value === undefined ? 'not set' : 'empty';
    this.refuse(path, `the variable ${name} is ${state}`, `set ${name} in the environment of the hub`);
    return written;
  }

  private hide(path: FieldPath): void {
    this.hidden.add(path.join('\u0000'));
  }

  private refuse(path: FieldPath, problem: string, write: string): void {
    this.unknown.add(path.join('\u0000'));
    const { file } = this.source;
    this.issues.push({ file, line: this.source.lineOf(path), field: this.source.nameOf(path), problem, write });
  }
}

/** `value` as the number or boolean that the schema wants, where the whole text came from one variable. */
function typed(text: string, written: string, schema: ValueSchema | undefined): unknown {
  if (text === written || !/^\$\{[^}]*\}$/.test(written)) return text;
  if (schema?.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  const numeric = schema?.type === 'integer' || schema?.type === 'number';
  return numeric && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** The branch of a `oneOf` that has the shape of the value. */
function branchFor(value: unknown, schema: ValueSchema | undefined): ValueSchema | undefined {
  if (schema?.oneOf === undefined) return schema;
  const type = Array.isArray(value) ? 'array' : typeof value === 'object' && value !== null ? 'object' : typeof value;
  return schema.oneOf.find((branch) => branch.type === type) ?? schema.oneOf.find((branch) => branch.type === 'string');
}

export function schemaOfKey(schema: ValueSchema | undefined, key: string): ValueSchema | undefined {
  if (schema === undefined) return undefined;
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  for (const [pattern, below] of Object.entries(schema.patternProperties ?? {}))
    if (new RegExp(pattern, 'u').test(key)) return below;
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
