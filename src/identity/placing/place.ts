/**
 * Places one record among the others, in one transaction: its keys are written, who shares one is compared, and what
 * follows is decided. Two records that may be one person's share a key, and each worker holds the keys of its record
 * while it looks and writes; so of two that are placed at once the second sees the first, and a person never gets two
 * golden records. Whoever writes a decision holds the log as well, because a link may concern people whose keys nobody
 * of the two has.
 */
import type { Instant } from '../../core/instant.ts';
import type { Tx } from '../../store/contract.ts';
import { IDENTITY_LOG, type Placed } from '../contract.ts';
import { goldenIdOf } from '../golden/replay.ts';
import { contactsOf, ownerOf } from '../match/frequencies.ts';
import { KEY_EPOCH } from '../match/keys.ts';
import { conclude, type Conclusion } from './conclude.ts';
import { keyLocks, keyLock, look, type Sight, type SightOptions } from './sight.ts';
import { regroup } from './regroup.ts';

interface Plan {
  readonly sight: Sight;
  readonly told: Conclusion;
  readonly decides: boolean;
}

/** Null: there is no such record any more. */
export async function place(tx: Tx, id: string, options: SightOptions): Promise<Placed | null> {
  let plan: Plan | null = null;
  let isFirst = true;
  await tx.lockRead([`identity-record:${id}`], async () => {
    // Before the locks are there only their names are read: what it is decided upon must be read under them.
    if (isFirst) {
      isFirst = false;
      const names = await keyLocks(tx, id, options);
      return options.memory.deciding.has(id) ? [...names, IDENTITY_LOG] : names;
    }
    plan = await planned(tx, id, options);
    // Where that asks for the log, which most records do not, the transaction is run again and takes it from the start.
    if (plan?.decides === true) options.memory.deciding.add(id);
    return plan === null ? [] : locksOf(plan);
  });
  options.memory.deciding.delete(id);
  // Assigned within a function, which narrowing does not follow.
  const made = plan as Plan | null;
  return made === null ? null : write(tx, made, options.now);
}

async function planned(tx: Tx, id: string, options: SightOptions): Promise<Plan | null> {
  const sight = await look(tx, id, options);
  if (sight === null) return null;
  const told = conclude(sight, options.now);
  return { sight, told, decides: told.decisions.length > 0 || isMoved(sight, told) };
}

/** Its golden id is another one than it bears: an earlier release gave it out otherwise, or a decision is not shown. */
function isMoved({ sources }: Sight, { after }: Conclusion): boolean {
  const goldenOf = new Map(after.clusters.flatMap(({ goldenId, members }) => members.map((id) => [id, goldenId])));
  return sources.some(({ id, goldenId }) => goldenOf.get(id) !== goldenId);
}

function locksOf({ sight, decides }: Plan): readonly string[] {
  const keys = new Set([...sight.keysBefore, ...sight.keys.map(({ h }) => h)]);
  return [...[...keys].map(keyLock), ...(decides ? [IDENTITY_LOG] : [])];
}

async function write(tx: Tx, { sight, told, decides }: Plan, now: Instant): Promise<Placed> {
  const { record, person } = sight.self;
  const isTruncated = sight.capped.some(({ read }) => read === 'none');
  await tx.index.put(
    {
      id: record.id,
      version: record.version,
      inUse: record.inUse,
      truncated: isTruncated,
      keys: sight.keys,
      contacts: record.inUse ? contactsOf(person) : [],
      who: ownerOf(person),
      given: person.given.first,
      family: person.family.whole,
    },
    KEY_EPOCH,
    now,
  );
  for (const decision of told.decisions) {
    await tx.identity.append({ ...decision, attribute: null, value: null, toldBy: null }, now);
  }
  if (decides) await regroup(tx, [record.id, ...told.decisions.flatMap(({ one, other }) => [one, other])], now);
  else await tx.identity.ensureGolden(goldenIdOf(record.id), record.id, now);
  await queue(tx, sight, told, now);
  await tx.index.due(told.due, now);
  const linked = told.decisions.filter(({ kind }) => kind === 'link').length;
  return {
    linked,
    withdrawn: told.decisions.length - linked,
    reviews: told.reviews.length,
    capped: sight.capped,
  };
}

/** Pairs that were to be looked at and need not be any more leave the queue. */
async function queue(tx: Tx, { self }: Sight, { reviews, after }: Conclusion, now: Instant): Promise<void> {
  const open = await tx.identity.reviewsOf(self.record.id);
  const wanted = new Set(reviews.map(({ lo, hi }) => `${lo} ${hi}`));
  const mine = after.clusters.find(({ members }) => members.includes(self.record.id))?.members ?? [];
  const isOne = (lo: string, hi: string): boolean => mine.includes(lo) && mine.includes(hi);
  // What a site or a person's word raised is not for matching to take back.
  const gone = open.filter(
    ({ lo, hi, why }) => isOne(lo, hi) || (why !== 'overruled' && why !== 'withdrawn' && !wanted.has(`${lo} ${hi}`)),
  );
  await tx.identity.outdate(gone, now);
  for (const pair of reviews) await tx.identity.openReview(pair, now);
}
