/**
 * What will be done to the system, and when: all of it decided by the seed before anything starts. Steps name things by
 * numbers (the 17th start of that calendar), because ids are not known yet; what is free or booked when a step's turn
 * comes may differ between two runs of one seed.
 */
import { Random } from '../fuzz/random.ts';
import { MIDTOWN, NORTHSIDE, RIVERSIDE } from '../support/config-folder.ts';
import { EASTSIDE } from './config.ts';
import type { Cut } from './line.ts';

export interface Extent {
  readonly seed: number;
  readonly duration_ms: number;
  /** False: the database is shared with others, so it is not killed. */
  readonly ownDatabase: boolean;
  /** The one trouble of the sites that can be booked, again and again: what a planted bug is found by. */
  readonly only?: Switches | undefined;
}

export type Switches = Readonly<Record<string, unknown>>;

export interface Booking {
  readonly do: 'book';
  /** Calls at one moment for one time; more than one is a race. */
  readonly wishes: readonly Wanted[];
}
export interface Wanted {
  /** Of the calendars that can be booked. */
  readonly calendar: number;
  readonly start: number;
  /** Of the visit types; they differ in length, so that times overlap without being the same. */
  readonly visitType: number;
  readonly patient: number;
  /** The same request sent so often at once. */
  readonly times: number;
  /** With a room besides, where there is one to be had. */
  readonly room?: boolean;
}
/** `srm`: by which they ask. `srr`: by which the hub tells them, at the address of the client. */
export type HisLine = 'srm' | 'srr';

export interface Requesting {
  readonly do: 'request';
  readonly wish: Wanted;
  /** Original mode, enhanced mode on the same connection, or answered at an address of its own. */
  readonly mode: 'wait' | 'same line' | 'later';
  /** What is asked of the visit once it is booked, so much later; a move leads to `start`. */
  readonly then: 'nothing' | 'move' | 'change' | 'cancel';
  readonly start: number;
  readonly after_ms: number;
  /** What its sender does beside asking: hangs up at once, asks twice at once, or again when it has been told. */
  readonly habit: 'none' | 'hang up' | 'twice' | 'again' | 'again under another id';
}
/** The same time on `count` days, one after the other. */
export interface SeriesStep {
  readonly do: 'series';
  readonly wish: Wanted;
  readonly count: number;
  readonly mode: Mode;
  /** Done to one of its visits, from the first, and to all that follow it; a move leads that one to `start`. */
  readonly then: 'nothing' | 'move' | 'cancel';
  readonly from: number;
  readonly start: number;
  readonly moveMode: Mode;
  readonly after_ms: number;
}
/** Several people for the seats of one meeting of a group, some of them taken in by staff. */
export interface GroupStep {
  readonly do: 'group';
  readonly meeting: number;
  readonly patients: readonly number[];
  readonly byStaff: readonly number[];
}
export type Mode = 'all' | 'best-effort';

export type Step = { readonly at_ms: number } & (
  | Booking
  /** Of the visits booked so far. */
  | { readonly do: 'cancel'; readonly visit: number }
  /** To another time on the same calendar. */
  | { readonly do: 'move'; readonly visit: number; readonly start: number }
  | { readonly do: 'change'; readonly visit: number; readonly to: string }
  | {
      readonly do: 'hold';
      readonly wish: Wanted;
      readonly then: 'book' | 'release' | 'expire';
      readonly after_ms: number;
    }
  /** One person's visits, each at a time of its own, at several sites mostly. */
  | { readonly do: 'set'; readonly wishes: readonly Wanted[]; readonly mode: Mode }
  | {
      readonly do: 'act';
      readonly site: string;
      readonly action: 'book' | 'move' | 'cancel' | 'block';
      readonly calendar: number;
      readonly start: number;
      readonly visit: number;
      readonly person: number;
    }
  | {
      readonly do: 'fault';
      readonly site: string;
      readonly switches: Switches;
      readonly for_ms: number;
    }
  | SeriesStep
  | GroupStep
  /** By HL7 v2 (SRM). */
  | Requesting
  /** On the lines of those who ask by HL7 v2. */
  | { readonly do: 'line'; readonly line: HisLine; readonly how: Cut; readonly for_ms: number }
  | { readonly do: 'kill' | 'restart' | 'kill database' | 'restart database' }
  | { readonly do: 'freeze'; readonly for_ms: number }
  | { readonly do: 'cut'; readonly site: string; readonly how: 'refuse' | 'silence'; readonly for_ms: number }
);

