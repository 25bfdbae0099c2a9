/**
 * A visit at risk: one person taken at two sites at once, or a site's booking over one that the hub placed. Clinics
 * overbook inside one system all day; that is their business and no conflict (DESIGN section 8, step 5).
 */
import { newId } from '../core/ids.ts';
import { MINUTE_MS, plus, type Instant } from '../core/instant.ts';
import type { Tx } from '../store/contract.ts';

const DUE_MS = 30 * MINUTE_MS;

/** Opens a work item for each pair that clashes now, and closes those of pairs that do no longer. */
export async function reviewConflicts(tx: Tx, appointmentIds: readonly string[], now: Instant): Promise<void> {
  if (appointmentIds.length === 0) return;
  const clashes = await tx.busy.clashes(appointmentIds);
  const standing = new Set<string>();
  for (const clash of clashes) {
    const subject = `appointments:${[clash.appointmentId, clash.other].sort().join(':')}`;
    if (standing.has(subject)) continue;
    standing.add(subject);
    await tx.workItems.open({
      id: newId(now),
      kind: 'conflict',
      subject,
      site: clash.site,
      role: 'scheduling',
      dueAt: plus(now, DUE_MS),
      openedAt: now,
      evidence: {
        appointment: clash.appointmentId,
        other: clash.other,
        resource: clash.resourceId,
        otherSite: clash.otherSite,
      },
    });
  }
  for (const subject of await tx.workItems.openAbout('conflict', appointmentIds)) {
    if (!standing.has(subject)) await tx.workItems.close('conflict', subject, now);
  }
}
