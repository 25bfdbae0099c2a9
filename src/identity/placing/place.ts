/**
 * Places records among the others, in one transaction: their keys are written, who shares one is compared, and what
 * follows is decided. Two records that may be one person's share a key, and each worker holds the keys of its record
 * while it looks and writes; so of two that are placed at once the second sees the first, and a person never gets two
 * golden records. Whoever writes a decision holds the log as well, because a link may concern people whose keys nobody
 * of the two has.
 *
 * Many records have more keys than the database has locks: who places many holds off everybody else who places.
 */
import type { Instant } from '../../core/instant.ts';
import type { ReviewCause } from '../../store/contract-identity.ts';
import type { Tx } from '../../store/contract.ts';
import { IDENTITY_LOG, type Placed } from '../contract.ts';
import { pairKey } from '../golden/decision.ts';
import { goldenIdOf } from '../golden/replay.ts';
import { keysOf, KEY_EPOCH } from '../match/keys.ts';
import { conclude, type Conclusion } from './conclude.ts';
import { append, Appending } from './appending.ts';
import { lookMany, type Looked, type Own, type Sight, type SightOptions } from './sight.ts';
import { regroup } from './regroup.ts';

/** Shared by those who place one record, each under the locks of its keys. */
const PLACING = 'identity-placing';

interface Plan {
  readonly own: Own;
  readonly sight: Sight;
  readonly told: Conclusion;
  readonly decides: boolean;
}

/** Null: there is no such record any more. */
export async function place(tx: Tx, id: string, options: SightOptions): Promise<Placed | null> {
  let seen: { readonly looked: Looked; readonly plan: Plan | null } | null = null;
  let isFirst = true;
  await tx.lockShared([PLACING]);
  await tx.lockRead([`identity-record:${id}`], async () => {
    // Before the locks are there only their names are read: what it is decided upon must be read under them.
    if (isFirst) {
      isFirst = false;
      const names = await keyLocks(tx, id, options);
      return options.memory.deciding.last ? [...names, IDENTITY_LOG] : names;
    }
    const looked = await lookMany(tx, [id], options);
    const [own] = looked.batch;
    const plan = own === undefined ? null : planned(looked, own, options);
    seen = { looked, plan };
    // Where that asks for the log, which most records do not, the transaction is run again and takes it from the start,
    // also if the record that it takes then is another one: else many who work at one person send each other back.
    options.memory.deciding.last = plan?.decides === true;
    return plan === null ? [] : locksOf(looked, plan);
  });
  // Assigned within a function, which narrowing does not follow.
  const made = seen as { readonly looked: Looked; readonly plan: Plan | null } | null;
  if (made === null || made.plan === null) return null;
  for (const decision of made.plan.told.decisions) await append(tx, decision, options.now);
  await write(tx, made.looked, [made.plan], options.now);
  return placed(made.plan);
}

/** As if they were placed one behind the other, in their order. Those that are not there any more are left out. */
export async function placeMany(tx: Tx, ids: readonly string[], options: SightOptions): Promise<readonly Placed[]> {
  // In this order: who places one record has the first when it asks for the second.
  await tx.lock([PLACING]);
  await tx.lock([IDENTITY_LOG]);
  const looked = await lookMany(tx, ids, options);
  const appending = new Appending(tx, options.now);
  const plans: Plan[] = [];
  for (const own of looked.batch) {
    const plan = planned(looked, own, options);
    // Who comes behind it is placed by what was decided here.
    for (const decision of plan.told.decisions) looked.log.add(await appending.add(decision));
    plans.push(plan);
  }
  await appending.done();
  await write(tx, looked, plans, options.now);
  return plans.map(placed);
}

/** Of all keys that the record has or had. */
async function keyLocks(tx: Tx, id: string, { memory }: SightOptions): Promise<readonly string[]> {
  const [record] = await tx.index.people([id]);
  if (record === undefined) return [];
  const keys = record.inUse ? tx.index.blinded(keysOf(memory.personOf(record)), KEY_EPOCH) : [];
  return [...keys, ...(await tx.index.rowsOf([id]))].map(keyLock);
}

export function keyLock({ h }: { readonly h: string }): string {
  return `identity-key:${h}`;
}

