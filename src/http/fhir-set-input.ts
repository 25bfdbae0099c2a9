/** The Parameters of `$book-set`: visits, mode and rules; and `scope` of `$book`. */
import type { Length, Recurrence, Rule, Weekday } from '../booking/contract-set.ts';
import { WEEKDAYS } from '../booking/series.ts';
import { isTimeZone } from '../core/instant.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import type { OperationOutcomeIssue, Parameters } from '../fhir/types.ts';
import { structureIssues } from '../fhir/validate.ts';
import type { SetMode } from '../store/contract-sets.ts';
import { codeOf, readVisit, type BookInput, type Parameter } from './fhir-book-input.ts';

/** Exceptions count as well, so that it may be more than a set has visits. */
const COUNT_MAX = 1000;

export interface VisitInput extends BookInput {
  readonly name: string | null;
  readonly recurrence: Recurrence | null;
}
export interface SetInput {
  readonly mode: SetMode;
  readonly visits: readonly VisitInput[];
  readonly rules: readonly Rule[];
}

/** `most`: visits of one set. @throws IssuesError REQUEST_INVALID, RULE_BROKEN */
export function readSet(body: unknown, most: number): SetInput {
  const structure = structureIssues('Parameters', body);
  if (structure.length > 0) throw new IssuesError('REQUEST_INVALID', structure);
  const parameters = (body as Parameters).parameter ?? [];
  const issues: OperationOutcomeIssue[] = [];
  const wrong = (text: string, where: string): void => {
    issues.push(problem('REQUEST_INVALID', text, where));
  };
  const parts = parameters.map((one, index) => ({ ...one, where: `Parameters.parameter[${index}]` }));
  for (const { name, where } of parts) {
    if (!['visit', 'rule', 'mode'].includes(name)) wrong('$book-set takes visit, rule and mode.', `${where}.name`);
  }
  const visits = parts
    .filter(({ name }) => name === 'visit')
    .map(({ part = [], where }): VisitInput => {
      const input = readVisit(part, `${where}.part`, ['name', 'recurrence']);
      const again = part.find(({ name }) => name === 'recurrence');
      const recurrence = again === undefined ? null : readRecurrence(again.part ?? [], `${where}.part`, wrong);
      return { ...input, name: part.find(({ name }) => name === 'name')?.valueString ?? null, recurrence };
    });
  checkVisits(visits, most, wrong);
  const rules = parts
    .filter(({ name }) => name === 'rule')
    .flatMap(({ part = [], where }) => readRule(part, visits, where, wrong) ?? []);
  const mode = readMode(parameters, wrong);
  if (issues.length > 0) throw new IssuesError('REQUEST_INVALID', issues);
  return { mode, visits, rules };
}

type Wrong = (text: string, where: string) => void;

function checkVisits(visits: readonly VisitInput[], most: number, wrong: Wrong): void {
  const where = 'Parameters.parameter';
  if (visits.length === 0) wrong('Name at least one visit.', where);
  if (visits.length > most) {
    wrong(`A set has at most ${most} visits (booking.setVisits), and this one ${visits.length}: send several.`, where);
  }
  const names = visits.flatMap(({ name }) => name ?? []);
  if (new Set(names).size < names.length) wrong('Two visits have one name.', where);
  if (visits.length > 1 && visits.some(({ recurrence }) => recurrence !== null)) {
    wrong('Only a set of one visit may recur: send each series by itself.', where);
  }
}

export function readMode(parameters: readonly Parameter[], wrong: Wrong): SetMode {
  const mode = codeOf(parameters, 'mode') ?? 'all';
  if (mode === 'all' || mode === 'best-effort') return mode;
  wrong('mode is all or best-effort.', 'Parameters.parameter.value');
  return 'all';
}

/** Of `$book` of a visit of a series. @throws IssuesError REQUEST_INVALID */
export function readScope(body: unknown): { readonly following: boolean; readonly mode: SetMode } {
  const parameters = (body as Parameters).parameter ?? [];
  const refuse: Wrong = (text, where) => {
    throw new IssuesError('REQUEST_INVALID', [problem('REQUEST_INVALID', text, where)]);
  };
  const scope = codeOf(parameters, 'scope') ?? 'this';
  if (scope !== 'this' && scope !== 'this-and-following') {
    refuse('scope is this or this-and-following.', 'Parameters.parameter.value');
  }
  return { following: scope === 'this-and-following', mode: readMode(parameters, refuse) };
}

