/** A feed whose hours stand in templates: Ada works in hall, room by room, on the same Monday as everything else. */
import type { TestContext } from 'node:test';
import { HOUR_MS } from '../../src/core/instant.ts';
import type { Slot } from '../../src/fhir/types.ts';
import { askWindows, planWindows } from '../../src/pipeline/availability.ts';
import { takeUpTemplates, templateAvailability } from '../../src/pipeline/template-window.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { BlockSettings, TemplateSettings } from '../../src/settings/template-shape.ts';
import { templateCalendars } from '../../src/settings/template-slots.ts';
import type { StoredSlot } from '../../src/store/contract-resources.ts';
import { openWorld, testSites, type World } from '../support/builders.ts';
import { block } from '../settings/template-facts.ts';

const NEVER = new AbortController().signal;

export const MORNING: BlockSettings = block({ days: ['mon'], hours: ['09:00-12:00'], visitTypes: ['CHECK'] });

export function hours(
  blocks: Readonly<Record<string, BlockSettings>> = { morning: MORNING },
  more: Partial<TemplateSettings> = {},
): TemplateSettings {
  return { practitioner: 'ADA', location: 'hall', blocks, exceptions: {}, ...more };
}

export interface TemplateWorld extends World {
  /** Takes a site file with these templates into force, as a hub that reads its configuration again. */
  take(templates: Readonly<Record<string, TemplateSettings>>, more?: Partial<SiteSettings>): Promise<void>;
  /** What a running site does between two plans. */
  ask(): Promise<void>;
  /** Slots of the feed as `HH:MM status`, by start; those of one key part only, if one is given. */
  shown(part?: string): Promise<readonly string[]>;
  at(time: string, part?: string): Promise<StoredSlot & { readonly body: Slot }>;
  /** Rows that a message of a template made in the inbox. */
  written(): Promise<number>;
}

export async function openTemplateWorld(
  t: TestContext,
  templates: Readonly<Record<string, TemplateSettings>> = { ada: hours() },
  more: Partial<SiteSettings> = {},
): Promise<TemplateWorld> {
  const [north, south, plain] = testSites();
  const world = await openWorld(t);
  const feed = (own: typeof templates, changed: Partial<SiteSettings>): SiteSettings => {
    const site = {
      ...plain,
      visitTypes: { CHECK: 'check-30', LONG: 'group-60' },
      ...more,
      ...changed,
      templates: own,
    };
    const calendars = { ...site.resources.calendars, ...templateCalendars(site) };
    return { ...site, resources: { ...site.resources, calendars } };
  };
  const deps = {
    store: world.store,
    clock: world.clock,
    events: world.deliverDeps.events,
    stored: () => undefined,
    plan: () => world.plan,
  };
  const site = (): SiteSettings => {
    const found = world.plan.sites.find(({ id }) => id === 'feed');
    if (found === undefined) throw new Error('no feed');
    return found;
  };
  const ask = async (): Promise<void> => {
    const availability = templateAvailability(deps, site());
    if (availability === undefined) return;
    await planWindows(deps, site(), availability, NEVER);
    while (await askWindows(deps, site(), availability, NEVER));
    await world.apply();
    // Once more, behind their retry: now they are known and confirmed until they may change.
    world.clock.advance(HOUR_MS / 30);
    while (await askWindows(deps, site(), availability, NEVER));
    await world.apply();
  };
  const rowsOf = (part: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    world.rows(
      `SELECT id, to_char(start_at AT TIME ZONE 'UTC', 'HH24:MI') AS time, status FROM slot
       WHERE site = 'feed' AND site_key LIKE $1 ORDER BY start_at, site_key`,
      [`%${part}%`],
    );
  const opened: TemplateWorld = Object.assign(world, {
    ask,
    async take(own: typeof templates, changed: Partial<SiteSettings> = {}) {
      world.plan = { ...world.plan, sites: [north, south, feed(own, changed)].sort((a, b) => (a.id < b.id ? -1 : 1)) };
      await world.syncDirectory();
      await takeUpTemplates(deps, site());
      await ask();
    },
    shown: async (part = '') => (await rowsOf(part)).map((row) => `${String(row['time'])} ${String(row['status'])}`),
    async at(time: string, part = 'template:') {
      const row = (await rowsOf(part)).find((one) => one['time'] === time);
      const id = String(row?.['id']);
      const [slot, served] = await world.read(async (tx) => [
        await tx.resources.slot(id),
        await tx.resources.read('Slot', id),
      ]);
      if (slot === null || served === null) throw new Error(`no slot at ${time}`);
      return { ...slot, body: JSON.parse(served.json) as Slot };
    },
    async written() {
      const [row] = await world.rows(`SELECT count(*)::int AS count FROM inbox WHERE kind = 'template-window'`);
      return Number(row?.['count']);
    },
  });
  await opened.take(templates);
  return opened;
}
