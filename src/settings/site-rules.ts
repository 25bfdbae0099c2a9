/** Rules over several fields of one site file, and of a site with the rest of the plan. */
import { isTimeZone } from '../core/instant.ts';
import { NPI_FAULTS, npiFault } from '../core/npi.ts';
import { suggest, type Issue } from './issue.ts';
import { coordinateRules, visitRules } from './take-rules.ts';
import { templateRules } from './template-rules.ts';
import type { View } from './view.ts';

/** What a site's rules may look up outside their own file. */
export interface Surroundings {
  readonly hubEnvironment: string | undefined;
  /** Null: hub.yaml could not be read, so nothing can be said about the catalogue. */
  readonly catalogue: readonly string[] | null;
  /** Minutes that the catalogue gives a visit type. */
  readonly minutesOf?: (visitType: string) => number | undefined;
  /** Every site file there is, also the broken ones. */
  readonly siteIds: readonly string[];
}

const LEGAL_ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Tokens of sandbox.json stand beside these, and `hub` is where the hub's own records come from. */
const RESERVED_IDS: readonly string[] = ['admin', 'scheduler', 'readonly', 'site', 'hub'];

export function siteRules(id: string, site: View, around: Surroundings): readonly Issue[] {
  return [
    ...idRules(id, site, around),
    ...environmentRules(site, around),
    ...zoneRule(site.at('timeZone')),
    ...locationRules(site),
    ...resourceRules(site),
    ...catalogueRules(site, around.catalogue),
    ...mirrorRules(id, site, around),
    ...coordinateRules(site),
    ...visitRules(site, around.catalogue),
    ...templateRules(site, around.minutesOf ?? (() => undefined)),
  ];
}

function idRules(id: string, site: View, around: Surroundings): readonly Issue[] {
  const issues: Issue[] = [];
  if (!LEGAL_ID.test(id) || id.length > 63)
    issues.push(
      site.issue(
        'the file name is no legal site id',
        'name it with lower-case letters, digits and single hyphens, at most 63, beginning with a letter',
      ),
    );
  if (RESERVED_IDS.includes(id)) issues.push(site.issue(`the site id ${id} is reserved`, 'choose another file name'));
  const old = site.at('formerly').text();
  if (old === id)
    issues.push(site.at('formerly').issue('is the id that the site has', 'remove it, or write the id it had before'));
  else if (old !== undefined && around.siteIds.includes(old))
    issues.push(
      site
        .at('formerly')
        .issue(`the plan also holds a site ${old}, and two sites cannot have one identity`, `remove sites/${old}.yaml`),
    );
  else if (old !== undefined && !LEGAL_ID.test(old))
    issues.push(
      site.at('formerly').issue('is no legal site id', 'write the file name that the site had, without .yaml'),
    );
  return issues;
}

function environmentRules(site: View, around: Surroundings): readonly Issue[] {
  const own = site.at('environment').text();
  if (own === undefined || around.hubEnvironment === undefined || own === around.hubEnvironment) return [];
  const problem = `is ${own}, but the hub runs in ${around.hubEnvironment}`;
  return [
    site.at('environment').issue(problem, `write ${around.hubEnvironment}, or move the file to a hub of its own`),
  ];
}

export function zoneRule(zone: View): readonly Issue[] {
  const text = zone.text();
  if (text === undefined) return [];
  // Node takes +05:00 for a zone; a place with summer time read by an offset is wrong for half the year.
  if (isTimeZone(text) && !/^[+-]/.test(text)) return [];
  return [zone.issue('is no known time zone', 'write an IANA name like America/Chicago')];
}

function locationRules(site: View): readonly Issue[] {
  const issues: Issue[] = [];
  const locations = site.at('locations');
  const owners = new Map<string, string>(locations.keys().map((key) => [key, key]));
  for (const [key, location] of locations.children()) {
    issues.push(...zoneRule(location.at('timeZone')));
    for (const [code, place] of location.at('codes').texts()) {
      const owner = owners.get(code);
      if (owner !== undefined && owner !== key)
        issues.push(place.issue(`the code ${code} already means ${owner}`, 'keep it at one location'));
      owners.set(code, key);
    }
    issues.push(...knownLocation(location.at('partOf'), locations));
    if (isInside(key, locations))
      issues.push(location.at('partOf').issue('leads back to this location', 'name the place around it, or none'));
  }
  return issues;
}

