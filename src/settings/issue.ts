/** What is wrong with a configuration, said to the person who wrote it. */

export interface Issue {
  /** As the reader can open it: CONFIG_DIR and the file below it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Dotted path, `clients[0].token`; empty when the whole file is meant. */
  readonly field: string;
  readonly problem: string;
  readonly write: string;
}

/** `file:line field: what is wrong; what to write instead`, which editors and terminals turn into a link. */
export function formatIssue(issue: Issue): string {
  const field = issue.field === '' ? '' : ` ${issue.field}`;
  return `${issue.file}:${issue.line}${field}: ${issue.problem}; ${issue.write}`;
}

/** Where a value stands in a file: keys and list positions, all as text. */
export type FieldPath = readonly string[];

/** `clients[0].token`. A number below a list reads as a position, below a mapping it is a key: `calendars.84021`. */
export function fieldName(path: FieldPath, isPosition: (upTo: FieldPath) => boolean): string {
  let name = '';
  for (const [at, key] of path.entries()) {
    if (isPosition(path.slice(0, at + 1))) name += `[${key}]`;
    else name += name === '' ? key : `.${key}`;
  }
  return name;
}

/** The candidate that was probably meant, or null: a different case, or few keystrokes away for its length. */
export function nearest(written: string, candidates: readonly string[]): string | null {
  const wanted = written.toLowerCase();
  let best: { readonly name: string; readonly steps: number } | null = null;
  for (const name of candidates) {
    // Leaving out the unit (`horizon` for `horizon_days`) is no keystroke.
    const without = name.replace(/_[a-z]+$/, '').toLowerCase();
    const steps = Math.min(keystrokes(wanted, name.toLowerCase()), keystrokes(wanted, without));
    if (steps <= Math.max(1, Math.floor(name.length / 3)) && (best === null || steps < best.steps))
      best = { name, steps };
  }
  return best?.name ?? null;
}

/** `did you mean "x"?` where something is near, else what there is to choose from. */
export function suggest(written: string, candidates: readonly string[], noun: string): string {
  const near = nearest(written, candidates);
  if (near !== null) return `write ${near}`;
  if (candidates.length === 0) return `there is no ${noun} yet`;
  const shown = candidates.slice(0, 12).join(', ');
  return `write one of: ${shown}${candidates.length > 12 ? ', ...' : ''}`;
}

/** Optimal string alignment distance: insert, delete, replace, or swap of two neighbours. */
function keystrokes(a: string, b: string): number {
  // A mistyped word is short; a long one only costs time.
  if (Math.max(a.length, b.length) > 64) return a === b ? 0 : 64;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let steps = Math.min((above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (above[column - 1] ?? 0) + same);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) steps = Math.min(steps, (before[column - 2] ?? 0) + 1);
      current.push(steps);
    }
    before = above;
    above = current;
  }
  return above[b.length] ?? 0;
}
