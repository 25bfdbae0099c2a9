/** Local visit type codes and security labels, as the site file says. */
import { newId } from '../core/ids.ts';
import { DAY_MS, plus } from '../core/instant.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { ApplyContext } from './apply-context.ts';

/** The key in the hub's catalogue; null: unmapped, which is counted, is not bookable, and opens one work item. */
export async function visitTypeOf(context: ApplyContext, local: string): Promise<string | null> {
  const { site, tx, now } = context;
  const canonical = site.visitTypes[local];
  if (canonical !== undefined) return canonical;
  const { first } = await tx.resources.countUnmapped(site.id, 'visit-type', local, now);
  if (first) {
    await tx.workItems.open({
      id: newId(now),
      kind: 'unmapped',
      subject: `visit-type:${site.id}:${local}`,
      site: site.id,
      role: 'configuration',
      dueAt: plus(now, 7 * DAY_MS),
      openedAt: now,
      evidence: { code: local, do: `Add the code under visitTypes in ${site.id}.yaml.` },
    });
  }
  return null;
}

export function securityOf(
  site: SiteSettings,
  of: { readonly location: string | null; readonly visitType: string | null; readonly labels: readonly string[] },
): string[] {
  const { sensitivity } = site;
  const labels = [
    ...sensitivity.site,
    ...(of.location === null ? [] : (sensitivity.departments[of.location] ?? [])),
    ...(of.visitType === null ? [] : (sensitivity.visitTypes[of.visitType] ?? [])),
    // The mapping has read the site's codes (sensitivity.codes) already.
    ...of.labels,
  ];
  return [...new Set(labels)].sort();
}
