/**
 * Slots laid out by the templates of a site file. Pure: the same file, window and moment give the same slots with the
 * same keys, so a restart or a new plan finds each Slot again.
 *
 * Daylight saving: hours are those of the wall clock of the place, visits are laid in real time between them. A time
 * that does not exist (clocks going forward) is where the gap ends, so nothing lies in it; one that comes twice is the
 * first, so a night shift over it is an hour longer and its visits have each their own key.
 */
import { formatInstant, HOUR_MS, instant, localDate, localInstant, MINUTE_MS, startOfDay } from '../core/instant.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { ResourceRule, VisitType } from './shape.ts';
import type { BlockSettings, Channel } from './template-shape.ts';
import {
  blocksOn,
  dateOf,
  dayNumber,
  placesOf,
  type RunningBlock,
  type Span,
  type TemplateSite,
} from './template-days.ts';

/** A site with its templates, and how long the catalogue says a visit of a local type takes (null: not mapped). */
export interface TemplateFacts {
  readonly site: TemplateSite;
  readonly lengthOf: (localVisitType: string) => number | null;
}

export interface TemplatePair {
  readonly calendar: string;
  /** The site's own code. */
  readonly visitType: string;
}

export interface TemplateSlot extends TemplatePair {
  readonly key: string;
  readonly during: Interval;
  /** Name of the template in the site file. */
  readonly template: string;
  readonly capacity: number;
  readonly overbook: number;
  readonly channel?: Channel;
  /** What visits that share a time belong to; absent where one visit takes the time. */
  readonly session?: string;
}

export interface TemplateAsk extends TemplatePair {
  /** Slots that start within it. */
  readonly window: Interval;
  /** Blocks that are released by then. */
  readonly now: Instant;
}

const PREFIX = 'template:';

/** Tells slots of templates from those that sites publish or visits fill. */
export function isTemplateKey(slotKey: string): boolean {
  return slotKey.startsWith(PREFIX);
}

export function hasTemplates({ templates }: Pick<TemplateSite, 'templates'>): boolean {
  return templates !== undefined && Object.keys(templates).length > 0;
}

/** `RAO@north`: the schedule that a visit of this person there belongs to (v2-to-fhir.md section 6). */
export function calendarAt(practitioner: string, location: string): string {
  return `${practitioner}@${location}`;
}

/** Calendars of people that templates name: one for each place, beside those of `resources.calendars`. */
export function templateCalendars(site: TemplateSite): Readonly<Record<string, ResourceRule>> {
  const made: Record<string, ResourceRule> = {};
  for (const template of Object.values(site.templates ?? {})) {
    const person = template.practitioner;
    const rule = person === undefined ? undefined : site.resources.practitioners[person];
    if (person === undefined || rule === undefined) continue;
    for (const block of Object.values(template.blocks)) {
      for (const location of placesOf(site, template, block)) {
        if (location !== null) made[calendarAt(person, location)] = { ...rule, location, person };
      }
    }
  }
  return made;
}

/** Every calendar and visit type that some block may ever offer. */
export function templatePairs(site: TemplateSite): readonly TemplatePair[] {
  const pairs = new Map<string, TemplatePair>();
  for (const template of Object.values(site.templates ?? {})) {
    for (const block of Object.values(template.blocks)) {
      for (const location of placesOf(site, template, block)) {
        const calendar = calendarOf(template, location);
        for (const visitType of [...block.visitTypes, ...(block.release?.visitTypes ?? [])]) {
          pairs.set(JSON.stringify([calendar, visitType]), { calendar, visitType });
        }
      }
    }
  }
  return [...pairs.values()];
}

/** In order of their start. */
export function templateSlots(facts: TemplateFacts, ask: TemplateAsk): readonly TemplateSlot[] {
  const { site } = facts;
  const { window } = ask;
  if (window.end <= window.start) return [];
  const zone = zoneOfCalendar(site, ask.calendar);
  const last = dayNumber(localDate(instant(window.end - 1), zone));
  const slots = new Map<string, TemplateSlot>();
  for (let day = dayNumber(localDate(window.start, zone)); day <= last; day += 1) {
    const date = dateOf(day);
    for (const [name, template] of Object.entries(site.templates ?? {})) {
      if (!mayBeAt(template, ask.calendar)) continue;
      for (const running of blocksOn(site, template, date)) {
        if (calendarOf(template, running.location) !== ask.calendar) continue;
        for (const slot of laid(facts, ask, { name, running, date, zone })) {
          if (slot.during.start >= window.start && slot.during.start < window.end) slots.set(slot.key, slot);
        }
      }
    }
  }
  return [...slots.values()].sort((left, right) => left.during.start - right.during.start);
}

/** The next moment after `now` at which a block that begins in the window is released; null: none will be. */
export function nextRelease(
  { site }: TemplateFacts,
  { calendar, window, now }: Omit<TemplateAsk, 'visitType'>,
): Instant | null {
  const zone = zoneOfCalendar(site, calendar);
  const last = dayNumber(localDate(instant(window.end - 1), zone));
  let next: Instant | null = null;
  for (let day = dayNumber(localDate(window.start, zone)); day <= last; day += 1) {
    const date = dateOf(day);
    for (const template of Object.values(site.templates ?? {})) {
      if (!mayBeAt(template, calendar)) continue;
      for (const { block, begins } of blocksOn(site, template, date)) {
        if (block.release === undefined) continue;
        const at = instant(wallTime(date, begins, zone) - block.release.before_h * HOUR_MS);
        if (at > now && (next === null || at < next)) next = at;
      }
    }
  }
  return next;
}

