/**
 * Judges a history. Pure: the same history gives the same violations, so a run can be judged again from its file.
 *
 *   1  no hub placement above capacity, counted over everything known when it was placed
 *   2  every `booked` is at the site unless somebody cancelled it since; no `refused` is; what was moved or changed is
 *      as it was said; what was only held is at no site; a set is whole or not at all, unless a person is to undo it
 *   3  no booking lost, none done twice; every caller is answered
 *   4  after quiet the hub's copy equals each simulator's truth
 *
 * Seen from outside it is not always decidable who came first. Then nothing is said: a placement counts against what
 * the hub itself had shown before the call began and still showed when it was answered; a booking that staff or
 * callers touched counts until they began; closed time counts from when the hub had applied it. Every visit of these
 * runs is for one person, so the capacity of a practitioner is one.
 */
import { allOf, type Event, type Of, type Span } from './history.ts';
import { ACTIVE, endsOf, idsOf, judgedOf, nameOf, type Judged, type Violation } from './judged.ts';
import { approvedFirst } from './check-approval.ts';
import { isAskedAnew, messageAnsweredOnce } from './check-his.ts';
import { followingIn, membersOf } from './following.ts';
import { timeTakenTwice } from './check-time.ts';
import { FINAL, OPEN, visitKey, type Change, type Move, type Wish } from './wishes.ts';

export function check(events: readonly Event[]): readonly Violation[] {
  const judged = judgedOf(events);
  return [
    ...timeTakenTwice(judged),
    ...bookedIsThere(judged),
    ...changedIsSo(judged),
    ...refusedIsNot(judged),
    ...approvedFirst(judged),
    ...heldIsNot(judged),
    ...setIsWhole(judged),
    ...seriesIsWhole(judged),
    ...everyoneAnswered(judged),
    ...answeredOnce(judged),
    ...messageAnsweredOnce(judged),
    ...doneOnce(judged),
    ...nothingLost(judged),
    ...copyIsTruth(judged),
    ...differ(judged),
    ...allOf(events, 'unrest').map(({ what }): Violation => ({ rule: 3, what: `never quiet: ${what}`, about: [] })),
  ];
}

interface Taking extends Span {
  readonly rooms?: readonly string[];
}

function bookedIsThere(judged: Judged): readonly Violation[] {
  const { events, wishes, truths, moves, touched } = judged;
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
    const ends = endsOf(judged, wish.last.appointment);
    const cancelled = judged.cancels.some((one) => one.outcome === 'done' && ends.includes(one));
    if (cancelled && !touched.has(name) && ACTIVE.includes(visit.status)) {
      return tell(`cancelled was said, and ${name} stands at the site`);
    }
    if (touched.has(name) || ends.length > 0) return [];
    if (!ACTIVE.includes(visit.status)) return tell(`booked was said, ${name} is ${visit.status}, and nobody ended it`);
    const own = moves.filter((one) => one.appointment === wish.last?.appointment);
    if (own.some(({ anywhere = false }) => anywhere)) return [];
    const isThere = ({ start, end, rooms = [] }: Taking): boolean =>
      visit.start === start && visit.end === end && rooms.every((room) => visit.rooms?.includes(room) !== false);
    const isSame = timesAfter(wish, own).some(isThere) && visit.practitioner === wish.practitioner;
    const moved = own.length === 0 ? 'nobody moved it' : `that is not where ${own.length} moves left it`;
    return isSame ? [] : tell(`${name} is at another time, with another person or without its room, and ${moved}`);
  });
}

/** One of these times is that of the visit: moves that were asked for at the same moment went in either order. */
function timesAfter(wish: Wish, moves: readonly Move[]): readonly Taking[] {
  const done = moves.filter(({ outcome }) => outcome === 'done');
  const isOver = (one: Move): boolean => done.some((other) => other !== one && other.began >= one.ended);
  const left = moves.filter((one) => one.outcome !== 'not' && !isOver(one)).map(({ to }) => to);
  return done.length === 0 ? [wish, ...left] : left;
}

/** A status that was set stands, where nothing else was asked of the visit at the time or later. */
function changedIsSo(judged: Judged): readonly Violation[] {
  const { wishes, truths, cancels, moves, changes, touched } = judged;
  const isAlone = (one: Change): boolean =>
    [...cancels, ...moves, ...changes].every(
      (other) => other === one || other.appointment !== one.appointment || other.ended < one.began,
    );
  return changes.flatMap((one): Violation[] => {
    const wish = wishes.find(({ last }) => last?.outcome === 'booked' && last.appointment === one.appointment);
    if (one.outcome !== 'done' || one.status === null || wish === undefined || !isAlone(one)) return [];
    const name = nameOf(wish.site, wish.last?.siteKey ?? '');
    const visit = truths.find((truth) => nameOf(truth.site, truth.siteKey) === name);
    if (visit === undefined || touched.has(name) || visit.status === one.status) return [];
    const what = `${one.key}: ${one.status} was said to be set, and ${name} is ${visit.status}`;
    return [{ rule: 2, what, about: [one.key, ...idsOf(wish)] }];
  });
}

