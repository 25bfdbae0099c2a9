/** What callers asked for and what they were told, as the rules of check.ts speak of it. */
import { followingDeeds } from './following.ts';
import { allOf, type Event, type Of, type Outcome, type Placing, type Span, type Told } from './history.ts';

/** All calls with one request key are one wish; a set is a wish for each of its visits. */
export interface Wish extends Span {
  /** Of a visit of a set: with its place behind a stroke. */
  readonly key: string;
  /** The request key itself. */
  readonly request: string;
  readonly site: string;
  readonly practitioner: string;
  readonly patient: string | null;
  readonly rooms: readonly string[];
  /** Of a class; null: the time itself is asked for. */
  readonly seats: number | null;
  readonly began: number;
  /** When the hub first said that it holds the time; null: never. */
  readonly heldBy: number | null;
  /** The Appointment under which its caller held the time before; null: the caller did not. */
  readonly held: string | null;
  /** When each of its calls began. */
  readonly calls: ReadonlyMap<number, number>;
  readonly answers: readonly Said[];
  /** What was said last; null: never answered. */
  readonly last: Said | null;
}

/** One answer about one visit. */
export interface Said {
  readonly call: number;
  readonly at: number;
  readonly n: number;
  readonly outcome: Outcome;
  readonly appointment?: string;
  readonly siteKey?: string;
  /** MSH-10 of what it answers, by HL7 v2. */
  readonly message?: string;
}

/** A time that a caller held and did not book, or not yet. */
export interface Hold extends Span {
  readonly key: string;
  readonly site: string;
  readonly practitioner: string;
  readonly rooms: readonly string[];
  readonly appointment: string;
  readonly began: number;
  readonly from: number;
  readonly until: number;
  readonly isBookedLater: boolean;
}

/** What is asked of a visit that stands. */
export interface Deed {
  readonly key: string;
  readonly appointment: string;
  readonly began: number;
  /** When it was answered for good; Infinity: it was not. */
  readonly ended: number;
  /** When the hub first said that it holds the new time, or has done it. */
  readonly heldBy: number | null;
  readonly outcome: 'done' | 'not' | 'open';
}
export interface Move extends Deed {
  readonly to: Placing;
  /** It came to nothing, and may have been there for a while: one of several that were to go together. */
  readonly back?: boolean;
  /** Nobody can tell where it left the visit; `to` says nothing. */
  readonly anywhere?: boolean;
}
export interface Change extends Deed {
  /** Null: it was the comment. */
  readonly status: string | null;
}

export interface Deeds {
  readonly cancels: readonly Deed[];
  readonly moves: readonly Move[];
  readonly changes: readonly Change[];
}

/** Nothing is decided by it. */
export const OPEN: readonly Outcome[] = ['lost', 'heard', 'pending'];
export const FINAL: readonly Outcome[] = ['booked', 'taken', 'refused'];

export function wishesOf(events: readonly Event[]): readonly Wish[] {
  const answers = Map.groupBy(allOf(events, 'answer').map(withSiteKey(events)), (one) => one.call);
  const calls = allOf(events, 'call');
  const holds = holdsOf(events);
  const placed = calls.flatMap((one) => (one.action === 'book' ? [one] : []));
  const single = [...Map.groupBy(placed, (one) => one.key).values()].flatMap((same): Wish[] => {
    const [first] = same;
    if (first === undefined) return [];
    const heard = same.flatMap((one) => answers.get(one.call) ?? []).sort((left, right) => left.n - right.n);
    const hold = holds.find(({ appointment }) => appointment === first.held);
    const own = { key: first.key, request: first.key, held: first.held ?? null };
    const wish = wished(first, own, new Map(same.map((one) => [one.call, one.at])), heard);
    return [hold === undefined ? wish : { ...wish, began: hold.began, heldBy: hold.from }];
  });
  const together = calls.flatMap((call): Wish[] => {
    if (call.action !== 'set') return [];
    return call.visits.map((visit, index) => {
      const heard = (answers.get(call.call) ?? []).flatMap((one) => ofVisit(one, index, call.mode));
      const own = { key: visitKey(call.key, index), request: call.key, held: null };
      return wished({ ...visit, at: call.at }, own, new Map([[call.call, call.at]]), heard);
    });
  });
  return [...single, ...together];
}

