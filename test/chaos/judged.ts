/** A history as the rules read it. */
import { allOf, type Event, type Of, type Span } from './history.ts';
import { deedsOf, holdsOf, wishesOf, type Deeds, type Hold, type Wish } from './wishes.ts';

export interface Violation {
  readonly rule: 1 | 2 | 3 | 4;
  readonly what: string;
  /** Request keys, Appointments, bookings and `site/key` of visits; what the shortest history is picked by. */
  readonly about: readonly string[];
}

export interface Judged extends Deeds {
  readonly events: readonly Event[];
  readonly wishes: readonly Wish[];
  readonly holds: readonly Hold[];
  readonly truths: readonly Of<'truth'>[];
  readonly copies: readonly Of<'copy'>[];
  readonly bookings: readonly Of<'booking'>[];
  readonly steps: readonly Of<'step'>[];
  /** `site key` of visits that staff touched, by when they first began to. */
  readonly touched: ReadonlyMap<string, number>;
}

export const ACTIVE = ['booked', 'arrived', 'checked-in', 'fulfilled', 'pending'];

export function judgedOf(events: readonly Event[]): Judged {
  return {
    events,
    wishes: wishesOf(events),
    holds: holdsOf(events),
    ...deedsOf(events),
    truths: allOf(events, 'truth'),
    copies: allOf(events, 'copy'),
    bookings: allOf(events, 'booking'),
    steps: allOf(events, 'step'),
    touched: touchedBy(events),
  };
}

function touchedBy(events: readonly Event[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const act of allOf(events, 'act')) {
    const name = nameOf(act.site, act.visit ?? '');
    if (act.visit !== null && !found.has(name)) found.set(name, act.at);
  }
  return found;
}

/** Every way in which a caller may have begun to end a visit; a no-show is a cancelled record to some sites. */
export function endsOf({ cancels, changes }: Judged, appointment: string | undefined): Judged['cancels'] {
  const all = [...cancels, ...changes.filter(({ status }) => status === 'noshow')];
  return all.filter((one) => one.appointment === appointment);
}

export function idsOf({ key, request, site, last, held }: Wish): readonly string[] {
  const name = last?.siteKey === undefined ? '' : nameOf(site, last.siteKey);
  return [...new Set([key, request, held ?? '', last?.appointment ?? '', name])].filter((id) => id !== '');
}

export function shownAs({ key, site }: Pick<Wish, 'key' | 'site'>): string {
  return `${key} (${site})`;
}

export function nameOf(site: string, key: string): string {
  return `${site}/${key}`;
}

export function overlaps(one: Span, other: Span): boolean {
  return one.start < other.end && other.start < one.end;
}