function planned(looked: Looked, own: Own, { now, reviewWithin_ms }: SightOptions): Plan {
  const sight = looked.sightOf(own);
  const told = conclude(sight, now, reviewWithin_ms);
  return { own, sight, told, decides: told.decisions.length > 0 || isMoved(sight, told) };
}

/** Its golden id is another one than it bears: an earlier release gave it out otherwise, or a decision is not shown. */
function isMoved({ sources }: Sight, { after }: Conclusion): boolean {
  const goldenOf = new Map(after.clusters.flatMap(({ goldenId, members }) => members.map((id) => [id, goldenId])));
  return sources.some(({ id, goldenId }) => goldenOf.get(id) !== goldenId);
}

function locksOf({ neighbours }: Looked, { own, decides }: Plan): readonly string[] {
  const before = neighbours.keysBefore(own.record.id).map((h) => ({ h }));
  return [...[...own.entry.keys, ...before].map(keyLock), ...(decides ? [IDENTITY_LOG] : [])];
}

async function write(tx: Tx, { neighbours }: Looked, plans: readonly Plan[], now: Instant): Promise<void> {
  const entries = plans.map(({ own, sight }) => ({
    ...own.entry,
    truncated: sight.capped.some(({ read }) => read === 'none'),
  }));
  await tx.index.put(entries, neighbours.before, KEY_EPOCH, now);
  const alone = plans.filter(({ decides }) => !decides).map(({ own }) => own.record.id);
  await tx.identity.ensureGolden(
    alone.map((id) => ({ goldenId: goldenIdOf(id), patientId: id })),
    now,
  );
  const moved = plans.filter(({ decides }) => decides).flatMap(({ own, told }) => [
    own.record.id,
    ...told.decisions.flatMap(({ one, other }) => [one, other]),
  ]); // prettier-ignore
  if (moved.length > 0) await regroup(tx, [...new Set(moved)], now);
  await queue(tx, plans, now);
  await tx.index.due(dueAfter(plans), now);
}

/** But for those that were placed behind it in the same batch. */
function dueAfter(plans: readonly Plan[]): readonly string[] {
  const turn = new Map(plans.map(({ own }, at) => [own.record.id, at]));
  return [...new Set(plans.flatMap(({ told }, at) => told.due.filter((id) => (turn.get(id) ?? -1) < at)))];
}

function placed({ told, sight }: Plan): Placed {
  const linked = told.decisions.filter(({ kind }) => kind === 'link').length;
  return {
    linked,
    withdrawn: told.decisions.length - linked,
    reviews: told.reviews.length,
    capped: sight.capped,
  };
}

/** Pairs that were to be looked at and need not be any more leave the queue. */
async function queue(tx: Tx, plans: readonly Plan[], now: Instant): Promise<void> {
  const waiting = await tx.identity.waiting(plans.map(({ own }) => own.record.id));
  const open = new Map(waiting.map((pair) => [pairKey(pair.lo, pair.hi), pair]));
  const sent: Promise<void>[] = [];
  for (const { own, told } of plans) {
    const { id } = own.record;
    const wanted = new Set(told.reviews.map(({ lo, hi }) => pairKey(lo, hi)));
    const mine = told.after.clusters.find(({ members }) => members.includes(id))?.members ?? [];
    const isOne = (lo: string, hi: string): boolean => mine.includes(lo) && mine.includes(hi);
    // What a site or a person's word raised is not for matching to take back.
    const gone = [...open.values()].filter(
      ({ lo, hi, why }) =>
        (lo === id || hi === id) &&
        (isOne(lo, hi) || (why !== 'overruled' && why !== 'withdrawn' && !wanted.has(pairKey(lo, hi)))),
    );
    for (const { lo, hi } of gone) open.delete(pairKey(lo, hi));
    sent.push(tx.identity.outdate(gone, now));
    for (const pair of told.reviews) {
      const before = open.get(pairKey(pair.lo, pair.hi));
      open.set(pairKey(pair.lo, pair.hi), { ...pair, why: heavier(before?.why, pair.why) });
      sent.push(tx.identity.openReview(pair, now));
    }
  }
  await Promise.all(sent);
}

/** As the queue keeps it. */
function heavier(before: ReviewCause | undefined, why: ReviewCause): ReviewCause {
  return before !== undefined && why === 'review' ? before : why;
}
