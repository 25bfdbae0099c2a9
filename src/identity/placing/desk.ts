/**
 * What people decide about who is who. A person's word goes before a site's and before what matching says, is written
 * down with its reason, and whatever it undoes is as if it had never been: nobody's visits are moved by it.
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import type { IndexedRecord } from '../../store/contract-index.ts';
import { systemScope, type Scope, type Store, type Tx } from '../../store/contract.ts';
import type { Asked, Decided, PeopleDesk } from '../contract-desk.ts';
import { IDENTITY_LOG } from '../contract.ts';
import { admit, REFUSALS } from '../golden/admit.ts';
import { isPair, type PairDecision } from '../golden/decision.ts';
import { partings } from '../golden/unmerge.ts';
import { GUARDS } from '../match/guards.ts';
import type { Model } from '../match/model.ts';
import { SHIPPED_MODEL } from '../match/shipped.ts';
import { explained } from './asked.ts';
import type { Unwritten } from './decisions-of.ts';
import { memory } from './memory.ts';
import { raise } from './raise.ts';
import { component, regroup, type Regrouped } from './regroup.ts';
import { showSiteLinks } from './show-links.ts';

export interface DeskOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly model?: Model;
}

export function peopleDesk({ store, clock, model = SHIPPED_MODEL }: DeskOptions): PeopleDesk {
  const step = async (
    { scope, requestId }: Asked,
    pair: readonly [string, string],
    work: (tx: Tx) => Promise<boolean>,
  ): Promise<void> => {
    await visible(store, scope, pair);
    await store.transaction(acting(scope), async (tx) => {
      if (!(await work(tx)))
        throw new HubError('RULE_BROKEN', { detail: 'somebody else has this pair, or it is decided' });
      await audit(tx, pair, requestId, clock.now());
    });
  };

  return {
    stats: () => store.read(systemScope('identity'), (tx) => tx.identity.counts()),

    async reviews({ scope }, limit) {
      const rows = await store.read(systemScope('identity'), (tx) => tx.identity.reviews(limit));
      const seen = await seenBy(store, scope, rows.flatMap(({ lo, hi }) => [lo, hi])); // prettier-ignore
      return rows.filter(({ lo, hi }) => seen.has(lo) && seen.has(hi)).map(({ evidence: _evidence, ...row }) => row);
    },

    async explain({ scope, requestId }, one, other) {
      await visible(store, scope, [one, other]);
      return store.transaction(acting(scope), async (tx) => {
        const records = await tx.index.people([one, other]);
        const [left, right] = [one, other].map((id) => records.find((record) => record.id === id));
        if (left === undefined || right === undefined) throw unknown();
        await audit(tx, [one, other], requestId, clock.now());
        return describe(tx, [left, right], model, clock.now());
      });
    },

    claim: (asked, one, other) =>
      step(asked, [one, other], (tx) => tx.identity.claim(one, other, nameOf(asked.scope), clock.now())),

    release: (asked, one, other) =>
      step(asked, [one, other], (tx) => tx.identity.release(one, other, nameOf(asked.scope), clock.now())),

    async decide(asked, { one, other, verdict, reason }) {
      await visible(store, asked.scope, [one, other]);
      const decision = said(asked.scope, clock.now(), reason);
      return write(store, clock, asked, [one, other], () => [
        { ...decision, kind: verdict === 'same' ? 'link' : 'not-same', one, other },
      ]);
    },

    async unmerge(asked, { records, reason, overrule }) {
      await visible(store, asked.scope, records);
      const decision = said(asked.scope, clock.now(), reason);
      return write(store, clock, asked, records, (told) => {
        const parted = partings(told, records);
        if (parted.length === 0) {
          throw new HubError('RULE_BROKEN', {
            detail: 'nothing joins these records to others: name some of one person',
          });
        }
        const isOfSite = told.live.some(
          ({ actor, one, other }) =>
            actor.kind === 'site' && parted.some((pair) => pair.one === one && pair.other === other),
        );
        if (isOfSite && !overrule) {
          const detail =
            'their own site says that some of these are one person: name all its records, or overrule the site';
          throw new HubError('RULE_BROKEN', { detail });
        }
        return parted.map((pair) => ({ ...decision, ...pair }));
      });
    },
  };
}

/** Under the caller's name, with the reach of the hub: who is one person depends on records of every site. */
function acting({ actor }: Scope): Scope {
  return { ...systemScope('identity'), actor };
}

function nameOf({ actor }: Scope): string {
  return actor.replace(/^(?:client|operator):/, '');
}

function said(scope: Scope, at: Instant, reason: string): Omit<Unwritten, 'kind' | 'one' | 'other'> {
  const actor = { kind: 'person', id: nameOf(scope) } as const;
  return { at, actor, reason, evidence: null, modelId: null, supersedes: null };
}

