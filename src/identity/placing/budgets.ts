/**
 * How careful matching is, and by which rules it links besides, by settings. Budgets change where the bands begin and
 * none of the weights, so that the model keeps its name; each decision keeps the thresholds that it was made by.
 */
import { rulesBetween } from '../../settings/link-rules.ts';
import type { LinkRule } from '../../settings/people-shape.ts';
import type { Plan } from '../../settings/shape.ts';
import type { SharedValues } from '../match/compare.ts';
import { agreesBy } from '../match/link-rules.ts';
import type { Verdict } from '../match/matcher.ts';
import type { Budgets, Model } from '../match/model.ts';
import type { Person } from '../match/person.ts';
import { thresholds } from '../match/thresholds.ts';

export interface Care {
  /** With the budgets that hold for all. */
  readonly model: Model;
  /** Stricter ones, for records of these two sites; null: there are none. */
  readonly between: (site: string, other: string) => Budgets | null;
  /** By which records of these two sites may be linked. */
  readonly rules: (site: string, other: string) => readonly LinkRule[];
}

/** A plan without settings of identity: as the model says. */
export function careOf(model: Model, { hub, sites }: Pick<Plan, 'hub' | 'sites'>): Care {
  const all: Budgets = { ...model.budgets, ...picked(hub.identity?.matching) };
  const own = new Map(sites.flatMap(({ id, matching }) => (matching === undefined ? [] : [[id, matching] as const])));
  const pairs = hub.identity?.matching.sitePairs ?? [];
  const rules = hub.identity?.matching.rules ?? [];
  return {
    model: { ...model, budgets: all },
    rules: (site, other) => rulesBetween(rules, [site, other], (id) => own.get(id)?.rules),
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

/** Two records, and where they are from. */
export interface Between {
  readonly sites: readonly [string, string];
  readonly people: readonly [Person, Person];
  /** Of their contacts those that belong to nobody. Asked only where a rule might hold. */
  readonly shared: () => SharedValues;
}

/** As the settings have it between these two sites. */
export function settled<V extends Verdict>(told: V, care: Care | undefined, records: number, between: Between): V {
  return ruled(careful(told, care, records, between.sites), care, records, between);
}

/** As strict as it is between these two sites: never likelier to be linked, or to be looked at, than for all. */
function careful<V extends Verdict>(
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

/**
 * Linked by a rule what the score alone would put before a person. Guards always stand, and what is two people by the
 * score stays two: there the rest denies what the rule asks. A rule counts like the bits that it states, so that one
 * that is too weak for an index of this size, or between these sites, links nobody.
 */
function ruled<V extends Verdict>(told: V, care: Care | undefined, records: number, between: Between): V {
  if (care === undefined || told.band !== 'review' || told.guards.length > 0) return told;
  const rules = care.rules(...between.sites);
  if (rules.length === 0) return told;
  const budgets = care.between(...between.sites) ?? care.model.budgets;
  const { auto } = thresholds({ ...care.model, budgets }, records);
  const strong = rules.filter(({ collision }) => -Math.log2(collision) >= auto);
  if (strong.length === 0) return told;
  const [a, b] = between.people;
  const shared = between.shared();
  const rule = strong.find((one) => agreesBy(one, a, b, shared));
  return rule === undefined ? told : { ...told, band: 'auto', rule };
}
