/** Rules over what a booking takes besides its slot: rooms, devices and places must be there. */
import { suggest, type Issue } from './issue.ts';
import type { View } from './view.ts';

/** `visits` of a site file. */
export function visitRules(site: View, catalogue: readonly string[] | null): readonly Issue[] {
  const issues: Issue[] = [];
  const locations = site.at('locations');
  const devices = site.at('resources', 'devices');
  for (const [code, rule] of site.at('visits').children()) {
    if (catalogue?.includes(code) === false) {
      const problem = `there is no visit type ${code} in the catalogue of hub.yaml`;
      issues.push(rule.issue(problem, suggest(code, catalogue, 'visit type in hub.yaml')));
    }
    for (const [, need] of rule.at('needs').children()) issues.push(...needRules(need, locations, devices));
  }
  return issues;
}

function needRules(need: View, locations: View, devices: View): readonly Issue[] {
  const [room, device] = [need.at('room').text(), need.at('device').text()];
  if ((room === undefined) === (device === undefined))
    return [need.issue('names not exactly one of room and device', 'write one entry for each room and each device')];
  if (room !== undefined && !locations.has(room)) {
    const write = suggest(room, locations.keys(), 'location in this file');
    return [need.at('room').issue(`there is no location ${room} in this file`, write)];
  }
  if (room !== undefined && locations.at(room, 'room').whole() !== true)
    return [need.at('room').issue(`the location ${room} is no room`, 'name a room, or write room: true at it')];
  if (device === undefined || devices.has(device)) return [];
  const write = suggest(device, devices.keys(), 'device in this file');
  return [need.at('device').issue(`there is no device ${device} in this file`, write)];
}

/** Latitude and longitude of the locations of a site file. */
export function coordinateRules(site: View): readonly Issue[] {
  return site
    .at('locations')
    .children()
    .flatMap(([, location]) =>
      location.has('latitude') === location.has('longitude')
        ? []
        : [location.issue('has only one of latitude and longitude', 'write both, or neither')],
    );
}

/** `travel` of hub.yaml. `knownPlace` judges one `site/location`. */
export function travelRules(hub: View, knownPlace: (key: string, place: View) => readonly Issue[]): readonly Issue[] {
  const issues: Issue[] = [];
  const seen = new Set<string>();
  for (const [, way] of hub.at('travel', 'matrix').children()) {
    const [from, to] = [way.at('from').text(), way.at('to').text()];
    if (from === undefined || to === undefined) continue;
    issues.push(...knownPlace(from, way.at('from')), ...knownPlace(to, way.at('to')));
    if (from === to) issues.push(way.issue('leads from a place to itself', 'remove it'));
    if (seen.has(`${from} ${to}`)) issues.push(way.issue('is listed before', 'keep one of the two'));
    seen.add(`${from} ${to}`);
  }
  return issues;
}
