/**
 * Judges a history. Pure: the same history gives the same violations, so a run can be judged again from its file.
 *
 *   1  no hub placement above capacity, counted over everything known when it was placed
 *   2  every `booked` is at the site unless somebody cancelled it since; no `refused` is
 *   3  no booking lost, none done twice
 *   4  after quiet the hub's copy equals each simulator's truth
 *
 * Seen from outside it is not always decidable who came first. Then nothing is said: a placement counts against what
 * the hub itself had shown before the call began and still showed when it was answered; a booking that staff or
 * callers touched counts until they began; closed time counts from when the hub had applied it. Every visit of these
 * runs is for one person, so the capacity of a practitioner is one.
 */
import { allOf, type Event, type Of, type Shown, type Span } from './history.ts';

export interface Violation {
  readonly rule: 1 | 2 | 3 | 4;
  readonly what: string;
  /** Request keys, Appointments, bookings and `site/key` of visits; what the shortest history is picked by. */
  readonly about: readonly string[];
}

/** All calls with one request key are one wish. */
export interface Wish extends Span {
  readonly key: string;
  readonly site: string;
  readonly practitioner: string;
  readonly began: number;
  /** When the hub first said that it holds the time; null: never. */
  readonly heldBy: number | null;
  /** When each of its calls began. */
  readonly calls: ReadonlyMap<number, number>;
  readonly answers: readonly Of<'answer'>[];
  /** What was said last; null: never answered. */
  readonly last: Of<'answer'> | null;
}

interface Judged {
  readonly events: readonly Event[];
  readonly wishes: readonly Wish[];
  readonly cancels: readonly Cancel[];
  readonly truths: readonly Of<'truth'>[];
  readonly copies: readonly Of<'copy'>[];
  readonly bookings: readonly Of<'booking'>[];
  /** `site key` of visits that staff touched, by when they first began to. */
  readonly touched: ReadonlyMap<string, number>;
}

interface Cancel {
  readonly appointment: string;
  readonly began: number;
  readonly done: boolean;
}

const ACTIVE = ['booked', 'arrived', 'checked-in', 'fulfilled', 'pending'];
const FINAL = ['booked', 'taken', 'refused'];

export function check(events: readonly Event[]): readonly Violation[] {
  const judged: Judged = {
    events,
    wishes: wishesOf(events),
    cancels: cancelsOf(events),
    truths: allOf(events, 'truth'),
    copies: allOf(events, 'copy'),
    bookings: allOf(events, 'booking'),
    touched: touchedBy(events),
  };
  return [
    ...twoOfOurs(judged),
    ...overWhatWasKnown(judged),
    ...overClosedTime(judged),
    ...bookedIsThere(judged),
    ...refusedIsNot(judged),
    ...answeredOnce(judged),
    ...doneOnce(judged),
    ...nothingLost(judged),
    ...copyIsTruth(judged),
    ...allOf(events, 'difference').map(({ what }): Violation => ({ rule: 4, what, about: wordsOf(what) })),
    ...allOf(events, 'unrest').map(({ what }): Violation => ({ rule: 3, what: `never quiet: ${what}`, about: [] })),
  ];
}

/** Rule 1 among our own: what was answered held or booked stands until somebody began to end it. */
function twoOfOurs({ wishes, cancels, touched }: Judged): readonly Violation[] {
  const until = (wish: Wish): number => {
    const ends = cancels.filter((one) => one.appointment === wish.last?.appointment).map((one) => one.began);
    const touch = touched.get(nameOf(wish.site, wish.last?.siteKey ?? ''));
    return Math.min(...ends, touch ?? Infinity);
  };
  const standing = wishes
    .filter((wish) => wish.last?.outcome === 'booked')
    .map((wish) => ({ wish, from: wish.heldBy ?? Infinity, until: until(wish) }));
  return standing.flatMap((one, index) =>
    standing
      .slice(index + 1)
      .filter((other) => other.wish.practitioner === one.wish.practitioner && overlaps(other.wish, one.wish))
      .filter((other) => one.wish.last?.appointment !== other.wish.last?.appointment)
      .filter((other) => Math.max(one.from, other.from) < Math.min(one.until, other.until))
      .map((other): Violation => ({
        rule: 1,
        what: `${shownAs(one.wish)} and ${shownAs(other.wish)} are booked for one person at one time`,
        about: [...idsOf(one.wish), ...idsOf(other.wish)],
      })),
  );
}

