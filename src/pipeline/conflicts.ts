/**
 * A visit at risk: one person taken at two sites at once, or a site's booking over one that the hub placed. Clinics overbook
 * inside one system all day; that is their business and no conflict (DESIGN section 8, step 5).
 */
import { newId } from '../core/ids.ts';
import { MINUTE_MS, plus } from '../core/instant.ts';
import type { BusyRow, Touched } from '../store/contract-bookings.ts';
import type { ApplyContext } from './apply-context.ts';
import { spanOf } from './apply-context.ts';

const DUE_MS = 30 * MINUTE_MS;

export async function raiseConflicts(
  context: ApplyContext,
  appointmentId: string,
  touched: readonly Touched[],
): Promise<void> {
  const { tx, site, now } = context;
  const mine = await tx.busy.ofAppointment(appointmentId);
  const span = spanOf(mine.map((row) => row.during));
  if (span === null || touched.length === 0) return;
  const rows = await tx.busy.conflicts([...new Set(mine.map((row) => row.resourceId))], span, null);
  for (const other of rows) {
    if (other.appointmentId === undefined || other.appointmentId === appointmentId || other.origin === 'block')
      continue;
    if (!mine.some((row) => clashes(row, other)) || (other.site === site.id && other.origin !== 'hub')) continue;
    const [first = '', second = ''] = [appointmentId, other.appointmentId].sort();
    await tx.workItems.open({
      id: newId(now),
      kind: 'conflict',
      subject: `appointments:${first}:${second}`,
      site: site.id,
      role: 'scheduling',
      dueAt: plus(now, DUE_MS),
      openedAt: now,
      evidence: {
        appointment: appointmentId,
        other: other.appointmentId,
        resource: other.resourceId,
        otherSite: other.site,
      },
    });
  }
}

function clashes(mine: BusyRow, other: BusyRow): boolean {
  return (
    mine.resourceId === other.resourceId &&
    mine.occupancy !== other.occupancy &&
    mine.during.start < other.during.end &&
    other.during.start < mine.during.end
  );
}
