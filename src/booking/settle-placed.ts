/**
 * A placement that its site has confirmed: by far the most common answer, and somebody waits for it on the line. It
 * comes to the same rows as the general way (settle.ts, show.ts). Where the hub placed it a moment ago it knows what
 * the visit takes and what lies around it, so nothing is asked anew: everything is written in one round of questions,
 * with the demand that all is as it was. Else that is read first.
 */
import type { SiteBooking } from '../connectors/contract.ts';
import { HubError } from '../core/errors.ts';
import { plus, type Instant } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { Occupied } from '../fhir/effective.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { AppointmentRow, Cause, Served } from '../store/contract-resources.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import type { Placed } from './contract-send.ts';
import { heardAt, storeReading, type OutcomeContext } from './heard-answer.ts';
import { rowOf } from './pending.ts';
import { AFTER_BOOKING_MS, bookedAs, dueWindows } from './show.ts';
import { comingFrom } from './states.ts';

const SCOPE = systemScope('booking');

/** Not as it was placed, or no case of this file: what was written is undone, and the general way is gone. */
class Otherwise extends HubError {
  constructor() {
    super('TOO_BUSY', { detail: 'the booking, or what lies around it, changed at this moment' });
  }
}

/** The visit as it stands from the commit on. */
export interface BookedVisit {
  readonly row: Pick<AppointmentRow, 'site' | 'locations' | 'security'>;
  readonly served: Served;
}

/** Null: nothing was written. */
export async function settlePlaced(
  store: Store,
  context: OutcomeContext,
  at: SiteBooking,
  now: Instant,
): Promise<BookedVisit | null> {
  let asked: Promise<unknown> = Promise.resolve();
  try {
    const visit = await store.transaction(SCOPE, async (tx) => {
      const placed = context.placed ?? (await readPlaced(tx, context, now));
      if (placed === null || context.booking.order.appointmentJson === undefined) throw new Otherwise();
      if (context.placed !== undefined) locked(tx, context, at, placed);
      const { visit: made, written } = write(tx, context, at, placed, now);
      asked = written;
      // Told by the commit, which leaves together with all of it; and looked at behind it.
      asked.catch(() => undefined);
      return made;
    });
    await asked;
    return visit;
  } catch (error) {
    if (error instanceof Otherwise) return null;
    throw error;
  }
}

/** The same names as `lockAll` of settle.ts. */
function locked(tx: Tx, { booking, site }: OutcomeContext, { key }: SiteBooking, { taking }: Placed): void {
  const resources = taking.map(({ resourceId }) => resourceId);
  tx.lock([booking.appointmentId, canonicalId.appointment(site.identity, key), ...resources]).catch(() => undefined);
}

interface Written {
  readonly visit: Promise<BookedVisit>;
  readonly written: Promise<unknown>;
}

/** All sent in one turn of the event loop: none of it may wait for an answer, or it would come behind the commit. */
function write(tx: Tx, context: OutcomeContext, at: SiteBooking, placed: Placed, now: Instant): Written {
  const { booking, site } = context;
  const { appointmentId } = booking;
  const siteKey = at.key === '' ? null : at.key;
  const cause: Cause = { site: booking.site, messageId: null, siteTime: null, now };
  const from = comingFrom('booked');
  const news = at.state?.object ?? null;
  const resource = bookedAs(booking.order.appointmentJson ?? '', site.id, siteKey);
  const row = rowOf(booking, resource, { siteKey, orderedAt: heardAt(context, at, false) }, placed.slot);
  const settled = (one: Occupied): Occupied => (one.visit === appointmentId ? { ...one, tentative: false } : one);
  const heard = storeReading(tx, booking, at, now);
  const demanded = tx.placed.demandAsPlaced(
    { ...placed, bookingId: booking.id, appointmentId },
    { site: booking.site, siteKey, news },
    from,
    () => new Otherwise(),
    now,
  );
  const step = { deadlineAt: null, nextCheckAt: null, appointmentId, siteKey };
  const written = [
    heard,
    demanded,
    tx.bookings.move(booking.id, from, 'booked', now, step),
    context.deliveryId === null ? undefined : tx.outbox.finish(context.deliveryId, 'done', null),
    tx.ledger.add([entryOf(booking, now)]),
    siteKey === null ? undefined : tx.resources.nameAppointment(booking.site, siteKey, appointmentId),
    tx.busy.settle(booking.id, appointmentId),
    tx.resources.putAround(placed.around, ({ taken }) => taken.map(settled), cause),
    dueWindows(tx, context, now, [], plus(now, AFTER_BOOKING_MS)),
  ];
  const visit = tx.resources.addAppointment(row, cause).then((one) => ({ row, served: one }));
  return { visit, written: Promise.all([...written, visit]) };
}

/** Behind the locks; null: it is no case of this file. */
async function readPlaced(tx: Tx, context: OutcomeContext, at: Instant): Promise<Placed | null> {
  const { outcome, booking, site } = context;
  const { id, appointmentId, slotId, resources } = booking;
  if (outcome.kind !== 'booked') return null;
  const foreign = canonicalId.appointment(site.identity, outcome.at.key);
  const [, rows, slot] = await Promise.all([
    tx.lock([appointmentId, foreign, ...resources]),
    tx.busy.ofAppointment(appointmentId),
    slotId === null ? null : tx.resources.slot(slotId),
  ]);
  const isItsOwn = rows.every((row) => row.bookingId === id && resources.includes(row.resourceId));
  // Else it turned out meanwhile who one of them is: the booking as it was read names another.
  const isAll = resources.every((resource) => rows.some(({ resourceId }) => resourceId === resource));
  const around = isItsOwn && isAll ? await tx.resources.slotsAround(rows, at) : null;
  return around === null ? null : { taking: rows, around, slot };
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