/**
 * What a visit of this type takes of the template's time: its own type's slots that overlap, or those of any type where
 * there is none of it.
 */
export function templateSlotsOver(
  facts: TemplateFacts,
  { calendar, visitType, window, now }: TemplateAsk,
): readonly TemplateSlot[] {
  const zone = zoneOfCalendar(facts.site, calendar);
  const dayStart = startOfDay(localDate(window.start, zone), zone) ?? window.start;
  const of = (type: string): readonly TemplateSlot[] =>
    templateSlots(facts, { calendar, visitType: type, window: { start: dayStart, end: window.end }, now }).filter(
      ({ during }) => during.end > window.start,
    );
  const own = of(visitType);
  if (own.length > 0) return own;
  const others = templatePairs(facts.site).filter((pair) => pair.calendar === calendar);
  return others.flatMap((pair) => of(pair.visitType));
}

export function lengthsOf(
  visitTypes: Readonly<Record<string, string>>,
  catalogue: Readonly<Record<string, Pick<VisitType, 'duration_min'>>>,
): TemplateFacts['lengthOf'] {
  return (local) => {
    const canonical = visitTypes[local];
    return canonical === undefined ? null : (catalogue[canonical]?.duration_min ?? null);
  };
}

function calendarOf(
  template: { readonly calendar?: string; readonly practitioner?: string },
  location: string | null,
): string {
  return template.calendar ?? calendarAt(template.practitioner ?? '', location ?? '');
}

/** Tells most templates apart before anything is computed. */
function mayBeAt(template: { readonly calendar?: string; readonly practitioner?: string }, calendar: string): boolean {
  return template.calendar === calendar || calendar.startsWith(calendarAt(template.practitioner ?? '', ''));
}

function zoneOfCalendar(site: TemplateSite, calendar: string): string {
  const rule = site.resources.calendars[calendar] ?? templateCalendars(site)[calendar];
  return (rule?.location === undefined ? undefined : site.locations[rule.location]?.timeZone) ?? site.timeZone;
}

interface OnDate {
  readonly name: string;
  readonly running: RunningBlock;
  readonly date: string;
  readonly zone: string;
}

function laid(facts: TemplateFacts, ask: TemplateAsk, on: OnDate): readonly TemplateSlot[] {
  const { name, running, date, zone } = on;
  const { block } = running;
  const begins = wallTime(date, running.begins, zone);
  const { release } = block;
  const released = release !== undefined && ask.now >= begins - release.before_h * HOUR_MS ? release : null;
  if (released?.close === true) return [];
  const offered = [...block.visitTypes, ...(released?.visitTypes ?? [])];
  const length_min = block.length_min ?? facts.lengthOf(ask.visitType);
  if (!offered.includes(ask.visitType) || length_min === null) return [];
  const shares = block.capacity + block.overbook > 1;
  return running.open
    .flatMap((span) => starts(span, block, length_min, on))
    .map((start): TemplateSlot => ({
      calendar: ask.calendar,
      visitType: ask.visitType,
      // With the length: a time that is cut anew has new slots, and a booked visit keeps the one it was booked into.
      key: `${PREFIX}${ask.calendar}:${ask.visitType}:${formatInstant(start)}:${length_min}`,
      during: { start, end: instant(start + length_min * MINUTE_MS) },
      template: name,
      capacity: block.capacity,
      overbook: block.overbook,
      ...(block.channel === undefined || released !== null ? {} : { channel: block.channel }),
      ...(shares ? { session: `${PREFIX}${ask.calendar}:${date}` } : {}),
    }));
}

function starts(span: Span, block: BlockSettings, length_min: number, { date, zone }: OnDate): readonly Instant[] {
  const length = length_min * MINUTE_MS;
  const step = (block.step_min ?? length_min) * MINUTE_MS;
  const end = wallTime(date, span.to, zone);
  const found: Instant[] = [];
  for (let start = wallTime(date, span.from, zone); start + length <= end; start = instant(start + step)) {
    found.push(start);
  }
  return found;
}

/** A time that the clocks skip is the moment at which they do. */
export function wallTime(date: string, minutes: number, zone: string): Instant {
  const day = dayNumber(date);
  if (minutes >= 24 * 60) return startOfDay(dateOf(day + 1), zone) ?? instant(Number.NaN);
  const [year = 0, month = 0, dayOfMonth = 0] = date.split('-').map(Number);
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60];
  const found = localInstant({ year, month, day: dayOfMonth, hour, minute }, zone);
  if (found === null) throw new RangeError('a template has a date or a zone that does not exist');
  const shown = formatInstant(found.at, zone);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (found.exact || shown.slice(0, 16) === `${date}T${two(hour)}:${two(minute)}`) return found.at;
  // Moved behind the gap by its length: the gap ends where the offset that holds there begins.
  const offset = shown.slice(19);
  let [before, after] = [found.at - 4 * HOUR_MS, found.at as number];
  while (after - before > MINUTE_MS) {
    const middle = Math.floor((before + after) / 2 / MINUTE_MS) * MINUTE_MS;
    if (formatInstant(instant(middle), zone).slice(19) === offset) after = middle;
    else before = middle;
  }
  return instant(after);
}
