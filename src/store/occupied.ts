/** What is taken of the resources of slots: the one question behind every effective status. */
import { DAY_MS, type Instant, type Interval } from '../core/instant.ts';
import type { Occupied } from '../fhir/effective.ts';
import type { Queryable } from './postgres.ts';
import { SETTLED_AT } from './seat-readings.ts';

interface OccupiedRow {
  readonly run: number;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly occupancy: string;
  readonly visit: string | null;
  readonly origin: Occupied['origin'];
  readonly tentative: boolean;
  readonly settled_at: Instant | null;
}

interface AskedSlot {
  readonly id: string;
  readonly scheduleId: string;
  readonly during: Interval;
}

/** Slots of one schedule that lie close together: a day's slots are asked about at once. */
interface Run {
  readonly scheduleId: string;
  readonly start: Instant;
  end: Instant;
  readonly ids: string[];
}

/** Farther apart, what lies between is not read: a visit that was moved by half a year touches two days. */
const APART_MS = DAY_MS;

/** Live rows of every resource of each slot's schedule that overlap the slot, and some beside it; no expired holds. */
export async function occupiedBySlot(
  q: Queryable,
  slots: readonly AskedSlot[],
  now: Instant,
): Promise<Map<string, readonly Occupied[]>> {
  const runs = runsOf(slots);
  const { rows } = await q.query<OccupiedRow>({
    name: 'occupied-by-run', // schedule_actor's primary key, then busy_resource
    // OFFSET 0 keeps the planner from joining as it likes: it thinks of ten runs and of a range that leaves much, and
    // reads the whole calendar.
    text: `SELECT u.run::int AS run, lower(b.during) AS start_at, upper(b.during) AS end_at, b.occupancy, b.origin,
             coalesce(b.appointment_id, b.booking_id) AS visit, b.tentative, ${SETTLED_AT('b')} AS settled_at
           FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[])
             WITH ORDINALITY AS u(schedule_id, start_at, end_at, run)
           CROSS JOIN LATERAL (
             SELECT a.actor_id FROM schedule_actor a
             WHERE a.schedule_id = u.schedule_id AND a.actor_type <> 'PractitionerRole' OFFSET 0) a
           CROSS JOIN LATERAL (
             SELECT * FROM busy t WHERE t.live AND t.resource_id = a.actor_id
               AND t.during && tstzrange(u.start_at, u.end_at) OFFSET 0) b
           WHERE b.expires_at IS NULL OR b.expires_at > $4`,
    values: [
      runs.map((run) => run.scheduleId),
      runs.map((run) => new Date(run.start)),
      runs.map((run) => new Date(run.end)),
      new Date(now),
    ],
  });
  const byRun = Map.groupBy(rows, (row) => row.run);
  return new Map(
    runs.flatMap(({ ids }, index) => {
      const taken = (byRun.get(index + 1) ?? []).map(toOccupied);
      return ids.map((id) => [id, taken] as const);
    }),
  );
}

/** A slot that something touched: where it lies, by which of what touched it, and what is taken of it. */
export interface Around {
  readonly during: Interval;
  readonly touchedBy: ReadonlySet<number>;
  readonly taken: readonly Occupied[];
}

interface AroundRow extends Omit<OccupiedRow, 'run' | 'start_at'> {
  readonly touch: number;
  readonly slot_id: string;
  readonly slot_start: Instant;
  readonly slot_end: Instant;
  readonly busy_id: number;
  /** Null: nothing is taken of the slot. */
  readonly start_at: Instant | null;
}

/** As `occupiedBySlot`, of the slots of every schedule in which these resources are, by what was touched alone. */
export async function occupiedAround(
  q: Queryable,
  touched: readonly { readonly resourceId: string; readonly during: Interval }[],
  longestSlot_ms: number,
  now: Instant,
): Promise<ReadonlyMap<string, Around>> {
  const { rows } = await q.query<AroundRow>({
    name: 'occupied-around', // as slots-to-refresh, then schedule_actor's primary key, then busy_resource
    text: `SELECT u.touch::int AS touch, o.id AS slot_id, o.start_at AS slot_start, o.end_at AS slot_end,
             b.id AS busy_id, lower(b.during) AS start_at, upper(b.during) AS end_at, b.occupancy, b.origin,
             coalesce(b.appointment_id, b.booking_id) AS visit, b.tentative, ${SETTLED_AT('b')} AS settled_at
           FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[])
             WITH ORDINALITY AS u(resource_id, earliest, start_at, end_at, touch)
           CROSS JOIN LATERAL (
             SELECT a.schedule_id FROM schedule_actor a WHERE a.actor_id = u.resource_id OFFSET 0) a
           CROSS JOIN LATERAL (
             SELECT * FROM slot t WHERE t.schedule_id = a.schedule_id AND t.start_at > u.earliest
               AND t.start_at < u.end_at AND t.end_at > u.start_at OFFSET 0) o
           LEFT JOIN LATERAL (
             SELECT t.* FROM schedule_actor r CROSS JOIN LATERAL (
               SELECT * FROM busy t WHERE t.live AND t.resource_id = r.actor_id
                 AND t.during && tstzrange(o.start_at, o.end_at) OFFSET 0) t
             WHERE r.schedule_id = o.schedule_id AND r.actor_type <> 'PractitionerRole'
               AND (t.expires_at IS NULL OR t.expires_at > $5)) b ON true`,
    values: [...touchedValues(touched, longestSlot_ms), new Date(now)],
  });
  const bySlot = Map.groupBy(rows, (row) => row.slot_id);
  return new Map([...bySlot].map(([id, all]) => [id, toAround(all as [AroundRow, ...AroundRow[]])] as const));
}

/** Of one slot: what is taken of it comes once for each that touched it. */
function toAround(rows: readonly [AroundRow, ...AroundRow[]]): Around {
  const [{ slot_start: start, slot_end: end }] = rows;
  const taken = new Map<number, Occupied>();
  for (const row of rows)
    if (row.start_at !== null) taken.set(row.busy_id, toOccupied({ ...row, start_at: row.start_at }));
  return { during: { start, end }, touchedBy: new Set(rows.map((row) => row.touch - 1)), taken: [...taken.values()] };
}

/** Of `unnest(resource_id, earliest, start_at, end_at)`: `earliest` is the lower bound of what may still reach in. */
export function touchedValues(
  touched: readonly { readonly resourceId: string; readonly during: Interval }[],
  longestSlot_ms: number,
): unknown[] {
  return [
    touched.map((one) => one.resourceId),
    touched.map((one) => new Date(one.during.start - longestSlot_ms)),
    touched.map((one) => new Date(one.during.start)),
    touched.map((one) => new Date(one.during.end)),
  ];
}

function runsOf(slots: readonly AskedSlot[]): Run[] {
  const runs: Run[] = [];
  for (const ofOne of Map.groupBy(slots, (slot) => slot.scheduleId).values()) {
    let run: Run | null = null;
    for (const { id, scheduleId, during } of ofOne.toSorted((left, right) => left.during.start - right.during.start)) {
      if (run === null || during.start - run.end > APART_MS) {
        run = { scheduleId, start: during.start, end: during.end, ids: [] };
        runs.push(run);
      }
      run.ids.push(id);
      if (during.end > run.end) run.end = during.end;
    }
  }
  return runs;
}

function toOccupied(row: Omit<OccupiedRow, 'run'>): Occupied {
  return {
    during: { start: row.start_at, end: row.end_at },
    occupancy: row.occupancy,
    visit: row.visit,
    origin: row.origin,
    tentative: row.tentative,
    settledAt: row.settled_at,
  };
}
