/** Whether the hub may write at a site (DESIGN section 6): only pilot, in its scope, and live; never read-only. */
import type { SiteSettings } from './shape.ts';

export function mayWrite(
  site: Pick<SiteSettings, 'stage' | 'scope' | 'write'>,
  what: { readonly location?: string | null; readonly visitType?: string | null } = {},
): boolean {
  if (site.write === 'read-only') return false;
  if (site.stage === 'live') return true;
  if (site.stage !== 'pilot') return false;
  const inScope = (list: readonly string[], value: string | null | undefined): boolean =>
    list.length === 0 || value === undefined || (value !== null && list.includes(value));
  return inScope(site.scope.locations, what.location) && inScope(site.scope.visitTypes, what.visitType);
}
