import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  evaluateFiles,
  MatchingFilesError,
  type ComparedPair,
  type Evaluation,
  type FilesWanted,
  type FilesEvaluation,
  type Estimate,
  type PartResult,
  type Quality,
} from '../hub-matching.ts';
import { Problem, UsageError, type Call, type ExitCode, type Option } from './command.ts';
import { printTable } from './table.ts';

/** Files that both evaluate and train read. */
export const FILE_OPTIONS: Readonly<Record<string, Option>> = {
  left: { value: 'A.csv', prose: 'A file with a heading and a record a row.' },
  right: { value: 'B.csv', prose: 'The file that is linked with the left one.' },
  dedupe: { value: 'FILE', prose: 'Instead of two files: one, whose duplicates are looked for.' },
  fields: { value: 'MAP', prose: 'Fields and their columns, or a file of them. Default: by the names of the columns.' },
  id: { value: 'COLUMN', prose: 'Column of record ids for a file of pairs. Default: a column `id`, else the first.' },
  model: { value: 'FILE', prose: 'Another model than the shipped one.' },
  'day-first': { prose: 'Dates like 2/3/1980 begin with the day.' },
  today: { value: 'DATE', prose: 'Whose age counts as of this day, like 2026-11-22. Default: today.' },
};

export const EVALUATE_OPTIONS: Readonly<Record<string, Option>> = {
  ...FILE_OPTIONS,
  truth: {
    value: 'COLUMN|FILE',
    prose: 'With evaluate: what tells who is who: a column of both files, or a file of pairs.',
  },
  pairs: {
    value: 'FILE',
    prose: 'With evaluate: write each pair that was linked, kept for review or missed to this file, by record id.',
  },
  json: {
    value: 'FILE',
    prose: 'Write all that is known to this file as JSON. Not with train; `-` prints it, but for evaluate.',
  },
};

/** @throws UsageError */
export function filesWanted(call: Call): FilesWanted {
  return {
    ...filesNamed(call),
    cwd: call.cwd,
    fields: call.values.get('fields') ?? null,
    id: call.values.get('id') ?? null,
    model: call.values.get('model') ?? null,
    conventions: { dayFirst: call.flags.has('day-first') },
    today: todayOf(call),
  };
}

function filesNamed(call: Call): Pick<FilesWanted, 'left' | 'right'> {
  const [left, right, dedupe] = ['left', 'right', 'dedupe'].map((name) => call.values.get(name) ?? null);
  if (dedupe !== null && dedupe !== undefined) {
    if (left !== null || right !== null) throw new UsageError('Give --dedupe FILE, or --left and --right, not both.');
    return { left: dedupe, right: null };
  }
  if (left === null || left === undefined || right === null || right === undefined) {
    throw new UsageError('Name the files: --left A.csv --right B.csv, or --dedupe FILE.');
  }
  return { left, right };
}

/** Year, month and day in one number. @throws UsageError */
function todayOf(call: Call): number {
  const text = call.values.get('today') ?? new Date(call.clock.now()).toISOString().slice(0, 10);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new UsageError('--today is a date like 2026-11-22.');
  return Number(text.replaceAll('-', ''));
}

/** What went wrong with a file, as a command says it. */
export function asProblem(error: unknown): never {
  if (error instanceof MatchingFilesError) throw new Problem(error.message, { cause: error });
  throw error;
}

