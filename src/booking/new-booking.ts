/** A booking at its first step: asked, nothing sent. */
import { newId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Tx } from '../store/contract.ts';
import type { SendTurn } from './contract-send.ts';
import { showPending } from './pending.ts';

/** What the two kinds of requests have in common. */
interface Asked {
  readonly client: string;
  readonly requestKey: string;
  readonly digest: string;
  readonly requestId: string;
  readonly trace: string | null;
}

// prettier-ignore
export type NewBooking = Pick<Booking, 'action' | 'site' | 'appointmentId' | 'slotId' | 'during' | 'resources'
  | 'patientId' | 'siteKey' | 'order'> & {
  readonly id?: string;
  readonly state?: 'held' | 'queued' | 'awaiting-approval';
  readonly waitsUntil?: Instant | null;
  /** False: its site is asked when its turn comes (set-step.ts). Absent: at once. */
  readonly owed?: boolean;
  /** It is sent behind the commit by whoever makes it. Absent or null: by whoever finds that it is owed. */
  readonly going?: Going | null;
};

export interface Going {
  readonly turn: SendTurn;
  readonly deliveryId: number;
}

const AUDITED = { place: 'book', move: 'book', cancel: 'cancel', status: 'change', amend: 'change' } as const;

/** Writes the booking, what is owed to its site, and who asked; the caller has written what it holds. */
export async function writeBooking(tx: Tx, asked: Asked, wanted: NewBooking, now: Instant): Promise<Booking> {
  const { owed = true, going = null, ...facts } = wanted;
  const made: Booking = {
    ...facts,
    id: facts.id ?? newId(now),
    client: asked.client,
    requestKey: asked.requestKey,
    requestDigest: asked.digest,
    state: facts.state ?? 'held',
    stateAt: now,
    reference: null,
    refusedBecause: null,
    detail: null,
    attempts: 0,
    absences: 0,
    deadlineAt: null,
    nextCheckAt: null,
    waitsUntil: facts.waitsUntil ?? null,
    createdAt: now,
    createdBy: tx.scope.actor,
  };
  // Its first two steps are one row: nobody can see it between them.
  const sent = going?.turn.claim(going.deliveryId, made, asked.trace) ?? null;
  const booking = sent?.booking ?? made;
  const { site, action, appointmentId } = booking;
  // Sent in this order, and together.
  await Promise.all([
    tx.bookings.insert(booking),
    sent === null ? undefined : tx.outbox.addSent(sent.delivery, sent.booking.deadlineAt ?? now, now),
    owed && sent === null ? setOff(tx, booking, asked.trace, now) : undefined,
    tx.audit({
      at: now,
      action: AUDITED[action],
      resourceType: 'Appointment',
      resourceId: appointmentId,
      site,
      outcome: 'success',
      requestId: asked.requestId,
    }),
  ]);
  return booking;
}

/** From the commit on its site is asked. */
export async function oweCall(tx: Tx, booking: Booking, trace: string | null, now: Instant): Promise<void> {
  const { id: bookingId, site, action, appointmentId } = booking;
  const owed = { receiver: 'site', receiverId: site, kind: action, bookingId, appointmentId } as const;
  await tx.outbox.add({ ...owed, body: {}, trace }, now, now);
}

/** What a booking in its first state leads to: a call of its site, or somebody who has to decide first. */
export async function setOff(tx: Tx, booking: Booking, trace: string | null, now: Instant): Promise<void> {
  const { id, site, action, appointmentId, waitsUntil } = booking;
  if (waitsUntil === null) {
    await oweCall(tx, booking, trace, now);
    if (booking.state === 'held') return;
  } else if (booking.state === 'awaiting-approval') {
    await tx.workItems.open({
      id: newId(now),
      kind: 'approval',
      subject: `booking:${id}`,
      site,
      role: 'scheduling',
      dueAt: waitsUntil,
      openedAt: now,
      evidence: { action, booking: id, appointment: appointmentId, ...slotOf(booking) },
    });
  }
  await showPending(tx, booking, now);
}

function slotOf({ slotId }: Booking): { readonly slot?: string } {
  return slotId === null ? {} : { slot: slotId };
}
