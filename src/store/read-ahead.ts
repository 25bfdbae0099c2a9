/** Reads what a batch is about to ask for, each kind by one statement. Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { pair } from './ahead.ts';
import type { Expected, Named } from './contract-ahead.ts';
import type { SlotDbRow } from './slot-put.ts';
import { toSlot } from './slot-put.ts';
import type { AppointmentDbRow } from './appointments.ts';
import { bookingsAhead } from './bookings.ts';
import { busyOfAppointments } from './busy-gathered.ts';
import type { Gathered } from './gather.ts';
import { indexable } from './inbox-row.ts';
import { recordsNamed } from './people.ts';
import { windowsOf } from './replay-windows.ts';
import { RESOURCE_COLUMNS, type ResourceDbRow } from './resources.ts';
import type { Keys } from './seal.ts';

/**
 * From here on the transaction keeps back what it writes. Called once, after everything is locked. What does not depend
 * on another is sent in one turn, and answered in the order of sending.
 */
export async function readAhead(g: Gathered, keys: Keys, expected: Expected): Promise<void> {
  g.begin();
  const sites = [...new Set(expected.sites)];
  if (sites.length === 0) return;
  const [ids] = await Promise.all([
    namedVisits(g, expected),
    records(g, expected),
    resources(g, expected),
    objects(g, expected),
    actors(g, expected),
    replayWindows(g, sites),
  ]);
  const [rows] = await Promise.all([appointments(g, ids), bookings(g, keys, expected, ids)]);
  await Promise.all([busyRows(g, ids, rows), slotsOf(g, rows)]);
}

async function replayWindows({ ahead, direct }: Gathered, sites: readonly string[]): Promise<void> {
  for (const [site, windows] of await windowsOf(direct, sites)) ahead.windows.set(site, windows);
}

/**
 * The open ones only of sites that name a visit which nobody knows yet: it may be one of theirs. The echo of a booking
 * that is settled is known by its name, and the orders of all others would be opened in vain.
 */
async function bookings(
  { ahead, direct }: Gathered,
  keys: Keys,
  { appointments: named }: Expected,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const unknown = named.filter(({ site, key }) => ahead.keys.get(pair(site, key)) === null);
  const sites = [...new Set(unknown.map(({ site }) => site))];
  const found = await bookingsAhead(direct, keys, sites, ids);
  for (const site of sites) ahead.open.set(site, found.open.get(site) ?? []);
  for (const id of ids) ahead.latest.set(id, found.latest.get(id) ?? null);
}

async function records({ ahead, direct }: Gathered, { patients }: Expected): Promise<void> {
  if (patients.length === 0) return;
  for (const { site, key } of patients) ahead.records.set(pair(site, key), null);
  for (const { site, record } of await recordsNamed(direct, patients)) {
    ahead.records.set(pair(site, record.key), record);
  }
}

async function resources({ ahead, direct }: Gathered, expected: Expected): Promise<void> {
  const ids = [...new Set([...expected.resources, ...expected.patients.map(({ id }) => id)])];
  if (ids.length === 0) return;
  for (const id of ids) ahead.resources.set(id, null);
  const { rows } = await direct.query<ResourceDbRow>({
    name: 'ahead-resources', // its primary key begins with the type: each id is of one of a few
    text: `SELECT ${RESOURCE_COLUMNS} FROM resource WHERE id = ANY($1::uuid[])
             AND type = ANY('{Patient,Practitioner,PractitionerRole,Location,Schedule}'::text[])`,
    values: [ids],
  });
  for (const row of rows) ahead.resources.set(row.id, row);
}

async function objects({ ahead, direct }: Gathered, { objects: named }: Expected): Promise<void> {
  if (named.length === 0) return;
  for (const { site, object } of named) ahead.objects.set(pair(site, indexable(object)), null);
  const { rows } = await direct.query<{ site: string; object: string; read_at: Instant }>({
    name: 'ahead-objects', // primary key
    text: `SELECT o.site, o.object, o.read_at FROM unnest($1::text[], $2::text[]) AS u(site, object)
           JOIN object_applied o ON o.site = u.site AND o.object = u.object`,
    values: [named.map((one) => one.site), named.map((one) => indexable(one.object))],
  });
  for (const row of rows) ahead.objects.set(pair(row.site, row.object), row.read_at);
}

async function actors({ ahead, direct }: Gathered, { schedules }: Expected): Promise<void> {
  if (schedules.length === 0) return;
  const { rows } = await direct.query<{ schedule_id: string; actor: string }>({
    name: 'ahead-actors', // primary key
    text: `SELECT schedule_id, actor_type || ' ' || actor_id AS actor FROM schedule_actor
           WHERE schedule_id = ANY($1::uuid[])`,
    values: [schedules],
  });
  const bySchedule = Map.groupBy(rows, (row) => row.schedule_id);
  for (const id of schedules) {
    ahead.actors.set(id, (bySchedule.get(id) ?? []).map((row) => row.actor)); // prettier-ignore
  }
}

/** The ids that the visits have or would have. */
async function namedVisits(g: Gathered, { appointments: named }: Expected): Promise<readonly string[]> {
  if (named.length === 0) return [];
  const { ahead } = g;
  const ids = new Set(named.map(({ id }) => id));
  for (const { site, key } of named) ahead.keys.set(pair(site, key), null);
  for (const { site, key, id } of await keysNamed(g, named)) {
    ahead.keys.set(pair(site, key), id);
    ids.add(id);
  }
  return [...ids];
}

async function appointments({ ahead, direct }: Gathered, ids: readonly string[]): Promise<readonly AppointmentDbRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await direct.query<AppointmentDbRow>({
    name: 'ahead-appointments', // primary key; in the order of ids, or two batches would wait for each other in a ring
    text: `SELECT * FROM appointment WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
    values: [ids],
  });
  for (const id of ids) ahead.appointments.set(id, null);
  for (const row of rows) ahead.appointments.set(row.id, row);
  return rows;
}

/** A visit that is not there yet takes nothing. */
async function busyRows(
  { ahead, direct }: Gathered,
  ids: readonly string[],
  rows: readonly AppointmentDbRow[],
): Promise<void> {
  const taken = rows.length === 0 ? null : await busyOfAppointments(direct, ids);
  for (const id of ids) ahead.busy.set(id, taken?.get(id) ?? []);
}

async function slotsOf({ ahead, direct }: Gathered, rows: readonly AppointmentDbRow[]): Promise<void> {
  const slots = [...new Set(rows.flatMap((row) => row.slots))];
  if (slots.length === 0) return;
  const stored = await direct.query<SlotDbRow>({
    name: 'ahead-slots', // primary key
    text: `SELECT * FROM slot WHERE id = ANY($1::uuid[])`,
    values: [slots],
  });
  for (const id of slots) ahead.slots.set(id, null);
  for (const row of stored.rows) ahead.slots.set(row.id, toSlot(row));
}

async function keysNamed({ direct }: Gathered, named: readonly Named[]): Promise<readonly Named[]> {
  const { rows } = await direct.query<Named>({
    name: 'ahead-appointment-keys', // primary key
    text: `SELECT k.site, k.site_key AS key, k.appointment_id AS id FROM unnest($1::text[], $2::text[]) AS u(site, key)
           JOIN appointment_key k ON k.site = u.site AND k.site_key = u.key`,
    values: [named.map((one) => one.site), named.map((one) => one.key)],
  });
  return rows;
}
