/**
 * A visit at a calendar whose hours stand in a template: the template's slots that it takes, and what it shares with
 * other visits of a block with several seats. Outside of the template a visit fills a slot of its own, which nobody
 * offers when it is gone.
 */
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { Interval } from '../core/instant.ts';
import type { AppointmentChange } from '../mappings/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { hasTemplates, templatePairs, templateSlotsOver, type TemplateSlot } from '../settings/template-slots.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import { occupiesTime } from './occupy.ts';
import { slotRow } from './slot-row.ts';
import { stated, templateFacts } from './template-window.ts';

export interface TemplateTime {
  readonly calendar: string;
  readonly scheduleId: string;
  /** The site's own code of the visit type; empty where it said none. */
  readonly local: string;
  readonly during: Interval;
  /** Empty: outside of what the template offers. */
  readonly slots: readonly TemplateSlot[];
}

interface Asked {
  readonly during: Interval | null;
  readonly schedule: { readonly id: string } | null;
  /** The visit that stays in its schedule. */
  readonly slotsOf: StoredAppointment | null;
  readonly local: string | undefined;
}

/** Null: its calendar has no template. */
export async function templateTime(
  context: ApplyContext,
  { during, schedule, slotsOf, local }: Asked,
): Promise<TemplateTime | null> {
  const { site, plan, tx, now } = context;
  if (during === null || context.publishesSlots || !hasTemplates(site)) return null;
  const first = slotsOf?.slots[0];
  const old = first === undefined ? null : await tx.resources.slot(first);
  const scheduleId = schedule?.id ?? old?.scheduleId;
  const calendars = scheduleId === undefined ? undefined : calendarsOf(site).get(scheduleId);
  if (scheduleId === undefined || calendars === undefined) return null;
  const visitType = local ?? old?.localVisitType ?? '';
  const facts = templateFacts(site, plan);
  const found = calendars.map((calendar) => ({
    calendar,
    slots: templateSlotsOver(facts, { calendar, visitType, window: during, now }),
  }));
  const best = found.find(({ slots }) => slots.length > 0) ?? found[0];
  return best === undefined ? null : { ...best, scheduleId, local: visitType, during };
}

/** Visits in a block with several seats occupy their people together: none is in the other's way. */
export function sharing(change: AppointmentChange, time: TemplateTime | null): AppointmentChange {
  const session = time?.slots.find((slot) => slot.session !== undefined)?.session;
  return session === undefined || change.session !== undefined ? change : { ...change, session };
}

/** Null: outside of the template. */
export async function takenOfTemplate(
  context: ApplyContext,
  change: AppointmentChange,
  time: TemplateTime,
  before: StoredAppointment | null,
): Promise<readonly string[] | null> {
  const { tx, site, cause } = context;
  const kept = await unmoved(context, time, before);
  if (kept !== null) return kept;
  if (time.slots.length === 0) return null;
  const ids = time.slots.map(({ key }) => canonicalId.slot(site.identity, key));
  if (!occupiesTime(change.status)) {
    const known = await Promise.all(ids.map(async (id) => ((await tx.resources.slot(id)) === null ? [] : [id])));
    return known.flat();
  }
  const rule = site.resources.calendars[time.calendar] ?? {};
  // Written here too: the visit may lie beyond the windows that were laid out, or be heard of before they are.
  const rows = time.slots.map((slot) =>
    slotRow(
      context,
      { calendar: time.calendar, rule, local: slot.visitType, visitType: site.visitTypes[slot.visitType] ?? null },
      stated(slot),
    ),
  );
  await tx.resources.putSlots(rows, cause);
  return ids;
}

/** A booked visit keeps its slots, whatever its template has become; one of another type or place takes others. */
async function unmoved(
  { tx }: ApplyContext,
  { scheduleId, during, local }: TemplateTime,
  before: StoredAppointment | null,
): Promise<readonly string[] | null> {
  const first = before?.slots[0];
  if (before === null || before.during === null || first === undefined) return null;
  if (before.during.start !== during.start || before.during.end !== during.end) return null;
  const slot = await tx.resources.slot(first);
  const isSame = slot !== null && slot.scheduleId === scheduleId && (local === '' || slot.localVisitType === local);
  return isSame ? before.slots : null;
}

type Calendars = ReadonlyMap<string, readonly string[]>;
const known = new WeakMap<SiteSettings, Calendars>();

/**
 * Calendars with templates by the id of their Schedule. A visit that names a person and no place belongs to all places
 * of that person.
 */
function calendarsOf(site: SiteSettings): Calendars {
  const made = known.get(site);
  if (made !== undefined) return made;
  const bySchedule = new Map<string, string[]>();
  for (const calendar of new Set(templatePairs(site).map((pair) => pair.calendar))) {
    const person = site.resources.calendars[calendar]?.person;
    for (const key of [calendar, ...(person === undefined ? [] : [person])]) {
      const id = canonicalId.schedule(site.identity, key);
      bySchedule.set(id, [...(bySchedule.get(id) ?? []), calendar]);
    }
  }
  known.set(site, bySchedule);
  return bySchedule;
}
