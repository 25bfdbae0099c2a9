/** Open time by the templates of a site file, asked window by window as a site that computes its slots is asked. */
import type { Availability, SiteState } from '../connectors/contract.ts';
import type { Clock } from '../core/clock.ts';
import { sha256 } from '../core/ids.ts';
import { HOUR_MS, plus, type Instant } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { SlotStatement } from '../mappings/contract.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import {
  hasTemplates,
  lengthsOf,
  nextRelease,
  templatePairs,
  templateSlots,
  type TemplateFacts,
  type TemplateSlot,
} from '../settings/template-slots.ts';
import { systemScope, type Store } from '../store/contract.ts';

const SCOPE = systemScope('templates');
/** A new plan has all windows asked at once; in between only a release changes an answer. */
const EVERY_MS = 6 * HOUR_MS;
/** Farther ahead than any plan reads its slots. */
const AHEAD_MS = 800 * 24 * HOUR_MS;

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  readonly plan: () => Plan;
}

export function templateFacts(site: SiteSettings, plan: Plan): TemplateFacts {
  return { site, lengthOf: lengthsOf(site.visitTypes, plan.hub.visitTypes) };
}

/** Undefined: the site has no templates. */
export function templateAvailability(deps: Deps, site: SiteSettings): Availability | undefined {
  if (!hasTemplates(site)) return undefined;
  return {
    by: 'template',
    window_days: 1,
    pairs: () => Promise.resolve(templatePairs(site)),
    ask({ calendar, visitType, window }) {
      const now = deps.clock.now();
      const slots = templateSlots(templateFacts(site, deps.plan()), { calendar, visitType, window, now });
      return Promise.resolve(stateOf({ calendar, visitType, from: window.start, to: window.end }, slots, now));
    },
    // Lengths of visits stand in the catalogue, which may change while the site file does not.
    basis: () =>
      JSON.stringify(templatePairs(site).map((pair) => templateFacts(site, deps.plan()).lengthOf(pair.visitType))),
    askAgain: ({ calendar, window }, at) => templateDue(site, deps.plan(), calendar, window, at),
  };
}

/** When the answer for a window may be another one than it was at `at`. */
export function templateDue(
  site: SiteSettings,
  plan: Plan,
  calendar: string,
  window: { readonly start: Instant; readonly end: Instant },
  at: Instant,
): Instant {
  const released = nextRelease(templateFacts(site, plan), { calendar, window, now: at });
  const latest = plus(at, EVERY_MS);
  return released !== null && released < latest ? released : latest;
}

function stateOf(
  asked: { readonly calendar: string; readonly visitType: string; readonly from: Instant; readonly to: Instant },
  slots: readonly TemplateSlot[],
  readAt: Instant,
): SiteState {
  const body = JSON.stringify({
    ...asked,
    slots: slots.map(({ key, during, template, capacity, overbook, channel, session }) => ({
      ...{ key, start: during.start, end: during.end, template, capacity, overbook, channel, session },
    })),
  });
  return {
    shape: 'state',
    kind: 'template-window',
    object: `template:${asked.calendar}:${asked.visitType}:${asked.from}`,
    sequenceKeys: [`schedule:${asked.calendar}`],
    digest: sha256(body),
    contentType: 'application/json',
    body: Buffer.from(body),
    readAt,
  };
}

/** As the mapping of a window states it. */
export function stated(slot: TemplateSlot): SlotStatement {
  const { key, during, template, capacity, overbook, channel, session } = slot;
  const marks = { ...(overbook === 0 ? {} : { overbook }), ...(channel === undefined ? {} : { channel }) };
  return {
    key,
    during,
    status: 'free',
    capacity,
    ...(session === undefined ? {} : { session }),
    template: { name: template, ...marks },
  };
}

/**
 * Before the windows of a plan are asked: all of them are due, since the file may say other hours than before, and what
 * no template speaks of any more is closed. Nothing is written where the file says the same.
 */
export async function takeUpTemplates({ store, clock }: Deps, site: SiteSettings): Promise<void> {
  const now = clock.now();
  const pairs = templatePairs(site);
  await store.transaction(SCOPE, async (tx) => {
    const during = { start: now, end: plus(now, AHEAD_MS) };
    for (const calendar of new Set(pairs.map((pair) => pair.calendar))) {
      await tx.feeds.windowsDue(site.id, calendar, during, now);
    }
    const kept = pairs.map(({ calendar, visitType }) => ({
      scheduleId: canonicalId.schedule(site.identity, calendar),
      visitType,
    }));
    const strays = await tx.resources.strayTemplateSlots(site.id, kept, now);
    if (strays.length > 0) {
      await tx.resources.closeSlots(strays, { site: site.id, messageId: null, siteTime: null, now });
    }
  });
}