// -------- rules

function readRule(part: readonly Parameter[], visits: readonly VisitInput[], where: string, wrong: Wrong): Rule | null {
  const kind = codeOf(part, 'type');
  const named = part.filter(({ name }) => name === 'visit').map(({ valueString = '' }) => valueString);
  const steps = named.map((name) => stepOf(name, visits));
  const unknown = named.filter((_name, index) => steps[index] === undefined);
  if (unknown.length > 0) {
    wrong('A rule names visits by the name that they have in this request, or by their number from 1.', where);
    return null;
  }
  const numbers = steps.filter((step) => step !== undefined);
  if (kind === 'same-day') {
    const zone = part.find(({ name }) => name === 'time-zone')?.valueString ?? null;
    if (zone !== null && !isTimeZone(zone)) wrong('There is no such time zone.', where);
    return { kind, visits: numbers, zone };
  }
  if (numbers.length < 2) {
    wrong('A rule names two visits at least.', where);
    return null;
  }
  if (kind === 'before' || kind === 'after') return { kind, visits: numbers };
  if (kind !== 'within') {
    wrong('The type of a rule is before, after, within or same-day.', where);
    return null;
  }
  const min = readLength(part, 'min', where, wrong);
  const max = readLength(part, 'max', where, wrong);
  if (min === null && max === null) wrong('within takes max, min, or both, as valueDuration.', where);
  return { kind, visits: numbers, min, max };
}

function stepOf(name: string, visits: readonly VisitInput[]): number | undefined {
  const index = visits.findIndex((visit) => visit.name === name);
  if (index >= 0) return index + 1;
  return /^[1-9]\d{0,2}$/.test(name) && Number(name) <= visits.length ? Number(name) : undefined;
}

/** FHIR Duration: UCUM `min`, `h`, `d`. */
function readLength(part: readonly Parameter[], what: string, where: string, wrong: Wrong): Length | null {
  const given = part.find(({ name }) => name === what);
  if (given === undefined) return null;
  const { value, code, unit = code } = given.valueDuration ?? {};
  const known = code ?? unit;
  if ((known === 'min' || known === 'h' || known === 'd') && typeof value === 'number' && value >= 0 && value < 1e6) {
    return { value, unit: known };
  }
  wrong(`${what} is a valueDuration in min, h or d.`, where);
  return null;
}

// -------- recurrence

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

function readRecurrence(part: readonly Parameter[], where: string, wrong: Wrong): Recurrence | null {
  const frequency = codeOf(part, 'frequency');
  const whole = (name: string): number | null => part.find((one) => one.name === name)?.valueInteger ?? null;
  const dates = (name: string): readonly string[] =>
    part.filter((one) => one.name === name).map(({ valueDate = '' }) => valueDate);
  const days = part.filter(({ name }) => name === 'day-of-week').map(({ valueCode = '' }) => valueCode as Weekday);
  const interval = whole('interval') ?? 1;
  const count = whole('count');
  const [until = null] = dates('until');
  const weekOfMonth = whole('week-of-month');
  const exceptions = dates('exception');
  if (frequency !== 'daily' && frequency !== 'weekly' && frequency !== 'monthly') {
    wrong('frequency is daily, weekly or monthly.', where);
    return null;
  }
  if (interval < 1 || interval > 100) wrong('interval is from 1 to 100.', where);
  if ((count === null) === (until === null)) wrong('A recurrence ends by count or by until, and not by both.', where);
  if (count !== null && (count < 1 || count > COUNT_MAX)) wrong(`count is a number from 1 to ${COUNT_MAX}.`, where);
  if (days.some((day) => !WEEKDAYS.includes(day))) wrong('day-of-week is mon, tue, wed, thu, fri, sat or sun.', where);
  if (frequency === 'daily' && days.length > 0) wrong('day-of-week goes with weekly and monthly.', where);
  if (weekOfMonth !== null && weekOfMonth !== -1 && (weekOfMonth < 1 || weekOfMonth > 5)) {
    wrong('week-of-month is from 1 to 5, or -1 for the last.', where);
  }
  if (![...exceptions, ...(until === null ? [] : [until])].every((date) => DATE.test(date))) {
    wrong('until and exception are dates, as valueDate.', where);
  }
  return { frequency, interval, daysOfWeek: days, weekOfMonth, count, until, exceptions };
}
