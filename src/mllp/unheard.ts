/**
 * Answers and news that a client by HL7 v2 never took: whoever asked there does not know how the appointment stands, so
 * a person has to tell them. Closed when the client takes an answer to the same request, which it gets by asking again.
 */
import { newId } from '../core/ids.ts';
import { HOUR_MS, plus, type Instant } from '../core/instant.ts';
import type { Delivery, WorkItem } from '../store/contract-bookings.ts';
import type { Tx } from '../store/contract.ts';

/** `code`: MSA-1 of the refusal. */
export async function refusedForGood(tx: Tx, delivery: Delivery, code: string, now: Instant): Promise<void> {
  const id = Number(delivery.body['request']);
  const request = await tx.hl7Requests.get(id);
  const bookingId = request?.bookingId ?? null;
  const booking = bookingId === null ? null : await tx.bookings.get(bookingId);
  const appointment = request?.appointmentId ?? null;
  await open(tx, requestOf(delivery), {
    site: booking?.site ?? null,
    now,
    evidence: {
      client: delivery.receiverId,
      what: delivery.kind === 'notice' ? 'SIU' : 'SRR',
      why: `refused with ${code}`,
      ...(appointment === null ? {} : { appointment }),
    },
  });
}

/** Its answers wait: they go when hub.yaml says where to. */
export async function withoutAddress(tx: Tx, client: string, now: Instant): Promise<void> {
  const why = 'hub.yaml has no hl7.answers for this client any more; what it is owed is kept';
  await open(tx, clientOf(client), { site: null, now, evidence: { client, why } });
}

export async function taken(tx: Tx, delivery: Delivery, now: Instant): Promise<void> {
  await tx.workItems.close('unheard-answer', requestOf(delivery), now);
  await tx.workItems.close('unheard-answer', clientOf(delivery.receiverId), now);
}

async function open(
  tx: Tx,
  subject: string,
  { site, evidence, now }: Pick<WorkItem, 'site' | 'evidence'> & { readonly now: Instant },
): Promise<void> {
  await tx.workItems.open({
    id: newId(now),
    kind: 'unheard-answer',
    subject,
    site,
    role: 'scheduling',
    dueAt: plus(now, HOUR_MS),
    openedAt: now,
    evidence,
  });
}

function requestOf({ body }: Delivery): string {
  return `hl7-request:${body['request'] ?? ''}`;
}

function clientOf(client: string): string {
  return `hl7-client:${client}`;
}
