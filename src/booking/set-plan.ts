/** Which visits a request for several means: those it names, or the occurrences of a series. Reads only. */
import { plus, type Instant } from '../core/instant.ts';
import { IssuesError, problem } from '../fhir/outcome.ts';
import { zoneOf } from '../settings/zone.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { SetMode } from '../store/contract-sets.ts';
import type { Tx } from '../store/contract.ts';
import type { SetRequest, VisitWish } from './contract-set.ts';
import { calendarOf } from './order.ts';
import { type BookingDeps } from './place.ts';
import { visibleSlot } from './prepare.ts';
import { brokenRules, called, type Timed } from './sequence.ts';
import { occurrences } from './series.ts';

/** One visit to be placed; of a series one of its occurrences. */
export interface Planned {
  readonly step: number;
  readonly name: string | null;
  /** Null: there is no such slot. */
  readonly wish: VisitWish | null;
  readonly missing: string | null;
}

export async function planVisits(deps: BookingDeps, tx: Tx, request: SetRequest): Promise<readonly Planned[]> {
  const [only] = request.visits;
  if (only !== undefined && request.visits.length === 1 && only.recurrence !== null) {
    return planSeries(deps, tx, request.mode, only);
  }
  return request.visits.map((wish, index) => ({ step: index + 1, name: wish.name, wish, missing: null }));
}

/** The slots of the first visit's schedule and type that begin at the same time of day. */
async function planSeries(deps: BookingDeps, tx: Tx, mode: SetMode, wish: VisitWish): Promise<readonly Planned[]> {
  const first = await visibleSlot(tx, wish.slotId);
  const { recurrence } = wish;
  if (recurrence === null) return [];
  const planned: Planned[] = [];
  const most = deps.plan().hub.booking.setVisits;
  for (const { step, date, at } of occurrences(recurrence, first.during.start, zoneOfSlot(deps, first), most)) {
    const slot = await slotAt(tx, first, at);
    const name = date;
    if (slot === null) planned.push({ step, name, wish: null, missing: `no slot of this schedule begins then` });
    else planned.push({ step, name, missing: null, wish: { ...wish, slotId: slot.id, start: null, end: null } });
  }
  const missing = planned.filter((one) => one.wish === null);
  if (mode === 'best-effort' || missing.length === 0) return planned;
  throw new IssuesError(
    'RULE_BROKEN',
    missing.map((one) => {
      const text =
        `There is no slot for ${called(one)}: none of this schedule and type begins at that time of day. Make the ` +
        'date an exception, begin with another slot, or send mode best-effort.';
      return problem('RULE_BROKEN', text, 'Parameters.parameter');
    }),
  );
}

/** Of the schedule and type of another slot; of several the one that is as long. */
export async function slotAt(tx: Tx, like: StoredSlot, at: Instant): Promise<StoredSlot | null> {
  if (like.during.start === at) return like;
  const window = { start: at, end: plus(at, 1) };
  const found = await tx.resources.slotsOf(like.scheduleId, like.localVisitType, window);
  const long = (slot: StoredSlot): number => slot.during.end - slot.during.start;
  return found.find((slot) => long(slot) === long(like)) ?? found[0] ?? null;
}

/** Of the place of the visit. */
export function zoneOfSlot(deps: Pick<BookingDeps, 'plan'>, slot: StoredSlot): string {
  const { sites, hub } = deps.plan();
  const site = sites.find(({ id }) => id === slot.site);
  if (site === undefined) return hub.timeZone;
  const calendar = calendarOf(site, slot.scheduleId);
  return zoneOf(site, calendar === null ? undefined : site.resources.calendars[calendar]?.location);
}

/** `slots`: those of the visits that have one, in their order. */
export function timed(deps: BookingDeps, planned: readonly Planned[], slots: readonly StoredSlot[]): readonly Timed[] {
  return planned
    .filter(({ wish }) => wish !== null)
    .flatMap(({ step, name }, index) => {
      const slot = slots[index];
      return slot === undefined ? [] : [{ step, name, during: slot.during, zone: zoneOfSlot(deps, slot) }];
    });
}

/** @throws IssuesError RULE_BROKEN with every rule that these times break */
export function keepRules(request: SetRequest, all: readonly Timed[]): void {
  const broken = brokenRules(request.rules, all);
  if (broken.length === 0) return;
  throw new IssuesError(
    'RULE_BROKEN',
    broken.map(({ rule, text }) => problem('RULE_BROKEN', `Rule ${rule + 1}: ${text}`, 'Parameters.parameter')),
  );
}
