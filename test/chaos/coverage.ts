/**
 * Which faults struck: not what was switched on, but how often it met somebody. A fault that is in the plan and strikes
 * nobody proves nothing.
 */
import { allOf, type Event } from './history.ts';
import { KIND, SWITCHES } from './plan.ts';
import { OPEN } from './wishes.ts';

/** How often each fault struck, by its name in the table. */
export type Struck = Readonly<Record<string, number>>;

/** One run, as a line of `--json FILE` tells it. */
export interface Told {
  readonly seed: number;
  readonly duration_ms: number;
  /** Why the run came to no judgement; null: it did. */
  readonly failed: string | null;
  readonly violations: readonly { readonly rule: number; readonly what: string }[];
  readonly summary: string;
  readonly struck: Struck;
}

const PROCESSES = ['kill', 'restart', 'freeze'];
const DATABASE = ['kill database', 'restart database'];
const CUTS = ['line refused', 'line silent', 'answer lost'];
const LINES = ['acuity line refused', 'acuity line silent', ...['srm', 'srr'].flatMap(cutsOf)];
/** What those who ask by HL7 v2 do, and a kill while the hub owes them an answer. */
const REQUESTS = ['hung up', 'sent again', 'sent again under another id', 'sent twice at once', 'killed while asked'];

/** What coordinators do; it lapses where they leave it alone. */
const DECISIONS = ['approved', 'declined', 'decided twice at once', 'lapsed'];

/** What callers asked for and were told is done: a run in which nothing is done proves nothing. */
const DONE = [
  ...['book', 'hold', 'set', 'series', 'move', 'change', 'cancel', 'move following', 'cancel following'],
  ...[
    'book in a class',
    'move in a class',
    'book with a room',
    'move with a room',
    'srm book',
    'srm move',
    'srm change',
    'srm cancel',
  ],
];

/** Every fault that some run should be struck by. */
export function faultsToMeet(ownDatabase: boolean): readonly string[] {
  const ofSites = Object.entries(SWITCHES).flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`));
  const asked = REQUESTS.map((name) => `srm ${name}`);
  return [
    ...DONE.map((name) => `done: ${name}`),
    ...ofSites,
    ...LINES,
    ...asked,
    ...DECISIONS.map((name) => `coordinator ${name}`),
    ...PROCESSES,
    ...(ownDatabase ? DATABASE : []),
  ];
}

/** What befalls processes counts when it is over: the hub was back, whatever it was in the middle of. */
export function struckIn(events: readonly Event[]): Struck {
  const found: Record<string, number> = {};
  const add = (name: string, times: number): void => {
    if (times > 0) found[name] = (found[name] ?? 0) + times;
  };
  for (const { site, times } of allOf(events, 'struck')) {
    for (const [name, count] of Object.entries(times)) add(`${KIND[site] ?? site} ${name}`, count);
  }
  for (const { what, begins } of allOf(events, 'trouble')) {
    if (!begins && [...PROCESSES, ...DATABASE].includes(what)) add(what, 1);
  }
  for (const [name, times] of Object.entries(decidedIn(events))) add(`coordinator ${name}`, times);
  for (const [name, times] of Object.entries(doneIn(events))) add(`done: ${name}`, times);
  const kills = allOf(events, 'trouble').filter(({ what, begins }) => what === 'kill' && begins);
  add(
    'srm killed while asked',
    kills.reduce((sum, { n }) => sum + askedAt(events, n), 0),
  );
  return found;
}

function doneIn(events: readonly Event[]): Struck {
  const not = [...OPEN, 'taken', 'refused'];
  const done = new Set(allOf(events, 'answer').flatMap(({ call, outcome }) => (not.includes(outcome) ? [] : [call])));
  const found: Record<string, number> = {};
  for (const call of allOf(events, 'call').filter((one) => done.has(one.call))) {
    const name = call.action === 'set' && call.isSeries === true ? 'series' : call.action;
    const [isWithRoom, isInClass] = ['rooms' in call, 'seats' in call];
    const taken = isWithRoom ? `${name} with a room` : isInClass ? `${name} in a class` : name;
    const full = 'via' in call ? `srm ${name}` : taken;
    found[full] = (found[full] ?? 0) + 1;
  }
  return found;
}

function decidedIn(events: readonly Event[]): Struck {
  const decisions = allOf(events, 'decision');
  const made = (decision: string): number =>
    decisions.filter((one) => one.decision === decision && one.status === 200).length;
  const both = [...Map.groupBy(decisions, ({ booking }) => booking).values()].filter(
    (all) => new Set(all.map(({ decision }) => decision)).size > 1,
  );
  const left = new Set(decisions.filter(({ decision }) => decision === 'none').map(({ booking }) => booking));
  const lapsed = allOf(events, 'booking').filter(({ booking, state }) => state === 'expired' && left.has(booking));
  return {
    approved: made('approve'),
    declined: made('decline'),
    'decided twice at once': both.length,
    lapsed: lapsed.length,
  };
}

/** Requests by HL7 v2 that had no answer yet. */
function askedAt(events: readonly Event[], moment: number): number {
  const before = events.filter(({ n }) => n < moment);
  const answered = new Set(
    allOf(before, 'answer')
      .filter(({ outcome }) => !OPEN.includes(outcome))
      .map((one) => one.call),
  );
  return allOf(before, 'call').filter((one) => 'via' in one && !answered.has(one.call)).length;
}

function cutsOf(line: string): readonly string[] {
  return CUTS.map((how) => `${line} ${how}`);
}

/** Faults that struck in none of the runs. */
export function notMet(runs: readonly Told[], faults: readonly string[]): readonly string[] {
  return faults.filter((fault) => runs.every(({ struck }) => (struck[fault] ?? 0) === 0));
}

/** Lines: each fault, how often it struck, in how many runs, and in which of them most. */
export function tableOf(runs: readonly Told[], faults: readonly string[]): readonly string[] {
  const others = runs.flatMap(({ struck }) => Object.keys(struck)).filter((name) => !faults.includes(name));
  const rows = [...faults, ...new Set(others)].map((fault) => {
    const met = runs.filter(({ struck }) => (struck[fault] ?? 0) > 0);
    const total = met.reduce((sum, { struck }) => sum + (struck[fault] ?? 0), 0);
    const most = [...met].sort((left, right) => (right.struck[fault] ?? 0) - (left.struck[fault] ?? 0))[0];
    return [fault, total === 0 ? 'NEVER' : String(total), `${met.length} of ${runs.length}`, String(most?.seed ?? '')];
  });
  const head = ['fault', 'struck', 'in runs', 'most in seed'];
  const width = (column: number): number => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0));
  const [widest, times, share] = [width(0), width(1), width(2)];
  return [head, ...rows].map(
    ([fault = '', total = '', inRuns = '', seed = '']) =>
      `  ${fault.padEnd(widest)}  ${total.padStart(times)}  ${inRuns.padStart(share)}  ${seed}`,
  );
}
