/**
 * What people decide about who is who. A person's word goes before a site's and before what matching says, is written
 * down with its reason, and whatever it undoes is as if it had never been: nobody's visits are moved by it.
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import { formatInstant, MINUTE_MS, plus, type Instant } from '../../core/instant.ts';
import type { IndexedRecord } from '../../store/contract-index.ts';
import type { ReviewRow } from '../../store/contract-identity.ts';
import type { Plan } from '../../settings/shape.ts';
import { systemScope, type Store, type Tx } from '../../store/contract.ts';
import type { Asked, PeopleDesk } from '../contract-desk.ts';
import { standing } from '../golden/decision.ts';
import { partings } from '../golden/unmerge.ts';
import { GUARDS } from '../match/guards.ts';
import type { Explanation } from '../match/matcher.ts';
import type { Model } from '../match/model.ts';
import { SHIPPED_MODEL } from '../match/shipped.ts';
import { waterfallOf } from '../match/waterfall.ts';
import { decisionsOf } from './decisions-of.ts';
import { override, person } from './desk-override.ts';
import { undo } from './desk-undo.ts';
import { verdicts } from './desk-verdicts.ts';
import {
  acting,
  audit,
  decisionsFor,
  nameOf,
  said,
  seenBy,
  unknown,
  visible,
  write,
  type Wording,
} from './desk-words.ts';
import { memoryUnder, underPlan } from './placing.ts';
import { explained } from './asked.ts';
import { eraser } from './erase.ts';
import type { Memory } from './memory.ts';
import type { SightOptions } from './sight.ts';

export interface DeskOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly model?: Model;
  /** The plan in force. Absent: as the model says, a claim of an hour, a week for a pair. */
  readonly plan?: () => Plan;
  /** What the hub remembers of people: whoever is erased is forgotten there too. */
  readonly memories?: readonly Pick<Memory, 'forget'>[];
}

const CLAIM_MIN = 60;
/** Of lists that are read on because the caller may not see their pairs. */
const PAGES_MAX = 5;

export function peopleDesk(options: DeskOptions): PeopleDesk {
  const { store, clock, plan } = options;
  const claim_ms = (): number => (plan?.().hub.identity?.claim_min ?? CLAIM_MIN) * MINUTE_MS;
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
    stats: () => store.read(systemScope('identity'), (tx) => tx.identity.counts(clock.now())),

    async reviews({ scope }, limit, after) {
      const shown: ReviewRow[] = [];
      let behind = after;
      // Pairs that the caller may not see are passed over, and must not hide those behind them.
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const from = behind;
        const rows = await store.read(systemScope('identity'), (tx) => tx.identity.reviews(limit, from));
        const seen = await seenBy(store, scope, rows.flatMap(({ lo, hi }) => [lo, hi])); // prettier-ignore
        for (const row of rows) {
          if (shown.length === limit) break;
          behind = row;
          if (seen.has(row.lo) && seen.has(row.hi)) shown.push(row);
        }
        const isRead = rows.length === 0 || behind === rows.at(-1);
        if (rows.length < limit && isRead) return { pairs: shown.map(withoutEvidence), next: null };
        if (shown.length === limit) break;
      }
      return { pairs: shown.map(withoutEvidence), next: behind };
    },

    verdicts: (asked, limit, after) => verdicts(store, asked, limit, after),

    async explain({ scope, requestId }, one, other) {
      await visible(store, scope, [one, other]);
      const told = await store.transaction(acting(scope), async (tx) => {
        const records = await tx.index.people([one, other]);
        const [left, right] = [one, other].map((id) => records.find((record) => record.id === id));
        if (left === undefined || right === undefined) throw unknown();
        await audit(tx, [one, other], requestId, clock.now());
        return describe(tx, [left, right], seeing(options));
      });
      return { ...told, decisions: await decisionsFor(store, scope, told.decisions) };
    },

    claim: (asked, one, other) =>
      step(asked, [one, other], (tx) =>
        tx.identity.claim(one, other, nameOf(asked.scope), plus(clock.now(), claim_ms()), clock.now()),
      ),

    release: (asked, one, other) =>
      step(asked, [one, other], (tx) => tx.identity.release(one, other, nameOf(asked.scope), clock.now())),

    async decide(asked, { one, other, verdict, reason }) {
      await visible(store, asked.scope, [one, other]);
      const decision = said(asked.scope, clock.now(), reason);
      await free(store, asked, [one, other], clock.now());
      const kind = verdict === 'same' ? 'link' : 'not-same';
      return write(options, asked, [one, other], { deciding: () => [{ ...decision, kind, one, other }] });
    },

    erase: eraser(options),

    async unmerge(asked, { records, reason, overrule }) {
      await visible(store, asked.scope, records);
      const decision = said(asked.scope, clock.now(), reason);
      const deciding: Wording['deciding'] = (told) => {
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
      };
      return write(options, asked, records, { deciding });
    },

    override: (asked, saying) => override(options, asked, saying),
    person: (asked, id) => person(options, asked, id),
    undo: (asked, word) => undo(options, asked, word),
  };
}

function withoutEvidence({ evidence: _evidence, ...pair }: ReviewRow): Omit<ReviewRow, 'evidence'> {
  return pair;
}

/** Whoever has taken a pair decides about it, until the claim ends. */
async function free(
  store: Store,
  { scope }: Asked,
  [one, other]: readonly [string, string],
  now: Instant,
): Promise<void> {
  const review = await store.read(systemScope('identity'), (tx) => tx.identity.review(one, other));
  const { claimedBy = null, claimedUntil = null } = review ?? {};
  if (claimedBy === null || claimedBy === nameOf(scope) || claimedUntil === null || claimedUntil <= now) return;
  const detail = `${claimedBy} has taken this pair until ${formatInstant(claimedUntil)}: ask, or wait until then`;
  throw new HubError('RULE_BROKEN', { detail });
}

function seeing({ model = SHIPPED_MODEL, clock, plan }: DeskOptions): SightOptions {
  const under = plan === undefined ? {} : underPlan(model, plan());
  return { model, memory: memoryUnder(plan), now: clock.now(), ...under };
}

async function describe(
  tx: Tx,
  pair: readonly [IndexedRecord, IndexedRecord],
  sight: SightOptions,
): Promise<Awaited<ReturnType<PeopleDesk['explain']>>> {
  const [one, other] = pair;
  const { guards, ...told } = await explained(tx, pair, sight);
  const review = await tx.identity.review(one.id, other.id);
  const decisions = await tx.identity.about([one.id, other.id]);
  const stands = new Set(standing(decisionsOf(decisions)).map(({ seq }) => seq));
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
    waterfall: waterfallOf(told.steps, told.thresholds),
    modelId: told.modelId,
    rule: told.rule ?? null,
    samePerson: one.goldenId === other.goldenId,
    review: review === null ? null : { ...review, evidence: stacked(review.evidence) },
    decisions: decisions.map((decision) => ({ ...decision, holds: stands.has(decision.seq) })),
  };
}

/** What was stored with the pair, its steps added up; a site's word that does not hold has none. */
function stacked(evidence: ReviewRow['evidence']): ReviewRow['evidence'] {
  const { steps, thresholds, ...rest } = evidence as Partial<Pick<Explanation, 'steps' | 'thresholds'>>;
  return steps === undefined || thresholds === undefined
    ? evidence
    : { ...rest, waterfall: waterfallOf(steps, thresholds) };
}