export async function identityEvaluate(call: Call): Promise<ExitCode> {
  const truth = call.values.get('truth');
  if (truth === undefined) throw new UsageError('identity evaluate wants --truth COLUMN|FILE.');
  const pairs: string[] = ['left,right,band,bits,guards,true'];
  const onPair = ({ left, right, band, bits, guards, isTrue }: ComparedPair): void => {
    pairs.push([left, right, band, bits.toFixed(2), guards.join(' '), String(isTrue)].map(cell).join(','));
  };
  const pairsFile = call.values.get('pairs');
  const found = await evaluateFiles({
    ...filesWanted(call),
    truth,
    ...(pairsFile === undefined ? {} : { onPair }),
  }).catch(asProblem);
  tell(call, found);
  if (pairsFile !== undefined) await writeFile(resolve(call.cwd, pairsFile), `${pairs.join('\n')}\n`);
  const file = call.values.get('json');
  if (file !== undefined) await writeFile(resolve(call.cwd, file), `${JSON.stringify(found, null, 2)}\n`);
  return 0;
}

function cell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function tell(call: Call, { allFields, withoutSsn, filled }: FilesEvaluation): void {
  const { model, records, pairs, truePairs, thresholds } = allFields;
  call.print(`model ${model}; ${records} records, ${pairs} pairs, ${truePairs} of them one person`);
  call.print(
    `linked without a person from ${thresholds.auto.toFixed(1)} bits, reviewed from ${thresholds.review.toFixed(1)}`,
  );
  const rates = Object.entries(filled).map(([field, rate]) => `${field} ${(rate * 100).toFixed(0)}%`);
  call.print(`filled: ${rates.join(', ')}`);
  const runs: readonly (readonly [string, Evaluation])[] = [
    [withoutSsn === null ? 'all fields (no SSN in the files)' : 'all fields', allFields],
    ...(withoutSsn === null ? [] : [['without SSN', withoutSsn] as const]),
  ];
  for (const [name, run] of runs) tellRun(call, name, run);
}

function tellRun(call: Call, name: string, run: Evaluation): void {
  call.print('');
  call.print(name);
  const row = (what: string, { found, wrong, precision, recall, f1 }: Quality): readonly string[] => [
    `  ${what}`,
    ...[found, wrong].map(String),
    ...[precision, recall, f1].map((share) => share.toFixed(4)),
  ];
  const rows = [
    row('auto', run.auto),
    row('auto, as groups', run.groups),
    row('auto + review', run.autoAndReview),
    row('score alone, no guards', run.withoutGuards),
  ];
  printTable(call, ['  links', 'pairs', 'wrong', 'precision', 'recall', 'F1'], rows);
  call.print(
    `  compared ${run.candidates} pairs: pair completeness ${run.pairCompleteness.toFixed(4)}, ` +
      `reduction ratio ${run.reductionRatio.toFixed(5)} (of the pairs that are two people ` +
      `${run.reductionRatioOfFalse.toFixed(5)})`,
  );
  const struck = Object.entries(run.guards).map(
    ([guard, { pairs, true: right }]) => `${guard} ${pairs} (${right} true)`,
  );
  if (struck.length > 0) call.print(`  guards that kept pairs for review: ${struck.join(', ')}`);
  for (const { kind, keys, lost } of run.capped) {
    call.print(`  over the cap: ${keys} keys of the kind ${kind}, ${lost} of them without a tighter form that fits`);
  }
  tellParts(call, run.parts);
}

/** Unequal error is what a total hides. */
function tellParts(call: Call, parts: readonly PartResult[]): void {
  if (parts.length === 0) return;
  const shown = ({ have, of, share, from, to }: Estimate): string =>
    share === null ? '-' : `${share.toFixed(3)} (${from.toFixed(3)} to ${to.toFixed(3)}; ${have} of ${of})`;
  const rows = parts.map(({ by, part, truePairs, auto, autoAndReview, wrongLinks, few, harder }) => [
    `  ${by}: ${part}`,
    String(truePairs),
    ...[auto, autoAndReview, wrongLinks].map(shown),
    few ? 'too few to tell' : harder ? 'harder than the rest' : '',
  ]);
  printTable(call, ['  by part', 'true pairs', 'auto recall', 'auto + review recall', 'wrong links', ''], rows);
  call.print(
    '  In brackets: between what the share may lie, 95 times of 100. How a name is written tells of no origin.',
  );
}
