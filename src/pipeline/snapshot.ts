/**
 * A file of all the visits that a site has in a window, for sites that cannot be asked. It is the whole truth of that
 * window as of the time at which it was taken: its messages take the way of all news, so that none overwrites what was
 * told later, and a visit of ours that it does not name is cancelled, unless something was said or done about it since.
 * Nothing is guessed: while one message of the file cannot be read, nothing is taken for absent.
 *
 *   stored -> applied -> what it does not name is cancelled -> applied -> held against our copy: proven, day by day
 */
import type { SiteEvent } from '../connectors/contract.ts';
import type { Clock } from '../core/clock.ts';
import { sha256 } from '../core/ids.ts';
import { plus, type Instant, type Interval } from '../core/instant.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { HeldVisit } from '../store/contract-proofs.ts';
import type { Scope, Store, Tx } from '../store/contract.ts';
import type { MappingOf } from './apply-context.ts';
import { localDays } from './availability.ts';
import { occupiesTime } from './occupy.ts';

export interface SnapshotDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly plan: () => Plan;
  readonly mappingOf: MappingOf;
  readonly stored: (site: string, hints: boolean) => void;
}

export interface Snapshot {
  /** In the order of the file. */
  readonly messages: readonly SiteEvent[];
  readonly takenAt: Instant;
  /** From midnight to midnight, in the site's zone. */
  readonly window: Interval;
  /** How long the site may take to show what the hub has written. */
  readonly showsWithin_ms: number;
}

export interface SnapshotReport {
  readonly site: string;
  readonly takenAt: Instant;
  readonly window: Interval;
  readonly messages: number;
  /** Messages that no visit can be read from, by their place in the file (from 1). */
  readonly unreadable: readonly { readonly number: number; readonly code: string }[];
  /** Keys of visits. In the file and not here; at another time, or ended at one side only; here and not in the file. */
  readonly missingHere: readonly string[];
  readonly otherHere: readonly string[];
  readonly notThere: readonly string[];
  /** Told, placed or moved after the file was taken: it says nothing of them, and they are no difference. */
  readonly later: readonly string[];
  /** Cancelled by this call. */
  readonly cancelled: readonly string[];
  /** Messages that were not applied yet when the call ended: ask again. */
  readonly waiting: number;
  /** Every day of the window is the same here and there. */
  readonly proven: boolean;
}

/** Under what a file names a visit; null: it has ended. `unknown`: named without a time. */
type There = ReadonlyMap<string, Interval | 'unknown' | null>;

interface Read {
  readonly there: There;
  readonly unreadable: SnapshotReport['unreadable'];
  /** By visit, the last message that tells of it. */
  readonly tells: ReadonlyMap<string, SiteEvent>;
}

type Found = { -readonly [Name in keyof Differences]: Differences[Name][number][] };
type Differences = Pick<SnapshotReport, 'missingHere' | 'otherHere' | 'notThere' | 'later'> & {
  /** When the visits that differ begin, here and there. */
  readonly starts: readonly Instant[];
};

const LOOK_MS = 50;
/** Callers of the operations API wait for the answer. */
const PATIENCE_MS = 15_000;

/** What the file says and our copy does not; nothing is changed. */
export async function compareSnapshot(
  deps: SnapshotDeps,
  scope: Scope,
  site: SiteSettings,
  snapshot: Snapshot,
): Promise<SnapshotReport> {
  const read = readAll(deps, site, snapshot);
  const found = await deps.store.read(scope, (tx) => differences(tx, site, snapshot, read.there));
  return report(site, snapshot, read, found, { cancelled: [], waiting: 0 });
}

