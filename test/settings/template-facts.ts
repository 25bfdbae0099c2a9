/** A clinic with templates, for tests: Rao works in two places in two zones, Lind in a calendar of her own. */
import { instant, localDate, localInstant, startOfDay, type Instant, type Interval } from '../../src/core/instant.ts';
import { dateOf, dayNumber, type TemplateSite } from '../../src/settings/template-days.ts';
import type { BlockSettings, TemplateSettings } from '../../src/settings/template-shape.ts';
import {
  templateSlots,
  type TemplateAsk,
  type TemplateFacts,
  type TemplateSlot,
} from '../../src/settings/template-slots.ts';

/** Long before any date of the tests, so that nothing is released. */
export const LONG_AGO = instant(Date.UTC(2020, 0, 1));

export function block(more: Partial<BlockSettings> = {}): BlockSettings {
  return {
    days: ['mon', 'tue', 'wed', 'thu', 'fri'],
    hours: ['09:00-12:00'],
    breaks: [],
    visitTypes: ['OFFICE'],
    capacity: 1,
    overbook: 0,
    ...more,
  };
}

export function template(
  blocks: Readonly<Record<string, BlockSettings>>,
  more: Partial<TemplateSettings> = {},
): TemplateSettings {
  return { practitioner: 'RAO', location: 'north', blocks, exceptions: {}, ...more };
}

const LENGTHS: Readonly<Record<string, number>> = { OFFICE: 30, FOLLOWUP: 20, NEW: 60 };

export function clinic(templates: TemplateSite['templates'], more: Partial<TemplateSite> = {}): TemplateFacts {
  return {
    site: {
      timeZone: 'America/Chicago',
      locations: {
        north: { timeZone: 'America/Chicago' },
        'north-1': { timeZone: 'America/Chicago', partOf: 'north' },
        south: { timeZone: 'America/Indiana/Indianapolis' },
        west: { timeZone: 'America/Phoenix' },
      },
      resources: {
        calendars: { lind: { practitioner: 'local:lind', location: 'south' } },
        practitioners: { RAO: { practitioner: 'npi:1043333339', name: 'Dr Rao' } },
        devices: {},
      },
      ...more,
      ...(templates === undefined ? {} : { templates }),
    },
    lengthOf: (code) => LENGTHS[code] ?? null,
  };
}

/** From the midnight of one date to that behind another, in a zone. */
export function dates(first: string, last = first, zone = 'America/Chicago'): Interval {
  const [start, end] = [startOfDay(first, zone), startOfDay(dateOf(dayNumber(last) + 1), zone)];
  if (start === null || end === null) throw new Error('no dates');
  return { start, end };
}

export function at(date: string, time: string, zone = 'America/Chicago'): Instant {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const found = localInstant({ year, month, day, hour, minute }, zone);
  if (found === null) throw new Error('no time');
  return found.at;
}

export function slotsOf(
  facts: TemplateFacts,
  window: Interval,
  ask: Partial<TemplateAsk> = {},
): readonly TemplateSlot[] {
  return templateSlots(facts, { calendar: 'RAO@north', visitType: 'OFFICE', now: LONG_AGO, window, ...ask });
}

/** `2026-11-02 09:00`, as the clock on the wall shows it. */
export function shown(slots: readonly TemplateSlot[], zone = 'America/Chicago'): readonly string[] {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });
  return slots.map(({ during }) => `${localDate(during.start, zone)} ${clock.format(during.start)}`);
}

export function times(slots: readonly TemplateSlot[], zone?: string): readonly string[] {
  return shown(slots, zone).map((text) => text.slice(11));
}

export function datesShown(slots: readonly TemplateSlot[], zone?: string): readonly string[] {
  return [...new Set(shown(slots, zone).map((text) => text.slice(0, 10)))];
}
