/**
 * Visits that repeat. A message is about one appointment (SCH does not repeat), and there are four ways to say more:
 *
 *   each occurrence has an SCH-2 of its own    an appointment of its own, with the parent's ids (SCH-23, SCH-24)
 *   each occurrence has a number (SCH-3)       an appointment of its own, named `<id>#<number>`
 *   the times are all written down             the first is the appointment itself, each further one an appointment
 *   (SCH-11 or TQ1 repeated)                   named `<id>@<start>`, so that it keeps its name when another is dropped
 *   a pattern alone (TQ1-3, SCH-11.2)          parked: which days are meant is the sender's calendar to say. A site
 *                                              that sends every occurrence as well says `repeats: first`
 */
import { plus, formatInstant, type Interval } from '../../core/instant.ts';
import type { Segment } from '../../hl7v2/segment.ts';
import type { AppointmentChange, MapIssue } from '../contract.ts';
import { part, undecided, type Composite, type Reading } from './reading.ts';
import { duration, type VisitTime } from './times.ts';

/** Times behind the first one, each once, in order; none where the first does not stand in a field that repeats. */
export function furtherTimes(reading: Reading, first: VisitTime, zone: string): readonly Interval[] {
  const length = first.during.end - first.during.start;
  const places: readonly (readonly [composite: Composite, start: number, end: number])[] =
    first.path === 'TQ1-7'
      ? reading.message.all('TQ1').map((tq1) => [whole(tq1), 7, 8] as const)
      : first.path === 'SCH-11.4'
        ? first.segment.repetitions(11).map((tq) => [tq, 4, 5] as const)
        : [];
  const found = new Map<number, Interval>();
  for (const [composite, startAt, endAt] of places) {
    const start = reading.time(part(composite, startAt), first.path, zone);
    if (start === null || start === first.during.start || found.has(start)) continue;
    const told = reading.time(part(composite, endAt), first.path, zone);
    const lasts = first.path === 'SCH-11.4' ? duration(reading, part(composite, 3), '', 'SCH-11.3', 'leave') : null;
    found.set(start, { start, end: told !== null && told > start ? told : plus(start, lasts ?? length) });
  }
  return [...found.values()].sort((one, other) => one.start - other.start);
}

/** The fields of a segment, read as if they were components. */
function whole(segment: Segment): Composite {
  return { component: (n) => segment.component(n, 1) };
}

/** Where a pattern stands that says that there are more times than are written down; null for none. */
export function patternWithoutTimes(reading: Reading, further: number): MapIssue | null {
  if (further > 0 || reading.settings.repeats === 'first' || isOccurrence(reading)) return null;
  const patterns: readonly (readonly [where: string, text: string])[] = [
    ['TQ1-3', reading.first('TQ1-3')],
    ['TQ1-14', reading.first('TQ1-14')],
    ['SCH-11.2', reading.first('SCH-11.2')],
    ['SCH-11.12', reading.first('SCH-11.12')],
  ];
  const [where] = patterns.find(([, text]) => !/^(|0*1?|once|x1)$/i.test(text)) ?? [];
  if (where === undefined) return null;
  return undecided(
    where,
    'the visit repeats by a pattern, and only one time is written down; if this sender sends every occurrence as a ' +
      'message of its own, write repeats: first',
  );
}

/** A pattern in an occurrence is the one of its series. */
function isOccurrence(reading: Reading): boolean {
  return !/^0*$/.test(reading.first('SCH-3')) || reading.first('SCH-23') !== '' || reading.first('SCH-24') !== '';
}

/** The visit and its further times as appointments of their own, all with the same people and places. */
export function withFurtherTimes(
  change: AppointmentChange,
  further: readonly Interval[],
): readonly [AppointmentChange, ...AppointmentChange[]] {
  const keyOf = (during: Interval): string => `${change.key}@${formatInstant(during.start)}`;
  const first = change.during;
  const others = further.map((during): AppointmentChange => {
    const moved = first === undefined ? 0 : during.start - first.start;
    return {
      ...change,
      key: keyOf(during),
      during,
      occurrenceOf: change.key,
      // Each resource has the offset that it has at the first time.
      participants: change.participants.map((one) =>
        one.during === undefined
          ? one
          : { ...one, during: { start: plus(one.during.start, moved), end: plus(one.during.end, moved) } },
      ),
    };
  });
  const states = change.partial !== true && change.during !== undefined;
  return [states ? { ...change, occurrences: others.map(({ key }) => key) } : change, ...others];
}