function unknown(): HubError {
  return new HubError('NOT_FOUND', { detail: 'one of the patient records' });
}

async function seenBy(store: Store, scope: Scope, ids: readonly string[]): Promise<ReadonlySet<string>> {
  return store.read(scope, async (tx) => {
    const seen = new Set<string>();
    for (const id of new Set(ids)) if ((await tx.resources.read('Patient', id)) !== null) seen.add(id);
    return seen;
  });
}

async function visible(store: Store, scope: Scope, ids: readonly string[]): Promise<void> {
  const seen = await seenBy(store, scope, ids);
  if (ids.length === 0 || ids.some((id) => !seen.has(id))) throw unknown();
}

async function audit(tx: Tx, ids: readonly string[], requestId: string, now: Instant): Promise<void> {
  for (const resourceId of ids) {
    await tx.audit({ at: now, action: 'operate', resourceType: 'Patient', resourceId, outcome: 'success', requestId });
  }
}

/**
 * @param deciding what is to be written, from what stands when nobody else can write
 */
async function write(
  store: Store,
  clock: Clock,
  { scope, requestId }: Asked,
  ids: readonly string[],
  deciding: (told: Regrouped) => readonly Unwritten[],
): Promise<Decided> {
  return store.transaction(acting(scope), async (tx) => {
    const now = clock.now();
    let before: Regrouped | null = null;
    // The Patients that show a site's merges are written like by the site's own news: under the same names.
    await tx.lockRead([IDENTITY_LOG], async () => {
      before = await component(tx, ids);
      return before.sources.map(({ site, key }) => `patient:${site}:${key}`);
    });
    // What an earlier release wrote elsewhere comes first, and is decided against like the rest.
    const copied = await tx.identity.copySiteDecisionsOf(ids, now);
    const told = copied.length > 0 ? await component(tx, ids) : (before as Regrouped | null);
    if (told === null) throw unknown();
    const decisions = deciding(told);
    const seqs = await append(tx, told, decisions, now);
    const after = await regroup(tx, told.sources.map(({ id }) => id), now); // prettier-ignore
    await showSiteLinks(tx, after, [], { site: null, messageId: null, siteTime: null, now });
    await tx.index.due([...new Set(decisions.flatMap(({ one, other }) => [one, other]))], now);
    await audit(tx, ids, requestId, now);
    return {
      decisions: seqs,
      people: after.clusters.map(({ goldenId, members }) => ({ goldenId, records: members })),
    };
  });
}

async function append(
  tx: Tx,
  told: Regrouped,
  decisions: readonly Unwritten[],
  now: Instant,
): Promise<readonly number[]> {
  const seqs: number[] = [];
  let log = told.log;
  for (const decision of decisions) {
    const seq = log.reduce((last, one) => Math.max(last, one.seq), 0) + 1;
    const written: PairDecision = { ...decision, seq };
    const admission = admit(written, log, told.sources);
    if (admission.kind === 'refused') {
      const [stands] = admission.by;
      if (admission.reason !== 'decided' || stands === undefined) {
        throw new HubError('RULE_BROKEN', { detail: REFUSALS[admission.reason] });
      }
      // Who was asked, because a site had said otherwise since, has answered.
      await tx.identity.decided(decision.one, decision.other, stands, now);
      continue;
    }
    log = [...log, written];
    const stored = await tx.identity.append({ ...decision, attribute: null, value: null, toldBy: null }, now);
    if (stored !== null) seqs.push(stored);
    if (stored !== null) await tx.identity.decided(decision.one, decision.other, stored, now);
    await raise(tx, { contradictions: admission.raised }, told.log.filter(isPair), now);
  }
  return seqs;
}

async function describe(
  tx: Tx,
  pair: readonly [IndexedRecord, IndexedRecord],
  model: Model,
  now: Instant,
): Promise<Awaited<ReturnType<PeopleDesk['explain']>>> {
  const [one, other] = pair;
  const { guards, ...told } = await explained(tx, pair, { model, memory: memory(), now });
  const review = await tx.identity.review(one.id, other.id);
  return {
    one: one.id,
    other: other.id,
    band: told.band,
    score: told.score,
    probability: told.probability,
    thresholds: told.thresholds,
    guards: guards.map((guard) => ({ guard, says: GUARDS[guard] })),
    levels: told.levels,
    steps: told.steps,
    modelId: told.modelId,
    samePerson: one.goldenId === other.goldenId,
    review:
      review === null
        ? null
        : { state: review.state, why: review.why, claimedBy: review.claimedBy, dueAt: review.dueAt },
    decisions: await tx.identity.about([one.id, other.id]),
  };
}