function refusedIsNot({ wishes, truths, bookings, steps }: Judged): readonly Violation[] {
  return wishes.flatMap((wish) => {
    const { last } = wish;
    if (last === null || (last.outcome !== 'refused' && last.outcome !== 'taken')) return [];
    if (isAskedAnew(wish)) return [];
    const isOwn = (one: Of<'booking'>): boolean => one.key === wish.key || one.appointment === wish.held;
    const step = steps.find((one) => visitKey(one.key, one.visit) === wish.key);
    if (step?.task === true) return [];
    const placed = bookings.filter((one) => isOwn(one) && one.action === 'place').map((one) => one.booking);
    const ours = step === undefined ? placed : [...placed, step.booking];
    return truths
      .filter((one) => one.correlation !== null && ours.includes(one.correlation) && ACTIVE.includes(one.status))
      .map((one): Violation => ({
        rule: 2,
        what: `${wish.key}: ${last.outcome} was said, and ${nameOf(one.site, one.siteKey)} is at the site`,
        about: [...idsOf(wish), nameOf(one.site, one.siteKey), ...ours],
      }));
  });
}

function heldIsNot({ holds, truths, bookings }: Judged): readonly Violation[] {
  return holds
    .filter((one) => !one.isBookedLater)
    .flatMap(({ key, appointment }) => {
      const ours = bookings.filter((one) => one.appointment === appointment).map((one) => one.booking);
      return truths
        .filter((one) => one.correlation !== null && ours.includes(one.correlation))
        .map(({ site, siteKey }): Violation => ({
          rule: 2,
          what: `${key}: the time was only held, and ${nameOf(site, siteKey)} is at the site`,
          about: [key, appointment, nameOf(site, siteKey), ...ours],
        }));
    });
}

/** What was refused is not there by the rule of refusals; here: what was booked as one is booked whole. */
function setIsWhole({ events }: Judged): readonly Violation[] {
  const answers = allOf(events, 'answer').filter((one) => one.outcome === 'booked');
  return allOf(events, 'call').flatMap((call): Violation[] => {
    if (call.action !== 'set' || call.mode !== 'all') return [];
    const missing = answers.filter((one) => one.call === call.call && (one.visits ?? []).includes(null));
    const what = `${call.key}: a set of which every visit was wanted was booked in part`;
    return missing.length === 0 ? [] : [{ rule: 2, what, about: [call.key] }];
  });
}

/** All that follow are moved together; what has ended is none of them, and does not come back. */
function seriesIsWhole({ events, truths, copies }: Judged): readonly Violation[] {
  const names = new Map(copies.map(({ appointment, site, siteKey }) => [appointment, nameOf(site, siteKey)]));
  const standing = new Set(
    truths.filter(({ status }) => ACTIVE.includes(status)).map(({ site, siteKey }) => nameOf(site, siteKey)),
  );
  const answers = allOf(events, 'answer').filter(({ outcome }) => outcome === 'moved');
  return followingIn(events).flatMap((call): Violation[] => {
    const moved = answers.find((one) => one.call === call.call);
    if (moved === undefined || call.mode !== 'all') return [];
    const done = (moved.done ?? []).map(({ appointment }) => appointment);
    const left = membersOf(events, call).filter((one) => !done.includes(one) && standing.has(names.get(one) ?? ''));
    const what = `${call.key}: all that follow were to be moved, and ${left.length} stayed`;
    return left.length === 0 ? [] : [{ rule: 2, what, about: [call.key, ...left] }];
  });
}

function everyoneAnswered({ events }: Judged): readonly Violation[] {
  const isAnswer = (one: Of<'answer'>): boolean => !OPEN.includes(one.outcome);
  const answered = new Set(
    allOf(events, 'answer')
      .filter(isAnswer)
      .map((one) => one.call),
  );
  const open = allOf(events, 'call').filter((one) => !answered.has(one.call));
  return [...new Set(open.map((one) => one.key))].map((key): Violation => ({
    rule: 3,
    what: `${key}: never answered`,
    about: [key],
  }));
}

/** Rule 3 for callers: one key, one answer. */
function answeredOnce({ wishes }: Judged): readonly Violation[] {
  return wishes.flatMap((wish) => {
    const tell = (what: string): readonly Violation[] => [
      { rule: 3, what: `${wish.key}: ${what}`, about: idsOf(wish) },
    ];
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

/** Staff of the HL7 v2 clinic may take up a cancelled visit again by moving it. */
function differ({ events, bookings, copies, touched }: Judged): readonly Violation[] {
  const isTouched = (id: string): boolean => {
    const { appointment } = bookings.find(({ booking }) => booking === id) ?? {};
    const copy = copies.find((one) => one.appointment === appointment);
    return copy !== undefined && touched.has(nameOf(copy.site, copy.siteKey));
  };
  const found = allOf(events, 'difference').map(({ what }): Violation => ({ rule: 4, what, about: wordsOf(what) }));
  return found.filter(({ what, about }) => !/cancelled through the hub/.test(what) || !about.some(isTouched));
}

/** Ids in a sentence: whatever holds a digit and is no time. */
function wordsOf(sentence: string): readonly string[] {
  const words = sentence.split(/[\s,:]+/).map((word) => word.replace(/^Appointment\//, ''));
  return words.filter((word) => /\d{4}/.test(word) && !/\d{4}-\d\d-\d\dT/.test(word));
}
