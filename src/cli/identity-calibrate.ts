import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  BUCKET_PAIRS,
  calibrate,
  isTooFew,
  type Calibrated,
  type CalibrationWanted,
  type ToldVerdict,
} from '../hub-calibration.ts';
import { Problem, UsageError, type Call, type ExitCode, type Option } from './command.ts';
import { hubApi } from './hub-api.ts';
import { asProblem, filesWanted } from './identity-evaluate.ts';
import { counted, printTable } from './table.ts';

export const CALIBRATE_OPTIONS: Readonly<Record<string, Option>> = {
  'files-only': { prose: 'With calibrate: ask no hub, take the labelled files alone.' },
  'false-links': {
    value: 'N',
    prose: 'With calibrate: wrong links per million records, instead of those of the model.',
  },
};

const AT_ONCE = 500;

export async function identityCalibrate(call: Call): Promise<ExitCode> {
  const out = call.values.get('out');
  if (out === undefined) throw new UsageError('identity calibrate wants --out FILE: what it finds is written there.');
  const found = await calibrate(await wantedOf(call)).catch(asProblem);
  if (isTooFew(found)) {
    const { pairs, needed, leftOut } = found;
    const others = leftOut === 0 ? '' : ` (${String(leftOut)} more are of another model)`;
    throw new Problem(
      `${counted(pairs, 'known pair')}${others} are too few to tell anything; ${String(needed)} are needed, ` +
        `${String(needed - pairs)} more. Decide more of the queue, or add labelled files: ` +
        '--dedupe FILE --truth COLUMN.',
    );
  }
  tell(call, found);
  await writeFile(resolve(call.cwd, out), `${JSON.stringify(found, null, 2)}\n`);
  call.print(`Written to ${out}; nothing was changed.`);
  return 0;
}

async function wantedOf(call: Call): Promise<CalibrationWanted> {
  const truth = call.values.get('truth');
  const alone = call.flags.has('files-only');
  if (truth === undefined && alone) throw new UsageError('identity calibrate --files-only wants files and --truth.');
  const falseLinks = call.values.get('false-links');
  const budget = falseLinks === undefined ? null : Number(falseLinks);
  if (budget !== null && !(budget > 0 && budget <= 1_000_000)) {
    throw new UsageError('--false-links is a number above 0: wrong links for each million of records.');
  }
  const api = alone ? null : await hubApi(call);
  const verdicts: ToldVerdict[] = [];
  for (let after: number | undefined = 0; api !== null && after !== undefined;) {
    const page: { readonly verdicts: readonly ToldVerdict[]; readonly next?: number } = await api.get(
      `/identity/verdicts?limit=${String(AT_ONCE)}&after=${String(after)}`,
    );
    verdicts.push(...page.verdicts);
    after = page.next;
  }
  const records = api === null ? null : (await api.get<{ readonly records: number }>('/identity')).records;
  return {
    verdicts,
    files: truth === undefined ? null : { ...filesWanted(call), truth },
    model: { cwd: call.cwd, model: call.values.get('model') ?? null },
    records,
    budgets: budget === null ? {} : { falseLinksPerMillion: budget },
  };
}

function tell(call: Call, found: Calibrated): void {
  const { model, records, verdicts, fromFiles, leftOut, same, pairs, guarded } = found;
  call.print(`model ${model}; an index of ${records} records`);
  call.print(
    `${pairs} known pairs (${verdicts} verdicts of people, ${fromFiles} of files), ${same} of them one person; ` +
      `of ${guarded} something else than the score was asked` +
      (leftOut === 0 ? '' : `; ${leftOut} verdicts on pairs that another model scored are left out`),
  );
  const rows = found.buckets.map(({ from, observed, holds }) => [
    String(from),
    String(observed.of),
    observed.share === null ? '-' : observed.share.toFixed(4),
    observed.share === null ? '-' : `${observed.from.toFixed(4)} to ${observed.to.toFixed(4)}`,
    holds === null ? `fewer than ${BUCKET_PAIRS}` : holds ? 'as stated' : 'LESS THAN STATED',
  ]);
  printTable(call, ['stated from', 'pairs', 'one person', '95 of 100 times between', ''], rows);
  tellAuto(call, found);
  tellReview(call, found);
}

function tellAuto(call: Call, { auto, allowed, now, proposed, budgets }: Calibrated): void {
  const budget = `${budgets.falseLinksPerMillion} wrong links per million records`;
  call.print(`auto: from ${now.auto.odds.toFixed(1)} (log2 of the odds) now, for ${budget}.`);
  if (proposed.auto === null) {
    call.print(
      `  Of ${auto.pairs} pairs without a guard ${auto.wrong} are two people, ${auto.atMost.toPrecision(2)} of them ` +
        `at most; ${allowed.toPrecision(2)} are allowed. From no odds on is that shown: it takes ${auto.needed} ` +
        `such pairs without one that is two people. Nothing is proposed.`,
    );
    return;
  }
  call.print(
    `  Of the ${auto.pairs} known pairs without a guard from ${proposed.auto.odds.toFixed(1)} on ${auto.wrong} are ` +
      `two people (by the curve ${auto.expectedWrong}, at most ${auto.atMost.toPrecision(2)} of them; ` +
      `${allowed.toPrecision(2)} are allowed). identity.matching.falseLinksPerMillion: ` +
      `${proposed.auto.setting.toPrecision(3)} would begin there.`,
  );
}

function tellReview(call: Call, { now, proposed, budgets }: Calibrated): void {
  call.print(
    `review: from ${now.review.odds.toFixed(1)} now, for ${budgets.reviewsPerLink} pairs looked at per link found.`,
  );
  if (proposed.review === null) {
    call.print('  From no odds on were so many one person. Nothing is proposed.');
    return;
  }
  const setting = proposed.review.setting.toPrecision(3);
  call.print(
    `  By the curve it could begin at ${proposed.review.odds.toFixed(1)} ` +
      `(identity.matching.reviewsPerLink: ${setting}); of what lies lower nobody was asked.`,
  );
}
