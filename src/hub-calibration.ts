/** Verdicts of people, and labelled files, held against the score: `slotwire identity calibrate`. Writes nothing. */
import { evaluateFiles, modelOf, type EvaluationWanted, type FilesWanted } from './hub-matching.ts';
import { calibrated, LEAST_PAIRS, type Calibration, type KnownPair } from './identity/match/calibrate.ts';
import { modelId, type Budgets } from './identity/match/model.ts';
import { thresholds } from './identity/match/thresholds.ts';

export { BUCKET_PAIRS, chanceOf, type Calibration } from './identity/match/calibrate.ts';

/** As the operations API tells it. */
export interface ToldVerdict {
  readonly odds: number;
  readonly same: boolean;
  readonly guarded: boolean;
  readonly modelId: string;
}

export interface CalibrationWanted {
  readonly verdicts: readonly ToldVerdict[];
  /** Null: no files. */
  readonly files: EvaluationWanted | null;
  /** Only to know the model by. */
  readonly model: Pick<FilesWanted, 'cwd' | 'model'>;
  /** Records in the index for which thresholds are proposed; null: of the files. */
  readonly records: number | null;
  readonly budgets: Partial<Pick<Budgets, 'falseLinksPerMillion' | 'reviewsPerLink'>>;
}

/** A threshold on the scale of a waterfall, and the setting that puts it there. */
interface Placed {
  readonly odds: number;
  readonly bits: number;
  readonly setting: number;
}

export interface Calibrated extends Calibration {
  readonly format: 1;
  readonly model: string;
  readonly records: number;
  readonly verdicts: number;
  readonly fromFiles: number;
  /** Verdicts on pairs that another model scored. */
  readonly leftOut: number;
  readonly budgets: Pick<Budgets, 'falseLinksPerMillion' | 'reviewsPerLink'>;
  readonly now: { readonly auto: Placed; readonly review: Placed };
  /** Null: the pairs do not tell. */
  readonly proposed: { readonly auto: Placed | null; readonly review: Placed | null };
}

/** Too few of them tell nothing. */
export interface TooFew {
  readonly pairs: number;
  readonly needed: number;
  readonly leftOut: number;
}

/** @throws MatchingFilesError */
export async function calibrate(wanted: CalibrationWanted): Promise<Calibrated | TooFew> {
  const model = await modelOf(wanted.model);
  const own = `${model.name} ${model.sha256.slice(0, 12)}`;
  const told = wanted.verdicts.filter((one) => one.modelId === own || one.modelId.startsWith(`${own} `));
  const fromFiles: KnownPair[] = [];
  const evaluation =
    wanted.files === null
      ? null
      : await evaluateFiles({
          ...wanted.files,
          onPair: ({ band, bits, guards, isTrue }) => {
            // What is two people by the score is no pair that anybody looks at.
            if (band !== 'none') fromFiles.push({ odds: bits, same: isTrue, guarded: guards.length > 0 });
          },
        });
  const prior = evaluation?.allFields.thresholds.prior ?? 0;
  const known = [...told, ...fromFiles.map((one) => ({ ...one, odds: one.odds + prior }))];
  const leftOut = wanted.verdicts.length - told.length;
  if (known.length < LEAST_PAIRS) return { pairs: known.length, needed: LEAST_PAIRS, leftOut };
  const budgets = { ...model.budgets, ...wanted.budgets };
  const found = calibrated(known, budgets, model.matchesPerRecord);
  const records = wanted.records ?? evaluation?.allFields.records ?? 2;
  const at = thresholds({ ...model, budgets }, records);
  const ofAuto = (odds: number): Placed => {
    const bits = odds - at.prior;
    return { odds, bits, setting: ((records - 1) / 2 / 2 ** bits) * 1e6 };
  };
  const ofReview = (odds: number): Placed => ({ odds, bits: odds - at.prior, setting: 1 + 2 ** -odds });
  return {
    format: 1,
    model: modelId(model),
    records,
    verdicts: told.length,
    fromFiles: fromFiles.length,
    leftOut,
    budgets: { falseLinksPerMillion: budgets.falseLinksPerMillion, reviewsPerLink: budgets.reviewsPerLink },
    ...found,
    now: { auto: ofAuto(at.auto + at.prior), review: ofReview(at.review + at.prior) },
    proposed: {
      auto: found.auto.odds === null ? null : ofAuto(found.auto.odds),
      review: found.review === null ? null : ofReview(found.review),
    },
  };
}

export function isTooFew(found: Calibrated | TooFew): found is TooFew {
  return !('format' in found);
}
