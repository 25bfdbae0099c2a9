/**
 * Puts a message aside for a person. Where it keeps others waiting that person is told at once, by a work item: a list
 * that is looked at in the evening is too late for people whose visits wait.
 */
import { HOUR_MS, plus, type Instant } from '../core/instant.ts';
import { newId } from '../core/ids.ts';
import type { InboxMessage, Parking } from '../store/contract-inbox.ts';
import type { Tx } from '../store/contract.ts';

const DUE_MS = HOUR_MS;

type Parked = Pick<InboxMessage, 'id' | 'site' | 'kind'>;

export async function park(tx: Tx, message: Parked, parking: Parking, now: Instant): Promise<void> {
  await tx.inbox.park(message.id, parking, now);
  if (!parking.barrier) return;
  await tx.workItems.open({
    id: newId(now),
    kind: 'parked',
    subject: subjectOf(message.id),
    site: message.site,
    role: 'records',
    dueAt: plus(now, DUE_MS),
    openedAt: now,
    evidence: { message: String(message.id), what: message.kind, code: parking.code, why: parking.reason },
  });
}

/** The message was applied after all, or set aside for good. */
export async function unpark(tx: Tx, id: number, now: Instant): Promise<void> {
  await tx.workItems.close('parked', subjectOf(id), now);
}

function subjectOf(id: number): string {
  return `message:${id}`;
}
