/**
 * The time between two visits of one practitioner: what their types want kept free (padding), and the way from place to
 * place. Pure. It holds both ways, whichever of the two was booked first. A visit whose place is not known counts as
 * being where the other one is: a feed that names no place would otherwise close everything around it.
 */
import { MINUTE_MS, type Interval } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { LocationSettings, Plan, TravelSettings } from '../settings/shape.ts';

/** A visit as far as the time around it goes. */
export interface Stay {
  readonly during: Interval;
  readonly site: string;
  /** Of the catalogue. */
  readonly visitType: string | null;
  /** Location ids; none: not known. */
  readonly locations: readonly string[];
}

/** A location and those that it lies in, itself first: a room is in its clinic. */
type Place = readonly Spot[];
interface Spot {
  /** `site/location` */
  readonly name: string;
  readonly settings: LocationSettings;
}

interface Places {
  readonly byId: ReadonlyMap<string, Place>;
  /** Of sites with one place only. */
  readonly onlyOf: ReadonlyMap<string, Place>;
  /** No two visits farther apart have anything to do with each other. */
  readonly reach_ms: number;
}

const known = new WeakMap<Plan, Places>();

/** How far around a visit others have to be looked at; 0: nothing is set, so nothing has to be looked at. */
export function reachOf(plan: Plan): number {
  return placesOf(plan).reach_ms;
}

/** Why `mine` cannot be, beside `others`; null: it can. What overlaps is not judged here. */
export function tooClose(plan: Plan, mine: Stay, others: readonly Stay[]): 'padding' | 'travel' | null {
  let because: 'padding' | 'travel' | null = null;
  for (const other of others) {
    const isBefore = other.during.end <= mine.during.start;
    if (!isBefore && other.during.start < mine.during.end) continue;
    const [first, second] = isBefore ? [other, mine] : [mine, other];
    const gap_min = (second.during.start - first.during.end) / MINUTE_MS;
    const way_min = travel_min(plan, first, second);
    const padding_min = paddingOf(plan, first).after + paddingOf(plan, second).before;
    if (gap_min >= padding_min + way_min) continue;
    if (way_min > 0) return 'travel';
    because = 'padding';
  }
  return because;
}

/** Minutes from the place of one visit to that of the other. */
export function travel_min(plan: Plan, from: Stay, to: Stay): number {
  const { travel } = plan.hub;
  if (travel === undefined || isRemote(plan, from) || isRemote(plan, to)) return 0;
  const [here, there] = [placeOf(plan, from), placeOf(plan, to)];
  return here === null || there === null ? 0 : between(travel, here, there);
}

function paddingOf(plan: Plan, { site, visitType }: Stay): { readonly before: number; readonly after: number } {
  const rule = visitType === null ? undefined : siteIn(plan, site)?.visits?.[visitType];
  return { before: rule?.padBefore_min ?? 0, after: rule?.padAfter_min ?? 0 };
}

function isRemote(plan: Plan, stay: Stay): boolean {
  const modality = stay.visitType === null ? undefined : plan.hub.visitTypes[stay.visitType]?.modality;
  if (modality === 'video' || modality === 'phone') return true;
  return placeOf(plan, stay)?.some(({ settings }) => settings.virtual === true) === true;
}

function placeOf(plan: Plan, { site, locations }: Stay): Place | null {
  const { byId, onlyOf } = placesOf(plan);
  for (const id of locations) {
    const place = byId.get(id);
    if (place !== undefined) return place;
  }
  return onlyOf.get(site) ?? null;
}

function between(travel: TravelSettings, from: Place, to: Place): number {
  if (from.some((one) => to.some((other) => other.name === one.name))) return 0;
  for (const [here, there] of [[from, to] as const, [to, from] as const]) {
    for (const one of here) {
      const way = travel.matrix.find(
        (listed) => listed.from === one.name && there.some((other) => other.name === listed.to),
      );
      if (way !== undefined) return way.minutes;
    }
  }
  return estimated(travel, from, to) ?? travel.otherwise_min;
}

function estimated({ estimate }: TravelSettings, from: Place, to: Place): number | null {
  const [here, there] = [coordinates(from), coordinates(to)];
  if (estimate === undefined || here === null || there === null) return null;
  return Math.ceil(estimate.fixed_min + (60 * distance_km(here, there)) / estimate.speed_km_per_h);
}

interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

function coordinates(place: Place): Coordinates | null {
  for (const { settings } of place) {
    const { latitude, longitude } = settings;
    if (latitude !== undefined && longitude !== undefined) return { latitude, longitude };
  }
  return null;
}

const EARTH_KM = 6371;

/** The great circle (haversine). */
function distance_km(one: Coordinates, other: Coordinates): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const north = Math.sin(radians(other.latitude - one.latitude) / 2) ** 2;
  const east = Math.sin(radians(other.longitude - one.longitude) / 2) ** 2;
  const part = north + Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * east;
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(part)));
}

function siteIn(plan: Plan, id: string): Plan['sites'][number] | undefined {
  return plan.sites.find((site) => site.id === id);
}

/** Read once for each plan. */
function placesOf(plan: Plan): Places {
  const before = known.get(plan);
  if (before !== undefined) return before;
  const byId = new Map<string, Place>();
  const onlyOf = new Map<string, Place>();
  for (const site of plan.sites) {
    const keys = Object.keys(site.locations);
    for (const key of keys) byId.set(canonicalId.location(site.identity, key), chain(site, key));
    const roots = new Set(keys.map((key) => chain(site, key).at(-1)?.name));
    const [first] = keys;
    if (roots.size === 1 && first !== undefined) onlyOf.set(site.id, chain(site, first).slice(-1));
  }
  const made = { byId, onlyOf, reach_ms: reach_ms(plan, [...byId.values()]) };
  known.set(plan, made);
  return made;
}

function chain(site: Plan['sites'][number], key: string): Place {
  const place: Spot[] = [];
  for (let next: string | undefined = key; next !== undefined && place.length < 20;) {
    const settings: LocationSettings | undefined = site.locations[next];
    if (settings === undefined) break;
    place.push({ name: `${site.id}/${next}`, settings });
    next = settings.partOf;
  }
  return place;
}

function reach_ms(plan: Plan, places: readonly Place[]): number {
  const rules = plan.sites.flatMap(({ visits = {} }) => Object.values(visits));
  const most = (values: readonly number[]): number => values.reduce((one, other) => Math.max(one, other), 0);
  const padding = most(rules.map((rule) => rule.padBefore_min)) + most(rules.map((rule) => rule.padAfter_min));
  const { travel } = plan.hub;
  if (travel === undefined) return padding * MINUTE_MS;
  const ways = places.flatMap((from) => places.map((to) => between(travel, from, to)));
  return (padding + most(ways)) * MINUTE_MS;
}