/** Rule 1 against everything that the hub had shown before it was asked, and went on showing until it answered. */
function overWhatWasKnown({ events, wishes, copies }: Judged): readonly Violation[] {
  const known = knownSpans([...allOf(events, 'seen'), ...copies]);
  return wishes.flatMap((wish) => {
    const { heldBy, last } = wish;
    if (last?.outcome !== 'booked' || heldBy === null) return [];
    return known
      .filter(({ shown }) => shown.appointment !== last.appointment && ACTIVE.includes(shown.status))
      .filter(({ shown }) => shown.practitioners.includes(wish.practitioner) && overlaps(shown, wish))
      .filter(({ from, until }) => from <= wish.began && heldBy <= until)
      .map(({ shown }): Violation => ({
        rule: 1,
        what: `${shownAs(wish)} was placed over ${nameOf(shown.site, shown.siteKey)}, which the hub had shown`,
        about: [...idsOf(wish), shown.appointment, nameOf(shown.site, shown.siteKey)],
      }));
  });
}

/** The same with time that staff had closed. */
function overClosedTime({ events, wishes }: Judged): readonly Violation[] {
  const gone = allOf(events, 'unblocked');
  const closed = allOf(events, 'block').map((block) => {
    const is = (one: Of<'unblocked'>): boolean => one.site === block.site && one.block === block.block;
    return { block, until: gone.find((one) => is(one) && one.n > block.n)?.since ?? Infinity };
  });
  return wishes.flatMap((wish) => {
    const { heldBy, last } = wish;
    if (last?.outcome !== 'booked' || heldBy === null) return [];
    return closed
      .filter(({ block }) => block.practitioner === wish.practitioner && overlaps(block, wish))
      .filter(({ block, until }) => block.at <= wish.began && heldBy <= until)
      .map(({ block }): Violation => ({
        rule: 1,
        what: `${shownAs(wish)} was placed over closed time of ${block.site}, which the hub knew`,
        about: [...idsOf(wish), block.block],
      }));
  });
}

interface Known {
  readonly shown: Shown;
  readonly from: number;
  readonly until: number;
}

/** A version is known until the next one was written; where one between was not seen, nothing is known of its end. */
function knownSpans(sights: readonly (Of<'seen'> | Of<'copy'>)[]): readonly Known[] {
  const byId = Map.groupBy(sights, (one) => one.appointment);
  return [...byId.values()].flatMap((versions) => {
    const first = new Map<number, Of<'seen'> | Of<'copy'>>();
    for (const one of versions) if (!first.has(one.version)) first.set(one.version, one);
    const inOrder = [...first.values()].sort((left, right) => left.version - right.version);
    return inOrder.map((shown, index): Known => {
      const next = inOrder[index + 1];
      if (next === undefined) return { shown, from: shown.at, until: versions.at(-1)?.at ?? shown.at };
      return { shown, from: shown.at, until: next.version === shown.version + 1 ? next.lastUpdated : shown.at };
    });
  });
}

function bookedIsThere(judged: Judged): readonly Violation[] {
  const { events, wishes, truths, cancels, touched } = judged;
  const there = new Map(truths.map((one) => [nameOf(one.site, one.siteKey), one]));
  const removed = new Set(allOf(events, 'removed').map((one) => nameOf(one.site, one.siteKey)));
  return wishes.flatMap((wish) => {
    if (wish.last?.outcome !== 'booked') return [];
    const name = nameOf(wish.site, wish.last.siteKey ?? '');
    const tell = (what: string): readonly Violation[] => [
      { rule: 2, what: `${wish.key}: ${what}`, about: idsOf(wish) },
    ];
    const visit = there.get(name);
    if (visit === undefined) return removed.has(name) ? [] : tell(`booked was said, and ${name} is not at the site`);
    const ends = cancels.filter((one) => one.appointment === wish.last?.appointment);
    if (ends.some((one) => one.done) && !touched.has(name) && ACTIVE.includes(visit.status)) {
      return tell(`cancelled was said, and ${name} stands at the site`);
    }
    if (touched.has(name) || ends.length > 0) return [];
    if (!ACTIVE.includes(visit.status)) return tell(`booked was said, ${name} is ${visit.status}, and nobody ended it`);
    const isSame = visit.start === wish.start && visit.end === wish.end && visit.practitioner === wish.practitioner;
    return isSame ? [] : tell(`${name} is at another time or with another person, and nobody moved it`);
  });
}

