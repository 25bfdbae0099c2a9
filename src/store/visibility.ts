/**
 * What a scope may see (DESIGN section 10): the rows of its sites and locations, and only labels it is cleared for. A
 * Slot with another label is shown as taken time and nothing else; everything else with one is not there at all.
 */
import type { Slot } from '../fhir/types.ts';
import type { Scope } from './contract.ts';

export interface Labelled {
  readonly site: string | null;
  readonly locations: readonly string[];
  readonly security: readonly string[];
}

/** Canonical resources (site null) belong to everybody; rows without a location are seen by whoever sees the site. */
export function inReach(scope: Scope, row: Labelled): boolean {
  if (row.site !== null && scope.sites !== '*' && !scope.sites.includes(row.site)) return false;
  const allowed = scope.locations;
  return allowed === '*' || row.locations.length === 0 || row.locations.some((id) => allowed.includes(id));
}

export function cleared(scope: Scope, security: readonly string[]): boolean {
  const allowed = scope.clearances;
  return allowed === '*' || security.every((label) => allowed.includes(label));
}

/**
 * Keeps id, version, schedule and times; everything that could hint at the visit is gone, the labels themselves too.
 */
export function maskSlot(json: string): string {
  const slot = JSON.parse(json) as Slot;
  const masked: Slot = {
    resourceType: 'Slot',
    ...(slot.id === undefined ? {} : { id: slot.id }),
    meta: {
      ...(slot.meta?.versionId === undefined ? {} : { versionId: slot.meta.versionId }),
      ...(slot.meta?.lastUpdated === undefined ? {} : { lastUpdated: slot.meta.lastUpdated }),
    },
    schedule: slot.schedule,
    status: 'busy',
    start: slot.start,
    end: slot.end,
  };
  return JSON.stringify(masked);
}
