/** What is wrong with the templates of a site file, each by itself; template-overlaps.ts tells where two collide. */
import { suggest, type Issue } from './issue.ts';
import {
  dateOf,
  dayNumber,
  blocksOn,
  isDate,
  openSpans,
  spanOf,
  type Span,
  type TemplateSite,
} from './template-days.ts';
import { overlapIssues } from './template-overlaps.ts';
import type { BlockSettings, TemplateSettings } from './template-shape.ts';
import type { View } from './view.ts';

/** A block that runs at all runs within half a year (`weeks.every` is at most 26). */
const LONGEST_CYCLE_DAYS = 26 * 7;

type MinutesOf = (visitType: string) => number | undefined;

export function templateRules(site: View, minutesOf: MinutesOf): readonly Issue[] {
  const templates = site.at('templates').children();
  const issues = [
    ...holidayRules(site),
    ...templates.flatMap(([, template]) => [
      ...whoRules(site, template),
      ...dateRules(template),
      ...template
        .at('blocks')
        .children()
        .flatMap(([, block]) => blockRules(site, block, minutesOf)),
      ...exceptionRules(site, template, minutesOf),
    ]),
  ];
  // What could not be read cannot be laid out either.
  const whole = ['templates', 'holidays', 'resources', 'locations'].every((key) => site.at(key).whole() !== undefined);
  if (issues.length > 0 || !whole || templates.length === 0) return issues;
  const facts = settled(site);
  return [...neverIssues(site, facts), ...overlapIssues(site, facts)];
}

function settled(site: View): TemplateSite {
  const part = (key: string): unknown => site.at(key).whole();
  return {
    templates: part('templates') as TemplateSite['templates'] & object,
    holidays: part('holidays') as TemplateSite['holidays'] & object,
    resources: part('resources') as TemplateSite['resources'],
    locations: part('locations') as TemplateSite['locations'],
    timeZone: 'UTC',
  };
}

function known(reference: View, keys: readonly string[], noun: string, where: string): readonly Issue[] {
  const key = reference.text();
  if (key === undefined || keys.includes(key)) return [];
  return [reference.issue(`there is no ${noun} ${key} ${where}`, suggest(key, keys, noun))];
}

function knownLocation(site: View, reference: View): readonly Issue[] {
  return known(reference, site.at('locations').keys(), 'location', 'in this file');
}

function realDate(reference: View): readonly Issue[] {
  const text = reference.text();
  return text === undefined || isDate(text) ? [] : [reference.issue('is no date that exists', 'write a real date')];
}

function holidayRules(site: View): readonly Issue[] {
  return site
    .at('holidays')
    .children()
    .flatMap(([, list]) => [
      ...list
        .at('dates')
        .children()
        .flatMap(([, date]) => realDate(date)),
      ...list
        .at('locations')
        .children()
        .flatMap(([, place]) => knownLocation(site, place)),
    ]);
}

function whoRules(site: View, template: View): readonly Issue[] {
  const places = [
    template.at('location'),
    ...template
      .at('rotation', 'weeks')
      .children()
      .map(([, place]) => place),
  ];
  const issues = [
    ...known(
      template.at('calendar'),
      site.at('resources', 'calendars').keys(),
      'calendar',
      'under resources.calendars',
    ),
    ...known(
      template.at('practitioner'),
      site.at('resources', 'practitioners').keys(),
      'practitioner',
      'under resources.practitioners',
    ),
    ...places.flatMap((place) => knownLocation(site, place)),
    ...realDate(template.at('rotation', 'anchor')),
  ];
  if (template.has('calendar') === template.has('practitioner')) {
    const problem = template.has('calendar') ? 'names a calendar and a practitioner' : 'does not say whose hours it is';
    return [...issues, template.issue(problem, 'write calendar: or practitioner:, one of the two')];
  }
  if (template.has('location') && template.has('rotation'))
    issues.push(template.at('location').issue('stands beside a rotation', 'keep location: or rotation:'));
  const blocks = template.at('blocks').children();
  const placed = template.has('location') || template.has('rotation');
  if (template.has('calendar')) {
    const own = [template, ...blocks.map(([, block]) => block)].find(
      (one) => one.has('location') || one.has('rotation'),
    );
    if (own !== undefined)
      issues.push(own.issue('names a place, but a calendar has its own', 'remove it, or write practitioner: instead'));
  } else if (!placed && blocks.some(([, block]) => !block.has('location'))) {
    issues.push(template.issue('does not say where', 'add location: or rotation: with locations of this file'));
  }
  return issues;
}

function dateRules(template: View): readonly Issue[] {
  const [from, until] = [template.at('from'), template.at('until')];
  const issues = [...realDate(from), ...realDate(until)];
  const [first, last] = [from.text(), until.text()];
  if (first !== undefined && last !== undefined && last < first)
    issues.push(until.issue(`is before from (${first}), so the template is never in force`, 'write a later date'));
  if (template.at('blocks').keys().length === 0)
    issues.push(template.at('blocks').issue('holds no block', 'write at least one, with days, hours and visitTypes'));
  return issues;
}

