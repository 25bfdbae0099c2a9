/** Who a site file's `npi:1043333339` or `local:ben-ortiz` means. */
import type { SiteSettings } from '../settings/shape.ts';
import { canonicalId } from './canonical-ids.ts';

export function ruledPractitioner(
  site: Pick<SiteSettings, 'identity'>,
  reference: string,
): { readonly id: string; readonly npi: string | null; readonly code: string } {
  const at = reference.indexOf(':');
  const scheme = reference.slice(0, at);
  const value = reference.slice(at + 1);
  return scheme === 'npi'
    ? { id: canonicalId.practitionerByNpi(value), npi: value, code: value }
    : { id: canonicalId.practitionerAtSite(site.identity, value), npi: null, code: value };
}

export function ruledPractitionerId(site: Pick<SiteSettings, 'identity'>, reference: string): string {
  return ruledPractitioner(site, reference).id;
}

/** A code that the site uses for people, of a room or a device: null where the site file does not say so. */
export function listedThing(
  { resources }: Pick<SiteSettings, 'resources'>,
  code: string,
): { readonly kind: 'location' | 'device'; readonly code: string } | null {
  const rule = Object.hasOwn(resources.practitioners, code) ? resources.practitioners[code] : undefined;
  if (rule !== undefined) {
    const isPlace = rule.practitioner === undefined && rule.location !== undefined;
    return isPlace ? { kind: 'location', code: rule.location } : null;
  }
  return Object.hasOwn(resources.devices, code) ? { kind: 'device', code } : null;
}
