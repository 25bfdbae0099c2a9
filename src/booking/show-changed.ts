/**
 * What a change that the site has made makes of the Appointment, and of the time that it takes. Part of settle.ts's one
 * transaction, as show.ts is.
 */
import type { Instant } from '../core/instant.ts';
import { AMENDABLE, amended, amendmentOf, sameText, type Amendment } from '../fhir/amendment.ts';
import { TIME_EFFECT } from '../fhir/status-flow.ts';
import type { Appointment } from '../fhir/types.ts';
import type { Cause, StoredAppointment } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { OutcomeContext } from './heard-answer.ts';

export async function showChanged(tx: Tx, context: OutcomeContext, now: Instant): Promise<void> {
  const { booking } = context;
  const shown = await tx.resources.appointment(booking.appointmentId);
  if (shown === null) return;
  if (booking.action === 'status') await showStatus(tx, context, shown, now);
  else await showAmended(tx, context, shown, now);
}

async function showStatus(tx: Tx, context: OutcomeContext, shown: StoredAppointment, now: Instant): Promise<void> {
  const { booking } = context;
  const wanted = booking.order.status;
  // What the site has said of it since we asked is its own word: it stands, also where it is another status.
  if (wanted === undefined || shown.resource.status !== wanted.from) return;
  const { cancelationReason: _old, ...rest } = shown.resource;
  const reason =
    wanted.status === 'noshow' && wanted.reason !== undefined ? { cancelationReason: { text: wanted.reason } } : {};
  await put(tx, context, shown, { ...rest, ...reason, status: wanted.status }, now);
  if (TIME_EFFECT[wanted.status] === 'taken') await takeTime(tx, booking.site, shown, now);
  const { id: bookingId, site, appointmentId, createdBy } = booking;
  const data = { from: wanted.from, to: wanted.status, by: createdBy };
  await tx.ledger.add([
    { at: now, kind: 'status', site, bookingId, appointmentId, cause: `booking:${bookingId}`, data },
  ]);
}

/** All that can be set takes the time, or leaves it as it was: a visit that was only pending takes it for good. */
async function takeTime(tx: Tx, site: string, shown: StoredAppointment, now: Instant): Promise<void> {
  const rows = await tx.busy.ofAppointment(shown.id);
  if (!rows.some((row) => row.tentative)) return;
  const taken = rows.map(({ expiresAt: _expires, ...row }) => ({ ...row, tentative: false }));
  const touched = await tx.busy.replaceAppointment(shown.id, taken);
  await tx.resources.refreshTouched(touched, { site, messageId: null, siteTime: null, now });
}

async function showAmended(tx: Tx, context: OutcomeContext, shown: StoredAppointment, now: Instant): Promise<void> {
  const { booking } = context;
  const { from, to } = booking.order.amend ?? { from: {}, to: {} };
  const current = amendmentOf(shown.resource);
  // As with the status: only what still stands as it did when we asked is ours to show.
  const parts = AMENDABLE.filter((part) => to[part] !== undefined && sameText(current[part], from[part]));
  if (parts.length === 0) return;
  const still: Amendment = Object.fromEntries(parts.map((part) => [part, to[part]]));
  await put(tx, context, shown, amended(shown.resource, still), now);
  const { id: bookingId, site, appointmentId, createdBy } = booking;
  const data = { parts: parts.join(' '), by: createdBy };
  await tx.ledger.add([
    { at: now, kind: 'amended', site, bookingId, appointmentId, cause: `booking:${bookingId}`, data },
  ]);
}

/** News that was read before the site did it is older from here on, and undoes nothing. */
async function put(
  tx: Tx,
  { booking, sentAt }: OutcomeContext,
  shown: StoredAppointment,
  resource: Appointment,
  now: Instant,
): Promise<void> {
  const cause: Cause = { site: booking.site, messageId: null, siteTime: null, now };
  const orderedAt = sentAt > shown.orderedAt ? sentAt : shown.orderedAt;
  await tx.resources.putAppointment({ ...shown, orderedAt, resource }, cause);
}
