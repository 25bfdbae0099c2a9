/**
 * What the codes of a request (SRM) name at a site: visit types (AIS-3), persons (AIP-3), places (AIL-3) and calendars
 * (AIG-3), by its site file. Pure.
 */
import { ruledPractitionerId } from '../fhir/practitioner-rule.ts';
import type { PersonId, PlaceId, RequestResource } from '../hl7v2/request-facts.ts';
import type { ResourceRule, SiteSettings } from '../settings/shape.ts';

export interface NamedThere {
  /** The site's own codes of the visit type; null: none is named. */
  readonly visitTypes: readonly string[] | null;
  /** Keys of `resources.calendars`; null: nothing is named that a calendar belongs to. */
  readonly calendars: readonly string[] | null;
}

/** `unknown`: the first field whose code the site file does not know, as `AIP-3`. */
export function namedAt(
  site: SiteSettings,
  resources: readonly RequestResource[],
): NamedThere | { readonly unknown: string } {
  let visitTypes: readonly string[] | null = null;
  let calendars: readonly string[] | null = null;
  for (const resource of resources) {
    if (resource.kind === 'service') {
      const codes = visitTypesOf(site, resource.service.code);
      const both: readonly string[] = visitTypes === null ? codes : codes.filter((one) => visitTypes?.includes(one));
      if (both.length === 0) return { unknown: 'AIS-3' };
      visitTypes = both;
      continue;
    }
    const keys = calendarsOf(site, resource);
    if (keys === 'any') continue;
    const both: readonly string[] = calendars === null ? keys : keys.filter((one) => calendars?.includes(one));
    if (both.length === 0) return { unknown: FIELD[resource.kind] };
    calendars = both;
  }
  return { visitTypes, calendars };
}

const FIELD = { person: 'AIP-3', place: 'AIL-3', thing: 'AIG-3' } as const;

/** The site's own code, or one of the hub's catalogue. */
function visitTypesOf(site: SiteSettings, code: string): readonly string[] {
  if (code === '') return [];
  if (Object.hasOwn(site.visitTypes, code)) return [code];
  return Object.keys(site.visitTypes).filter((local) => site.visitTypes[local] === code);
}

/** `any`: the segment is there and names nobody, which is the hub's to choose. */
function calendarsOf(
  site: SiteSettings,
  resource: Exclude<RequestResource, { readonly kind: 'service' }>,
): readonly string[] | 'any' {
  const all = Object.entries(site.resources.calendars);
  if (resource.kind === 'thing') {
    const { code } = resource.thing;
    // Loose senders put the person or the room into AIG.
    return code === '' ? 'any' : (keyNamed(site, code) ?? ofPerson(site, all, { id: code }));
  }
  if (resource.kind === 'person') {
    const { id } = resource.person;
    return id === '' ? 'any' : (keyNamed(site, id) ?? ofPerson(site, all, resource.person));
  }
  const place = placesOf(site, resource.place);
  if (resource.place.pointOfCare === '' && resource.place.room === undefined) return 'any';
  return all.filter(([, { location }]) => location !== undefined && place.has(location)).map(([key]) => key);
}

function keyNamed(site: SiteSettings, code: string): readonly string[] | null {
  return Object.hasOwn(site.resources.calendars, code) ? [code] : null;
}

/** By the site's own code of the person, by an NPI, or by the name after `local:`. */
function ofPerson(
  site: SiteSettings,
  all: readonly (readonly [string, ResourceRule])[],
  { id }: PersonId,
): readonly string[] {
  const own = Object.hasOwn(site.resources.practitioners, id) ? site.resources.practitioners[id]?.practitioner : null;
  const wanted = new Set(
    [own ?? null, /^\d{10}$/.test(id) ? `npi:${id}` : `local:${id}`]
      .filter((reference) => reference !== null)
      .map((reference) => ruledPractitionerId(site, reference)),
  );
  return all
    .filter(
      ([, { practitioner, person }]) =>
        person === id || (practitioner !== undefined && wanted.has(ruledPractitionerId(site, practitioner))),
    )
    .map(([key]) => key);
}

/** Keys of the places that PL names, those that lie in them included. */
function placesOf(site: SiteSettings, { pointOfCare, room = '' }: PlaceId): ReadonlySet<string> {
  const name = room === '' ? pointOfCare : `${pointOfCare}^${room}`;
  const named = Object.entries(site.locations)
    .filter(([key, { codes }]) => key === name || codes.includes(name))
    .map(([key]) => key);
  const found = new Set(named);
  for (let grew = true; grew;) {
    grew = false;
    for (const [key, { partOf }] of Object.entries(site.locations)) {
      if (partOf === undefined || !found.has(partOf) || found.has(key)) continue;
      found.add(key);
      grew = true;
    }
  }
  return found;
}
