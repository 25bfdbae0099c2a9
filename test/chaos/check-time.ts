/** Rule 1: no hub placement above capacity, counted over everything known when it was placed. Part of check.ts. */
import { allOf, type Of, type Shown, type Span } from './history.ts';
import { ACTIVE, endsOf, idsOf, nameOf, overlaps, shownAs, type Judged, type Violation } from './judged.ts';
import type { Move } from './wishes.ts';

/** A time that the hub said is taken for somebody, from then until somebody began to end that. */
interface Standing extends Span {
  readonly name: string;
  readonly about: readonly string[];
  readonly appointment: string;
  readonly practitioner: string;
  readonly rooms: readonly string[];
  /** Of a class, of which this takes one; null: it takes the time itself. */
  readonly seats: number | null;
  /** Null: of a time that is only held, whose visit may never be. */
  readonly patient: string | null;
  readonly from: number;
  readonly until: number;
}

/** A time that the hub took for a caller. */
interface Placement extends Span {
  readonly name: string;
  readonly about: readonly string[];
  readonly appointment: string;
  readonly practitioner: string;
  readonly rooms: readonly string[];
  readonly seats: number | null;
  /** When it was asked for, and when the hub first said that it has it. */
  readonly began: number;
  readonly heldBy: number;
}

export function timeTakenTwice(judged: Judged): readonly Violation[] {
  const placements = placementsOf(judged);
  return [
    ...twoOfOurs(judged),
    ...overWhatWasKnown(judged, placements),
    ...overClosedTime(judged, placements),
    ...aboveSeats(standingOf(judged)),
  ];
}

function twoOfOurs(judged: Judged): readonly Violation[] {
  const standing = standingOf(judged);
  return standing.flatMap((one, index) =>
    standing
      .slice(index + 1)
      .filter((other) => other.appointment !== one.appointment && overlaps(other, one))
      .filter((other) => Math.max(one.from, other.from) < Math.min(one.until, other.until))
      .flatMap((other): Violation[] => {
        const about = [...one.about, ...other.about];
        const both = `${one.name} and ${other.name} are booked for one`;
        const isApart = !isOneClass(one, other);
        const isPerson = isApart && one.practitioner === other.practitioner;
        if (isPerson) return [{ rule: 1, what: `${both} person at one time`, about }];
        if (isApart && shareRoom(one, other)) return [{ rule: 1, what: `${both} room at one time`, about }];
        const isPatient = one.patient !== null && one.patient === other.patient;
        return isPatient ? [{ rule: 1, what: `${both} patient at one time`, about }] : [];
      }),
  );
}

function standingOf(judged: Judged): readonly Standing[] {
  return [...bookedTimes(judged), ...movedTimes(judged), ...heldTimes(judged)];
}

type Seat = Pick<Standing, 'practitioner' | 'seats' | 'start' | 'end'>;

/** A person leads one class at a time. */
function isOneClass(one: Seat, other: Seat): boolean {
  if (one.seats === null || other.seats === null || one.practitioner !== other.practitioner) return false;
  return one.start === other.start && one.end === other.end;
}

/** At the moment at which any of them was first said to be taken. */
function aboveSeats(standing: readonly Standing[]): readonly Violation[] {
  return standing.flatMap((one): Violation[] => {
    const { seats, from } = one;
    if (seats === null) return [];
    const then = standing.filter((other) => isOneClass(one, other) && other.from <= from && from < other.until);
    // A move that was answered stands beside what it moved: both are one visit.
    const visits = new Set(then.map(({ appointment }) => appointment));
    if (visits.size <= seats) return [];
    const what = `${one.name} is one of ${visits.size} in a class of ${seats}`;
    return [{ rule: 1, what, about: then.flatMap(({ about }) => about) }];
  });
}

function shareRoom(one: { readonly rooms: readonly string[] }, other: { readonly rooms: readonly string[] }): boolean {
  return one.rooms.some((room) => other.rooms.includes(room));
}

function bookedTimes(judged: Judged): readonly Standing[] {
  const { wishes, moves, touched } = judged;
  return wishes.flatMap((wish): Standing[] => {
    const { last, heldBy, practitioner, patient, rooms, seats, start, end } = wish;
    const appointment = last?.appointment;
    if (last?.outcome !== 'booked' || appointment === undefined || heldBy === null) return [];
    const moved = moves.filter((one) => one.appointment === appointment && mayHaveLeft(one));
    const ends = [...endsOf(judged, appointment), ...moved].map(({ began }) => began);
    const until = Math.min(...ends, touched.get(nameOf(wish.site, last.siteKey ?? '')) ?? Infinity);
    const facts = { appointment, practitioner, patient, rooms, seats, start, end, from: heldBy, until };
    return [{ name: shownAs(wish), about: idsOf(wish), ...facts }];
  });
}

function mayHaveLeft({ outcome, back = false }: Move): boolean {
  return outcome !== 'not' || back;
}

