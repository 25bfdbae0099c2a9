/** Rooms and devices that a visit of some type always takes besides its slot, by the rules of its site file. Pure. */
import { MINUTE_MS, plus, type Interval } from '../core/instant.ts';
import type { NeedRule, SiteSettings } from '../settings/shape.ts';
import { canonicalId } from './canonical-ids.ts';

type Needing = Pick<SiteSettings, 'identity' | 'visits'>;

export interface Needed {
  readonly resourceId: string;
  readonly during: Interval;
}

export function neededBy(site: Needing, visitType: string | null, during: Interval): Needed[] {
  const needs = (visitType === null ? undefined : site.visits?.[visitType]?.needs) ?? [];
  return needs.map((need) => ({
    resourceId: idOf(site, need),
    during: {
      start: plus(during.start, -need.before_min * MINUTE_MS),
      end: plus(during.end, need.after_min * MINUTE_MS),
    },
  }));
}

/** Everything that any visit of the site may need: what is locked before it is known which. */
export function neededAtAll(site: Needing): readonly string[] {
  const all = Object.values(site.visits ?? {}).flatMap(({ needs }) => needs.map((need) => idOf(site, need)));
  return [...new Set(all)];
}

function idOf({ identity }: Needing, { room, device = '' }: NeedRule): string {
  return room === undefined ? canonicalId.device(identity, device) : canonicalId.location(identity, room);
}
