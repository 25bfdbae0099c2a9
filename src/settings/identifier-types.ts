/**
 * What the numbers that a site gives to people mean: which kind each is, whether it proves a person, and how far it
 * reaches. The site file says so by authority; nothing else does, because a number without that is anybody's.
 */
import type { IdentifierSettings } from './identifier-shape.ts';
import type { Plan, SiteSettings } from './shape.ts';

/** proves: one person has it. shared: a family may. ignore: it is no person's, as of an account or a visit. */
export type IdentifierTrust = 'proves' | 'shared' | 'ignore';
/** site: given out by this site alone. group, enterprise: by somebody for several sites, whose files list it alike. */
export type IdentifierScope = 'site' | 'group' | 'enterprise';

export interface IdentifierMeaning {
  readonly type: string;
  /** Table v2-0203; empty: none fits. */
  readonly code: string;
  readonly trust: IdentifierTrust;
  readonly scope: IdentifierScope;
}

type Known = Omit<IdentifierMeaning, 'type'>;

/** What each type means where the site file says no more. Codes: HL7 v2 table 0203. */
export const IDENTIFIER_TYPES = {
  'site-mrn': { code: 'MR', trust: 'proves', scope: 'site' },
  'group-mrn': { code: 'MR', trust: 'proves', scope: 'group' },
  'enterprise-mrn': { code: 'PI', trust: 'proves', scope: 'enterprise' },
  national: { code: 'NI', trust: 'proves', scope: 'enterprise' },
  'social-security': { code: 'SS', trust: 'proves', scope: 'enterprise' },
  licence: { code: 'DL', trust: 'proves', scope: 'enterprise' },
  passport: { code: 'PPN', trust: 'proves', scope: 'enterprise' },
  insurance: { code: 'MB', trust: 'shared', scope: 'enterprise' },
  account: { code: 'AN', trust: 'ignore', scope: 'site' },
  visit: { code: 'VN', trust: 'ignore', scope: 'site' },
  appointment: { code: '', trust: 'ignore', scope: 'site' },
  other: { code: '', trust: 'shared', scope: 'site' },
} as const satisfies Readonly<Record<string, Known>>;

export type IdentifierType = keyof typeof IDENTIFIER_TYPES;

export function meaningOf({ type, trust, scope }: IdentifierSettings): IdentifierMeaning {
  const known: Known = Object.hasOwn(IDENTIFIER_TYPES, type)
    ? IDENTIFIER_TYPES[type as IdentifierType]
    : IDENTIFIER_TYPES.other;
  return { type, code: known.code, trust: trust ?? known.trust, scope: scope ?? known.scope };
}

/** By the address of the system, as identifiers of a Patient name it. */
export type Namespaces = ReadonlyMap<string, IdentifierMeaning>;

/** Of a site of which nothing is known. */
export const NO_NAMESPACES: Namespaces = new Map();

const known = new WeakMap<SiteSettings['identifiers'], Namespaces>();

/** What the file of a site says of the systems whose numbers its records bear. */
export function namespacesOf({ identifiers }: Pick<SiteSettings, 'identifiers'>): Namespaces {
  const before = known.get(identifiers);
  if (before !== undefined) return before;
  const made = new Map(Object.values(identifiers).map((rule) => [rule.system, meaningOf(rule)] as const));
  known.set(identifiers, made);
  return made;
}

/** What the file of a site says of the numbers of people. */
export type NamespacesOf = (site: string) => Namespaces;

const inPlan = new WeakMap<Plan, ReadonlyMap<string, Namespaces>>();

/** By the site files as they are now. */
export function namespacesIn(plan: () => Plan): NamespacesOf {
  return (site) => {
    const now = plan();
    let bySite = inPlan.get(now);
    if (bySite === undefined) {
      bySite = new Map(now.sites.map((one) => [one.id, namespacesOf(one)]));
      inPlan.set(now, bySite);
    }
    return bySite.get(site) ?? NO_NAMESPACES;
  };
}

/** For numbers that no site tells: what every file that lists the system says alike. */
export function namespacesOfAll(sites: Plan['sites']): Namespaces {
  const said = new Map<string, IdentifierMeaning>();
  const disputed = new Set<string>();
  for (const [system, meaning] of sites.flatMap((site) => [...namespacesOf(site)])) {
    const before = said.get(system) ?? meaning;
    if ((['type', 'trust', 'scope'] as const).some((part) => before[part] !== meaning[part])) disputed.add(system);
    said.set(system, meaning);
  }
  for (const system of disputed) said.delete(system);
  return said;
}

/** Equal for site files by which records are compared alike. What needs no word of a file is left out. */
export function namespaceDigest(site: Pick<SiteSettings, 'identifiers'>): string {
  const said = [...namespacesOf(site)]
    .filter(([, { type, trust, scope }]) => !(type === 'site-mrn' && trust === 'proves' && scope === 'site'))
    .map(([system, { type, trust, scope }]) => [system, type, trust, scope].join(' '));
  return said.sort().join('\n');
}
