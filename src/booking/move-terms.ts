/** On what terms a visit may be moved to a slot. */
import { HubError } from '../core/errors.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { siteSystem } from '../fhir/canonical.ts';
import type { Appointment } from '../fhir/types.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { mayWrite } from '../settings/write.ts';
import type { StoredAppointment, StoredSlot } from '../store/contract-resources.ts';
import type { BookingDeps } from './place.ts';
import { notInService, notWritable } from './owning-site.ts';

/** @throws HubError when the visit cannot be moved there by the hub, with what the caller can do instead */
export function movingSite(deps: BookingDeps, visit: StoredAppointment, slot: StoredSlot): SiteSettings {
  const site = deps.plan().sites.find((candidate) => candidate.id === visit.site);
  const ability = deps.ability(visit.site);
  if (site === undefined || ability === null) {
    throw notInService(visit.site);
  }
  if (slot.site !== visit.site) {
    const detail = 'the slot belongs to another site: book the new time there first, then cancel this visit';
    throw new HubError('RULE_BROKEN', { detail, site: site.id });
  }
  if (!ability.book || !ability.reschedule) {
    const detail = 'it moves no visits for the hub: book the new time first, then cancel this visit';
    throw new HubError('SITE_CANNOT', { detail, site: site.id });
  }
  const local = localTypeOf(site, visit.resource);
  const isSameType = local === null ? (visit.visitType ?? slot.visitType) === slot.visitType : null;
  if (!(isSameType ?? local === slot.localVisitType)) {
    const detail = 'the slot is for another type of visit: book it first, then cancel this visit';
    throw new HubError('RULE_BROKEN', { detail, site: site.id });
  }
  const places = Object.keys(site.locations);
  const location = places.find((key) => visit.locations.includes(canonicalId.location(site.identity, key))) ?? null;
  if (!mayWrite(site, { location, visitType: visit.visitType })) {
    throw notWritable(site);
  }
  return site;
}

/** The site's own code of the visit's type; null: none is known. */
export function localTypeOf(site: SiteSettings, visit: Appointment): string | null {
  const system = siteSystem(site.id, 'visit-type');
  const codings = (visit.serviceType ?? []).flatMap(({ coding = [] }) => coding);
  const code = codings.find((coding) => coding.system === system)?.code;
  return code === undefined || code === '' ? null : code;
}
