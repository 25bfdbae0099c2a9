/** Visits and bookings that name a person who is found to be another one (rekey.ts). */
import type { Instant } from '../core/instant.ts';
import type { Appointment, AppointmentParticipant } from '../fhir/types.ts';
import type { Tx } from '../store/contract.ts';

export interface Swap {
  readonly from: string;
  readonly fromRole: string;
  /** Who or what visits name instead, and with it its role; null: nobody, since the calendar is nobody's. */
  readonly to: { readonly type: 'Practitioner' | 'Location' | 'Device'; readonly id: string } | null;
  readonly toRole: string | null;
}

/** Of a booking under way the visit is written when its site has answered. */
export async function rekeyBookings(tx: Tx, ids: readonly string[], swap: Swap): Promise<void> {
  for (const id of [...ids].sort()) {
    const booking = await tx.bookings.get(id);
    const text = booking?.order.appointmentJson;
    if (booking === null || text === undefined) continue;
    const visit = JSON.parse(text) as Appointment;
    const order = { ...booking.order, appointmentJson: JSON.stringify(swapped(visit, swap, false)) };
    await tx.bookings.move(id, [booking.state], booking.state, booking.stateAt, { order });
  }
}

export async function rekeyVisits(tx: Tx, ids: readonly string[], swap: Swap, now: Instant): Promise<void> {
  for (const id of [...ids].sort()) {
    const visit = await tx.resources.appointment(id);
    if (visit === null) continue;
    const { version: _version, ...row } = visit;
    // By another code of the site the visit may take the person of before as well.
    const both = (await tx.busy.ofAppointment(id)).some(({ resourceId }) => resourceId === swap.from);
    const gone = new Set(both ? [] : [swap.from, swap.fromRole]);
    const came = [swap.to?.id, swap.toRole].filter((one) => typeof one === 'string');
    const actors = [...new Set([...visit.actors.filter((one) => !gone.has(one)), ...came])];
    const { id: _id, meta: _meta, ...resource } = visit.resource;
    await tx.resources.putAppointment(
      { ...row, actors, resource: swapped(resource, swap, both) },
      { site: visit.site, messageId: null, siteTime: null, now },
    );
  }
}

function swapped(visit: Appointment, { from, to }: Swap, both: boolean): Appointment {
  const old = `Practitioner/${from}`;
  const reference = to === null ? null : `${to.type}/${to.id}`;
  // A device is named by its code: as the site tells the visit the next time.
  const isThere = to?.type === 'Device' || visit.participant.some(({ actor }) => actor?.reference === reference);
  const participant = visit.participant.flatMap((one): AppointmentParticipant[] => {
    if (one.actor?.reference !== old) return [one];
    const other = isThere || reference === null ? [] : [{ ...one, actor: { ...one.actor, reference } }];
    return both ? [one, ...other] : other;
  });
  return { ...visit, participant };
}
