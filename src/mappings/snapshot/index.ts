/**
 * Visits that a site's own file of all its visits does not name (pipeline/snapshot.ts writes these messages). They take
 * the way of any news, so that history, bookings and replays are the same for both.
 */
import { formatInstant } from '../../core/instant.ts';
import type { Mapped, Mapping, StoredMessage } from '../contract.ts';

export const NOT_IN_SNAPSHOT = 'not-in-snapshot';

export const snapshotMapping: Mapping = {
  accepts: [NOT_IN_SNAPSHOT],
  map: (message) => mapAbsence(message),
};

function mapAbsence({ body, occurredAt }: StoredMessage): Mapped {
  const key = keyOf(body);
  if (key === null || occurredAt === null) {
    const problem = 'this is not what the hub writes of a snapshot; reconcile the site with its file again';
    return { kind: 'unreadable', issues: [{ code: 'MESSAGE_UNREADABLE', where: 'body', problem }] };
  }
  const because = `No longer in the snapshot of ${formatInstant(occurredAt)}.`;
  return { kind: 'changes', changes: [{ kind: 'appointment-gone', at: occurredAt, key, because }], warnings: [] };
}

function keyOf(body: Uint8Array): string | null {
  try {
    const said: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    const key = typeof said === 'object' && said !== null && 'key' in said ? said.key : null;
    return typeof key === 'string' && key !== '' ? key : null;
  } catch {
    return null;
  }
}
