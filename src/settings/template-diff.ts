/** What a new plan does to the slots that templates lay out: for `slotwire plan`, before anything is done. */
import { DAY_MS, plus, type Instant } from '../core/instant.ts';
import type { Plan, SiteSettings } from './shape.ts';
import { lengthsOf, templatePairs, templateSlots } from './template-slots.ts';

/** Over the horizon that both plans have for the site. What is booked stays, so fewer may go. */
export interface SlotNews {
  readonly site: string;
  readonly come: number;
  readonly go: number;
}

/** Sites whose slots change, through their own file or the lengths in the catalogue. */
export function slotNews(running: Plan, next: Plan, now: Instant): readonly SlotNews[] {
  return next.sites.flatMap((site) => {
    const old = running.sites.find(({ identity }) => identity === site.identity);
    const days = Math.min(site.poll.horizon_days, old?.poll.horizon_days ?? site.poll.horizon_days);
    const until = plus(now, days * DAY_MS);
    const [before, after] = [keysOf(running, old, now, until), keysOf(next, site, now, until)];
    const come = [...after].filter((key) => !before.has(key)).length;
    const go = [...before].filter((key) => !after.has(key)).length;
    return come + go === 0 ? [] : [{ site: site.id, come, go }];
  });
}

function keysOf(plan: Plan, site: SiteSettings | undefined, now: Instant, until: Instant): ReadonlySet<string> {
  if (site === undefined) return new Set();
  const facts = { site, lengthOf: lengthsOf(site.visitTypes, plan.hub.visitTypes) };
  const window = { start: now, end: until };
  return new Set(
    templatePairs(site).flatMap((pair) => templateSlots(facts, { ...pair, window, now }).map(({ key }) => key)),
  );
}
