/**
 * The Health Care Provider Taxonomy of NUCC, as the operator has downloaded it: a CSV file in CONFIG_DIR, one line a
 * code. It is not shipped, because it is not ours to give. With it codes are served with their names, and one that is
 * written in the settings and that it does not have is told.
 */
import { readFile, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readCsvText } from './csv.ts';
import { leadsOut } from './hub-rules.ts';
import type { Issue } from './issue.ts';
import { reasonOf } from './load.ts';
import type { View } from './view.ts';

export interface TaxonomyCode {
  /** For people: `Cardiovascular Disease Physician`. */
  readonly display: string;
  /** The three levels; the third is empty where the code names a whole classification. */
  readonly grouping: string;
  readonly classification: string;
  readonly specialization: string;
}

/** By code. */
export interface Taxonomy {
  readonly codes: ReadonlyMap<string, TaxonomyCode>;
  /** Of the file: another release is another one. */
  readonly sha256: string;
}

export interface ReadTaxonomy {
  /** Null: none is named, or it cannot be read, which is an issue. */
  readonly taxonomy: Taxonomy | null;
  readonly issues: readonly Issue[];
}

/** A code of this form can be nothing else; what has another form is an own code of the operator. */
const NUCC_CODE = /^[0-9A-Z]{9}X$/;
/** Ten times the file of 2026. */
const FILE_MAX_BYTES = 8_388_608;
const NEEDED = ['Code', 'Grouping', 'Classification', 'Specialization'] as const;

export function isNuccCode(text: string): boolean {
  return NUCC_CODE.test(text);
}

export async function readTaxonomy(hub: View | null, configDir: string): Promise<ReadTaxonomy> {
  const place = hub?.at('practitioners', 'taxonomy');
  const path = place?.text();
  if (place === undefined || path === undefined) return { taxonomy: null, issues: [] };
  const refuse = (problem: string, write: string): ReadTaxonomy => ({
    taxonomy: null,
    issues: [place.issue(problem, write)],
  });
  if (leadsOut(path)) return refuse('leads out of CONFIG_DIR', 'write a path below CONFIG_DIR');
  const file = join(configDir, path);
  try {
    const { size } = await stat(file);
    if (size > FILE_MAX_BYTES) return refuse(`is larger than ${FILE_MAX_BYTES} bytes`, 'name the file of NUCC itself');
    return taxonomyOf(file, await readFile(file));
  } catch (error) {
    return refuse(`the file cannot be read (${reasonOf(error)})`, 'download it from nucc.org, or remove this line');
  }
}

/** The columns of NUCC: Code, Grouping, Classification, Specialization, Definition, Notes, Display Name, Section. */
export function taxonomyOf(file: string, bytes: Uint8Array): ReadTaxonomy {
  const { records, openQuote } = readCsvText(textOf(bytes));
  const [heading, ...lines] = records;
  const issue = (line: number, field: string, problem: string): ReadTaxonomy => {
    const write = 'download the CSV file from nucc.org again, and change nothing in it';
    return { taxonomy: null, issues: [{ file, line, field, problem, write }] };
  };
  if (openQuote !== null) return issue(openQuote, '', 'a quote is opened here and never closed');
  const names = heading?.cells.map((cell) => cell.toLowerCase()) ?? [];
  const at = (name: string): number => names.indexOf(name.toLowerCase());
  const missing = NEEDED.filter((name) => at(name) < 0);
  if (missing.length > 0) return issue(heading?.line ?? 1, '', `has no column ${missing.join(', ')}`);
  const codes = new Map<string, TaxonomyCode>();
  for (const { line, cells } of lines) {
    const cell = (name: string): string => cells[at(name)] ?? '';
    const [code = '', grouping = '', classification = '', specialization = ''] = NEEDED.map(cell);
    // Cells of definitions hold commas and line ends: where quotes are broken, codes are what no longer looks right.
    if (!isNuccCode(code)) return issue(line, 'Code', 'is no code of ten characters that ends in X');
    if (codes.has(code)) return issue(line, 'Code', `${code} stands in the file twice`);
    const display = cell('Display Name') || [classification, specialization].filter((text) => text !== '').join(', ');
    codes.set(code, { display, grouping, classification, specialization });
  }
  if (codes.size === 0) return issue(1, '', 'holds no code');
  return { taxonomy: { codes, sha256: createHash('sha256').update(bytes).digest('hex') }, issues: [] };
}

/** NUCC has published it in either, from one release to the next. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Codes of the form of NUCC, anywhere in the settings, that its file does not have. */
export function taxonomyRules(taxonomy: Taxonomy | null, hub: View | null, sites: readonly View[]): readonly Issue[] {
  if (taxonomy === null) return [];
  const places = [
    ...(hub?.at('visitTypes').children() ?? []).map(([, type]) => type.at('specialty')),
    ...sites
      .flatMap((site) => [
        ...site.at('resources', 'calendars').children(),
        ...site.at('resources', 'practitioners').children(),
      ])
      .map(([, rule]) => rule.at('specialty')),
    ...sites.flatMap((site) => site.at('specialties').children()).map(([, code]) => code),
  ];
  return places.flatMap((place) => {
    const code = place.text();
    if (code === undefined || !isNuccCode(code) || taxonomy.codes.has(code)) return [];
    return [place.issue(`${code} is not in the taxonomy`, 'look the code up: NUCC retires some with each release')];
  });
}