/** Answers by HL7 v2 name the hub's id only. */
function withSiteKey(events: readonly Event[]): (answer: Of<'answer'>) => Of<'answer'> {
  const keys = new Map(allOf(events, 'copy').map(({ appointment, siteKey }) => [appointment, siteKey]));
  return (answer) => {
    const siteKey = keys.get(answer.appointment ?? '');
    return answer.siteKey !== undefined || siteKey === undefined ? answer : { ...answer, siteKey };
  };
}

export function visitKey(request: string, visit: number): string {
  return `${request}/${visit}`;
}

/** Of a set in which each visit is for itself, 202 says nothing of any one of them. */
function ofVisit(answer: Of<'answer'>, index: number, mode: string): readonly Said[] {
  const { call, at, n, outcome } = answer;
  if (outcome === 'pending' && mode !== 'all') return [];
  if (outcome !== 'booked') return [{ call, at, n, outcome }];
  const told: Told | null = answer.visits?.[index] ?? null;
  return [told === null ? { call, at, n, outcome: 'refused' } : { call, at, n, outcome, ...told }];
}

function wished(
  { site, practitioner, patient, rooms = [], seats, start, end, at }: Placing & { readonly at: number },
  own: Pick<Wish, 'key' | 'request' | 'held'>,
  calls: ReadonlyMap<number, number>,
  answers: readonly Said[],
): Wish {
  const held = answers.find((one) => one.outcome === 'pending' || one.outcome === 'booked');
  const last = answers.findLast((one) => FINAL.includes(one.outcome)) ?? null;
  const facts = { site, practitioner, patient: patient ?? null, rooms, seats: seats ?? null, start, end };
  return { ...own, ...facts, began: at, heldBy: held?.at ?? null, calls, answers, last };
}

/** A hold ends when its caller begins to book it or to let it go, at the latest when it runs out. */
export function holdsOf(events: readonly Event[]): readonly Hold[] {
  const calls = allOf(events, 'call');
  const answers = allOf(events, 'answer').filter((one) => one.outcome === 'held');
  const seen = new Set<string>();
  return answers.flatMap((answer): Hold[] => {
    const call = calls.find((one) => one.call === answer.call);
    const { appointment } = answer;
    if (call?.action !== 'hold' || appointment === undefined || seen.has(appointment)) return [];
    seen.add(appointment);
    const later = calls.filter((one) =>
      one.action === 'book' ? one.held === appointment : 'appointment' in one && one.appointment === appointment,
    );
    const until = Math.min(answer.until ?? Infinity, ...later.map(({ at }) => at));
    const isBookedLater = later.some(({ action }) => action === 'book');
    const { key, site, practitioner, rooms = [], start, end, at: began } = call;
    return [{ key, site, practitioner, rooms, start, end, appointment, began, from: answer.at, until, isBookedLater }];
  });
}

export function deedsOf(events: readonly Event[]): Deeds {
  const answers = Map.groupBy(allOf(events, 'answer'), (one) => one.call);
  const found = { cancels: [] as Deed[], moves: [] as Move[], changes: [] as Change[] };
  for (const call of allOf(events, 'call')) {
    if (call.action !== 'cancel' && call.action !== 'move' && call.action !== 'change') continue;
    const deed = deedOf(call, answers.get(call.call) ?? []);
    if (call.action === 'cancel') found.cancels.push(deed);
    else if (call.action === 'move') found.moves.push({ ...deed, to: call });
    else found.changes.push({ ...deed, status: call.status });
  }
  const { cancels, moves } = followingDeeds(events, answers, (call) => deedOf(call, answers.get(call.call) ?? []));
  return { ...found, cancels: [...found.cancels, ...cancels], moves: [...found.moves, ...moves] };
}

function deedOf(
  call: Pick<Deed, 'key' | 'appointment'> & { readonly at: number },
  heard: readonly Of<'answer'>[],
): Deed {
  const last = heard.findLast(({ outcome }) => !OPEN.includes(outcome));
  const isNot = last?.outcome === 'taken' || last?.outcome === 'refused';
  return {
    ...{ key: call.key, appointment: call.appointment, began: call.at, ended: last?.at ?? Infinity },
    heldBy: heard.find(({ outcome }) => outcome === 'pending' || outcome === 'moved')?.at ?? null,
    outcome: last === undefined ? 'open' : isNot ? 'not' : 'done',
  };
}
