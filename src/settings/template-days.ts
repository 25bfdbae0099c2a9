/** Which blocks of a template run on a date, where, and when on the wall clock there. Pure; knows no time zones. */
import { DAY_MS } from '../core/instant.ts';
import type { SiteSettings } from './shape.ts';
import type { BlockSettings, TemplateSettings, Weekday } from './template-shape.ts';

/** What of a site file decides about its templates. */
export type TemplateSite = Pick<SiteSettings, 'templates' | 'holidays' | 'resources' | 'timeZone'> & {
  readonly locations: Readonly<Record<string, { readonly partOf?: string; readonly timeZone?: string }>>;
};

/** Minutes of the day, half-open. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface RunningBlock {
  readonly name: string;
  readonly block: BlockSettings;
  readonly location: string | null;
  /** When it begins, breaks or not; what a release counts from. */
  readonly begins: number;
  /** Breaks taken out. */
  readonly open: readonly Span[];
}

const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** 1970-01-01 was a Thursday: with three days more, weeks begin on Mondays. */
const TO_MONDAY = 3;

/** Days since 1970-01-01; NaN for what is no date. */
export function dayNumber(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS;
}

export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** `2026-02-30` is none, though it can be written. */
export function isDate(date: string): boolean {
  const day = dayNumber(date);
  return Number.isFinite(day) && dateOf(day) === date;
}

export function weekdayOf(date: string): Weekday {
  return WEEKDAYS[(dayNumber(date) + TO_MONDAY) % 7] ?? 'mon';
}

export function weekNumber(date: string): number {
  return Math.floor((dayNumber(date) + TO_MONDAY) / 7);
}

/** `09:00-12:30` as minutes of the day. */
export function spanOf(hours: string): Span {
  const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
  return { from: minutes(hours.slice(0, 5)), to: minutes(hours.slice(6)) };
}

/** The hours without the breaks, in order. */
export function openSpans(hours: readonly string[], breaks: readonly string[]): readonly Span[] {
  let open = hours.map(spanOf);
  for (const gap of breaks.map(spanOf)) {
    open = open.flatMap((span) =>
      [
        { from: span.from, to: Math.min(span.to, gap.from) },
        { from: Math.max(span.from, gap.to), to: span.to },
      ].filter(({ from, to }) => from < to),
    );
  }
  return open.sort((left, right) => left.from - right.from);
}

/** All places where a block of the template may run; null: its calendar names none. */
export function placesOf(
  site: TemplateSite,
  template: TemplateSettings,
  block: BlockSettings,
): readonly (string | null)[] {
  if (block.location !== undefined) return [block.location];
  if (template.rotation !== undefined) return [...new Set(template.rotation.weeks)];
  const rule = template.calendar === undefined ? undefined : site.resources.calendars[template.calendar];
  return [template.location ?? rule?.location ?? null];
}

/** What runs on a date: an exception before a holiday before the week. */
export function blocksOn(site: TemplateSite, template: TemplateSettings, date: string): readonly RunningBlock[] {
  if (template.from !== undefined && date < template.from) return [];
  if (template.until !== undefined && date > template.until) return [];
  const exception = template.exceptions[date];
  if (exception === 'closed') return [];
  if (exception !== undefined) {
    return Object.entries(exception).flatMap(([name, hours]) => {
      const block = template.blocks[name];
      return block === undefined ? [] : [running(site, template, name, block, hours, date)];
    });
  }
  const weekday = weekdayOf(date);
  return Object.entries(template.blocks)
    .filter(([, block]) => block.days.includes(weekday) && runsInWeek(block, date))
    .map(([name, block]) => running(site, template, name, block, block.hours, date))
    .filter(({ location }) => !isHoliday(site, location, date));
}

function running(
  site: TemplateSite,
  template: TemplateSettings,
  name: string,
  block: BlockSettings,
  hours: readonly string[],
  date: string,
): RunningBlock {
  const places = placesOf(site, template, block);
  const { rotation } = template;
  const turns = block.location === undefined && rotation !== undefined;
  const location = turns ? inTurn(rotation.weeks, weekNumber(date) - weekNumber(rotation.anchor)) : places[0];
  const begins = Math.min(...hours.map((text) => spanOf(text).from));
  return { name, block, location: location ?? null, begins, open: openSpans(hours, block.breaks) };
}

function runsInWeek({ weeks }: BlockSettings, date: string): boolean {
  return weeks === undefined || (weekNumber(date) - weekNumber(weeks.anchor)) % weeks.every === 0;
}

/** Also for weeks before the anchor. */
function inTurn(places: readonly string[], week: number): string | undefined {
  return places[((week % places.length) + places.length) % places.length];
}

function isHoliday(site: TemplateSite, location: string | null, date: string): boolean {
  const around = location === null ? [] : placesAround(site, location);
  return Object.values(site.holidays ?? {}).some(
    ({ dates, locations }) =>
      dates.includes(date) && (locations.length === 0 || locations.some((key) => around.includes(key))),
  );
}

/** The place and those that it lies in. */
function placesAround(site: TemplateSite, location: string): readonly string[] {
  const found: string[] = [];
  for (let key: string | undefined = location; key !== undefined && !found.includes(key);) {
    found.push(key);
    key = site.locations[key]?.partOf;
  }
  return found;
}