function blockRules(site: View, block: View, minutesOf: MinutesOf): readonly Issue[] {
  const types = site.at('visitTypes').keys();
  const codes = [...block.at('visitTypes').children(), ...block.at('release', 'visitTypes').children()];
  const issues = [
    ...knownLocation(site, block.at('location')),
    ...codes.flatMap(([, code]) => known(code, types, 'visit type', 'under visitTypes of this file')),
    ...realDate(block.at('weeks', 'anchor')),
    ...hoursRules(block.at('hours')),
    ...block
      .at('breaks')
      .texts()
      .flatMap(([hours, place]) => (isEmpty(spanOf(hours)) ? [emptyRange(place)] : [])),
    ...releaseRules(block),
  ];
  if (issues.length > 0) return issues;
  const settings = block.whole() as BlockSettings | undefined;
  if (settings === undefined) return [];
  return [...breakRules(block, settings), ...fitRules(site, block, block.at('hours'), settings, minutesOf)];
}

function isEmpty({ from, to }: Span): boolean {
  return to <= from;
}

function emptyRange(place: View): Issue {
  return place.issue(
    'ends before it begins, or has no length',
    "write the end behind the start; hours over midnight are two blocks, '22:00-24:00' and '00:00-06:00'",
  );
}

function hoursRules(hours: View): readonly Issue[] {
  const issues: Issue[] = [];
  const seen: Span[] = [];
  for (const [text, place] of hours.texts()) {
    const span = spanOf(text);
    if (isEmpty(span)) issues.push(emptyRange(place));
    else if (seen.some((other) => other.from < span.to && span.from < other.to))
      issues.push(place.issue('overlaps other hours of this list', 'write hours that follow each other'));
    seen.push(span);
  }
  return issues;
}

function breakRules(block: View, { hours, breaks }: BlockSettings): readonly Issue[] {
  const open = hours.map(spanOf);
  return breaks.flatMap((text, at) => {
    const gap = spanOf(text);
    if (open.some((span) => span.from < gap.to && gap.from < span.to)) return [];
    const place = block.at('breaks', String(at));
    return [place.issue('lies outside of the hours of the block', 'remove it, or mend the hours')];
  });
}

function releaseRules(block: View): readonly Issue[] {
  const release = block.at('release').whole() as BlockSettings['release'];
  if (release === undefined) return [];
  const opens = release.visitTypes.length > 0;
  if (release.close && opens)
    return [block.at('release').issue('closes the block and opens it to visit types', 'keep one of the two')];
  if (release.close || opens || block.has('channel')) return [];
  return [block.at('release').issue('changes nothing', 'add visitTypes: to open it to, or close: true')];
}

/** Every range of hours must hold a visit of every type, or it was written in vain. */
function fitRules(
  site: View,
  block: View,
  hours: View,
  settings: BlockSettings,
  minutesOf: MinutesOf,
): readonly Issue[] {
  const issues: Issue[] = [];
  for (const code of [...settings.visitTypes, ...(settings.release?.visitTypes ?? [])]) {
    const canonical = site.at('visitTypes', code).text();
    const length = settings.length_min ?? (canonical === undefined ? undefined : minutesOf(canonical));
    if (length === undefined) continue;
    for (const [range, place] of hours.texts()) {
      const longest = Math.max(0, ...openSpans([range], settings.breaks).map(({ from, to }) => to - from));
      if (longest >= length) continue;
      const room = `a visit of type ${code} takes ${length} minutes, and ${longest} are open here in one piece`;
      const write = block.has('length_min') ? 'write a shorter length_min' : 'write longer hours, or length_min';
      issues.push(place.issue(room, write));
    }
  }
  return issues;
}

function exceptionRules(site: View, template: View, minutesOf: MinutesOf): readonly Issue[] {
  const [from, until] = [template.at('from').text(), template.at('until').text()];
  const names = template.at('blocks').keys();
  return template
    .at('exceptions')
    .children()
    .flatMap(([date, exception]) => {
      if (!isDate(date)) return [exception.issue('is no date that exists', 'write a real date')];
      if ((from !== undefined && date < from) || (until !== undefined && date > until))
        return [exception.issue('lies outside of from and until, so it is never in force', 'remove it, or mend them')];
      return exception.children().flatMap(([name, hours]) => {
        if (!names.includes(name))
          return [hours.issue(`there is no block ${name} in this template`, suggest(name, names, 'block'))];
        const issues = hoursRules(hours);
        const settings = template.at('blocks', name).whole() as BlockSettings | undefined;
        if (issues.length > 0 || settings === undefined) return issues;
        return fitRules(site, template.at('blocks', name), hours, settings, minutesOf);
      });
    });
}

/** Blocks that no date between `from` and `until` ever has. */
function neverIssues(site: View, facts: TemplateSite): readonly Issue[] {
  return Object.entries(facts.templates ?? {}).flatMap(([name, template]) => {
    if (template.from === undefined || template.until === undefined) return [];
    const ran = blocksThatRun(facts, template, dayNumber(template.from), dayNumber(template.until));
    return Object.keys(template.blocks)
      .filter((block) => !ran.has(block))
      .map((block) =>
        site
          .at('templates', name, 'blocks', block)
          .issue('runs on no date between from and until', 'mend its days or weeks, or the dates'),
      );
  });
}

function blocksThatRun(facts: TemplateSite, template: TemplateSettings, first: number, last: number): Set<string> {
  const ran = new Set<string>();
  const without = { ...facts, holidays: {} };
  for (let day = first; day <= Math.min(last, first + LONGEST_CYCLE_DAYS); day += 1)
    for (const { name } of blocksOn(without, { ...template, exceptions: {} }, dateOf(day))) ran.add(name);
  for (const exception of Object.values(template.exceptions))
    if (exception !== 'closed') for (const name of Object.keys(exception)) ran.add(name);
  return ran;
}
