/**
 * The weights. A model is a file with a version and a hash: every decision names the model that it was made with, so
 * that it can be explained, and made again, years later.
 */
import { sha256 } from '../../core/ids.ts';
import { FIELDS, LEVELS, type Field } from './levels.ts';

/** `[m, u]`: how often the level is seen in two records of one person, and of two people. */
export type Rates = readonly [m: number, u: number];

export interface Model {
  readonly format: 1;
  readonly name: string;
  /** What it was trained on, in words. */
  readonly trainedOn: string;
  /** Every level but `missing`, which is no evidence. */
  readonly fields: Readonly<Record<Field, Readonly<Record<string, Rates>>>>;
  /** Bits that the whole household block may take or give. */
  readonly household: { readonly floor: number; readonly cap: number };
  /**
   * A name is never taken to be rarer than this, and its frequency is drawn to `unseen` as if that many records more
   * had been seen with it: the index of a small clinic knows little of names.
   */
  readonly names: {
    readonly rarest: { readonly given: number; readonly family: number };
    readonly unseen: { readonly given: number; readonly family: number };
    readonly drawnBy: number;
  };
  /** How many times more people share 1 January, or a date that systems fill in, than another day. */
  readonly weakBirth: number;
  /** Records of one person that the index already holds when the next one comes, on average. */
  readonly matchesPerRecord: number;
  readonly budgets: Budgets;
  /** Of everything else here, as canonical JSON. */
  readonly sha256: string;
}

export interface Budgets {
  /** Wrong links made without a person, for each million of records in the index. */
  readonly falseLinksPerMillion: number;
  /** Nothing below this is linked without a person, however small the index. */
  readonly leastProbability: number;
  /** Pairs that a person is ready to look at for one link found, at the lower end of the review band. */
  readonly reviewsPerLink: number;
}

/** Keys sorted, no blanks: the same content has the same text, however the file was written. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(',')}}`;
}

export function modelHash(model: Omit<Model, 'sha256'>): string {
  return sha256(canonicalJson(model));
}

export function sealed(model: Omit<Model, 'sha256'>): Model {
  return { ...model, sha256: modelHash(model) };
}

/**
 * The rules that are code and not weights: how values are read, compared and kept apart by guards. Raised whenever two
 * records may come to another verdict by them, or decisions of two releases would carry one name and differ. A decision
 * without a number is older than the number.
 */
export const RULES = 1;

/** Names weights and rules in a decision: `slotwire-1 4f0c9a1b2c3d rules 1`. */
export function modelId(model: Model): string {
  return `${model.name} ${model.sha256.slice(0, 12)} rules ${String(RULES)}`;
}

/** A model file that is not what it says, with the reason. */
export class ModelError extends Error {}

/** @throws ModelError what is wrong with the file, in a sentence */
export function readModel(value: unknown): Model {
  if (typeof value !== 'object' || value === null || (value as Readonly<Record<string, unknown>>)['format'] !== 1) {
    throw new ModelError('This is no model of format 1.');
  }
  const model = value as Model;
  const { sha256: told, ...content } = model;
  if (modelHash(content) !== told) {
    throw new ModelError(
      'The hash of the model does not fit its content: it was edited. Train it again, or restore it.',
    );
  }
  for (const field of FIELDS) {
    for (const level of LEVELS[field].slice(1)) {
      const rates: readonly unknown[] = (model.fields as Partial<Model['fields']>)[field]?.[level] ?? [];
      if (rates.length !== 2 || !rates.every(isShare))
        throw new ModelError(`The model has no rates between 0 and 1 for ${field} ${level}.`);
    }
  }
  const { household, names, weakBirth, matchesPerRecord, budgets } = model;
  const { floor, cap } = household;
  const numbers: readonly number[] = [floor, cap, names.drawnBy, weakBirth, matchesPerRecord];
  if (![...numbers, ...Object.values<number>({ ...budgets })].every(Number.isFinite)) {
    throw new ModelError('The model lacks a number in household, names, weakBirth, matchesPerRecord or budgets.');
  }
  return model;
}

function isShare(rate: unknown): boolean {
  return typeof rate === 'number' && rate > 0 && rate < 1;
}
