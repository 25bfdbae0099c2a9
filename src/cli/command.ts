/** What a command is, and how its words on the command line are read. The list of commands is in commands.ts. */
import { parseArgs } from 'node:util';
import type { Clock } from '../core/clock.ts';
import { nearest } from '../settings/issue.ts';

/** 0: as wanted; 1: a problem was found, or it could not be done; 2: the command line itself is wrong. */
export type ExitCode = 0 | 1 | 2;

export interface Option {
  /** What its value is called, `FILE`; absent: a switch without a value. */
  readonly value?: string;
  readonly prose: string;
}

export interface Command {
  readonly name: string;
  /** Positional arguments as written in the usage line: `DIR|FILE...`. */
  readonly arguments: string;
  /** Fewest and most positional arguments. */
  readonly takes: readonly [number, number];
  /** One sentence. */
  readonly summary: string;
  /** Paragraphs of the help and of docs/cli.md. */
  readonly prose: readonly string[];
  readonly options: Readonly<Record<string, Option>>;
  run(call: Call): Promise<ExitCode>;
}

/** Where a command runs: what only cli.ts may read of the process, and where its lines go. */
export interface Terminal {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** To standard output: what was asked for. */
  readonly print: (line: string) => void;
  /** To standard error: what is wrong, and what to do about it. */
  readonly warn: (line: string) => void;
}

export interface Call extends Terminal {
  readonly arguments: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {}

/** It cannot be done, and this sentence says why and what to do: exit code 1. */
export class Problem extends Error {}

export const JSON_OPTION: Option = { prose: 'Print JSON for programs. Use `npm run -s` so that npm adds nothing.' };

/** @throws UsageError */
export function readCall(command: Command, words: readonly string[], terminal: Terminal): Call {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { value }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { values, positionals } = parsed(command, words, options);
  const [fewest, most] = command.takes;
  if (positionals.length < fewest)
    throw new UsageError(`${command.name} wants something behind it: ${command.arguments}`);
  const beyond = positionals[most];
  if (beyond !== undefined) throw new UsageError(`${command.name} does not know what to do with ${beyond}.`);
  const entries = Object.entries(values);
  return {
    ...terminal,
    arguments: positionals,
    flags: new Set(entries.flatMap(([name, value]) => (value === true ? [name] : []))),
    values: new Map(entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))),
  };
}

function parsed(
  command: Command,
  words: readonly string[],
  options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>,
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  const unknown = words
    .filter((word) => word.startsWith('--') && word.length > 2)
    .map((word) => word.slice(2).split('=', 1)[0] ?? '')
    .find((name) => !Object.hasOwn(options, name));
  if (unknown !== undefined && !words.includes('--')) {
    const near = nearest(unknown, Object.keys(options));
    const hint = near === null ? '.' : `; did you mean --${near}?`;
    throw new UsageError(`${command.name} has no option --${unknown}${hint}`);
  }
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    // Node says what is wrong in its first sentence, then explains itself to programmers.
    const said = error instanceof Error ? error.message : 'The command line cannot be read.';
    throw new UsageError(`${said.split(/\. /, 1)[0]?.replace(/\.$/, '') ?? ''}.`, { cause: error });
  }
}

/** A whole number given as an option. @throws UsageError */
export function wholeOption(call: Call, name: string, min: number, max: number): number | null {
  const text = call.values.get(name);
  if (text === undefined) return null;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}.`);
}

export function printJson(call: Call, value: unknown): void {
  call.print(JSON.stringify(value, null, 2));
}