/** Callers together; low, because what is to be found are races and not the limit of a small machine. */
const BOOKINGS_EVERY_MS = 700;
const CANCELS_EVERY_MS = 1_200;
const MOVES_EVERY_MS = 1_500;
const CHANGES_EVERY_MS = 2_500;
const HOLDS_EVERY_MS = 2_500;
const SETS_EVERY_MS = 2_500;
const SERIES_EVERY_MS = 3_000;
const GROUPS_EVERY_MS = 2_500;
const REQUESTS_EVERY_MS = 1_500;
const LINES_EVERY_MS = 9_000;
const ACTS_EVERY_MS = 600;
/** Calendars that can be booked, two at each site; the last two are of the site that takes part in no set. */
const CALENDARS = 8;
const SET_CALENDARS = 6;
const FIRST_TROUBLE_MS = 2_000;
/** Past the deadline of a call: siteTimeout_ms of the harness's hub and the slack behind it. */
export const FREEZE_MS = 9_500;
const SHORT_RUN_MS = 45_000;
const VERY_SHORT_RUN_MS = 10_000;

const FAULTS: Readonly<Record<string, readonly ((random: Random) => Switches)[]>> = {
  acuity: [
    (random) => ({ latencyMs: random.between(50, 1_500) }),
    (random) => ({ answerDelayMs: random.between(500, 4_000) }),
    (random) => ({ errorRate: random.between(1, 6) / 10 }),
    (random) => ({ rateLimit: random.between(2, 6) }),
    () => ({ dropAnswer: true }),
    () => ({ dropAnswer: { times: 4, match: 'POST /api/v1/appointments' } }),
    () => ({ silentDrop: { times: 3, match: 'POST /api/v1/appointments' } }),
    () => ({ echoFirst: true }),
    () => ({ duplicateWebhooks: true }),
    () => ({ reorderWebhooks: true }),
    () => ({ loseWebhooks: true }),
    (random) => ({ staleReads: random.between(200, 1_200) }),
    (random) => ({ clockSkewMs: random.between(-90, 90) * 1_000 }),
    () => ({ outage: true }),
    // What makes an answer that was lost hard to find again: no news of it, and reads from before it.
    () => ({ dropAnswer: true, loseWebhooks: true }),
    () => ({ dropAnswer: true, loseWebhooks: true, staleReads: 1_500 }),
  ],
  // A push-only feed that loses a message has lost it, and one whose clock jumps has no order: no fault of the hub.
  hl7v2: [
    (random) => ({ latencyMs: random.between(50, 800) }),
    () => ({ duplicateWebhooks: true }),
    () => ({ dropAnswer: { times: 3 } }),
    () => ({ outage: true }),
    (random) => ({ chunkBytes: random.between(1, 40) }),
    () => ({ echoFirst: true }),
    (random) => ({ errorRate: random.between(1, 6) / 10 }),
    (random) => ({ answerDelayMs: random.between(200, 2_500) }),
  ],
};
export const KIND: Readonly<Record<string, 'acuity' | 'hl7v2'>> = {
  [MIDTOWN]: 'acuity',
  [NORTHSIDE]: 'acuity',
  [RIVERSIDE]: 'hl7v2',
  [EASTSIDE]: 'acuity',
};
export const SITES = [MIDTOWN, NORTHSIDE, RIVERSIDE, EASTSIDE];

/** Of each kind of site: the switches that its faults turn. */
export const SWITCHES: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(FAULTS).map(([kind, deck]) => {
    const names = deck.flatMap((fault) => Object.keys(fault(new Random(1, 1))));
    return [kind, [...new Set(names)]];
  }),
);

export function planOf(extent: Extent): readonly Step[] {
  const { seed, duration_ms } = extent;
  const lanes = [
    callers,
    cancels,
    staff,
    faults,
    processes,
    moves,
    changes,
    holds,
    sets,
    requests,
    hisLines,
    series,
    groups,
  ].map((lane, number) => lane(new Random(seed, number), extent));
  return lanes
    .flat()
    .filter((step) => step.at_ms < duration_ms)
    .sort((left, right) => left.at_ms - right.at_ms);
}