function refusedIsNot({ wishes, truths, bookings }: Judged): readonly Violation[] {
  return wishes.flatMap((wish) => {
    const { last } = wish;
    if (last === null || (last.outcome !== 'refused' && last.outcome !== 'taken')) return [];
    const ours = bookings.filter((one) => one.key === wish.key && one.action === 'place').map((one) => one.booking);
    return truths
      .filter((one) => one.correlation !== null && ours.includes(one.correlation) && ACTIVE.includes(one.status))
      .map((one): Violation => ({
        rule: 2,
        what: `${wish.key}: ${last.outcome} was said, and ${nameOf(one.site, one.siteKey)} is at the site`,
        about: [...idsOf(wish), nameOf(one.site, one.siteKey), ...ours],
      }));
  });
}

/** Rule 3 for callers: one key, one answer, and one there is. */
function answeredOnce({ wishes }: Judged): readonly Violation[] {
  return wishes.flatMap((wish) => {
    const tell = (what: string): readonly Violation[] => [
      { rule: 3, what: `${wish.key}: ${what}`, about: idsOf(wish) },
    ];
    if (wish.last === null) return tell('never answered');
    const final = wish.answers.filter((one) => FINAL.includes(one.outcome));
    const ids = new Set(final.flatMap((one) => (one.outcome === 'booked' ? [one.appointment] : [])));
    if (ids.size > 1) return tell(`one key is ${ids.size} appointments`);
    const first = final.find((one) => one.outcome === 'booked');
    // Two calls at once may be answered in either order, and a 409 leaves nothing behind that a repeat would find.
    const after = final.find(
      (one) => one.outcome !== 'booked' && first !== undefined && (wish.calls.get(one.call) ?? 0) > first.at,
    );
    return after === undefined ? [] : tell(`${after.outcome} was said after booked`);
  });
}

/** Rule 3 at the sites: one booking is one visit, whatever became of it. */
function doneOnce({ truths, touched }: Judged): readonly Violation[] {
  const ours = truths.filter((one) => one.correlation !== null);
  return [...Map.groupBy(ours, (one) => one.correlation)].flatMap(([correlation, visits]): readonly Violation[] => {
    const untouched = visits.filter((one) => !touched.has(nameOf(one.site, one.siteKey)));
    if (untouched.length < 2) return [];
    const names = untouched.map((one) => nameOf(one.site, one.siteKey));
    const about = [correlation ?? '', ...names];
    return [
      { rule: 3, what: `booking ${correlation ?? ''} was done ${names.length} times: ${names.join(', ')}`, about },
    ];
  });
}

function nothingLost({ wishes, truths, bookings, copies }: Judged): readonly Violation[] {
  const known = new Set(bookings.map((one) => one.booking));
  const shown = new Set(copies.map((one) => one.appointment));
  const unknown = truths
    .filter((one) => one.correlation !== null && !known.has(one.correlation))
    .map((one): Violation => {
      const name = nameOf(one.site, one.siteKey);
      return { rule: 3, what: `${name} bears our booking, of which the hub knows nothing`, about: [name] };
    });
  const lost = wishes
    .filter(({ last }) => last?.outcome === 'booked' && !shown.has(last.appointment ?? ''))
    .map((wish): Violation => ({
      rule: 3,
      what: `${wish.key}: booked was said, and the hub shows no such appointment`,
      about: idsOf(wish),
    }));
  return [...unknown, ...lost];
}