/** To be called again with the same file where something was still waiting: what was done is not done twice. */
export async function applySnapshot(
  deps: SnapshotDeps,
  scope: Scope,
  site: SiteSettings,
  snapshot: Snapshot,
  requestId: string,
): Promise<SnapshotReport> {
  const { store, clock } = deps;
  const until = clock.monotonic() + PATIENCE_MS;
  const read = readAll(deps, site, snapshot);
  const ids = await store.transaction(scope, async (tx) => {
    const now = clock.now();
    const ids = await insert(tx, site, snapshot.messages, now);
    await tx.audit({ at: now, action: 'operate', site: site.id, outcome: 'success', requestId });
    return ids;
  });
  deps.stored(site.id, false);
  let waiting = await untilApplied(deps, scope, ids, until);
  let cancelled: readonly string[] = [];
  if (waiting === 0) {
    const owed = await store.transaction(scope, (tx) => repair(tx, site, snapshot, read, clock.now()));
    cancelled = owed.cancelled;
    if (owed.ids.length > 0) deps.stored(site.id, false);
    waiting = await untilApplied(deps, scope, owed.ids, until);
  }
  const found = await store.transaction(scope, async (tx) => {
    const found = await differences(tx, site, snapshot, read.there);
    if (waiting === 0) await prove(tx, site, snapshot, found, read.unreadable.length > 0, clock.now());
    return found;
  });
  return report(site, snapshot, read, found, { cancelled, waiting });
}

function report(
  site: SiteSettings,
  { takenAt, window, messages }: Snapshot,
  { unreadable }: Read,
  { starts, ...seen }: Differences,
  done: Pick<SnapshotReport, 'cancelled' | 'waiting'>,
): SnapshotReport {
  const proven = starts.length === 0 && unreadable.length === 0 && done.waiting === 0;
  return { site: site.id, takenAt, window, messages: messages.length, unreadable, ...seen, ...done, proven };
}

function readAll(deps: SnapshotDeps, site: SiteSettings, { messages, takenAt }: Snapshot): Read {
  const there = new Map<string, Interval | 'unknown' | null>();
  const tells = new Map<string, SiteEvent>();
  const at = new Map<string, Instant>();
  const unreadable: { number: number; code: string }[] = [];
  const facts = { site, visitTypes: deps.plan().hub.visitTypes };
  for (const [index, message] of messages.entries()) {
    const stored = { ...message, object: null, receivedAt: takenAt, readAt: null };
    const mapped = deps.mappingOf(site, message.kind)?.map(stored, facts);
    if (mapped?.kind !== 'changes') {
      const code = mapped?.kind === 'unreadable' ? mapped.issues[0]?.code : undefined;
      unreadable.push({ number: index + 1, code: code ?? 'MESSAGE_UNREADABLE' });
      continue;
    }
    for (const change of mapped.changes) {
      if (change.kind !== 'appointment' || (at.get(change.key) ?? change.at) > change.at) continue;
      const { key, status, during } = change;
      at.set(key, change.at);
      tells.set(key, message);
      there.set(key, takesTime(status) ? (during ?? 'unknown') : null);
    }
  }
  return { there, unreadable, tells };
}

function takesTime(status: HeldVisit['status']): boolean {
  return occupiesTime(status) && status !== 'noshow';
}

async function differences(tx: Tx, site: SiteSettings, snapshot: Snapshot, there: There): Promise<Differences> {
  const { window, takenAt } = snapshot;
  const quietSince = plus(takenAt, -snapshot.showsWithin_ms);
  const held = await tx.proofs.heldAgainst(site.id, { window, keys: [...there.keys()], takenAt, quietSince });
  const found = { missingHere: [], otherHere: [], notThere: [], later: [], starts: [] } as Found;
  const isIn = (during: Interval | null): boolean =>
    during !== null && during.start >= window.start && during.start < window.end;
  const known = new Set<string>();
  for (const visit of held) {
    const key = visit.keys.find((one) => there.has(one));
    if (key !== undefined) known.add(key);
    const ours = takesTime(visit.status) ? visit.during : null;
    const said = key === undefined ? undefined : there.get(key);
    const theirs = said === undefined || said === 'unknown' ? null : said;
    if (!isIn(ours) && !isIn(theirs)) continue;
    const isSame = said === 'unknown' ? ours !== null : ours?.start === theirs?.start && ours?.end === theirs?.end;
    if (said !== undefined && isSame) continue;
    if (visit.later || (said === undefined && visit.touchedSince)) found.later.push(visit.key);
    else {
      found[said === undefined ? 'notThere' : 'otherHere'].push(visit.key);
      found.starts.push(...[ours, theirs].flatMap((during) => (during !== null && isIn(during) ? [during.start] : [])));
    }
  }
  for (const [key, during] of there) {
    if (known.has(key) || during === null || during === 'unknown' || !isIn(during)) continue;
    found.missingHere.push(key);
    found.starts.push(during.start);
  }
  return found;
}