/** Moments around every `every_ms`, never in step with another lane. */
function moments(random: Random, every_ms: number, { duration_ms }: Extent): readonly number[] {
  const found: number[] = [];
  for (let at = random.below(every_ms); at < duration_ms; at += random.between(every_ms / 2, every_ms * 1.5)) {
    found.push(Math.round(at));
  }
  return found;
}

function callers(random: Random, extent: Extent): readonly Step[] {
  return moments(random, BOOKINGS_EVERY_MS, extent).map((at_ms): Step => {
    const start = random.below(1_000);
    const wanted = (): Wanted => ({
      calendar: random.below(CALENDARS),
      start,
      visitType: random.below(2),
      patient: random.below(1_000),
      times: random.chance(10) ? 2 : 1,
      room: random.chance(50),
    });
    // One person at two sites, and several callers for one time: that is where double bookings come from.
    const wishes = Array.from({ length: random.chance(50) ? random.between(3, 6) : 1 }, wanted);
    return { do: 'book', at_ms, wishes };
  });
}

function cancels(random: Random, extent: Extent): readonly Step[] {
  return moments(random, CANCELS_EVERY_MS, extent).map((at_ms) => ({
    do: 'cancel',
    at_ms,
    visit: random.below(1_000),
  }));
}

function moves(random: Random, extent: Extent): readonly Step[] {
  return moments(random, MOVES_EVERY_MS, extent).map((at_ms) => ({
    do: 'move',
    at_ms,
    visit: random.below(1_000),
    start: random.below(1_000),
  }));
}

const CHANGES = ['comment', 'comment', 'arrived', 'arrived', 'checked-in', 'fulfilled', 'noshow'];

function changes(random: Random, extent: Extent): readonly Step[] {
  return moments(random, CHANGES_EVERY_MS, extent).map((at_ms) => ({
    do: 'change',
    at_ms,
    visit: random.below(1_000),
    to: random.pick(CHANGES),
  }));
}

function holds(random: Random, extent: Extent): readonly Step[] {
  return moments(random, HOLDS_EVERY_MS, extent).map((at_ms) => ({
    do: 'hold',
    at_ms,
    wish: aWish(random, random.below(1_000)),
    then: random.pick(['book', 'book', 'release', 'expire'] as const),
    after_ms: random.between(0, 6_000),
  }));
}

function sets(random: Random, extent: Extent): readonly Step[] {
  return moments(random, SETS_EVERY_MS, extent).map((at_ms): Step => {
    const [start, first] = [random.below(1_000), random.below(CALENDARS)];
    const patient = random.below(1_000);
    const wishes = Array.from({ length: random.between(2, 3) }, (_, index): Wanted => ({
      ...aWish(random, start + (index + 1) * 3),
      calendar: (first + index * 2) % (random.chance(95) ? SET_CALENDARS : CALENDARS),
      patient,
    }));
    return { do: 'set', at_ms, wishes, mode: random.chance(75) ? 'all' : 'best-effort' };
  });
}

function series(random: Random, extent: Extent): readonly Step[] {
  const mode = (): Mode => random.pick(['all', 'best-effort'] as const);
  return moments(random, SERIES_EVERY_MS, extent).map((at_ms) => ({
    do: 'series',
    at_ms,
    wish: { ...aWish(random, random.below(1_000)), calendar: random.below(SET_CALENDARS) },
    count: random.pick([2, 2, 3]),
    mode: mode(),
    then: random.pick(['nothing', 'move', 'move', 'cancel'] as const),
    from: random.below(3),
    start: random.below(1_000),
    moveMode: mode(),
    after_ms: random.between(0, 6_000),
  }));
}

/** Few meetings, so that they fill, and empty again by cancels. */
const MEETINGS = 6;

function groups(random: Random, extent: Extent): readonly Step[] {
  const people = (count: number): readonly number[] => Array.from({ length: count }, () => random.below(1_000));
  return moments(random, GROUPS_EVERY_MS, extent).map((at_ms) => ({
    do: 'group',
    at_ms,
    meeting: random.below(MEETINGS),
    patients: people(random.between(1, 3)),
    byStaff: people(random.chance(12) ? 1 : 0),
  }));
}

function requests(random: Random, extent: Extent): readonly Step[] {
  return moments(random, REQUESTS_EVERY_MS, extent).map((at_ms) => ({
    do: 'request',
    at_ms,
    wish: aWish(random, random.below(1_000)),
    mode: random.pick(['wait', 'same line', 'later', 'later'] as const),
    then: random.pick(['nothing', 'move', 'change', 'cancel'] as const),
    start: random.below(1_000),
    after_ms: random.between(0, 4_000),
    habit: random.pick(['none', 'none', 'hang up', 'twice', 'again', 'again under another id'] as const),
  }));
}

