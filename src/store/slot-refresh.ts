/** Slots keep up with the busy calendar: what was touched of it is looked at again. Part of slots.ts. */
import { HOUR_MS, MINUTE_MS, type Instant, type Interval } from '../core/instant.ts';
import { effectiveStatus, type Occupied } from '../fhir/effective.ts';
import type { Slot, SlotStatus } from '../fhir/types.ts';
import type { Cause, SlotsAround, StoredSlot } from './contract-resources.ts';
import { occupiedAround, occupiedBySlot, touchedValues } from './occupied.ts';
import type { Queryable, Rows } from './postgres.ts';
import { countedAt, readingsOf } from './seat-readings.ts';
import { toSlot, type SlotDbRow } from './slot-put.ts';
import { renderSlot, writeSlots, type WriteRow } from './slot-write.ts';

/** No slot is longer: lets an overlap be found by the start alone, with a lower bound the index can use. */
export const LONGEST_SLOT_MS = 24 * 60 * MINUTE_MS;

interface Touched {
  readonly resourceId: string;
  readonly during: Interval;
}

/** Locked, of schedules in which a touched resource is, and overlapping in time. */
function lockTouched(q: Queryable, touched: readonly Touched[]): Promise<Rows<SlotDbRow>> {
  return q.query<SlotDbRow>({
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
    values: touchedValues(touched, LONGEST_SLOT_MS),
  });
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
  return recompute(q, (await lockTouched(q, distinct)).rows, cause);
}

/** The rows behind what `slotsAround` gave. */
const rowsAround = new WeakMap<SlotsAround, readonly SlotDbRow[]>();

/** The reading is sent behind the locking and answered with it. */
export async function slotsAround(
  q: Queryable,
  touched: readonly Touched[],
  now: Instant,
): Promise<SlotsAround | null> {
  if (touched.length === 0 || touched.length > FEW || touched.some(isLong)) return null;
  const [{ rows }, around] = await Promise.all([
    lockTouched(q, touched),
    occupiedAround(q, touched, LONGEST_SLOT_MS, now),
  ]);
  const found: SlotsAround['slots'][number][] = [];
  for (const row of rows) {
    const slot = toSlot(row);
    const one = around.get(slot.id);
    // A slot that was moved while it was waited for is not there, or stands where it was; a class is counted otherwise.
    if (one === undefined || !isSame(one.during, slot.during) || slot.session !== null) return null;
    found.push({ slot, touchedBy: one.touchedBy, taken: one.taken });
  }
  const all: SlotsAround = { slots: found };
  rowsAround.set(all, rows);
  return all;
}

const FEW = 8;

function isLong({ during }: Touched): boolean {
  return during.end - during.start > 4 * HOUR_MS;
}

export async function putAround(
  q: Queryable,
  around: SlotsAround,
  taken: (one: SlotsAround['slots'][number]) => readonly Occupied[],
  cause: Cause,
): Promise<SlotsAround> {
  const rows = rowsAround.get(around) ?? [];
  const judged = around.slots.map((one, at) => {
    const now = taken(one);
    return { ...one, taken: now, row: rows[at], status: effectiveStatus(one.slot, now) };
  });
  const written = new Map((await writeChanged(q, judged, cause)).map((row) => [row.id, row]));
  const stands: SlotsAround = {
    slots: judged.map(({ slot, touchedBy, taken: now }) => {
      const { version = slot.version, status = slot.status } = written.get(slot.id) ?? {};
      return { slot: { ...slot, version, status }, touchedBy, taken: now };
    }),
  };
  const asWritten = (row: SlotDbRow): SlotDbRow => {
    const { version, status, json } = written.get(row.id) ?? { ...row, json: row.content };
    return { ...row, version, status, content: json };
  };
  rowsAround.set(stands, rows.map(asWritten));
  return stands;
}

/** Writes a new version of each slot whose effective status is no longer what its row says. */
export async function recompute(q: Queryable, rows: readonly SlotDbRow[], cause: Cause): Promise<string[]> {
  if (rows.length === 0) return [];
  const slots = rows.map(toSlot);
  const occupied = await occupiedBySlot(q, slots, cause.now);
  const readings = await readingsOf(q, slots);
  const judged = slots.map((slot, at) => {
    const status = effectiveStatus({ ...slot, ...countedAt(readings, slot.id) }, occupied.get(slot.id) ?? []);
    return { row: rows[at], slot, status };
  });
  return (await writeChanged(q, judged, cause)).map(({ id }) => id);
}

interface JudgedSlot {
  readonly row: SlotDbRow | undefined;
  readonly slot: StoredSlot;
  readonly status: SlotStatus;
}

async function writeChanged(q: Queryable, judged: readonly JudgedSlot[], cause: Cause): Promise<readonly WriteRow[]> {
  const written = judged.flatMap(({ row, slot, status }): WriteRow[] => {
    if (row === undefined || status === row.status) return [];
    const resource = JSON.parse(row.content) as Slot;
    // The version's source stays the site's: our calendar only lowered what the site said.
    const kept: Cause = { ...cause, site: row.site, messageId: null };
    const version = row.version + 1;
    const json = renderSlot(resource, slot, status, version, kept);
    return [{ ...slot, resource, status, version, json, cause }];
  });
  await writeSlots(q, written);
  return written;
}

function isSame(one: Interval, other: Interval): boolean {
  return one.start === other.start && one.end === other.end;
}