/** Whether following `partOf` from a location comes back to it. */
function isInside(key: string, locations: View): boolean {
  const seen = new Set<string>();
  let next = locations.at(key, 'partOf').text();
  while (next !== undefined && next !== key && !seen.has(next)) {
    seen.add(next);
    next = locations.at(next, 'partOf').text();
  }
  return next === key;
}

function knownLocation(reference: View, locations: View): readonly Issue[] {
  const key = reference.text();
  if (key === undefined || locations.has(key)) return [];
  const write = suggest(key, locations.keys(), 'location in this file');
  return [reference.issue(`there is no location ${key} in this file`, write)];
}

function resourceRules(site: View): readonly Issue[] {
  const issues: Issue[] = [];
  const locations = site.at('locations');
  for (const part of ['calendars', 'practitioners', 'devices'])
    for (const [, rule] of site.at('resources', part).children()) {
      issues.push(...knownLocation(rule.at('location'), locations), ...npiRule(rule.at('practitioner')));
      if (part === 'calendars' && !rule.has('practitioner') && !rule.has('location'))
        issues.push(rule.issue('names nobody and no place', 'add practitioner: or location:'));
      const isRoom = locations.at(rule.at('location').text() ?? '', 'room').whole() === true;
      if (part === 'practitioners' && !rule.has('practitioner') && !isRoom)
        issues.push(
          rule.issue('does not say who it is', 'add practitioner: npi:... or local:..., or the location of a room'),
        );
    }
  return issues;
}

function npiRule(reference: View): readonly Issue[] {
  const text = reference.text();
  const fault = text?.startsWith('npi:') === true ? npiFault(text.slice('npi:'.length)) : null;
  if (fault === null) return [];
  return [reference.issue(`is no valid NPI: ${NPI_FAULTS[fault]}`, 'look the number up and write it again')];
}

function catalogueRules(site: View, catalogue: readonly string[] | null): readonly Issue[] {
  const locations = site.at('locations');
  const issues = [
    ...site
      .at('scope', 'locations')
      .texts()
      .flatMap(([, place]) => knownLocation(place, locations)),
    ...site
      .at('sensitivity', 'departments')
      .children()
      .flatMap(([key, place]) => {
        if (locations.has(key)) return [];
        const write = suggest(key, locations.keys(), 'location in this file');
        return [place.issue(`there is no location ${key} in this file`, write)];
      }),
  ];
  if (catalogue === null) return issues;
  const known = (code: string | undefined, place: View): readonly Issue[] =>
    code === undefined || catalogue.includes(code)
      ? []
      : [
          place.issue(
            `there is no visit type ${code} in the catalogue of hub.yaml`,
            suggest(code, catalogue, 'visit type in hub.yaml'),
          ),
        ];
  return [
    ...issues,
    ...site
      .at('visitTypes')
      .children()
      .flatMap(([, place]) => known(place.text(), place)),
    ...site
      .at('scope', 'visitTypes')
      .texts()
      .flatMap(([code, place]) => known(code, place)),
    ...site
      .at('sensitivity', 'visitTypes')
      .children()
      .flatMap(([code, place]) => known(code, place)),
  ];
}

function mirrorRules(id: string, site: View, around: Surroundings): readonly Issue[] {
  const issues: Issue[] = [];
  const seen = new Set<string>();
  const mirror = site.at('mirror');
  const rules = mirror.isList() ? mirror.children().map(([, rule]) => rule) : [mirror];
  for (const [target, place] of rules.flatMap((rule) => rule.at('to').texts())) {
    if (target === id) issues.push(place.issue('a site cannot mirror to itself', 'name another site'));
    else if (!around.siteIds.includes(target))
      issues.push(place.issue(`there is no site ${target}`, suggest(target, around.siteIds, 'other site')));
    else if (seen.has(target)) issues.push(place.issue(`${target} is named twice`, 'keep one of the two'));
    seen.add(target);
  }
  return issues;
}
