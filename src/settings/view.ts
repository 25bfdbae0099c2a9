/**
 * A value of a file seen with its place, for rules over several fields. What is missing, unknown or of the wrong type
 * reads as nothing: that was told already, and the other rules still hold.
 */
import { issueAt, type Checked } from './check.ts';
import type { FieldPath, Issue } from './issue.ts';

export class View {
  readonly path: FieldPath;
  private readonly checked: Checked;
  private readonly value: unknown;

  private constructor(checked: Checked, path: FieldPath, value: unknown) {
    this.checked = checked;
    this.path = path;
    this.value = value;
  }

  static of(checked: Checked): View {
    return new View(checked, [], checked.value);
  }

  at(...keys: readonly string[]): View {
    let value = this.value;
    for (const key of keys) value = property(value, key);
    return new View(this.checked, [...this.path, ...keys], value);
  }

  /** Text that is known and was accepted; undefined otherwise. */
  text(): string | undefined {
    return typeof this.value === 'string' && this.checked.isSound(this.path) ? this.value : undefined;
  }

  number(): number | undefined {
    return typeof this.value === 'number' && this.checked.isSound(this.path) ? this.value : undefined;
  }

  /** Everything at and below, where nothing of it was refused: then it has the declared type. */
  whole(): unknown {
    return this.checked.isSound(this.path) ? this.value : undefined;
  }

  has(key: string): boolean {
    return property(this.value, key) !== undefined;
  }

  keys(): readonly string[] {
    return isMapping(this.value) ? Object.keys(this.value) : [];
  }

  /** The children of a mapping or a list, each with its key or position. */
  children(): readonly (readonly [string, View])[] {
    if (Array.isArray(this.value)) return this.value.map((_, at) => [String(at), this.at(String(at))] as const);
    return this.keys().map((key) => [key, this.at(key)] as const);
  }

  /** The texts of a list (or the one text that stands for it), each with its place. */
  texts(): readonly (readonly [string, View])[] {
    return this.children().flatMap(([, child]) => {
      const text = child.text();
      return text === undefined ? [] : [[text, child] as const];
    });
  }

  isList(): boolean {
    return Array.isArray(this.value);
  }

  issue(problem: string, write: string): Issue {
    return issueAt(this.checked.filled, this.path, { problem, write });
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function property(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
