/**
 * The Appointment of a placement that its site has not been asked for yet: a time that a caller holds, one that waits
 * for a coordinator, or for its site to be back. It is `pending`, so that whoever may see the visit finds it, and may
 * let it go. The site knows nothing of it: any news of the site is newer.
 */
import { formatInstant, instant, type Instant } from '../core/instant.ts';
import { actingIn } from '../fhir/acting.ts';
import * as canonical from '../fhir/canonical.ts';
import { EXTENSIONS, type Appointment } from '../fhir/types.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { AppointmentRow, Cause, StoredAppointment, StoredSlot } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';

/** Older than whatever a site says. */
const BEFORE_ALL_NEWS = instant(0);

/** The hub's own word of a visit, before the site has named it. */
export function isOursAlone(shown: StoredAppointment): boolean {
  return shown.siteKey === null && shown.resource.status === 'pending';
}

/** Writes it, or what has changed of it; a booking that is no placement has its visit already. */
export async function showPending(tx: Tx, booking: Booking, now: Instant): Promise<void> {
  if (booking.action !== 'place' || booking.order.appointmentJson === undefined) return;
  const shown = await tx.resources.appointment(booking.appointmentId);
  if (shown !== null && !isOursAlone(shown)) return;
  const proposed = JSON.parse(booking.order.appointmentJson) as Appointment;
  const isHeld = booking.state === 'held' && booking.waitsUntil !== null;
  const status = (reference = ''): 'accepted' | 'needs-action' | 'tentative' => {
    if (isHeld) return 'tentative';
    // Who asks for the visit wants it; the others have not been asked.
    return /^(?:Patient|RelatedPerson)\//.test(reference) ? 'accepted' : 'needs-action';
  };
  const resource: Appointment = {
    ...proposed,
    ...(isHeld ? { extension: [...(proposed.extension ?? []), holdExtension(booking.waitsUntil)] } : {}),
    status: 'pending',
    participant: proposed.participant.map((one) => ({ ...one, status: status(one.actor?.reference) })),
  };
  const row = await ownRow(tx, booking, resource, { siteKey: null, orderedAt: BEFORE_ALL_NEWS });
  await tx.resources.putAppointment(row, { site: booking.site, messageId: null, siteTime: null, now });
}

type Extension = NonNullable<Appointment['extension']>[number];

/** How far a hold reaches and until when. No kind can hold at its site (Acuity and HL7 v2 have no such call). */
function holdExtension(until: Instant): Extension {
  return {
    url: EXTENSIONS.hold,
    extension: [
      { url: 'scope', valueCode: 'hub-only' },
      { url: 'expires', valueInstant: formatInstant(until) },
      { url: 'note', valueString: 'Held in this hub only: the site does not know of it.' },
    ],
  };
}

/** Its end, where it was never more than pending. Its booking is settled in the same transaction. */
export async function endPending(
  tx: Tx,
  appointmentId: string,
  why: Appointment['cancelationReason'],
  cause: Cause,
): Promise<void> {
  const shown = await tx.resources.appointment(appointmentId);
  if (shown === null || !isOursAlone(shown)) return;
  const { version: _version, ...row } = shown;
  const extension = (row.resource.extension ?? []).filter(({ url }) => url !== EXTENSIONS.hold);
  const { extension: _extension, ...rest } = row.resource;
  const resource: Appointment = {
    ...rest,
    ...(extension.length === 0 ? {} : { extension }),
    status: 'cancelled',
    ...(why === undefined ? {} : { cancelationReason: why }),
    participant: rest.participant.map((one) => ({ ...one, status: 'declined' as const })),
  };
  await tx.resources.putAppointment({ ...row, resource }, cause);
}

/** Gives back what a booking took that is over without its site having been asked. */
export async function giveBack(
  tx: Tx,
  booking: Booking,
  why: Appointment['cancelationReason'],
  now: Instant,
): Promise<void> {
  const cause: Cause = { site: booking.site, messageId: null, siteTime: null, now };
  await tx.workItems.close('approval', `booking:${booking.id}`, now);
  if (booking.action !== 'place' && booking.action !== 'move') return;
  await tx.resources.refreshTouched(await tx.busy.removeBooking(booking.id), cause);
  if (booking.action === 'place') await endPending(tx, booking.appointmentId, why, cause);
}

/** The row of a visit that the hub places, as `resource` has it. */
export async function ownRow(
  tx: Tx,
  booking: Booking,
  resource: Appointment,
  named: Pick<AppointmentRow, 'siteKey' | 'orderedAt'>,
): Promise<AppointmentRow> {
  return rowOf(booking, resource, named, booking.slotId === null ? null : await tx.resources.slot(booking.slotId));
}

/** The same, where the booking's slot has been read. */
export function rowOf(
  booking: Booking,
  resource: Appointment,
  named: Pick<AppointmentRow, 'siteKey' | 'orderedAt'>,
  slot: StoredSlot | null,
): AppointmentRow {
  const references = resource.participant.flatMap((one) => one.actor?.reference ?? []);
  const ids = (type: string): string[] =>
    references
      .filter((reference) => reference.startsWith(`${type}/`))
      .map((reference) => reference.slice(type.length + 1));
  const locations = ids('Location');
  return {
    id: booking.appointmentId,
    site: booking.site,
    siteKey: named.siteKey,
    during: booking.during,
    visitType: slot?.visitType ?? null,
    specialty: slot?.specialty ?? null,
    patients: ids('Patient'),
    actors: [...ids('Practitioner'), ...locations, ...actingIn(resource)],
    slots: (resource.slot ?? []).flatMap(({ reference }) => reference?.replace('Slot/', '') ?? []),
    tokens: [
      ...canonical.identifierTokens(resource.identifier ?? []),
      ...canonical.conceptTokens('service-type', resource.serviceType),
      ...(booking.order.place === undefined ? [] : [`calendar:${booking.order.place.calendar}`]),
    ],
    locations,
    security: slot?.security ?? [],
    orderedAt: named.orderedAt,
    resource,
  };
}