/** The new time of a visit, unless another move was under way at the same time. */
function movedTimes(judged: Judged): readonly Standing[] {
  const { moves, wishes, touched } = judged;
  return moves.flatMap((move): Standing[] => {
    const { appointment, to, heldBy } = move;
    const wish = wishes.find(({ last }) => last?.outcome === 'booked' && last.appointment === appointment);
    if (move.outcome !== 'done' || heldBy === null || wish === undefined) return [];
    const others = moves.filter((one) => one !== move && one.appointment === appointment && mayHaveLeft(one));
    if (others.some((one) => one.began <= move.began && one.ended > move.began)) return [];
    const later = others.filter((one) => one.began > move.began);
    const ends = [...endsOf(judged, appointment), ...later].map(({ began }) => began);
    const until = Math.min(...ends, touched.get(nameOf(wish.site, wish.last?.siteKey ?? '')) ?? Infinity);
    const about = [move.key, ...idsOf(wish)];
    const { practitioner, rooms = [], seats = null, start, end } = to;
    const facts = { appointment, practitioner, rooms, seats, start, end, from: heldBy, until };
    return [{ name: shownAs({ key: move.key, site: to.site }), about, patient: wish.patient, ...facts }];
  });
}

function heldTimes({ holds }: Judged): readonly Standing[] {
  return holds.map(({ key, site, appointment, practitioner, rooms, start, end, from, until }) => ({
    ...{ name: shownAs({ key, site }), about: [key, appointment], appointment, practitioner, patient: null },
    ...{ rooms, seats: null, start, end, from, until },
  }));
}

/** A move to where the visit may have stood already takes nothing. */
function placementsOf({ wishes, moves, holds, touched }: Judged): readonly Placement[] {
  const mayStandAt = (move: Move): boolean => {
    const { appointment, to } = move;
    const wish = wishes.find(({ last }) => last?.appointment === appointment);
    if (wish === undefined || touched.has(nameOf(wish.site, wish.last?.siteKey ?? ''))) return true;
    const before = moves.filter((one) => one !== move && one.appointment === appointment).map((one) => one.to);
    return [wish, ...before].some(({ start }) => start === to.start);
  };
  const booked = wishes.flatMap((wish): Placement[] => {
    const { last, heldBy, began, practitioner, rooms, seats, start, end } = wish;
    if (last?.outcome !== 'booked' || last.appointment === undefined || heldBy === null) return [];
    const facts = { appointment: last.appointment, practitioner, rooms, seats, began, heldBy, start, end };
    return [{ name: shownAs(wish), about: idsOf(wish), ...facts }];
  });
  const moved = moves.flatMap((move): Placement[] => {
    const { key, appointment, to, began, heldBy, outcome } = move;
    if (outcome !== 'done' || heldBy === null || mayStandAt(move)) return [];
    const { site, practitioner, rooms = [], seats = null, start, end } = to;
    const facts = { appointment, practitioner, rooms, seats, began, heldBy, start, end };
    return [{ name: shownAs({ key, site }), about: [key, appointment], ...facts }];
  });
  const held = holds.map(({ key, site, from, ...facts }): Placement => ({
    ...{ name: shownAs({ key, site }), about: [key, facts.appointment], ...facts, seats: null, heldBy: from },
  }));
  return [...booked, ...moved, ...held];
}

/** Against everything that the hub had shown before it was asked, and went on showing until it answered. */
function overWhatWasKnown({ events, copies }: Judged, placements: readonly Placement[]): readonly Violation[] {
  const known = knownSpans([...allOf(events, 'seen'), ...copies]);
  return placements.flatMap((one) => {
    const over = known
      .filter(({ shown }) => shown.appointment !== one.appointment && ACTIVE.includes(shown.status))
      .filter(({ shown }) => overlaps(shown, one) && sharesWith(shown, one))
      .filter(({ from, until }) => from <= one.began && one.heldBy <= until)
      .map(({ shown }) => shown);
    const besides = over.filter((shown) => isOfClass(shown, one));
    const isFull = one.seats !== null && besides.length >= one.seats;
    const tell = ({ appointment, site, siteKey }: Shown, how: string): Violation => {
      const name = nameOf(site, siteKey);
      const what = `${one.name} was placed ${how} ${name}, which the hub had shown`;
      return { rule: 1, what, about: [...one.about, appointment, name] };
    };
    return [
      ...over.filter((shown) => !besides.includes(shown)).map((shown) => tell(shown, 'over')),
      ...(isFull ? besides : []).map((shown) => tell(shown, `in a class of ${String(one.seats)} beside`)),
    ];
  });
}

/** No visit that staff book lasts as long as a class. */
function isOfClass({ practitioners, start, end }: Shown, one: Placement): boolean {
  return one.seats !== null && start === one.start && end === one.end && practitioners.includes(one.practitioner);
}

function sharesWith({ practitioners, rooms = [] }: Shown, one: Placement): boolean {
  return practitioners.includes(one.practitioner) || shareRoom({ rooms }, one);
}

/** The same with time that staff had closed. */
function overClosedTime({ events }: Judged, placements: readonly Placement[]): readonly Violation[] {
  const gone = allOf(events, 'unblocked');
  const closed = allOf(events, 'block').map((block) => {
    const is = (one: Of<'unblocked'>): boolean => one.site === block.site && one.block === block.block;
    return { block, until: gone.find((one) => is(one) && one.n > block.n)?.since ?? Infinity };
  });
  return placements.flatMap((one) =>
    closed
      .filter(({ block }) => block.practitioner === one.practitioner && overlaps(block, one))
      .filter(({ block, until }) => block.at <= one.began && one.heldBy <= until)
      .map(({ block }): Violation => ({
        rule: 1,
        what: `${one.name} was placed over closed time of ${block.site}, which the hub knew`,
        about: [...one.about, block.block],
      })),
  );
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
