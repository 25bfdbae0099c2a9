import type { SiteSettings } from './shape.ts';

/** Time zones belong to locations, then to the site. */
export function zoneOf(site: SiteSettings, locationKey: string | null | undefined): string {
  const location = locationKey === null || locationKey === undefined ? undefined : site.locations[locationKey];
  return location?.timeZone ?? site.timeZone;
}
