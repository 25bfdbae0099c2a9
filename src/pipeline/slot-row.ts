/** A slot as its row: what a site or a template says of it, with what the site file says of its calendar. */
import * as canonical from '../fhir/canonical.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { SlotStatement } from '../mappings/contract.ts';
import type { ResourceRule } from '../settings/shape.ts';
import { zoneOf } from '../settings/zone.ts';
import type { SlotRow } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import { securityOf } from './visit-type.ts';

export interface SlotPlace {
  readonly calendar: string;
  readonly rule: ResourceRule;
  /** The site's own code. */
  readonly local: string;
  readonly visitType: string | null;
}

export function slotRow(
  { site, plan }: Pick<ApplyContext, 'site' | 'plan'>,
  { calendar, rule, local, visitType }: SlotPlace,
  statement: SlotStatement,
): SlotRow {
  const { location, specialty } = rule;
  const scheduleId = canonicalId.schedule(site.identity, calendar);
  const capacity = statement.capacity ?? 1;
  const shared = statement.session ?? (capacity > 1 ? statement.key : undefined);
  const name = visitType === null ? undefined : plan.hub.visitTypes[visitType]?.name;
  return {
    id: canonicalId.slot(site.identity, statement.key),
    site: site.id,
    siteKey: statement.key,
    scheduleId,
    localVisitType: local,
    visitType,
    specialty: specialty ?? null,
    locationId: location === undefined ? null : canonicalId.location(site.identity, location),
    during: statement.during,
    siteStatus: statement.status,
    capacity,
    seatsLeft: statement.left ?? null,
    session: shared === undefined ? null : canonicalId.session(site.identity, shared),
    withdrawn: site.stage === 'suspended',
    security: securityOf(site, { location: location ?? null, visitType, labels: [] }),
    resource: canonical.slot(site, {
      key: statement.key,
      scheduleId,
      during: statement.during,
      status: statement.status,
      zone: zoneOf(site, location),
      serviceType: canonical.visitTypeConcept(site, local, visitType, name),
      specialty: specialty ?? null,
      ...(statement.template === undefined ? {} : { template: statement.template }),
    }),
  };
}
