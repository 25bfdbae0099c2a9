/** A whole hub against what its simulators hold to be true. */
import { DAY_MS, plus, type Interval } from '../../src/core/instant.ts';
import { systemClock } from '../../src/core/clock.ts';
import { kinds } from '../../src/connectors/registry.ts';
import { buildPlan } from '../../src/settings/plan.ts';
import { requestPortVariable, simulatorVariable } from '../../src/settings/sandbox.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import { arrangements } from '../conformance/arrangements.ts';
import { control, rowsOf } from '../conformance/control.ts';
import { differences, slotDifferences } from '../conformance/truth.ts';
import type { SiteTruth } from '../conformance/arrangement.ts';
import { HORIZON_DAYS } from './config-folder.ts';
import type { TestHub } from './hub.ts';

/** The sites as the hub itself reads their files. */
export async function sitesOf(hub: TestHub): Promise<readonly SiteSettings[]> {
  const variables = Object.fromEntries(
    hub.sandbox().sites.flatMap(({ id, simulatorUrl }) => [
      [simulatorVariable(id), simulatorUrl],
      // Nothing is asked of the sites here; any port fits the form.
      [requestPortVariable(id), '1'],
    ]),
  ) as Readonly<Record<string, string>>;
  const { plan, issues } = await buildPlan({
    configDir: hub.config.path,
    variables,
    kinds: new Map([...kinds].map(([name, kind]) => [name, kind.settings])),
  });
  if (plan === null) throw new Error(`the plan has issues: ${JSON.stringify(issues)}`);
  return plan.sites;
}

export async function truthOf(hub: TestHub, site: SiteSettings): Promise<SiteTruth> {
  const arrangement = arrangements.get(site.kind);
  if (arrangement === undefined) throw new Error(`nothing arranges ${site.kind}`);
  const truth = await arrangement.truth(hub.simulator(site.id));
  const { sendingFacility } = site.settings as { readonly sendingFacility?: string };
  if (sendingFacility === undefined) return truth;
  // An arrangement knows the namespace of its own clinic only.
  const named = (key: string): string => key.replace(/\^.*$/, `^${sendingFacility}`);
  return { ...truth, appointments: truth.appointments.map((one) => ({ ...one, key: named(one.key) })) };
}

/**
 * Sentences about every appointment, booking, free slot and parked message in which hub and sites differ; empty: none.
 */
export async function disagreements(hub: TestHub): Promise<readonly string[]> {
  const found: string[] = [];
  const now = systemClock.now();
  // Days that are read whole, whatever the hour in whichever zone; without those that the horizon cuts.
  const within: Interval = { start: plus(now, DAY_MS / 24), end: plus(now, (HORIZON_DAYS - 2) * DAY_MS) };
  for (const site of await sitesOf(hub)) {
    const truth = await truthOf(hub, site);
    const about = (sentence: string): string => `${site.id}: ${sentence}`;
    found.push(...(await differences({ query: hub.query, site, truth })).map(about));
    if (site.kind === 'hl7v2') continue;
    found.push(...(await slotDifferences({ query: hub.query, site, truth, within })).map(about));
  }
  return found;
}

/**
 * What is still under way, in the hub and at its sites: webhooks and frames to be sent, messages, calls, open bookings.
 */
export async function unrest(hub: TestHub): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { id, kind, simulatorUrl } of hub.sandbox().sites) {
    const part = kind === 'hl7v2' ? 'queue' : 'webhooks';
    const state = await control('GET', `${simulatorUrl}/__sim/state?only=${part}`);
    const waiting =
      kind === 'hl7v2'
        ? rowsOf(state['queue'])
        : rowsOf((state['webhooks'] as Readonly<Record<string, unknown>>)['sent']).filter(
            (one) => one['state'] === 'pending',
          );
    if (waiting.length > 0) found.push(`${id} has ${waiting.length} messages to send`);
  }
  const count = async (what: string, sql: string): Promise<void> => {
    const { rows } = await hub.query(sql);
    const number = Number(rows[0]?.['count']);
    if (number > 0) found.push(`${number} ${what}`);
  };
  await count('messages wait', `SELECT count(*) FROM inbox_queue`);
  await count('hints wait', `SELECT count(*) FROM hint_queue`);
  await count('deliveries are under way', `SELECT count(*) FROM outbox WHERE state IN ('queued', 'sent')`);
  await count('bookings are open', `SELECT count(*) FROM booking WHERE state NOT IN ('booked', 'refused', 'expired')`);
  return found;
}
