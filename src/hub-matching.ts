/** The matcher on labelled files: what `slotwire identity evaluate` measures. No hub, no database. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { readCsv, type CsvTable } from './identity/match/csv.ts';
import { evaluate, type Evaluation } from './identity/match/evaluation.ts';
import {
  FieldMapError,
  guessedMap,
  records,
  writtenMap,
  type ColumnUse,
  type FieldMap,
} from './identity/match/field-map.ts';
import type { Band, Verdict } from './identity/match/matcher.ts';
import { ModelError, readModel, type Model } from './identity/match/model.ts';
import { SHIPPED_MODEL } from './identity/match/shipped.ts';
import { normalised } from './identity/match/normalise.ts';
import type { Conventions, Person } from './identity/match/person.ts';
import { truthByLabel, truthByPairs } from './identity/match/truth.ts';
import type { Truth } from './identity/match/evaluation.ts';

export type { Estimate, PartResult } from './identity/match/breakdown.ts';
export type { Evaluation, Quality } from './identity/match/evaluation.ts';

/** What is wrong with the files, in a sentence that says what to do. */
export class MatchingFilesError extends Error {}

export interface FilesWanted {
  readonly cwd: string;
  readonly left: string;
  /** Null: duplicates within `left`. */
  readonly right: string | null;
  /** Pairs of field and column, or a JSON or YAML file of them; null: by the names of the columns. */
  readonly fields: string | null;
  /** Column of record ids, which a file of pairs names; null: the column `id`, else the first. */
  readonly id: string | null;
  readonly model: string | null;
  readonly conventions: Conventions;
  /** Today as 20261122. */
  readonly today: number;
}

export interface EvaluationWanted extends FilesWanted {
  /** A column of the files, or a file of pairs. */
  readonly truth: string;
  /** Told each compared pair that is not two people for sure, and each true one, of the run with all fields. */
  readonly onPair?: (pair: ComparedPair) => void;
}

export interface ComparedPair {
  readonly left: string;
  readonly right: string;
  readonly band: Band;
  readonly bits: number;
  readonly guards: readonly string[];
  readonly isTrue: boolean;
}

export interface FilesEvaluation {
  readonly left: string;
  readonly right: string | null;
  /** Share of records that have each field. */
  readonly filled: Readonly<Record<string, number>>;
  readonly allFields: Evaluation;
  /** Null: the files have none. */
  readonly withoutSsn: Evaluation | null;
}

/** @throws MatchingFilesError */
export async function evaluateFiles(wanted: EvaluationWanted): Promise<FilesEvaluation> {
  const model = await modelOf(wanted);
  const [left, right] = await tablesOf(wanted);
  const maps = await mapsOf(wanted, left, right);
  const truth = await truthOf(wanted, left, right, maps);
  const ids = [left, right ?? left].map((table, at) => column(table, idColumn(wanted, table, maps[at] ?? maps[0])));
  const { onPair } = wanted;
  const told = (i: number, j: number, { band, score, guards }: Verdict, isTrue: boolean): void => {
    if (band === 'none' && !isTrue) return;
    onPair?.({ left: ids[0]?.[i] ?? '', right: ids[1]?.[j] ?? '', band, bits: score, guards, isTrue });
  };
  const measure = (without: ColumnUse | null): Evaluation =>
    evaluate(
      {
        left: people(left, maps[0], wanted.conventions, without),
        right: right === null ? null : people(right, maps[1], wanted.conventions, without),
        truth,
      },
      { model, today: wanted.today, ...(without === null ? { onPair: told } : {}) },
    );
  return {
    left: wanted.left,
    right: wanted.right,
    filled: fillRates([left, ...(right === null ? [] : [right])], maps),
    allFields: measure(null),
    withoutSsn: maps.some((map) => map.has('ssn')) ? measure('ssn') : null,
  };
}

/** The shipped model, or the file that is named. @throws MatchingFilesError */
export async function modelOf({ model, cwd }: Pick<FilesWanted, 'cwd' | 'model'>): Promise<Model> {
  try {
    return model === null ? SHIPPED_MODEL : readModel(JSON.parse(await readText(cwd, model)) as unknown);
  } catch (error) {
    if (error instanceof ModelError) throw new MatchingFilesError(error.message, { cause: error });
    if (error instanceof SyntaxError) throw new MatchingFilesError(`${model ?? ''} is no JSON.`, { cause: error });
    throw error;
  }
}

export async function tablesOf({ cwd, left, right }: FilesWanted): Promise<readonly [CsvTable, CsvTable | null]> {
  return [await tableOf(cwd, left), right === null ? null : await tableOf(cwd, right)];
}

