/**
 * A code of a site turns out to be somebody else than was thought: two people are one (the site file, the crosswalk, a
 * master file or a message gives the NPI), or one is two. Everything that the code takes from now on is moved to the
 * right person in one transaction, under the locks of both, so that a booking is made either before, and is moved, or
 * behind it, and sees all of that person's time. Bookings whose locks are those of before are made again
 * (booking/prepare.ts). Until its transaction is committed news goes on under the person of before.
 *
 * Overlaps that come to light are no reason to leave the two apart: both visits stand, marked contested, and are raised
 * as conflicts like any site's own word. The reverse change undoes all of it.
 *
 *   said (file, message) --> due --> moved, written into the ledger
 *                             |
 *                             +--> doubtful: a Task, until the site file says who it is
 *
 * Nothing may apply messages meanwhile: it is a step of the same loop.
 */
import type { Clock } from '../core/clock.ts';
import { asHubError } from '../core/errors.ts';
import { plus } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { listedThing } from '../fhir/practitioner-rule.ts';
import type { Practitioner, Schedule } from '../fhir/types.ts';
import type { CodeDue, PractitionerChanges, PractitionerIndex, PractitionerMatch } from '../identity/contract.ts';
import type { Plan } from '../settings/shape.ts';
import type { Cause } from '../store/contract-resources.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import { HORIZON_MS, putCalendar, putSchedule } from './directory.ts';
import type { StageEvents } from './events.ts';
import { rekeyBookings, rekeyVisits } from './rekey-visits.ts';

export interface RekeyDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly plan: () => Plan;
  readonly changes: PractitionerChanges;
  readonly events: Pick<StageEvents, 'stageFailed' | 'practitionerMoved'>;
}

const SCOPE = systemScope('practitioners');

/** Moves all that is due. True when visits may have come into conflict. */
export async function rekeyDue(deps: RekeyDeps): Promise<boolean> {
  const { changes, events, clock } = deps;
  let moved = false;
  // Each change may make another one due, and none twice: a circle would hold up everything that is applied.
  for (const due of changes.isDue() ? changes.due(deps.plan()) : []) {
    try {
      const count = await rekey(deps, due);
      if (count === null) changes.wait(due);
      else {
        changes.done(due);
        events.practitionerMoved(due.site.id, due.because, count);
        moved ||= count > 0;
      }
    } catch (error) {
      const failure = asHubError(error);
      events.stageFailed(`practitioners:${due.site.id}`, failure.code, failure.detail);
      // The others go on; what the database was in the way of is tried at the next step.
      if (failure.class === 'permanent') changes.wait(due);
      else await clock.sleep(0);
    }
  }
  return moved;
}

/** How many visits; null: a person has to decide first. */
async function rekey({ store, clock, plan, changes }: RekeyDeps, due: CodeDue): Promise<number | null> {
  return store.transaction(SCOPE, async (tx) => {
    const { site, code, from, to, because } = due;
    const now = clock.now();
    const cause: Cause = { site: site.id, messageId: null, siteTime: null, now };
    const place = to === null ? placeOf(due) : null;
    const resource = to?.id ?? place?.id ?? canonicalId.schedule(site.identity, code);
    await tx.lock([from.id, resource]);
    if ((await changes.doubt(due, tx, cause)) !== null) return null;
    const schedules = await schedulesOf(tx, due);
    const rows = await tx.practitioners.rekey({
      ...{ site: site.id, code, from: from.id, to: resource, now },
      schedules: schedules.map(({ id }) => id),
      only: changes.isOnly(due),
    });
    const index = changes.as(due);
    const match = to === null ? null : await index.resolve(await saidOf(tx, due), site, tx, cause);
    for (const schedule of schedules) await rekeySchedule(tx, due, schedule, { match, index, plan: plan(), cause });
    await changes.giveUp(due, tx, cause);
    const role = (id: string): string => canonicalId.practitionerRole(site.identity, id);
    const other = to === null ? place : ({ type: 'Practitioner', id: to.id } as const);
    const swap = { from: from.id, fromRole: role(from.id), to: other, toRole: to === null ? null : role(to.id) };
    const visits = [...new Set(rows.flatMap(({ appointmentId }) => appointmentId ?? []))];
    await rekeyBookings(tx, [...new Set(rows.flatMap(({ bookingId }) => bookingId ?? []))], swap);
    await rekeyVisits(tx, visits, swap, now);
    const during = { start: now, end: plus(now, HORIZON_MS) };
    await tx.resources.refreshTouched(
      [from.id, resource].map((resourceId) => ({ resourceId, during })),
      cause,
    );
    await tx.conflicts.note(visits, now);
    const entry = { at: now, kind: 'practitioner-changed', site: site.id, cause: because };
    const data = { code, from: from.id, to: resource };
    await tx.ledger.add([{ ...entry, data }, ...visits.map((appointmentId) => ({ ...entry, appointmentId, data }))]);
    return visits.length;
  });
}

/** The room or the device that such a code takes; null: the calendar itself. */
function placeOf({ site, code }: CodeDue): { readonly type: 'Location' | 'Device'; readonly id: string } | null {
  const thing = listedThing(site, code);
  if (thing?.kind === 'device') return { type: 'Device', id: canonicalId.device(site.identity, code) };
  const location = thing?.code ?? site.resources.calendars[code]?.location;
  const isRoom = location !== undefined && site.locations[location]?.room === true;
  return isRoom ? { type: 'Location', id: canonicalId.location(site.identity, location) } : null;
}

interface Found {
  readonly id: string;
  readonly key: string;
}

/** The calendar of that name, and those that are kept for the person and a place. */
async function schedulesOf(tx: Tx, { site, code, from }: CodeDue): Promise<readonly Found[]> {
  const all = await tx.practitioners.schedulesOf(site.id, from.id);
  const { calendars } = site.resources;
  return all.filter(({ key }) => key === code || (calendars[key]?.person ?? key.split('@')[0]) === code);
}

/** A person who is found to be another one is called so there; of one who was never that other, the name is unknown. */
async function saidOf(tx: Tx, { code, from }: CodeDue): Promise<Parameters<PractitionerIndex['resolve']>[0]> {
  const served = from.npi === null ? await tx.resources.read('Practitioner', from.id) : null;
  const name = served === null ? undefined : (JSON.parse(served.json) as Practitioner).name?.[0];
  return {
    code,
    ...(name?.text === undefined ? {} : { name: name.text }),
    ...(name?.family === undefined ? {} : { family: name.family }),
    ...(name?.given?.[0] === undefined ? {} : { given: name.given[0] }),
  };
}

interface Rewriting {
  readonly match: PractitionerMatch | null;
  readonly index: PractitionerIndex;
  readonly plan: Plan;
  readonly cause: Cause;
}

async function rekeySchedule(
  tx: Tx,
  { site }: CodeDue,
  { id, key }: Found,
  { match, index, plan, cause }: Rewriting,
): Promise<void> {
  const rule = site.resources.calendars[key];
  if (rule !== undefined) return putCalendar(tx, site, key, rule, plan, index, cause);
  const served = await tx.resources.read('Schedule', id);
  const actors = served === null ? [] : (JSON.parse(served.json) as Schedule).actor;
  const place = actors.flatMap(({ reference = '' }) => reference.split('Location/')[1] ?? [])[0] ?? null;
  const room = Object.entries(site.locations).find(([name]) => canonicalId.location(site.identity, name) === place);
  await putSchedule(tx, site, key, {
    practitioner: match,
    location: place,
    isRoom: room?.[1].room === true,
    cause,
  });
}