/** Shorter than the shortest time between two, so that mending one does not mend the next. */
function hisLines(random: Random, extent: Extent): readonly Step[] {
  const deck = (['srm', 'srr'] as const).flatMap((line) =>
    (['refuse', 'silence', 'deaf'] as const).map((how) => ({ line, how })),
  );
  const each_ms = Math.min(LINES_EVERY_MS, Math.max(2_000, extent.duration_ms / deck.length));
  const order = cards(random, deck);
  return moments(random, each_ms, extent).map((at_ms) => ({
    ...{ do: 'line', at_ms, ...order() },
    for_ms: Math.round(random.between(each_ms / 6, each_ms / 3)),
  }));
}

function aWish(random: Random, start: number): Wanted {
  const [calendar, visitType, patient] = [random.below(CALENDARS), random.below(2), random.below(1_000)];
  return { calendar, start, visitType, patient, times: 1, room: random.chance(30) };
}

function staff(random: Random, extent: Extent): readonly Step[] {
  return moments(random, ACTS_EVERY_MS, extent).map((at_ms) => ({
    do: 'act',
    at_ms,
    site: random.pick(SITES),
    action: random.pick(['book', 'book', 'book', 'move', 'move', 'cancel', 'block'] as const),
    calendar: random.below(2),
    start: random.below(1_000),
    visit: random.below(1_000),
    person: random.below(30),
  }));
}

/** Every fault of a site in a random order, and again when all have been. */
function faults(random: Random, extent: Extent): readonly Step[] {
  return SITES.flatMap((site) => {
    const deck = FAULTS[KIND[site] ?? ''] ?? [];
    const each_ms = Math.min(8_000, Math.max(1_500, extent.duration_ms / deck.length));
    const { only } = extent;
    const order = cards(random, only === undefined || KIND[site] !== 'acuity' ? deck : [() => only]);
    return moments(random, each_ms, extent).map((at_ms): Step => {
      return {
        do: 'fault',
        at_ms,
        site,
        switches: order()(random),
        for_ms: Math.round(random.between(each_ms / 3, each_ms)),
      };
    });
  });
}

/** One after the other: the next trouble begins when the hub is back from the last one, or later. */
function processes(random: Random, extent: Extent): readonly Step[] {
  const { duration_ms, ownDatabase } = extent;
  const cut =
    (site: string, how: 'refuse' | 'silence') =>
    (at_ms: number): Step => ({
      ...{ do: 'cut', at_ms, site, how },
      for_ms: random.between(1_500, 5_000),
    });
  const kill = (at_ms: number): Step => ({ do: 'kill', at_ms });
  const cuts = [cut(MIDTOWN, 'refuse'), cut(NORTHSIDE, 'silence'), cut(MIDTOWN, 'silence'), cut(NORTHSIDE, 'refuse')];
  if (duration_ms < VERY_SHORT_RUN_MS) return [];
  if (duration_ms < SHORT_RUN_MS) {
    // A freeze past every deadline would take most of a short run.
    return [
      random.pick(cuts)(FIRST_TROUBLE_MS),
      kill(Math.round(duration_ms * 0.5)),
      ...(duration_ms < 18_000 ? [] : [kill(Math.round(duration_ms * 0.9))]),
    ];
  }
  const deck = [
    ...cuts,
    kill,
    kill,
    (at_ms: number): Step => ({ do: 'restart', at_ms }),
    (at_ms: number): Step => ({ do: 'freeze', at_ms, for_ms: FREEZE_MS }),
    ...(ownDatabase
      ? [
          (at_ms: number): Step => ({ do: 'kill database', at_ms }),
          (at_ms: number): Step => ({ do: 'restart database', at_ms }),
        ]
      : []),
  ];
  const order = cards(random, deck);
  return moments(random, 10_000, extent).map((at_ms) => order()(at_ms + FIRST_TROUBLE_MS));
}

function cards<T>(random: Random, deck: readonly T[]): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...deck];
    const [drawn] = left.splice(random.below(left.length), 1);
    if (drawn === undefined) throw new Error('an empty deck');
    return drawn;
  };
}