function copyIsTruth({ truths, copies }: Judged): readonly Violation[] {
  const byName = Map.groupBy(copies, (one) => nameOf(one.site, one.siteKey));
  const found: Violation[] = [];
  const tell = (what: string, ...about: readonly string[]): unknown => found.push({ rule: 4, what, about });
  for (const truth of truths) {
    const name = nameOf(truth.site, truth.siteKey);
    if (truth.practitioner === null) continue;
    const [copy, second] = byName.get(name) ?? [];
    const isActive = ACTIVE.includes(truth.status);
    if (copy === undefined) {
      // What had ended before the hub looked may never have been listed.
      if (isActive) tell(`${name} is ${truth.status} at the site and unknown to the hub`, name);
    } else if (second !== undefined) {
      tell(`${name} is two Appointments in the hub`, name, copy.appointment, second.appointment);
    } else if (copy.status !== truth.status) {
      tell(`${name} is ${truth.status} at the site, ${copy.status} in the hub`, name, copy.appointment);
    } else if (isActive && (copy.start !== truth.start || copy.end !== truth.end)) {
      tell(`${name} is at another time in the hub`, name, copy.appointment);
    } else if (isActive && !copy.practitioners.includes(truth.practitioner)) {
      tell(`${name} is with another person in the hub`, name, copy.appointment);
    }
  }
  const names = new Set(truths.map((one) => nameOf(one.site, one.siteKey)));
  for (const copy of copies) {
    const name = nameOf(copy.site, copy.siteKey);
    if (ACTIVE.includes(copy.status) && !names.has(name)) {
      tell(`${name} is ${copy.status} in the hub and not at the site`, name, copy.appointment);
    }
  }
  return found;
}

export function wishesOf(events: readonly Event[]): readonly Wish[] {
  const calls = allOf(events, 'call').filter((one) => one.action === 'book');
  const answers = Map.groupBy(allOf(events, 'answer'), (one) => one.call);
  return [...Map.groupBy(calls, (one) => one.key).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const heard = same.flatMap((one) => answers.get(one.call) ?? []).sort((left, right) => left.n - right.n);
    const held = heard.find((one) => one.outcome === 'pending' || one.outcome === 'booked');
    const { key, site, practitioner, start, end, at: began } = first;
    const last = heard.findLast((one) => FINAL.includes(one.outcome)) ?? null;
    const calls = new Map(same.map((one) => [one.call, one.at]));
    return [{ key, site, practitioner, start, end, began, heldBy: held?.at ?? null, calls, answers: heard, last }];
  });
}

function cancelsOf(events: readonly Event[]): readonly Cancel[] {
  const answers = Map.groupBy(allOf(events, 'answer'), (one) => one.call);
  return allOf(events, 'call').flatMap((one) => {
    if (one.action !== 'cancel') return [];
    const done = (answers.get(one.call) ?? []).some((answer) => answer.outcome === 'cancelled');
    return [{ appointment: one.appointment, began: one.at, done }];
  });
}

function touchedBy(events: readonly Event[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const act of allOf(events, 'act')) {
    const name = nameOf(act.site, act.visit ?? '');
    if (act.visit !== null && !found.has(name)) found.set(name, act.at);
  }
  return found;
}

function idsOf({ key, site, last }: Wish): readonly string[] {
  const name = last?.siteKey === undefined ? '' : nameOf(site, last.siteKey);
  return [key, last?.appointment ?? '', name].filter((id) => id !== '');
}

function shownAs({ key, site }: Wish): string {
  return `${key} (${site})`;
}

export function nameOf(site: string, key: string): string {
  return `${site}/${key}`;
}

function overlaps(one: Span, other: Span): boolean {
  return one.start < other.end && other.start < one.end;
}

/** Ids in a sentence: whatever holds a digit and is no time. */
function wordsOf(sentence: string): readonly string[] {
  const words = sentence.split(/[\s,:]+/).map((word) => word.replace(/^Appointment\//, ''));
  return words.filter((word) => /\d{4}/.test(word) && !/\d{4}-\d\d-\d\dT/.test(word));
}
