/** Runs commands in this process, as a terminal would see them. */
import { runCommandLine } from '../../src/cli/run.ts';
import { systemClock } from '../../src/core/clock.ts';

export interface Said {
  readonly code: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly err: string;
}

export async function slotwire(
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  cwd = import.meta.dirname,
): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommandLine(words, {
    variables,
    cwd,
    clock: systemClock,
    print: (line) => out.push(line),
    warn: (line) => err.push(line),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
