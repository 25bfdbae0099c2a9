/** The slots that a visit fills: those that its site publishes, or one of its own where the site publishes none. */
import * as canonical from '../fhir/canonical.ts';
import { canonicalId, filledSlotKey } from '../fhir/canonical-ids.ts';
import type { AppointmentChange } from '../mappings/contract.ts';
import { zoneOf } from '../settings/zone.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import type { Occupying } from './occupy.ts';
import { securityOf } from './visit-type.ts';

interface Filling extends Omit<Occupying, 'keeps'> {
  readonly kept: StoredAppointment | null;
  readonly labels: readonly string[];
}

/** The slots that the visit fills; at a site that publishes none, a Slot of its own in its schedule. */
export async function slotsFor(
  context: ApplyContext,
  change: AppointmentChange,
  { participants, during, schedule, kept, labels }: Filling,
): Promise<readonly string[]> {
  const { tx, site, cause } = context;
  if (kept !== null || during === null) return kept?.slots ?? [];
  if (schedule === null) return [];
  const local = change.visitType?.code ?? '';
  if (context.publishesSlots) return tx.resources.slotsOverlapping(schedule.id, during, local);
  const key = filledSlotKey(schedule.key, during);
  const id = canonicalId.slot(site.identity, key);
  const visitType = site.visitTypes[local] ?? null;
  const place = participants.find((one) => one.locationId !== null);
  const zone = zoneOf(site, place?.locationKey);
  await tx.resources.putSlots(
    [
      {
        id,
        site: site.id,
        siteKey: key,
        scheduleId: schedule.id,
        localVisitType: local,
        visitType,
        specialty: null,
        locationId: place?.locationId ?? null,
        during,
        siteStatus: 'free',
        capacity: 1,
        seatsLeft: null,
        session: null,
        withdrawn: site.stage === 'suspended',
        security: securityOf(site, { location: place?.locationKey ?? null, visitType, labels }),
        resource: canonical.slot(site, {
          key,
          scheduleId: schedule.id,
          during,
          status: 'free',
          zone,
          serviceType:
            local === '' ? null : canonical.visitTypeConcept(site, local, visitType, change.visitType?.display),
          specialty: null,
        }),
      },
    ],
    cause,
  );
  return [id];
}
