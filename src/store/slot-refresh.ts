/** Slots keep up with the busy calendar: what was touched of it is looked at again. Part of slots.ts. */
import { HOUR_MS, MINUTE_MS, type Interval } from '../core/instant.ts';
import { effectiveStatus } from '../fhir/effective.ts';
import type { Slot } from '../fhir/types.ts';
import type { Cause } from './contract-resources.ts';
import { occupiedAround, occupiedBySlot, touchedValues, type Around } from './occupied.ts';
import type { Queryable } from './postgres.ts';
import { countedAt, readingsOf } from './seat-readings.ts';
import { toSlot, type SlotDbRow } from './slot-put.ts';
import { renderSlot, writeSlots, type WriteRow } from './slot-write.ts';

/** No slot is longer: lets an overlap be found by the start alone, with a lower bound the index can use. */
export const LONGEST_SLOT_MS = 24 * 60 * MINUTE_MS;

interface Touched {
  readonly resourceId: string;
  readonly during: Interval;
}

/**
 * Slots are locked before the busy calendar is read, by a statement of its own: whoever changed it before us has
 * committed by then, and whoever changes it after us waits for these rows.
 */
export async function refreshTouched(
  q: Queryable,
  touched: readonly Touched[],
  cause: Cause,
): Promise<readonly string[]> {
  if (touched.length === 0) return [];
  const distinct = [
    ...new Map(touched.map((one) => [`${one.resourceId} ${one.during.start} ${one.during.end}`, one])).values(),
  ];
  const locked = q.query<SlotDbRow>({
    name: 'slots-to-refresh',
    // schedule_actor_actor, then slot_schedule with both bounds on start_at: OFFSET 0 holds the planner to it, which
    // else reads every slot there is (measured: 10,000 rows for one). One sort over all: two never wait in a ring.
    text: `SELECT s.* FROM slot s WHERE s.id = ANY (ARRAY(
             SELECT o.id FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[])
               AS u(resource_id, earliest, start_at, end_at)
             CROSS JOIN LATERAL (
               SELECT a.schedule_id FROM schedule_actor a WHERE a.actor_id = u.resource_id OFFSET 0) a
             CROSS JOIN LATERAL (
               SELECT t.id FROM slot t WHERE t.schedule_id = a.schedule_id AND t.start_at > u.earliest
                 AND t.start_at < u.end_at AND t.end_at > u.start_at OFFSET 0) o))
           ORDER BY s.id FOR UPDATE`,
    values: touchedValues(distinct, LONGEST_SLOT_MS),
  });
  // Sent behind the locking and answered with it: a round trip less for a booking, which touches a slot or two.
  const [found, occupied] = await Promise.all([
    locked,
    isLittle(distinct) ? occupiedAround(q, distinct, LONGEST_SLOT_MS, cause.now) : null,
  ]);
  return recompute(q, found.rows, cause, occupied);
}

function isLittle(touched: readonly Touched[]): boolean {
  return touched.length <= 8 && touched.every(({ during }) => during.end - during.start <= 4 * HOUR_MS);
}

/** Writes a new version of each slot whose effective status is no longer what its row says. */
export async function recompute(
  q: Queryable,
  rows: readonly SlotDbRow[],
  cause: Cause,
  known: Around | null = null,
): Promise<string[]> {
  if (rows.length === 0) return [];
  const slots = rows.map(toSlot);
  // A slot that was moved while it was waited for is not among them, or stands there where it was.
  const holds = known !== null && slots.every(({ id, during }) => isSame(known.get(id)?.during, during));
  const occupied = holds ? null : await occupiedBySlot(q, slots, cause.now);
  const readings = await readingsOf(q, slots);
  const written: WriteRow[] = [];
  rows.forEach((row, index) => {
    const slot = slots[index];
    if (slot === undefined) return;
    const status = effectiveStatus(
      { ...slot, ...countedAt(readings, slot.id) },
      occupied?.get(slot.id) ?? known?.get(slot.id)?.taken ?? [],
    );
    if (status === row.status) return;
    const resource = JSON.parse(row.content) as Slot;
    // The version's source stays the site's: our calendar only lowered what the site said.
    const kept: Cause = { ...cause, site: row.site, messageId: null };
    const version = row.version + 1;
    written.push({
      ...slot,
      resource,
      status,
      version,
      json: renderSlot(resource, slot, status, version, kept),
      cause,
    });
  });
  await writeSlots(q, written);
  return written.map((row) => row.id);
}

function isSame(one: Interval | undefined, other: Interval): boolean {
  return one?.start === other.start && one.end === other.end;
}
