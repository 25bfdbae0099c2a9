/**
 * A placement that its site has confirmed: by far the most common answer, and somebody waits for it on the line. It
 * comes to the same rows as the general way (settle.ts, show.ts), in three rounds of questions instead of nine.
 */
import type { SiteBooking } from '../connectors/contract.ts';
import { HubError } from '../core/errors.ts';
import { plus, type Instant } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { Occupied } from '../fhir/effective.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Cause, SlotsAround, StoredSlot } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { heardAt, storeReading, type OutcomeContext } from './heard-answer.ts';
import { isOursAlone, rowOf } from './pending.ts';

import { AFTER_BOOKING_MS, bookedAs, dueWindows } from './show.ts';
import { comingFrom } from './states.ts';

/** It moved on while it was being settled: what was written is undone. */
export class Overtaken extends HubError {
  constructor() {
    super('TOO_BUSY', { detail: 'the booking moved on at this moment' });
  }
}

type Row = Awaited<ReturnType<Tx['busy']['ofAppointment']>>[number];

/** What is read behind the locks; null: it is no case of this file. */
interface Plain {
  readonly appointmentJson: string;
  readonly slot: StoredSlot | null;
  readonly rows: readonly Row[];
  readonly around: SlotsAround | null;
}

/**
 * Null: nothing was written, for the visit is known under another id, or shown already, or the booking is settled, or
 * it holds what it was not known to hold. @throws Overtaken
 */
export async function settlePlaced(
  tx: Tx,
  context: OutcomeContext,
  at: SiteBooking,
  now: Instant,
): Promise<'booked' | null> {
  const { booking, site } = context;
  const { appointmentId } = booking;
  const siteKey = at.key === '' ? null : at.key;
  const plain = await readPlain(tx, context, at, now);
  if (plain === null) return null;
  const cause: Cause = { site: booking.site, messageId: null, siteTime: null, now };
  const [isKnown, moved] = await Promise.all([
    storeReading(tx, booking, at, now),
    tx.bookings.move(booking.id, comingFrom('booked'), 'booked', now, {
      appointmentId,
      siteKey,
      deadlineAt: null,
      nextCheckAt: null,
    }),
    context.deliveryId === null ? undefined : tx.outbox.finish(context.deliveryId, 'done', null),
    tx.ledger.add([entryOf(booking, now)]),
    siteKey === null ? undefined : tx.resources.nameAppointment(booking.site, siteKey, appointmentId),
    tx.busy.settle(booking.id, appointmentId),
    show(tx, plain, appointmentId, cause),
    dueWindows(tx, context, now, [], plus(now, AFTER_BOOKING_MS)),
    tx.workItems.close('unresolved-booking', `booking:${booking.id}`, now),
    // Until now its hold was no conflict with anything; news that overlaps it may have come meanwhile.
    tx.conflicts.note([appointmentId], now),
  ]);
  if (!moved) throw new Overtaken();
  const resource = bookedAs(plain.appointmentJson, site.id, siteKey);
  const named = { siteKey, orderedAt: heardAt(context, at, isKnown) };
  await tx.resources.putAppointment(rowOf(booking, resource, named, plain.slot), cause);
  return 'booked';
}

/** What was held is a visit. */
async function show(tx: Tx, { around, rows }: Plain, appointmentId: string, cause: Cause): Promise<void> {
  if (around === null) await tx.resources.refreshTouched(rows, cause);
  else await tx.resources.putAround(around, ({ taken }) => taken.map((one) => settled(one, appointmentId)), cause);
}

function settled(one: Occupied, appointmentId: string): Occupied {
  return one.visit === appointmentId ? { ...one, tentative: false } : one;
}

/** The same names as `lockAll` of settle.ts, where the booking holds what it says. */
async function readPlain(
  tx: Tx,
  { booking, site }: OutcomeContext,
  { key }: SiteBooking,
  at: Instant,
): Promise<Plain | null> {
  const { id, appointmentId, resources, slotId, during } = booking;
  // Sent one behind the other: what is read was committed before the last lock came.
  const [, now, rows, named, shown, slot, around] = await Promise.all([
    tx.lock([appointmentId, canonicalId.appointment(site.identity, key), ...resources]),
    tx.bookings.get(id),
    tx.busy.ofAppointment(appointmentId),
    tx.resources.appointmentByKey(booking.site, key),
    tx.resources.appointment(appointmentId),
    slotId === null ? null : tx.resources.slot(slotId),
    during === null
      ? null
      : tx.resources.slotsAround(
          resources.map((resourceId) => ({ resourceId, during })),
          at,
        ),
  ]);
  const { appointmentJson } = booking.order;
  const isOpen = now !== null && comingFrom('booked').includes(now.state);
  const isOurs = (named === null || named === appointmentId) && (shown === null || isOursAlone(shown));
  // Seats are counted by what the Appointment says, which is not written yet when conflicts are looked for.
  const isPlain = rows.every((row) => {
    return row.bookingId === id && row.occupancy === appointmentId && resources.includes(row.resourceId);
  });
  if (appointmentJson === undefined || !isOpen || !isOurs || !isPlain || rows.length === 0) return null;
  // A room may be held for longer than the visit: slots that only it touches were not read.
  const isWithin = rows.every(
    (row) => during !== null && row.during.start >= during.start && row.during.end <= during.end,
  );
  return { appointmentJson, slot, rows, around: isWithin ? around : null };
}

function entryOf({ id: bookingId, site, appointmentId, slotId, action }: Booking, at: Instant) {
  return {
    at,
    kind: 'booked',
    site,
    bookingId,
    appointmentId,
    ...(slotId === null ? {} : { slotId }),
    data: { action },
  } as const;
}
