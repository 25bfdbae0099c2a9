/** Rules over several fields of hub.yaml and subscribers.yaml, and of both with the sites. */
import { clientHl7Rules } from './client-hl7-rules.ts';
import type { Issue } from './issue.ts';
import { suggest } from './issue.ts';
import { zoneRule } from './site-rules.ts';
import { travelRules } from './take-rules.ts';
import type { View } from './view.ts';

export interface KnownSites {
  /**
   * By site id: its location keys, or null where the file could not be read, so that nothing can be said about them.
   */
  readonly locations: ReadonlyMap<string, readonly string[] | null>;
  /** By site id: its kind, where it is known. */
  readonly kinds: ReadonlyMap<string, string | undefined>;
}

export function hubRules(hub: View, sites: KnownSites): readonly Issue[] {
  return [
    ...zoneRule(hub.at('timeZone')),
    ...clientRules(hub, sites),
    ...simulatorRules(hub, sites),
    ...waitRules(hub),
    ...travelRules(hub, (key, place) => knownPlace(key, place, sites)),
  ];
}

function clientRules(hub: View, sites: KnownSites): readonly Issue[] {
  const issues: Issue[] = [];
  const clients = hub.at('clients').children();
  const environment = hub.at('environment').text();
  if (hub.at('clients').isList() && clients.length === 0 && environment !== undefined && environment !== 'sandbox')
    issues.push(
      hub
        .at('clients')
        .issue('nobody may call the API', 'add a client with id, token, role and sites (docs/settings.md)'),
    );
  const ids = clients.map(([, client]) => client.at('id'));
  const tokens = clients.map(([, client]) => client.at('token'));
  issues.push(...usedTwice(ids, (id) => `the id ${id} is another client's too`, 'give each client its own id'));
  issues.push(...usedTwice(tokens, () => "is another client's token too", 'give each client its own token'));
  issues.push(
    ...clientHl7Rules(
      clients.map(([, client]) => client),
      [...sites.locations.keys()],
    ),
  );
  for (const [, client] of clients) {
    if (!client.has('token') && !client.has('hl7'))
      issues.push(client.issue('has neither a token nor hl7, so it can ask nothing', 'add a token, or hl7, or both'));
    issues.push(...knownSites(client.at('sites'), sites));
    for (const [key, place] of client.at('locations').texts()) issues.push(...knownPlace(key, place, sites));
    if (client.at('role').text() === 'site' && client.at('coordinator').whole() === true)
      issues.push(
        client
          .at('coordinator')
          .issue(
            'a client of role site speaks for its site by its own system',
            'use another client with role readonly',
          ),
      );
    if (client.at('role').text() === 'site' && client.at('sites').texts().length !== 1)
      issues.push(
        client.at('sites').issue('a client of role site speaks for one site', 'write a list with that one site'),
      );
  }
  return issues;
}

function usedTwice(values: readonly View[], problem: (value: string) => string, write: string): readonly Issue[] {
  const seen = new Set<string>();
  return values.flatMap((place) => {
    const value = place.text();
    if (value === undefined || !seen.has(value)) {
      if (value !== undefined) seen.add(value);
      return [];
    }
    return [place.issue(problem(value), write)];
  });
}

function knownSites(list: View, sites: KnownSites): readonly Issue[] {
  const ids = [...sites.locations.keys()];
  return list
    .texts()
    .flatMap(([id, place]) =>
      ids.includes(id) ? [] : [place.issue(`there is no site ${id}`, suggest(id, ids, 'site file'))],
    );
}

function knownPlace(key: string, place: View, sites: KnownSites): readonly Issue[] {
  const [site = '', location] = key.split('/', 2);
  if (location === undefined || location === '')
    return [place.issue('is no location of a site', 'write site/location, like midtown-acuity/north')];
  if (!sites.locations.has(site))
    return [place.issue(`there is no site ${site}`, suggest(site, [...sites.locations.keys()], 'site file'))];
  const known = sites.locations.get(site);
  if (known === null || known === undefined || known.includes(location)) return [];
  const write = suggest(location, known, `location at ${site}`);
  return [place.issue(`the site ${site} has no location ${location}`, write)];
}

function simulatorRules(hub: View, sites: KnownSites): readonly Issue[] {
  const issues: Issue[] = [];
  const environment = hub.at('environment').text();
  const simulators = hub.at('simulators');
  if (environment !== undefined && environment !== 'sandbox' && simulators.keys().length > 0)
    issues.push(simulators.issue(`simulators are for the sandbox, and this is ${environment}`, 'remove them'));
  for (const [id, simulator] of simulators.children()) {
    const kind = simulator.at('kind').text();
    const wanted = sites.kinds.get(id);
    if (!sites.kinds.has(id))
      issues.push(simulator.issue(`there is no site ${id}`, suggest(id, [...sites.kinds.keys()], 'site file')));
    else if (kind !== undefined && wanted !== undefined && kind !== wanted)
      issues.push(simulator.at('kind').issue(`is ${kind}, but the site is of kind ${wanted}`, `write ${wanted}`));
    const seed = simulator.at('seed').text();
    if (seed !== undefined && leadsOut(seed))
      issues.push(simulator.at('seed').issue('leads out of CONFIG_DIR', 'write a path below CONFIG_DIR'));
  }
  return issues;
}

export function leadsOut(path: string): boolean {
  return path.startsWith('/') || path.split('/').includes('..');
}

function waitRules(hub: View): readonly Issue[] {
  const issues: Issue[] = [];
  const smaller = (low: View, high: View, name: string): void => {
    const [first, second] = [low.number(), high.number()];
    if (first !== undefined && second !== undefined && first > second)
      issues.push(low.issue(`is more than ${name}`, `write at most ${second}`));
  };
  smaller(hub.at('limits', 'pageSize'), hub.at('limits', 'pageSizeMax'), 'limits.pageSizeMax');
  smaller(hub.at('booking', 'wait_ms'), hub.at('limits', 'requestTimeout_ms'), 'limits.requestTimeout_ms');
  return issues;
}

export function subscriberRules(file: View, sites: KnownSites, environment: string | undefined): readonly Issue[] {
  const issues: Issue[] = [];
  const subscribers = file.at('subscribers').children();
  const ids = subscribers.map(([, subscriber]) => subscriber.at('id'));
  issues.push(...usedTwice(ids, (id) => `the id ${id} is another subscriber's too`, 'give each its own id'));
  for (const [, subscriber] of subscribers) {
    issues.push(...knownSites(subscriber.at('sites'), sites));
    const plain = subscriber.at('url').text()?.startsWith('http://') === true;
    if (plain && environment === 'production')
      issues.push(subscriber.at('url').issue('events would travel unencrypted', 'write an https:// address'));
  }
  return issues;
}
