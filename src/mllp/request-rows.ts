/** The rows of requests (SRM): what is owed for one, and what the answer of one is worth when it comes again. */
import type { FramePart } from '../hl7v2/acknowledge-frame.ts';
import { parseMessage } from '../hl7v2/message.ts';
import { readRequest } from '../hl7v2/request-read.ts';
import type { Hl7Request, NewHl7Request } from '../store/contract-requests.ts';
import type { Tx } from '../store/contract.ts';
import { digestOf } from './request-names.ts';
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
 * A placement that was answered no, and whose appointment another message with the same ARQ-1 has booked since, or asks
 * for just now (the sender had heard neither answer): the old no is not true any more, or may not be in a moment, so it
 * is answered anew. Said again, the sender would take it for the last word on an appointment that it has.
 */
export async function asItIsNow(
  tx: Tx,
  row: Hl7Request,
  { head }: FramePart,
  { placer, reply }: Pick<NewHl7Request, 'placer' | 'reply'>,
  zone: string,
): Promise<Hl7Request> {
  if (head.triggerEvent !== 'S01' || row.state !== 'done' || row.bookingId !== null) return row;
  const booking = await tx.bookings.byRequestKey(row.client, keyOfPlacement(placer));
  // One that came to nothing is another no: what was answered stands.
  const isBooked = booking !== null && booking.state !== 'refused' && booking.state !== 'expired';
  if (!isBooked && !(await isAskedForAgain(tx, row, zone))) return row;
  await tx.hl7Requests.reopen(row.id, reply);
  return { ...row, state: 'received', reply, answer: null };
}

/** Only the very same: what was refused is not asked for once more because something else is wanted under its id. */
async function isAskedForAgain(tx: Tx, row: Hl7Request, zone: string): Promise<boolean> {
  const others = await tx.hl7Requests.undecided(row.client, row.lineage);
  if (others.length === 0) return false;
  const wanted = wantedBy(row.body, zone);
  return wanted !== null && others.some(({ body }) => wantedBy(body, zone) === wanted);
}

function wantedBy(body: Uint8Array, zone: string): string | null {
  const { request } = readRequest(parseMessage(body).message, zone);
  return request === null ? null : digestOf(request);
}
