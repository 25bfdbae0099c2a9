/** The site that owns a visit, as far as the hub may ask it to change the visit. */
import type { Book, ConnectorKind } from '../connectors/contract.ts';
import { HubError } from '../core/errors.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { mayWrite } from '../settings/write.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { BookingDeps } from './place.ts';

/** What a site's connector can do about bookings. */
export interface Ability extends Pick<Book, 'statuses' | 'amends' | 'resources'> {
  readonly kind: ConnectorKind;
  readonly book: boolean;
  readonly reschedule?: boolean;
}

export function abilityOf(kind: ConnectorKind, book: Book | undefined): Ability {
  if (book === undefined) return { kind, book: false };
  const { statuses, amends, resources } = book;
  return {
    kind,
    book: true,
    reschedule: book.reschedule !== undefined,
    ...(resources === undefined ? {} : { resources }),
    ...(book.setStatus === undefined || statuses === undefined ? {} : { statuses }),
    ...(book.amend === undefined || amends === undefined ? {} : { amends }),
  };
}

/** It left the configuration, or does not run. */
export function notInService(site: string): HubError {
  const detail = 'the site is not in service at this hub; call the clinic, or choose another site';
  return new HubError('SITE_NOT_WRITABLE', { detail, site });
}

/** By its file: `stage`, `write` and where that reaches. */
export function notWritable({ id }: SiteSettings): HubError {
  const detail = 'its stage, its write policy or the scope of that does not let the hub write this; call the clinic';
  return new HubError('SITE_NOT_WRITABLE', { detail, site: id });
}

/** @throws HubError SITE_NOT_WRITABLE, RULE_BROKEN, with what the caller can do instead */
export function owningSite(
  deps: BookingDeps,
  visit: StoredAppointment,
): { readonly site: SiteSettings; readonly ability: Ability } {
  const site = deps.plan().sites.find((candidate) => candidate.id === visit.site);
  const ability = deps.ability(visit.site);
  if (site === undefined || ability === null) {
    throw notInService(visit.site);
  }
  const places = Object.keys(site.locations);
  const location = places.find((key) => visit.locations.includes(canonicalId.location(site.identity, key))) ?? null;
  if (!mayWrite(site, { location, visitType: visit.visitType })) {
    throw notWritable(site);
  }
  if (visit.siteKey === null) {
    throw new HubError('RULE_BROKEN', {
      detail: 'the site has not named this appointment yet; ask again when it has',
      site: site.id,
    });
  }
  return { site, ability };
}
