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
  /** When it was asked for, and when the hub first said that it has it. */
  readonly began: number;
  readonly heldBy: number;
}

export function timeTakenTwice(judged: Judged): readonly Violation[] {
  const placements = placementsOf(judged);
  return [...twoOfOurs(judged), ...overWhatWasKnown(judged, placements), ...overClosedTime(judged, placements)];
}

function twoOfOurs(judged: Judged): readonly Violation[] {
  const standing = [...bookedTimes(judged), ...movedTimes(judged), ...heldTimes(judged)];
  return standing.flatMap((one, index) =>
    standing
      .slice(index + 1)
      .filter((other) => other.appointment !== one.appointment && overlaps(other, one))
      .filter((other) => Math.max(one.from, other.from) < Math.min(one.until, other.until))
      .flatMap((other): Violation[] => {
        const about = [...one.about, ...other.about];
        const both = `${one.name} and ${other.name} are booked for one`;
        if (one.practitioner === other.practitioner) return [{ rule: 1, what: `${both} person at one time`, about }];
        if (shareRoom(one, other)) return [{ rule: 1, what: `${both} room at one time`, about }];
        const isPatient = one.patient !== null && one.patient === other.patient;
        return isPatient ? [{ rule: 1, what: `${both} patient at one time`, about }] : [];
      }),
  );
}

function shareRoom(one: { readonly rooms: readonly string[] }, other: { readonly rooms: readonly string[] }): boolean {
  return one.rooms.some((room) => other.rooms.includes(room));
}

function bookedTimes(judged: Judged): readonly Standing[] {
  const { wishes, moves, touched } = judged;
  return wishes.flatMap((wish): Standing[] => {
    const { last, heldBy, practitioner, patient, rooms, start, end } = wish;
    const appointment = last?.appointment;
    if (last?.outcome !== 'booked' || appointment === undefined || heldBy === null) return [];
    const moved = moves.filter((one) => one.appointment === appointment && mayHaveLeft(one));
    const ends = [...endsOf(judged, appointment), ...moved].map(({ began }) => began);
    const until = Math.min(...ends, touched.get(nameOf(wish.site, last.siteKey ?? '')) ?? Infinity);
    const facts = { appointment, practitioner, patient, rooms, start, end, from: heldBy, until };
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
    const { practitioner, rooms = [], start, end } = to;
    const facts = { appointment, practitioner, rooms, patient: wish.patient, start, end, from: heldBy, until };
    return [{ name: shownAs({ key: move.key, site: to.site }), about, ...facts }];
  });
}

function heldTimes({ holds }: Judged): readonly Standing[] {
  return holds.map(({ key, site, appointment, practitioner, rooms, start, end, from, until }) => ({
    ...{ name: shownAs({ key, site }), about: [key, appointment], appointment, practitioner, patient: null },
    ...{ rooms, start, end, from, until },
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
    const { last, heldBy, began, practitioner, rooms, start, end } = wish;
    if (last?.outcome !== 'booked' || last.appointment === undefined || heldBy === null) return [];
    const facts = { appointment: last.appointment, practitioner, rooms, began, heldBy, start, end };
    return [{ name: shownAs(wish), about: idsOf(wish), ...facts }];
  });
  const moved = moves.flatMap((move): Placement[] => {
    const { key, appointment, to, began, heldBy, outcome } = move;
    if (outcome !== 'done' || heldBy === null || mayStandAt(move)) return [];
    const { site, practitioner, rooms = [], start, end } = to;
    const facts = { appointment, practitioner, rooms, began, heldBy, start, end };
    return [{ name: shownAs({ key, site }), about: [key, appointment], ...facts }];
  });
  const held = holds.map(({ key, site, from, ...facts }): Placement => ({
    ...{ name: shownAs({ key, site }), about: [key, facts.appointment], ...facts, heldBy: from },
  }));
  return [...booked, ...moved, ...held];
}

/** Against everything that the hub had shown before it was asked, and went on showing until it answered. */
function overWhatWasKnown({ events, copies }: Judged, placements: readonly Placement[]): readonly Violation[] {
  const known = knownSpans([...allOf(events, 'seen'), ...copies]);
  return placements.flatMap((one) =>
    known
      .filter(({ shown }) => shown.appointment !== one.appointment && ACTIVE.includes(shown.status))
      .filter(({ shown }) => overlaps(shown, one) && sharesWith(shown, one))
      .filter(({ from, until }) => from <= one.began && one.heldBy <= until)
      .map(({ shown }): Violation => ({
        rule: 1,
        what: `${one.name} was placed over ${nameOf(shown.site, shown.siteKey)}, which the hub had shown`,
        about: [...one.about, shown.appointment, nameOf(shown.site, shown.siteKey)],
      })),
  );
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
