/** What a site computes from its visits is asked for again where one came, went or moved. */
import * as canonical from '../fhir/canonical.ts';
import type { Appointment } from '../fhir/types.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import type { ResolvedParticipant } from './participants.ts';

interface Stands {
  readonly participants: readonly ResolvedParticipant[];
  readonly during: Interval | null;
  readonly resource: Appointment;
}

/**
 * Its windows are due at once, those of them that were asked for before `at`. Not where it stands as it stood: what put
 * the visit there has made them due, and for our own bookings that is as of the site's answer, a second after it. Their
 * echo is of an earlier moment and adds a number or a text; it must not ask the site sooner, and once for each of a
 * burst.
 */
export async function dueWindows(
  context: ApplyContext,
  before: StoredAppointment | null,
  after: Stands,
  at: Instant,
): Promise<void> {
  const { tx, site, publishesSlots, effects } = context;
  if (!publishesSlots) return;
  const known = before?.tokens.find((token) => token.startsWith('calendar:'))?.slice('calendar:'.length);
  const calendars = new Set(after.participants.flatMap((one) => (one.calendar === null ? [] : [one.calendar])));
  if (known !== undefined) calendars.add(known);
  if (known !== undefined && calendars.size === 1 && before !== null && stoodSo(before, after)) return;
  for (const calendar of calendars) {
    for (const interval of [before?.during ?? null, after.during]) {
      if (interval !== null) await tx.feeds.windowsDue(site.id, calendar, interval, at);
    }
  }
  effects.availability = true;
}

/** Named by its site, at the same time, of the same kind, and no nearer to its end. */
function stoodSo(before: StoredAppointment, { during, resource }: Stands): boolean {
  const kind = (one: Appointment): string => canonical.conceptTokens('service-type', one.serviceType).sort().join(' ');
  return (
    before.siteKey !== null &&
    before.during !== null &&
    before.during.start === during?.start &&
    before.during.end === during.end &&
    before.resource.status === resource.status &&
    kind(before.resource) === kind(resource)
  );
}
