/**
 * How careful matching is, by the operator's settings. Budgets change where the bands begin and none of the weights, so
 * that the model keeps its name; each decision keeps the thresholds that it was made by.
 */
import type { Plan } from '../../settings/shape.ts';
import type { Verdict } from '../match/matcher.ts';
import type { Budgets, Model } from '../match/model.ts';
import { thresholds } from '../match/thresholds.ts';

export interface Care {
  /** With the budgets that hold for all. */
  readonly model: Model;
  /** Stricter ones, for records of these two sites; null: there are none. */
  readonly between: (site: string, other: string) => Budgets | null;
}

/** A plan without settings of identity: as the model says. */
export function careOf(model: Model, { hub, sites }: Pick<Plan, 'hub' | 'sites'>): Care {
  const all: Budgets = { ...model.budgets, ...picked(hub.identity?.matching) };
  const own = new Map(sites.flatMap(({ id, matching }) => (matching === undefined ? [] : [[id, matching] as const])));
  const pairs = hub.identity?.matching.sitePairs ?? [];
  return {
    model: { ...model, budgets: all },
    between(site, other) {
      const said = [
        own.get(site),
        own.get(other),
        ...pairs.filter((pair) => pair.sites.includes(site) && pair.sites.includes(other)),
      ].filter((one) => one !== undefined);
      if (said.length === 0) return null;
      const least = (name: 'falseLinksPerMillion' | 'reviewsPerLink'): number =>
        Math.min(all[name], ...said.flatMap((one) => one[name] ?? []));
      return {
        ...all,
        falseLinksPerMillion: least('falseLinksPerMillion'),
        reviewsPerLink: least('reviewsPerLink'),
      };
    },
  };
}

function picked(said: Partial<Budgets> | undefined): Partial<Budgets> {
  if (said === undefined) return {};
  const { falseLinksPerMillion, reviewsPerLink } = said;
  return {
    ...(falseLinksPerMillion === undefined ? {} : { falseLinksPerMillion }),
    ...(reviewsPerLink === undefined ? {} : { reviewsPerLink }),
  };
}

/** As strict as it is between these two sites: never likelier to be linked, or to be looked at, than for all. */
export function careful<V extends Verdict>(
  told: V,
  care: Care | undefined,
  records: number,
  [site, other]: readonly [string, string],
): V {
  const budgets = care?.between(site, other) ?? null;
  if (care === undefined || budgets === null) return told;
  const limits = thresholds({ ...care.model, budgets }, records);
  const stricter = { ...told, ...('thresholds' in told ? { thresholds: limits } : {}) };
  if (told.band === 'auto' && told.score < limits.auto) {
    return { ...stricter, band: told.score < limits.review ? 'none' : 'review' };
  }
  if (told.band === 'review' && told.score < limits.review) return { ...stricter, band: 'none', guards: [] };
  return stricter;
}
