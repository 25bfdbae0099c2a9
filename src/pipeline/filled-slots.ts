/** The slots that a visit fills: those that its site publishes, or one of its own where the site publishes none. */
import * as canonical from '../fhir/canonical.ts';
import { canonicalId, filledSlotKey } from '../fhir/canonical-ids.ts';
import { formatInstant, type Interval } from '../core/instant.ts';
import type { Appointment, Slot, SlotStatus } from '../fhir/types.ts';
import type { AppointmentChange } from '../mappings/contract.ts';
import { zoneOf } from '../settings/zone.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import { occupiesTime, type Occupying } from './occupy.ts';
import { takenOfTemplate, type TemplateTime } from './template-visit.ts';
import { securityOf } from './visit-type.ts';

interface Filling extends Omit<Occupying, 'keeps' | 'visitType'> {
  readonly kept: StoredAppointment | null;
  readonly before: StoredAppointment | null;
  /** Null: its calendar has no template. */
  readonly time: TemplateTime | null;
  readonly labels: readonly string[];
}

/** All of the visit's slots; in its first schedule those that it fills. */
export async function slotsFor(
  context: ApplyContext,
  change: AppointmentChange,
  filling: Filling,
): Promise<readonly string[]> {
  const own = await ownSlots(context, change, filling);
  return [...own, ...(await slotsBesides(context, filling, own))];
}

/** The slots that the visit fills; at a site that publishes none, a Slot of its own in its schedule. */
async function ownSlots(
  context: ApplyContext,
  change: AppointmentChange,
  { participants, during, schedule, kept, labels, before, time }: Filling,
): Promise<readonly string[]> {
  const { tx, site, cause } = context;
  if (during === null) return kept?.slots ?? [];
  const taken = time === null ? null : await takenOfTemplate(context, change, time, before);
  if (taken !== null) return taken;
  // What a template does not offer is nobody's offer, also when the visit in it is gone.
  const siteStatus = time === null ? 'free' : 'busy-unavailable';
  if (kept !== null) return keptSlots(context, kept, during, { calendar: time?.calendar ?? null, siteStatus });
  if (schedule === null) return [];
  const local = change.visitType?.code ?? '';
  if (context.publishesSlots) return tx.resources.slotsOverlapping(schedule.id, during, local);
  const key = filledSlotKey(schedule.key, during);
  const id = canonicalId.slot(site.identity, key);
  // A visit that was over before we heard of it opens no time: nobody has offered any.
  if (!occupiesTime(change.status)) return (await tx.resources.slot(id)) === null ? [] : [id];
  const visitType = site.visitTypes[local] ?? null;
  const place = participants.find((one) => one.locationId !== null);
  const zone = zoneOf(site, place?.locationKey);
  await tx.resources.putSlot(
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
      siteStatus,
      capacity: 1,
      seatsLeft: null,
      session: null,
      withdrawn: site.stage === 'suspended',
      security: securityOf(site, { location: place?.locationKey ?? null, visitType, labels }),
      resource: canonical.slot(site, {
        key,
        scheduleId: schedule.id,
        during,
        status: siteStatus,
        zone,
        serviceType:
          local === '' ? null : canonical.visitTypeConcept(site, local, visitType, change.visitType?.display),
        specialty: null,
      }),
    },
    cause,
  );
  return [id];
}

/** The message names nobody, so the visit stays where it was; where it moved, its slots are those at the new time. */
async function keptSlots(
  { tx, site, cause, publishesSlots }: ApplyContext,
  kept: StoredAppointment,
  during: Interval,
  own: { readonly calendar: string | null; readonly siteStatus: SlotStatus },
): Promise<readonly string[]> {
  const { during: before, slots } = kept;
  if (before === null || (before.start === during.start && before.end === during.end)) return slots;
  const old = slots[0] === undefined ? null : await tx.resources.slot(slots[0]);
  if (old === null) return slots;
  if (publishesSlots) return tx.resources.slotsOverlapping(old.scheduleId, during, old.localVisitType);
  const served = await tx.resources.read('Slot', old.id);
  const named = old.siteKey.slice('filled:'.length, -filledSlotKey('', old.during).length + 'filled:'.length);
  const isOwn = filledSlotKey(named, old.during) === old.siteKey;
  const scheduleKey = isOwn ? named : own.calendar;
  if (served === null || scheduleKey === null) return slots;
  const key = filledSlotKey(scheduleKey, during);
  const id = canonicalId.slot(site.identity, key);
  const { extension: _marks, ...body } = JSON.parse(served.json) as Slot;
  const place = Object.keys(site.locations).find((one) => canonicalId.location(site.identity, one) === old.locationId);
  const zone = zoneOf(site, place);
  const [identifier] = body.identifier ?? [];
  const resource: Slot = {
    ...body,
    ...(identifier === undefined ? {} : { identifier: [{ ...identifier, value: key }] }),
    start: formatInstant(during.start, zone),
    end: formatInstant(during.end, zone),
  };
  const { version: _version, status: _status, ...row } = old;
  const alone = { capacity: 1, seatsLeft: null, session: null, siteStatus: own.siteStatus };
  await tx.resources.putSlot({ ...row, ...alone, id, siteKey: key, during, resource }, cause);
  return [id];
}

/**
 * Slots of other schedules that the visit was booked with (a room, a second practitioner) stay its slots as long as its
 * time is the same: the site's news leads to the slot of its first calendar alone.
 */
async function slotsBesides(
  { tx }: ApplyContext,
  { booked, during }: Filling,
  slots: readonly string[],
): Promise<readonly string[]> {
  if (booked === null || booked.slots.length < 2 || during?.start !== booked.during?.start) return [];
  const schedules = new Set<string>();
  for (const id of slots) schedules.add((await tx.resources.slot(id))?.scheduleId ?? '');
  const besides: string[] = [];
  for (const id of booked.slots) {
    const slot = slots.includes(id) ? null : await tx.resources.slot(id);
    if (slot !== null && !schedules.has(slot.scheduleId)) besides.push(id);
  }
  return besides;
}

/** What an open booking of ours asked for: a placement, or a move that leads to several slots. */
export function placedAs(booking: Booking | null): Pick<StoredAppointment, 'slots' | 'during'> | null {
  const also = booking?.order.move?.also ?? [];
  if (booking !== null && booking.slotId !== null && also.length > 0) {
    return { during: booking.during, slots: [booking.slotId, ...also] };
  }
  const asked = booking?.order.appointmentJson;
  if (booking === null || asked === undefined) return null;
  const { slot = [] } = JSON.parse(asked) as Appointment;
  return { during: booking.during, slots: slot.flatMap(({ reference }) => reference?.replace('Slot/', '') ?? []) };
}
