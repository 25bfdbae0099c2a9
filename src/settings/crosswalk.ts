/**
 * The crosswalk of practitioners: a CSV file in CONFIG_DIR with the columns site, code, npi and perhaps name, for feeds
 * that carry no NPI. Each line does what an entry under `resources.practitioners` of that site's file does; where the
 * site file speaks of the same code, it must say the same. A file with any wrong line is not taken at all.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NPI_FAULTS, npiFault } from '../core/npi.ts';
import { readCsvText, type CsvRecord } from './csv.ts';
import { siteCode } from './declare.ts';
import { leadsOut } from './hub-rules.ts';
import { suggest, type Issue } from './issue.ts';
import { reasonOf } from './load.ts';
import type { ResourceRule } from './shape.ts';
import type { View } from './view.ts';

export interface Crosswalk {
  /** By site id, then by code as the site writes it. */
  readonly rules: ReadonlyMap<string, Readonly<Record<string, ResourceRule>>>;
  readonly issues: readonly Issue[];
}

/** By site id; null: the file is there and cannot be read, which is told elsewhere. */
export type SiteViews = ReadonlyMap<string, View | null>;

const COLUMNS = ['site', 'code', 'npi', 'name'] as const;
const NEEDED: readonly string[] = COLUMNS.slice(0, 3);
const FILE_MAX_BYTES = 33_554_432;
/** Whoever exports a file in a wrong form needs the first lines, not all of them. */
const ISSUES_MAX = 50;
const NAME_MAX = 200;
const CODE = new RegExp(siteCode.pattern ?? '');

export async function readCrosswalk(hub: View | null, configDir: string, sites: SiteViews): Promise<Crosswalk> {
  const place = hub?.at('practitioners', 'crosswalk');
  const path = place?.text();
  if (place === undefined || path === undefined) return { rules: new Map(), issues: [] };
  const refuse = (problem: string, write: string): Crosswalk => ({
    rules: new Map(),
    issues: [place.issue(problem, write)],
  });
  if (leadsOut(path)) return refuse('leads out of CONFIG_DIR', 'write a path below CONFIG_DIR');
  const file = join(configDir, path);
  let bytes: Uint8Array;
  try {
    const { size } = await stat(file);
    if (size > FILE_MAX_BYTES) return refuse(`is larger than ${FILE_MAX_BYTES} bytes`, 'name a smaller file');
    bytes = await readFile(file);
  } catch (error) {
    return refuse(`the file cannot be read (${reasonOf(error)})`, 'create it, or remove this line');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { rules: new Map(), issues: [lineIssue(file, 1, '', 'is not UTF-8 text', 'save it as CSV UTF-8')] };
  }
  return crosswalkOf(file, text, sites);
}

export function crosswalkOf(file: string, text: string, sites: SiteViews): Crosswalk {
  const { records, openQuote } = readCsvText(text);
  const [heading, ...lines] = records;
  if (openQuote !== null) {
    const issue = lineIssue(file, openQuote, '', 'a quote is opened here and never closed', 'close or remove it');
    return { rules: new Map(), issues: [issue] };
  }
  const names = heading?.cells.map((cell) => cell.toLowerCase()) ?? [];
  const missing = NEEDED.filter((name) => !names.includes(name));
  const unknown = names.filter(
    (name, at) => !(COLUMNS as readonly string[]).includes(name) || names.indexOf(name) < at,
  );
  if (missing.length > 0 || unknown.length > 0) {
    const problem = missing.length > 0 ? `has no column ${missing.join(', ')}` : `has a column "${unknown[0] ?? ''}"`;
    const issue = lineIssue(file, heading?.line ?? 1, '', problem, 'write the first line as: site,code,npi,name');
    return { rules: new Map(), issues: [issue] };
  }
  const reader = new Lines(file, names, sites);
  for (const line of lines) reader.take(line);
  return reader.done();
}

class Lines {
  private readonly issues: Issue[] = [];
  private readonly rules = new Map<string, Record<string, ResourceRule>>();
  private readonly lineOf = new Map<string, number>();
  private readonly nameOf = new Map<string, { readonly name: string; readonly line: number }>();
  private readonly file: string;
  private readonly names: readonly string[];
  private readonly sites: SiteViews;

  constructor(file: string, names: readonly string[], sites: SiteViews) {
    this.file = file;
    this.names = names;
    this.sites = sites;
  }