async function tableOf(cwd: string, file: string): Promise<CsvTable> {
  const table = readCsv(await readText(cwd, file));
  if (table.rows.length === 0) throw new MatchingFilesError(`${file} has a heading at most; a record a row is wanted.`);
  return table;
}

async function readText(cwd: string, file: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, file), 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new MatchingFilesError(`${file} cannot be read: ${why}.`, { cause: error });
  }
}

type Maps = readonly [left: FieldMap, right: FieldMap];

export async function mapsOf(wanted: FilesWanted, left: CsvTable, right: CsvTable | null): Promise<Maps> {
  const pairs = wanted.fields === null ? null : await fieldPairs(wanted.cwd, wanted.fields);
  const mapOf = (heading: readonly string[]): FieldMap => {
    const map = pairs === null ? guessedMap(heading) : writtenMap(pairs, heading);
    if ([...map.keys()].some((use) => use !== 'id')) return map;
    throw new FieldMapError(`No column is known among ${heading.join(', ')}. Name them with --fields given=COLUMN,...`);
  };
  try {
    return [mapOf(left.heading), mapOf((right ?? left).heading)];
  } catch (error) {
    if (error instanceof FieldMapError) throw new MatchingFilesError(error.message, { cause: error });
    throw error;
  }
}

/** `given=first_name,family=last_name`, or a file that holds them as an object of texts or lists. */
async function fieldPairs(cwd: string, text: string): Promise<readonly (readonly [string, string])[]> {
  if (/^[^=:{]+[=:][^=]+/.test(text) && !/\.(?:json|ya?ml)$/i.test(text)) {
    return text.split(',').map((pair) => {
      const [one = '', other = ''] = pair.split(/[=:]/);
      return [one.trim(), other.trim()];
    });
  }
  const value: unknown = parse(text.trim().startsWith('{') ? text : await readText(cwd, text));
  if (typeof value !== 'object' || value === null) {
    throw new MatchingFilesError(`${text} holds no fields; an object of fields and columns is wanted.`);
  }
  return Object.entries(value).flatMap(([use, columns]) =>
    (Array.isArray(columns) ? columns : [columns]).map((column): readonly [string, string] => [use, String(column)]),
  );
}

async function truthOf(
  wanted: EvaluationWanted,
  left: CsvTable,
  right: CsvTable | null,
  [leftMap, rightMap]: Maps,
): Promise<Truth> {
  const at = left.heading.indexOf(wanted.truth);
  if (at >= 0) {
    const other = right?.heading.indexOf(wanted.truth) ?? at;
    if (other < 0) throw new MatchingFilesError(`${wanted.right ?? ''} has no column ${wanted.truth}.`);
    return truthByLabel(column(left, at), right === null ? null : column(right, other));
  }
  const table = await tableOf(wanted.cwd, wanted.truth).catch((error: unknown) => {
    const columns = left.heading.join(', ');
    const said = `--truth is a column (${columns}) or a file of pairs. ${(error as Error).message}`;
    throw new MatchingFilesError(said, { cause: error });
  });
  const ids = (one: CsvTable, map: FieldMap): readonly string[] => column(one, idColumn(wanted, one, map));
  return truthByPairs(table, ids(left, leftMap), right === null ? null : ids(right, rightMap));
}

function idColumn({ id }: FilesWanted, table: CsvTable, map: FieldMap): number {
  if (id === null) return map.get('id')?.[0] ?? 0;
  const at = table.heading.indexOf(id);
  if (at < 0) throw new MatchingFilesError(`There is no column ${id} among ${table.heading.join(', ')}.`);
  return at;
}

function column(table: CsvTable, at: number): readonly string[] {
  return table.rows.map((row) => row[at] ?? '');
}

export function people(
  table: CsvTable,
  map: FieldMap,
  conventions: Conventions,
  without: ColumnUse | null,
): readonly Person[] {
  const used: FieldMap = new Map([...map].filter(([use]) => use !== without));
  return records(table, used).map((record) => normalised(record, conventions));
}

function fillRates(tables: readonly CsvTable[], maps: Maps): Readonly<Record<string, number>> {
  const rows = tables.reduce((sum, { rows: own }) => sum + own.length, 0);
  const uses = [...new Set(maps.flatMap((map) => [...map.keys()]))].filter((use) => use !== 'id');
  return Object.fromEntries(
    uses.map((use) => {
      const filled = tables.map((table, at) => {
        const places = (maps[at] ?? maps[0]).get(use) ?? [];
        return table.rows.filter((row) => places.some((place) => (row[place] ?? '') !== '')).length;
      });
      return [use, filled.reduce((sum, count) => sum + count, 0) / rows];
    }),
  );
}
