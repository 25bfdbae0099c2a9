/** Local visit type codes, the services of a visit, and security labels, as the site file says. */
import { newId } from '../core/ids.ts';
import { DAY_MS, plus } from '../core/instant.ts';
import * as canonical from '../fhir/canonical.ts';
import type { Appointment, CodeableConcept } from '../fhir/types.ts';
import type { AppointmentChange, VisitTypeStatement } from '../mappings/contract.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
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

/** Undefined: the message says nothing of them. The first one is the visit type. */
export function servicesAfter(
  site: SiteSettings,
  change: AppointmentChange,
  before: Appointment | undefined,
): readonly VisitTypeStatement[] | undefined {
  const { visitType, services } = change;
  const stated = services ?? (visitType === undefined ? undefined : [visitType]);
  if (stated === undefined || change.partial !== true) return stated;
  const gone = new Set(stated.filter(({ removed }) => removed === true).map(({ code }) => code));
  const known = (before?.serviceType ?? []).flatMap((concept) => statementOf(site, concept));
  const all = [...known, ...stated.filter(({ removed }) => removed !== true)].filter(({ code }) => !gone.has(code));
  return [...new Map(all.map((one) => [one.code, one])).values()];
}

function statementOf(site: SiteSettings, concept: CodeableConcept): readonly VisitTypeStatement[] {
  const system = canonical.siteSystem(site.id, 'visit-type');
  const own = concept.coding?.find((coding) => coding.system === system);
  if (own?.code === undefined) return [];
  return [{ code: own.code, ...(own.display === undefined ? {} : { display: own.display }) }];
}

export function serviceTypes(
  site: SiteSettings,
  plan: Plan,
  services: readonly VisitTypeStatement[],
): readonly CodeableConcept[] {
  return services.map(({ code, display }) => {
    const visitType = site.visitTypes[code] ?? null;
    const name = display ?? (visitType === null ? undefined : plan.hub.visitTypes[visitType]?.name);
    return canonical.visitTypeConcept(site, code, visitType, name);
  });
}
