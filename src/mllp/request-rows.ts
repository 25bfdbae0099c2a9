/** The rows of requests (SRM): what is owed for one, and what the answer of one is worth when it comes again. */
import type { FramePart } from '../hl7v2/acknowledge-frame.ts';
import type { Hl7Request, NewHl7Request } from '../store/contract-requests.ts';
import type { Tx } from '../store/contract.ts';
import { keyOfPlacement } from './request-visit.ts';

export async function owe(
  tx: Tx,
  row: Pick<Hl7Request, 'id' | 'client' | 'lineage'>,
  kind: 'answer' | 'notice',
  now: Hl7Request['receivedAt'],
): Promise<void> {
  const receiver = { receiver: 'client', receiverId: row.client, kind } as const;
  const about = { bookingId: null, appointmentId: row.lineage, body: { request: String(row.id) }, trace: null };
  await tx.outbox.add({ ...receiver, ...about }, now, now);
}

/**
 * A placement that was answered no, and whose appointment was booked since by another message with the same ARQ-1 (the
 * sender had heard neither answer): the old no is not true any more, so it is answered anew, from that booking.
 */
export async function asItIsNow(
  tx: Tx,
  row: Hl7Request,
  { head }: FramePart,
  { placer, reply }: Pick<NewHl7Request, 'placer' | 'reply'>,
): Promise<Hl7Request> {
  if (head.triggerEvent !== 'S01' || row.state !== 'done' || row.bookingId !== null) return row;
  if ((await tx.bookings.byRequestKey(row.client, keyOfPlacement(placer))) === null) return row;
  await tx.hl7Requests.reopen(row.id, reply);
  return { ...row, state: 'received', reply, answer: null };
}
