import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { trainFiles } from '../hub-training.ts';
import { UsageError, wholeOption, type Call, type ExitCode, type Option } from './command.ts';
import { asProblem, filesWanted } from './identity-evaluate.ts';
import { counted, printTable } from './table.ts';

export const TRAIN_OPTIONS: Readonly<Record<string, Option>> = {
  out: { value: 'FILE', prose: 'With train: where the model is written.' },
  name: { value: 'NAME', prose: 'With train: its name, which each decision made with it will bear.' },
  'random-pairs': { value: 'N', prose: 'With train: pairs drawn for how two people differ. Default: 1000000.' },
  seed: { value: 'N', prose: 'With train: another draw of them. Default: 1; the same seed gives the same model.' },
  approve: { prose: 'With train: write the model although it moved far.' },
};

export async function identityTrain(call: Call): Promise<ExitCode> {
  const out = call.values.get('out');
  if (out === undefined) throw new UsageError('identity train wants --out FILE.');
  const trained = await trainFiles({
    ...filesWanted(call),
    name: call.values.get('name') ?? 'trained',
    randomPairs: wholeOption(call, 'random-pairs', 1_000, 100_000_000) ?? 1_000_000,
    seed: wholeOption(call, 'seed', 0, 1_000_000) ?? 1,
  }).catch(asProblem);
  const { model, rounds, candidates, matchesPerRecord, moved, doubts } = trained;
  call.print(
    `model ${model.name} ${model.sha256.slice(0, 12)}: ${candidates} pairs compared, settled after ` +
      `${counted(rounds, 'round')}, ${matchesPerRecord.toPrecision(3)} other records of the same person per record`,
  );
  const rows = moved.map(({ field, level, from, to }) => [field, level, from.toFixed(2), to.toFixed(2)]);
  printTable(call, ['field', 'level', 'bits before', 'now'], rows);
  if (doubts.length > 0 && !call.flags.has('approve')) {
    for (const doubt of doubts) call.warn(doubt);
    call.warn('The model was not written. Look at the weights; --approve writes it all the same.');
    return 1;
  }
  await writeFile(resolve(call.cwd, out), `${JSON.stringify(model, null, 2)}\n`);
  call.print(`Written to ${out}. Measure it: slotwire identity evaluate --model ${out} ...`);
  return 0;
}
