/** Blocks of one person that run at the same time and cannot both be meant. */
import type { Issue } from './issue.ts';
import { blocksOn, dateOf, dayNumber, type RunningBlock, type Span, type TemplateSite } from './template-days.ts';
import type { TemplateSettings } from './template-shape.ts';
import type { View } from './view.ts';

/** A Monday like any other: where templates have no beginning, any stretch of weeks tells the same. */
const ANY_MONDAY = '2026-01-05';
/** Two years: what collides less often is left to the one who wrote it. */
const MOST_WEEKS = 104;

interface Named {
  readonly name: string;
  readonly template: TemplateSettings;
}

export function overlapIssues(site: View, facts: TemplateSite): readonly Issue[] {
  const all = Object.entries(facts.templates ?? {}).map(([name, template]): Named => ({ name, template }));
  const issues: Issue[] = [];
  for (const own of Map.groupBy(all, ({ template }) => personOf(facts, template)).values()) {
    const told = new Set<string>();
    own.forEach((left, at) => {
      for (const right of own.slice(at)) {
        for (const date of datesOf(left.template, right.template)) {
          issues.push(...collisions(site, facts, left, right, date, told));
        }
      }
    });
  }
  return issues;
}

/** Whose time it is, however many calendars and codes the person has here. */
function personOf(facts: TemplateSite, { calendar, practitioner }: TemplateSettings): string {
  const { calendars, practitioners } = facts.resources;
  if (practitioner !== undefined) return practitioners[practitioner]?.practitioner ?? `person ${practitioner}`;
  return calendars[calendar ?? '']?.practitioner ?? `calendar ${calendar ?? ''}`;
}

/** Enough dates of the time that both are in force to see each week of their cycles, and their exceptions. */
function datesOf(left: TemplateSettings, right: TemplateSettings): readonly string[] {
  const days = 7 * Math.min(MOST_WEEKS, [...cyclesOf(left), ...cyclesOf(right)].reduce(leastCommon, 1));
  const from = [left.from, right.from].flatMap((date) => date ?? []).map(dayNumber);
  const until = [left.until, right.until].flatMap((date) => date ?? []).map(dayNumber);
  const last = Math.min(...until);
  const bounded = until.length > 0 ? last - days : dayNumber(ANY_MONDAY);
  const first = from.length > 0 ? Math.max(...from) : bounded;
  const dates = Array.from({ length: days }, (_, at) => first + at).filter((day) => day <= last);
  const exceptions = [...Object.keys(left.exceptions), ...Object.keys(right.exceptions)];
  return [...new Set([...dates.map(dateOf), ...exceptions])];
}

function cyclesOf({ rotation, blocks }: TemplateSettings): readonly number[] {
  return [rotation?.weeks.length ?? 1, ...Object.values(blocks).map(({ weeks }) => weeks?.every ?? 1)];
}

function leastCommon(left: number, right: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  return (left * right) / divisor(left, right);
}

function collisions(
  site: View,
  facts: TemplateSite,
  left: Named,
  right: Named,
  date: string,
  told: Set<string>,
): readonly Issue[] {
  const issues: Issue[] = [];
  const rights = blocksOn(facts, right.template, date);
  blocksOn(facts, left.template, date).forEach((one, at) => {
    for (const other of left === right ? rights.slice(at + 1) : rights) {
      const pair = `${left.name} ${one.name} ${right.name} ${other.name}`;
      const problem = told.has(pair) ? null : problemOf(one, other);
      if (problem === null) continue;
      told.add(pair);
      const where = site.at('templates', right.name, 'blocks', other.name);
      const with_ = left === right ? one.name : `${left.name}.${one.name}`;
      issues.push(where.issue(`overlaps the block ${with_} on ${date} ${problem.what}`, problem.write));
    }
  });
  return issues;
}

function problemOf(one: RunningBlock, other: RunningBlock): { readonly what: string; readonly write: string } | null {
  if (!one.open.some((span) => other.open.some((second) => overlap(span, second)))) return null;
  if (one.location !== other.location)
    return { what: 'at another location', write: 'write hours that do not overlap: nobody is at two places' };
  const twice = offered(one).find((type) => offered(other).includes(type));
  if (twice === undefined) return null;
  return { what: `and both offer ${twice}`, write: 'offer a visit type once, with a capacity where several fit' };
}

function overlap(left: Span, right: Span): boolean {
  return left.from < right.to && right.from < left.to;
}

function offered({ block }: RunningBlock): readonly string[] {
  return [...block.visitTypes, ...(block.release?.visitTypes ?? [])];
}
