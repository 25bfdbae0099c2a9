/** What templates leave free: hours, closed time, and what is booked (sheet section 5; rules of templates [G]). */
import { instant, localDate, MINUTE_MS, type Instant, type Interval } from '../../core/instant.ts';
import { addDays, onDate, weekday } from '../kit/calendar.ts';
import type { View } from '../kit/store.ts';
import { BLOCKS, VISITS, type Visit } from './model.ts';
import type { Channel, Seed, Template, VisitType } from './seed.ts';

/** A time that may be booked: the key of a slot. */
export interface Offer {
  readonly practitioner: string;
  readonly department: string;
  readonly visitType: string;
  readonly start: number;
  readonly minutes: number;
}

/** Free starts of a window, by what the channel may book; staff may book what patients may not. */
export function offers(
  seed: Seed,
  view: View,
  channel: Channel,
  window: Interval,
  wanted: { readonly visitType?: string; readonly department?: string } = {},
): Offer[] {
  const found = seed.templates.flatMap((template) => {
    if (wanted.department !== undefined && template.department !== wanted.department) return [];
    const busy = busyTimes(view, template, window);
    const types = seed.visitTypes.filter((type) => template.visitTypes.includes(type.code) && isFor(type, channel));
    return types
      .filter((type) => wanted.visitType === undefined || type.code === wanted.visitType)
      .flatMap((type) => starts(seed, template, channel, window, type, busy));
  });
  return found.sort((one, other) => one.start - other.start);
}

/** Whether that very time is free, asked inside the write that takes it. */
export function isFree(seed: Seed, view: View, channel: Channel, offer: Offer): boolean {
  const window = { start: instant(offer.start), end: instant(offer.start + 1) };
  return offers(seed, view, channel, window, offer).some((one) => one.practitioner === offer.practitioner);
}

function isFor(type: VisitType, channel: Channel): boolean {
  return type.channels?.includes(channel) ?? true;
}

function starts(
  seed: Seed,
  template: Template,
  channel: Channel,
  window: Interval,
  type: VisitType,
  busy: readonly Interval[],
): Offer[] {
  const { timezone } = seed.site;
  const week = channel === 'patient' ? (template.patientHours ?? template.hours) : template.hours;
  const found: Offer[] = [];
  const last = localDate(window.end, timezone);
  for (let date = localDate(window.start, timezone); date <= last; date = addDays(date, 1)) {
    for (const open of intervals(week[weekday(date)] ?? [], date, timezone)) {
      const step = (template.every ?? type.minutes) * MINUTE_MS;
      for (let start: number = open.start; start + type.minutes * MINUTE_MS <= open.end; start += step) {
        if (start < window.start || start >= window.end) continue;
        const end = start + type.minutes * MINUTE_MS;
        const there = busy.filter((one) => one.start < end && one.end > start).length;
        const { practitioner, department } = template;
        if (there < (template.capacity ?? 1)) {
          found.push({ practitioner, department, visitType: type.code, start, minutes: type.minutes });
        }
      }
    }
  }
  return found;
}

export function intervals(ranges: readonly string[], date: string, zone: string): Interval[] {
  return ranges.flatMap((range) => {
    const [from = '', to = ''] = range.split('-');
    const [start, end] = [onDate(date, from, zone), onDate(date, to, zone)];
    return start === null || end === null ? [] : [{ start, end }];
  });
}

/** A person is in one place: visits in any department count; closed time fills every place of a template. */
function busyTimes(view: View, template: Template, window: Interval): Interval[] {
  const { practitioner, department, capacity = 1 } = template;
  const near = ({ start, end }: Interval): boolean => start < window.end + DAY && end > window.start - DAY;
  const visits = view
    .all(VISITS)
    .filter((one) => one.practitioners.includes(practitioner) && isLive(one))
    .map((one) => ({ start: instant(one.start), end: endOf(one) }));
  const blocks = view
    .all(BLOCKS)
    .filter((one) => one.practitioner === practitioner && (one.department === '' || one.department === department))
    .flatMap((one) => Array.from({ length: capacity }, () => ({ start: instant(one.start), end: instant(one.end) })));
  return [...visits, ...blocks].filter(near);
}

const DAY = 24 * 60 * MINUTE_MS;

/** Takes time: cancelled, deleted and missed visits do not. */
export function isLive(visit: Visit): boolean {
  return visit.status === 'booked' || visit.status === 'arrived';
}

export function endOf(visit: Pick<Visit, 'start' | 'minutes'>): Instant {
  return instant(visit.start + visit.minutes * MINUTE_MS);
}
