/** What a test looks at in the hub: slots, people, histories, messages. */
import assert from 'node:assert/strict';
import { instant, type Instant, type Interval } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Appointment, Slot } from '../../src/fhir/types.ts';
import type { StoredSlot } from '../../src/store/contract-resources.ts';
import type { InboxMessage } from '../../src/store/contract-inbox.ts';
import { MONDAY } from './clock.ts';
import type { Rig } from './harness.ts';
import { SCOPE, type RigSite } from './site.ts';
import { queryOf } from './truth.ts';

/** A wall-clock time in Chicago; day 0 is the Monday on which every rig begins, 1 the Tuesday. */
export function at(day: number, hour: number, minute = 0): Instant {
  return instant(MONDAY + day * 86_400_000 + (hour - 6) * 3_600_000 + minute * 60_000);
}

export function span(start: Instant, minutes: number): Interval {
  return { start, end: instant(start + minutes * 60_000) };
}

/** From now to the end of what sites show: all days that the rig's hub reads. */
export const DAYS: Interval = { start: at(0, 0), end: at(3, 0) };

export async function slots(
  rig: Rig,
  site: RigSite,
  of: { readonly calendar?: string; readonly visitType?: string } = {},
): Promise<readonly StoredSlot[]> {
  const calendar = of.calendar ?? site.world.offered ?? site.world.calendars[0];
  const schedule = canonicalId.schedule(site.settings.identity, calendar);
  return rig.store.read(SCOPE, (tx) => tx.resources.slotsOf(schedule, of.visitType ?? site.world.visitType, DAYS));
}

/** The slot that starts then. */
export async function slotAt(
  rig: Rig,
  site: RigSite,
  start: Instant,
  of: Parameters<typeof slots>[2] = {},
): Promise<StoredSlot> {
  const found = (await slots(rig, site, of)).find((slot) => slot.during.start === start);
  assert.ok(found !== undefined, `the hub has no slot at ${new Date(start).toISOString()}`);
  return found;
}

export async function slotResource(rig: Rig, id: string): Promise<Slot> {
  const served = await rig.store.read(SCOPE, (tx) => tx.resources.read('Slot', id));
  assert.ok(served !== null);
  return JSON.parse(served.json) as Slot;
}

/** A patient record of the site that can be booked with. */
/** A patient record of the site; `other`: one of another person. */
export async function patientOf(rig: Rig, site: RigSite, other = 0): Promise<string> {
  const { rows } = await queryOf(rig)(`SELECT id FROM resource WHERE type = 'Patient' AND site = $1 ORDER BY id`, [
    site.settings.id,
  ]);
  const row = rows[other];
  assert.ok(row !== undefined, 'the hub knows no such patient of the site');
  return String(row['id']);
}

export async function appointmentId(rig: Rig, site: RigSite, key: string): Promise<string> {
  const id = await rig.store.read(SCOPE, (tx) => tx.resources.appointmentByKey(site.settings.id, key));
  assert.ok(id !== null, `the hub does not know ${key}`);
  return id;
}

/** Every version of an Appointment, oldest first. */
export async function versions(rig: Rig, id: string): Promise<readonly Appointment[]> {
  return rig.store.read(SCOPE, async (tx) => {
    const all: Appointment[] = [];
    for (let version = 1; ; version += 1) {
      const served = await tx.resources.readVersion('Appointment', id, version);
      if (served === null) return all;
      all.push(JSON.parse(served.json) as Appointment);
    }
  });
}

export async function appointmentCount(rig: Rig, site: RigSite): Promise<number> {
  const { rows } = await queryOf(rig)(`SELECT id FROM appointment WHERE site = $1`, [site.settings.id]);
  return rows.length;
}

export async function messages(rig: Rig, site: RigSite): Promise<readonly InboxMessage[]> {
  return rig.store.read(SCOPE, (tx) => tx.inbox.list({ site: site.settings.id, limit: 10_000 }));
}

export async function cursorOf(rig: Rig, site: RigSite): Promise<unknown> {
  return rig.store.read(SCOPE, (tx) => tx.feeds.cursor(site.settings.id, 'poll'));
}