  take(record: CsvRecord): void {
    const { line, cells } = record;
    const say = (field: string, problem: string, write: string): void => {
      this.issues.push(lineIssue(this.file, line, field, problem, write));
    };
    if (cells.length !== this.names.length) {
      say('', `has ${cells.length} cells, and the first line ${this.names.length}`, 'put cells with commas in quotes');
      return;
    }
    const cell = (name: (typeof COLUMNS)[number]): string => cells[this.names.indexOf(name)] ?? '';
    const [site, code, npi, name] = [cell('site'), cell('code'), cell('npi'), cell('name')];
    const before = this.issues.length;
    if (!this.sites.has(site)) say('site', `there is no site ${site}`, suggest(site, [...this.sites.keys()], 'site'));
    if (!CODE.test(code) || code.length > 120) say('code', 'is no code of a site', siteCode.say ?? 'write the code');
    const fault = npiFault(npi);
    if (fault !== null) say('npi', `is no valid NPI: ${NPI_FAULTS[fault]}`, 'look the number up and write it again');
    if (name.length > NAME_MAX) say('name', 'is too long', `write at most ${NAME_MAX} characters`);
    if (this.issues.length === before) this.keep({ line, site, code, npi, name }, say);
  }

  private keep(one: Line, say: Say): void {
    const { line, site, code, npi, name } = one;
    const key = JSON.stringify([site, code]);
    const earlier = this.lineOf.get(key);
    if (earlier !== undefined) {
      say('code', `line ${earlier} has this code of ${site} already`, 'keep one of the two');
      return;
    }
    this.lineOf.set(key, line);
    const other = this.nameOf.get(npi);
    if (name !== '' && other !== undefined && !mayBeOne(name, other.name))
      say('npi', `line ${other.line} has another person under this NPI`, 'correct the number, or write one name');
    if (name !== '' && other === undefined) this.nameOf.set(npi, { name, line });
    this.besideTheFile(one, say);
    const rules = this.rules.get(site) ?? (Object.create(null) as Record<string, ResourceRule>);
    rules[code] = { practitioner: `npi:${npi}`, ...(name === '' ? {} : { name }) };
    this.rules.set(site, rules);
  }

  /** Two words about one code: the site file's is the nearer one, and none of them is guessed to be the right one. */
  private besideTheFile({ site, code, npi }: Line, say: Say): void {
    const resources = this.sites.get(site)?.at('resources');
    if (resources === undefined) return;
    const listed = resources.at('practitioners', code, 'practitioner').text();
    if (listed !== undefined && listed !== `npi:${npi}`)
      say('npi', `sites/${site}.yaml says that ${code} is ${listed}`, 'keep one of the two');
    const isCalendar = resources.at('calendars').keys().includes(code);
    const calendar = resources.at('calendars', code, 'practitioner').text();
    if (isCalendar && calendar !== `npi:${npi}`)
      say('code', `is a calendar of sites/${site}.yaml`, `write there practitioner: 'npi:${npi}'`);
    for (const part of ['calendars', 'practitioners']) {
      for (const [key, rule] of resources.at(part).children()) {
        if (key === code || rule.at('practitioner').text() !== `local:${code}`) continue;
        say('code', `sites/${site}.yaml has local:${code} for ${key}`, `write there practitioner: 'npi:${npi}'`);
      }
    }
  }

  done(): Crosswalk {
    const { issues, rules } = this;
    if (issues.length <= ISSUES_MAX) return { rules, issues };
    const [next] = issues.slice(ISSUES_MAX);
    const more = `and ${issues.length - ISSUES_MAX} more issues from here on`;
    const last = lineIssue(this.file, next?.line ?? 1, '', more, 'mend those above first');
    return { rules, issues: [...issues.slice(0, ISSUES_MAX), last] };
  }
}

interface Line {
  readonly line: number;
  readonly site: string;
  readonly code: string;
  readonly npi: string;
  readonly name: string;
}
type Say = (field: string, problem: string, write: string) => void;

/** Two ways to write one name have at least one word in common; titles and degrees are short and do not count. */
function mayBeOne(one: string, other: string): boolean {
  const words = (text: string): readonly string[] =>
    text
      .normalize('NFD')
      .replaceAll(/\p{Mn}+/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  const [some, others] = [words(one), words(other)];
  return some.length === 0 || others.length === 0 || some.some((word) => others.includes(word));
}

function lineIssue(file: string, line: number, field: string, problem: string, write: string): Issue {
  return { file, line, field, problem, write };
}
