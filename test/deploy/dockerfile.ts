/**
 * A Dockerfile as its instructions (docs.docker.com/reference/dockerfile). Reads what ours uses; throws on what it does
 * not know.
 */

export interface Instruction {
  readonly name: string;
  /** Everything behind the name, continued lines joined. */
  readonly value: string;
  readonly line: number;
}

export interface Stage {
  readonly name: string | null;
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** ARGs before the first FROM, by name. */
  readonly args: ReadonlyMap<string, string>;
  readonly stages: readonly Stage[];
}

const KNOWN = new Set([
  ...['ADD', 'ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL', 'ONBUILD', 'RUN'],
  ...['SHELL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'],
]);

export function readDockerfile(text: string): Dockerfile {
  const args = new Map<string, string>();
  const stages: { name: string | null; image: string; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsOf(text)) {
    const { name, value, line } = instruction;
    if (!KNOWN.has(name)) throw new Error(`line ${String(line)}: ${name} is no instruction`);
    if (value === '') throw new Error(`line ${String(line)}: ${name} has no value`);
    const stage = stages.at(-1);
    if (name === 'FROM') {
      const from = /^(\S+)(?:\s+AS\s+([a-z][a-z0-9_-]*))?$/i.exec(value);
      if (from === null) throw new Error(`line ${String(line)}: FROM cannot be read: ${value}`);
      stages.push({ image: withArgs(from[1] ?? '', args, line), name: from[2] ?? null, instructions: [] });
    } else if (stage !== undefined) {
      stage.instructions.push(instruction);
    } else if (name === 'ARG') {
      const [key = '', ...rest] = value.split('=');
      args.set(key, rest.join('='));
    } else {
      throw new Error(`line ${String(line)}: only ARG may stand before the first FROM`);
    }
  }
  if (stages.length === 0) throw new Error('there is no FROM');
  return { args, stages };
}

function withArgs(image: string, args: ReadonlyMap<string, string>, line: number): string {
  return image.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = args.get(name);
    if (value === undefined) throw new Error(`line ${String(line)}: no ARG ${name} stands before it`);
    return value;
  });
}

function* instructionsOf(text: string): Generator<Instruction> {
  let joined = '';
  let first = 0;
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    // Comment and blank lines are left out, also inside a continued instruction.
    if (line.startsWith('#') || line === '') continue;
    if (joined === '') first = at + 1;
    if (line.endsWith('\\')) {
      joined += `${line.slice(0, -1).trim()} `;
      continue;
    }
    const whole = joined + line;
    joined = '';
    const space = whole.search(/\s|$/);
    yield { name: whole.slice(0, space).toUpperCase(), value: whole.slice(space).trim(), line: first };
  }
  if (joined !== '') throw new Error(`line ${String(first)}: the last line is continued`);
}

/** The exec form, a JSON array of strings: it starts no shell, so signals reach the program. Null: the shell form. */
export function execForm(value: string): readonly string[] | null {
  if (!value.startsWith('[')) return null;
  const parsed: unknown = JSON.parse(value);
  if (!Array.isArray(parsed) || !parsed.every((part): part is string => typeof part === 'string')) {
    throw new Error(`${value} is no array of strings`);
  }
  return parsed;
}

/** `--from=x --chown=y a b ./`: options, sources, destination. */
export function copyOf(value: string): {
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly to: string;
} {
  const words = value.split(/\s+/);
  const options = words.filter((word) => word.startsWith('--'));
  const paths = words.filter((word) => !word.startsWith('--'));
  if (paths.length < 2) throw new Error(`COPY needs a source and a destination: ${value}`);
  const from = options.find((option) => option.startsWith('--from='))?.slice('--from='.length) ?? null;
  return { from, sources: paths.slice(0, -1), to: paths.at(-1) ?? '' };
}
