/** Text in columns. */
import type { Terminal } from './command.ts';

/** Each column as wide as its widest cell; the last one is not padded. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

export function printTable(
  { print }: Pick<Terminal, 'print'>,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  for (const line of columns([headings, headings.map((heading) => '-'.repeat(heading.length)), ...rows])) print(line);
}

/** `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