/** A message that was received before is applied again where our copy says something else all the same. */
async function repair(
  tx: Tx,
  site: SiteSettings,
  snapshot: Snapshot,
  { there, unreadable, tells }: Read,
  now: Instant,
): Promise<{ readonly ids: readonly number[]; readonly cancelled: readonly string[] }> {
  const found = await differences(tx, site, snapshot, there);
  const again = [...found.missingHere, ...found.otherHere].flatMap((key) => tells.get(key) ?? []);
  const cancelled = unreadable.length > 0 ? [] : found.notThere;
  const absent = cancelled.map((key) => absence(site, key, snapshot.takenAt));
  return { ids: await insert(tx, site, [...again, ...absent], now, true), cancelled };
}

function absence(site: SiteSettings, key: string, takenAt: Instant): SiteEvent {
  // HL7 v2 messages are kept in order by the number alone, without its authority (connectors/kit/hl7/feed.ts).
  const names = new Set([key, key.split('^')[0] ?? key]);
  return {
    shape: 'event',
    kind: 'not-in-snapshot',
    id: sha256(['not in snapshot', site.id, takenAt, key].join('\n')),
    occurredAt: takenAt,
    sequenceKeys: [...names].map((name) => `appointment:${name}`),
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify({ key })),
  };
}

/** Ids of those that must be applied. `again`: also of those that were stored before. */
async function insert(
  tx: Tx,
  site: SiteSettings,
  messages: readonly SiteEvent[],
  now: Instant,
  again = false,
): Promise<readonly number[]> {
  const ids: number[] = [];
  for (const { kind, id } of await tx.inbox.insert(site.id, 'load', messages, now, null)) {
    if (id === null) continue;
    if (kind !== 'inserted' && again) await tx.inbox.replay(id, now);
    ids.push(id);
  }
  return ids;
}

/** How many are still not applied when time is up. */
async function untilApplied(
  { store, clock }: SnapshotDeps,
  scope: Scope,
  ids: readonly number[],
  until: number,
): Promise<number> {
  let left = [...new Set(ids)];
  for (;;) {
    left = await store.read(scope, async (tx) => {
      // In their order: what stands behind the first one that waits is looked at when it is done.
      for (const [index, id] of left.entries()) {
        if ((await tx.inbox.get(id))?.status === 'received') return left.slice(index);
      }
      return [];
    });
    if (left.length === 0 || clock.monotonic() >= until) return left.length;
    await clock.sleep(LOOK_MS);
  }
}

/** By day of the site, so that a later file of a part of the window takes nothing else away. */
async function prove(
  tx: Tx,
  site: SiteSettings,
  { takenAt, window }: Snapshot,
  { starts }: Differences,
  isUnsure: boolean,
  now: Instant,
): Promise<void> {
  const days = daysOf(site, window);
  const horizon = [...localDays(now, site.poll.horizon_days, site.timeZone), ...days];
  const byStart = new Map(horizon.map((day) => [day.start, { calendar: '', window: day }]));
  await tx.proofs.plan(site.id, [...byStart.values()], now);
  for (const day of days) {
    const count = starts.filter((start) => start >= day.start && start < day.end).length;
    const differing = count === 0 && isUnsure ? 1 : count;
    await tx.proofs.record(
      site.id,
      { calendar: '', window: day },
      { at: takenAt, differences: differing, nextDue: now },
    );
  }
}

function daysOf({ timeZone }: SiteSettings, window: Interval): readonly Interval[] {
  const days: Interval[] = [];
  for (let start = window.start; start < window.end;) {
    const [day] = localDays(start, 1, timeZone);
    if (day === undefined) break;
    days.push(day);
    start = day.end;
  }
  return days;
}
