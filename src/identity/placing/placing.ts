/** The patient index at work: how the hub places records (pipeline/identify.ts calls it). */
import { HOUR_MS, type Instant } from '../../core/instant.ts';
import { namespacesIn } from '../../settings/identifier-types.ts';
import type { Plan } from '../../settings/shape.ts';
import { IDENTITY_LOG, type PatientPlacing } from '../contract.ts';
import { KEY_EPOCH } from '../match/keys.ts';
import type { Model } from '../match/model.ts';
import { SHIPPED_MODEL } from '../match/shipped.ts';
import { careOf } from './budgets.ts';
import { REVIEW_WITHIN_MS } from './conclude.ts';
import { memory, type Memory } from './memory.ts';
import { place, placeMany } from './place.ts';
import type { SightOptions } from './sight.ts';

const AT_ONCE = 50_000;

export interface PlacingOptions {
  /** Records that may share a key before its tight form is asked instead. */
  readonly cap?: number;
  readonly memory?: Memory;
  /**
   * The plan in force: what numbers mean, how careful matching is, and when a pair is due. Absent: as the model says, a
   * week.
   */
  readonly plan?: () => Plan;
}

export function patientPlacing(
  model: Model = SHIPPED_MODEL,
  { cap, plan, memory: remembered = memoryUnder(plan) }: PlacingOptions = {},
): PatientPlacing {
  const at = (now: Instant): SightOptions => ({
    model,
    memory: remembered,
    now,
    ...(cap === undefined ? {} : { cap }),
    ...(plan === undefined ? {} : underPlan(model, plan())),
  });
  return {
    place: (tx, id, now) => place(tx, id, at(now)),
    placeMany: (tx, ids, now) => placeMany(tx, ids, at(now)),
    async catchUp(tx, now) {
      await tx.lock([IDENTITY_LOG]);
      const copied = await tx.identity.copySiteDecisions(AT_ONCE, now);
      await tx.index.due(copied, now);
      return copied.length + (await tx.index.dueUnindexed(KEY_EPOCH, AT_ONCE, now));
    },
  };
}

/** By the site files of the plan in force. */
export function memoryUnder(plan: (() => Plan) | undefined, most?: number): Memory {
  return memory({
    ...(most === undefined ? {} : { most }),
    ...(plan === undefined ? {} : { namespaces: namespacesIn(plan) }),
  });
}

type UnderPlan = Required<Pick<SightOptions, 'model' | 'care' | 'reviewWithin_ms'>>;
const underPlans = new WeakMap<Plan, UnderPlan>();

/** What the settings say, read once of each plan. */
export function underPlan(model: Model, plan: Plan): UnderPlan {
  const known = underPlans.get(plan);
  if (known?.model.sha256 === model.sha256) return known;
  const { identity } = plan.hub;
  const reviewWithin_ms = identity === undefined ? REVIEW_WITHIN_MS : identity.reviewWithin_h * HOUR_MS;
  const care = careOf(model, plan);
  const made = { model: care.model, care, reviewWithin_ms };
  underPlans.set(plan, made);
  return made;
}
