/** Rules over `identity` and `work` of hub.yaml, and `matching` of site files. */
import { suggest, type Issue } from './issue.ts';
import { linkRules } from './link-rules.ts';
import { BUDGETS } from './people-spec.ts';
import type { View } from './view.ts';

/** `sites` by id: their files, where they could be read. */
export function peopleRules(hub: View, ids: readonly string[], sites: ReadonlyMap<string, View>): readonly Issue[] {
  return [
    ...pairRules(hub, ids),
    ...linkRules(hub, ids, sites),
    ...apartRules(hub.at('practitioners', 'apart'), ids),
    ...[...sites.values()].flatMap((site) => stricter(site.at('matching'), hub)),
    ...survivorshipRules(hub.at('identity', 'survivorship'), ids),
    ...chainRules(hub.at('work', 'escalation')),
    ...hub.at('work', 'escalationFor').children().flatMap(([, chain]) => chainRules(chain)), // prettier-ignore
  ];
}

function pairRules(hub: View, ids: readonly string[]): readonly Issue[] {
  const issues: Issue[] = [];
  const seen = new Set<string>();
  for (const [, pair] of hub.at('identity', 'matching', 'sitePairs').children()) {
    const sites = pair.at('sites').texts();
    issues.push(...knownSites(pair.at('sites'), ids), ...stricter(pair, hub));
    if (sites.length !== 2 && pair.at('sites').isList())
      issues.push(pair.at('sites').issue('are not two sites', 'write an entry for each two, [one, other]'));
    const key = sites.map(([id]) => id).sort().join(' '); // prettier-ignore
    if (seen.has(key)) issues.push(pair.issue('is listed before', 'keep one of the two'));
    seen.add(key);
    if (!pair.has('falseLinksPerMillion') && !pair.has('reviewsPerLink'))
      issues.push(pair.issue('says nothing', 'add falseLinksPerMillion or reviewsPerLink, or remove it'));
  }
  return issues;
}

function apartRules(apart: View, ids: readonly string[]): readonly Issue[] {
  return apart.children().flatMap(([, people]) =>
    people.texts().flatMap(([code, place]) => {
      const site = code.slice(0, code.indexOf('/'));
      return ids.includes(site) ? [] : [place.issue(`there is no site ${site}`, suggest(site, ids, 'site file'))];
    }),
  );
}

/** Where one pair of sites were looser, a link there would make the mistake that all others are kept from. */
function stricter(place: View, hub: View): readonly Issue[] {
  return (['falseLinksPerMillion', 'reviewsPerLink'] as const).flatMap((name) => {
    const [own, all] = [place.at(name).number(), hub.at('identity', 'matching', name).number() ?? BUDGETS[name]];
    if (own === undefined || own <= all) return [];
    return [
      place.at(name).issue(`is looser than identity.matching.${name} of hub.yaml`, `write at most ${String(all)}`),
    ];
  });
}

function survivorshipRules(survivorship: View, ids: readonly string[]): readonly Issue[] {
  const trustFor = survivorship.at('trustFor').children();
  const order = survivorship.at('order').texts().map(([rule]) => rule); // prettier-ignore
  const isTrusting = survivorship.at('trust').texts().length > 0 || trustFor.length > 0;
  return [
    ...knownSites(survivorship.at('trust'), ids),
    ...trustFor.flatMap(([, sites]) => knownSites(sites, ids)),
    ...(isTrusting && order.length > 0 && !order.includes('trust')
      ? [survivorship.at('order').issue('lacks trust, so that no site is trusted', 'add trust, or remove the sites')]
      : []),
  ];
}

function chainRules(chain: View): readonly Issue[] {
  let before: number | undefined;
  return chain.children().flatMap(([, step]) => {
    const after = step.at('after_h').number();
    const isLate = before !== undefined && after !== undefined && after <= before;
    before = after ?? before;
    return isLate
      ? [step.at('after_h').issue('is not later than the step before', 'write the steps in their order')]
      : [];
  });
}

function knownSites(list: View, ids: readonly string[]): readonly Issue[] {
  return list
    .texts()
    .flatMap(([id, place]) =>
      ids.includes(id) ? [] : [place.issue(`there is no site ${id}`, suggest(id, ids, 'site file'))],
    );
}
