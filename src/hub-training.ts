/** A model learned from files: what `slotwire identity train` writes. No hub, no database. */
import { mapsOf, MatchingFilesError, modelOf, people, tablesOf, type FilesWanted } from './hub-matching.ts';
import { train, type Moved, type Trained } from './identity/match/train.ts';

export type { Moved, Trained } from './identity/match/train.ts';

export interface TrainingWanted extends FilesWanted {
  readonly name: string;
  readonly randomPairs: number;
  readonly seed: number;
}

export interface FilesTrained extends Trained {
  /** Why the model is not to be adopted without a look, a sentence each; empty: nothing speaks against it. */
  readonly doubts: readonly string[];
}

/** A weight that moves further is more likely to be a mistake in the files than a fact of the people in them. */
const MOST_BITS = 2;
/** Times more or fewer records of one person than the model begun with takes for granted. */
const MOST_TIMES = 5;

/** @throws MatchingFilesError */
export async function trainFiles(wanted: TrainingWanted): Promise<FilesTrained> {
  const from = await modelOf(wanted);
  const [left, right] = await tablesOf(wanted);
  const maps = await mapsOf(wanted, left, right);
  const rows = left.rows.length + (right?.rows.length ?? 0);
  if (rows < 200) throw new MatchingFilesError(`${rows} records are too few to learn from; some thousand are wanted.`);
  const trained = train({
    from,
    name: wanted.name,
    trainedOn: `${rows} records, without labels; begun with ${from.name}`,
    left: people(left, maps[0], wanted.conventions, null),
    right: right === null ? null : people(right, maps[1], wanted.conventions, null),
    randomPairs: wanted.randomPairs,
    seed: wanted.seed,
  });
  return { ...trained, doubts: doubts(trained, from.matchesPerRecord) };
}

function doubts({ moved, matchesPerRecord }: Trained, before: number): readonly string[] {
  const far = moved.filter(({ from, to }) => Math.abs(to - from) > MOST_BITS);
  const times = matchesPerRecord / before;
  const band = times > MOST_TIMES || times < 1 / MOST_TIMES;
  return [
    ...(far.length === 0 ? [] : [`${far.length} weights moved by more than ${MOST_BITS} bits: ${named(far)}.`]),
    ...(band ? [`It takes ${matchesPerRecord.toPrecision(3)} records for one person's, beside ${before} before.`] : []),
  ];
}

function named(list: readonly Moved[]): string {
  return list.map(({ field, level }) => `${field} ${level}`).join(', ');
}
