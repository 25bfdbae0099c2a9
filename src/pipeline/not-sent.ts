/** Why a call that was claimed does not leave after all. Part of deliver.ts. */
import type { WriteOutcome } from '../connectors/contract.ts';
import { HubError } from '../core/errors.ts';
import { plus, type Instant } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';

/** What a hold was made against may be old when its turn comes: its site was down, and the person is elsewhere now. */
const OVERTAKEN: WriteOutcome = {
  kind: 'refused',
  because: 'slot-taken',
  detail: 'The time was taken while the booking waited to be sent.',
};

/** What was found when a call was claimed. */
export interface Claimed {
  /** Its time was taken by somebody else while it waited to be sent. */
  readonly overtaken: boolean;
  /** Why it cannot be meant any more, by what its site has told of the visit since; null: it can. */
  readonly outdated: string | null;
}

/**
 * Null: it may leave. A process that stood still behind its commit (frozen, starved) must not call when it goes on: the
 * call would last beyond the deadline that others go by, and they may have told the caller that it came to nothing.
 */
export function whyNotSent(
  { deadlineAt, site }: Booking,
  { overtaken, outdated, now, timeout_ms }: Claimed & { readonly now: Instant; readonly timeout_ms: number },
): WriteOutcome | null {
  if (overtaken) return OVERTAKEN;
  if (outdated !== null) return { kind: 'refused', because: 'rule', detail: outdated };
  if (deadlineAt === null || plus(now, timeout_ms) <= deadlineAt) return null;
  const detail = 'the hub stood still before it called';
  return { kind: 'unsent', error: new HubError('SITE_UNREACHABLE', { detail, site, retryAfter_ms: 0 }) };
}
