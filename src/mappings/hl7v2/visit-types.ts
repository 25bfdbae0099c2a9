/** What kind of visit it is, and all services that belong to it. */
import type { Segment } from '../../hl7v2/segment.ts';
import type { VisitTypeStatement } from '../contract.ts';
import { NO_VISIT_TYPE } from './codes.ts';
import { part, pathOf, said, type Reading } from './reading.ts';
import type { ActionOf } from './segments.ts';
import type { Counted } from './times.ts';

export interface Services {
  readonly visitType?: VisitTypeStatement;
  /** All of them, where there is more than the visit type. */
  readonly services?: readonly VisitTypeStatement[];
}

/** The first place of the list that says something that is a kind of visit here; the first of its segments decides. */
export function servicesOf(reading: Reading, counted: Counted): Services {
  for (const path of reading.settings.fields.visitType) {
    const found = servicesAt(reading, counted, path).map(({ stated }) => stated);
    if (found.length > 1) reading.warn(path, 'names several services; the first is the visit type');
    const [first] = found;
    if (first !== undefined) return { visitType: first, ...(found.length > 1 ? { services: found } : {}) };
  }
  return {};
}

/** Of a message that lists only what changes: the services that come and go. What it does not name stays. */
export function changedServices(reading: Reading, counted: Counted, actionOf: ActionOf): Services {
  const services = reading.settings.fields.visitType
    .filter((path) => pathOf(path).segment === 'AIS')
    .flatMap((path) => servicesAt(reading, counted, path))
    .map(({ segment, stated }): VisitTypeStatement => {
      const action = actionOf(segment);
      return action === 'remove' || action === 'end' ? { ...stated, removed: true } : stated;
    });
  return services.length === 0 ? {} : { services };
}

function servicesAt(
  reading: Reading,
  counted: Counted,
  path: string,
): readonly { readonly segment: Segment; readonly stated: VisitTypeStatement }[] {
  const { segment: name, field, component } = pathOf(path);
  return counted(name).flatMap((segment) => {
    const display = part(segment, field, component + 1);
    // Some send the text alone.
    const code = said(segment.component(field, component)) || display;
    if (code === '' || !isVisitType(reading, name, code)) return [];
    return [{ segment, stated: display === '' ? { code } : { code, display } }];
  });
}

/**
 * SCH-7 and SCH-8 hold "Normal" or "Checkup" at most senders, and visit types at some: then the site file lists them.
 */
function isVisitType(reading: Reading, segment: string, code: string): boolean {
  if (segment !== 'SCH' || Object.hasOwn(reading.site.visitTypes, code)) return true;
  return !NO_VISIT_TYPE.has(code.toUpperCase());
}

export function usualMinutes(reading: Reading, visitType: VisitTypeStatement | undefined): number | null {
  const canonical = visitType === undefined ? undefined : reading.site.visitTypes[visitType.code];
  return canonical === undefined ? null : (reading.visitTypes[canonical]?.duration_min ?? null);
}
