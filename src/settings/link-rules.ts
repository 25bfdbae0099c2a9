/**
 * Rules that link two records without a score, as the operator writes them: what has to agree, and how often that
 * happens to two people by chance. None is in force unless it is written down.
 */
import { suggest, type Issue } from './issue.ts';
import { meaningOf } from './identifier-types.ts';
import type { IdentifierSettings } from './identifier-shape.ts';
import type { LinkFact, LinkRule } from './people-shape.ts';
import type { View } from './view.ts';

/**
 * How often two people agree in it by chance, rather too often than too seldom: the draft of the CMS on patient
 * matching, v3.4.0 (names, date of birth, phone, e-mail address, the end of a social security number; an address is its
 * street with the postcode). Of numbers that somebody gives out the chance is that of a slip onto another person's.
 */
export const FACTS: Readonly<Record<LinkFact, number>> = {
  given: 0.02,
  family: 0.005,
  birthDate: 1e-4,
  phone: 1e-6,
  email: 1e-6,
  address: 1e-8,
  'social-end': 1e-4,
  social: 1e-9,
  identifier: 1e-9,
};

/** What it comes to by chance, if all of it is independent. */
export function leastCollision(agree: readonly LinkFact[]): number {
  return agree.reduce((chance, fact) => chance * FACTS[fact], 1);
}

/** A sum of rounded digits is no mistake. */
const ROUNDED = 1.001;

export function linkRules(hub: View, ids: readonly string[], sites: ReadonlyMap<string, View>): readonly Issue[] {
  const rules = hub.at('identity', 'matching', 'rules').children().map(([, rule]) => rule); // prettier-ignore
  const names = rules.flatMap((rule) => rule.at('name').text() ?? []);
  const systems = systemsOf(sites);
  return [
    ...rules.flatMap((rule, at) => [
      ...(names.indexOf(rule.at('name').text() ?? '') < names.lastIndexOf(rule.at('name').text() ?? '') &&
      names.lastIndexOf(rule.at('name').text() ?? '') === at
        ? [rule.at('name').issue('is the name of another rule too', 'give each a name of its own')]
        : []),
      ...ofOne(rule, systems),
      ...whose(rule.at('sites'), ids),
    ]),
    ...[...sites.values()].flatMap((site) =>
      site.at('matching', 'rules').texts().flatMap(([name, place]) =>
        names.includes(name)
          ? []
          : [place.issue(`hub.yaml has no rule ${name} in identity.matching.rules`, suggest(name, names, 'rule'))],
      ),
    ), // prettier-ignore
  ];
}

function ofOne(rule: View, systems: ReadonlySet<string>): readonly Issue[] {
  const agree = rule.at('agree').texts().map(([fact]) => fact as LinkFact); // prettier-ignore
  const place = rule.at('agree');
  if (agree.length === 0 || place.whole() === undefined) return [];
  const issues: Issue[] = [];
  const beyond = agree.filter((fact) => !['given', 'family', 'birthDate'].includes(fact));
  if (beyond.length === 0) {
    const problem =
      'are name and date of birth alone, which two people share: of 3.4 million patients of one county 69,807 pairs';
    issues.push(place.issue(problem, 'add phone, email, address, social, social-end or identifier'));
  }
  if (!agree.includes('birthDate'))
    issues.push(place.issue('lack birthDate: parent and child share the rest', 'add birthDate'));
  if (!['given', 'social', 'identifier'].some((fact) => agree.includes(fact as LinkFact)))
    issues.push(place.issue('are what twins share', 'add given, social or identifier'));
  issues.push(...ofSystem(rule, agree.includes('identifier'), systems));
  const [stated, least] = [rule.at('collision').number(), leastCollision(agree)];
  if (stated !== undefined && stated * ROUNDED < least) {
    const problem = `is less than two people come to by chance who agree in these (${least.toPrecision(1)})`;
    issues.push(rule.at('collision').issue(problem, `write ${least.toPrecision(1)} or more`));
  }
  return issues;
}

function ofSystem(rule: View, isAsked: boolean, systems: ReadonlySet<string>): readonly Issue[] {
  if (!isAsked && rule.has('system'))
    return [rule.at('system').issue('says whose number it is, and no number is asked', 'add identifier, or remove it')];
  if (!isAsked) return [];
  const system = rule.at('system').text();
  if (system === undefined) {
    const write = 'add system: as the site files have it under identifiers';
    return rule.has('system') ? [] : [rule.issue('asks for a number and does not say whose', write)];
  }
  if (systems.has(system)) return [];
  const write = 'write the system of an identifier that several sites list with another trust than ignore';
  return [rule.at('system').issue(`no two site files list ${system}`, write)];
}

/** Of a number that one site alone has, two sites never agree in it, and of one site nobody is linked. */
function systemsOf(sites: ReadonlyMap<string, View>): ReadonlySet<string> {
  const listed = [...sites.values()].flatMap((site) => [
    ...new Set(
      site.at('identifiers').children().flatMap(([, place]) => {
        const rule = place.whole() as IdentifierSettings | undefined;
        return rule === undefined || meaningOf(rule).trust === 'ignore' ? [] : [rule.system];
      }),
    ), // prettier-ignore
  ]);
  return new Set(listed.filter((system, at) => listed.indexOf(system) !== at));
}

function whose(list: View, ids: readonly string[]): readonly Issue[] {
  const told = list.texts();
  const unknown = told.flatMap(([id, place]) =>
    ids.includes(id) ? [] : [place.issue(`there is no site ${id}`, suggest(id, ids, 'site file'))],
  );
  if (told.length !== 1) return unknown;
  return [
    ...unknown,
    list.issue('is one site, and records of one site are never linked', 'name two or more, or none for all'),
  ];
}

/** Of the hub's rules those by which records of these two sites may be linked: all that both of them allow. */
export function rulesBetween(
  rules: readonly LinkRule[],
  [one, other]: readonly [string, string],
  allowed: (site: string) => readonly string[] | undefined,
): readonly LinkRule[] {
  return rules.filter(
    ({ name, sites }) =>
      [one, other].every((site) => allowed(site)?.includes(name) ?? true) &&
      (sites.length === 0 || (sites.includes(one) && sites.includes(other))),
  );
}
