/** What a site says about slots, beside what is taken: any number at once. Part of slots.ts. */
import type { Instant } from '../core/instant.ts';
import { effectiveStatus } from '../fhir/effective.ts';
import type { SlotStatus } from '../fhir/types.ts';
import type { Cause, SlotRow, StoredSlot } from './contract-resources.ts';
import type { Writer } from './gather.ts';
import { occupiedBySlot } from './occupied.ts';
import type { Queryable } from './postgres.ts';
import { comparable } from './render.ts';
import { countedAt, readingsOf } from './seat-readings.ts';
import { renderSlot, writeSlots, type WriteRow } from './slot-write.ts';

export interface SlotDbRow {
  readonly id: string;
  readonly version: number;
  readonly site: string;
  readonly site_key: string;
  readonly schedule_id: string;
  readonly local_visit_type: string;
  readonly visit_type: string | null;
  readonly specialty: string | null;
  readonly location_id: string | null;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly status: SlotStatus;
  readonly site_status: SlotStatus;
  readonly capacity: number;
  readonly seats_left: number | null;
  readonly session: string | null;
  readonly withdrawn: boolean;
  readonly security: readonly string[];
  readonly content: string;
}

interface Said {
  readonly row: SlotRow;
  readonly cause: Cause;
}

/** After the time that is taken: what a slot shows is lowered by it. */
export const SLOTS: Writer<Said> = {
  place: 2,
  async write(q, rows) {
    await putSlots(q, rows);
  },
};

export async function putSlots(q: Queryable, said: readonly Said[]): Promise<readonly string[]> {
  const [first] = said;
  if (first === undefined) return [];
  // Sorted by id: two messages that touch the same slots wait for each other instead of deadlocking.
  const stored = await q.query<SlotDbRow>({
    name: 'slots-for-update',
    text: `SELECT * FROM slot WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
    values: [said.map(({ row }) => row.id)],
  });
  const old = new Map(stored.rows.map((row) => [row.id, row]));
  // All of one transaction: what has expired for the first of them has for the last.
  const occupied = await occupiedBySlot(
    q,
    said.map(({ row }) => row),
    first.cause.now,
  );
  const readings = await readingsOf(
    q,
    said.map(({ row }) => row),
  );
  const written: WriteRow[] = [];
  for (const { row, cause } of said) {
    const before = old.get(row.id);
    // A site that is not served goes on being not offered, whatever it said last.
    const withdrawn = row.withdrawn ?? before?.withdrawn ?? false;
    const status = effectiveStatus({ ...row, withdrawn, ...countedAt(readings, row.id) }, occupied.get(row.id) ?? []);
    const version = (before?.version ?? 0) + 1;
    const json = renderSlot(row.resource, row, status, version, cause);
    const same = before !== undefined && sameColumns(before, { ...row, withdrawn });
    if (same && comparable(before.content) === comparable(json)) continue;
    written.push({ ...row, withdrawn, status, version, json, cause });
  }
  await writeSlots(q, written);
  return written.map((row) => row.id);
}

/**
 * What is not in the text, or not all of it: whoever may see the slot, and what is asked of it, is read from the
 * columns.
 */
function sameColumns(old: SlotDbRow, row: SlotRow): boolean {
  return (
    old.site === row.site &&
    old.schedule_id === row.scheduleId &&
    old.location_id === row.locationId &&
    old.site_status === row.siteStatus &&
    old.visit_type === row.visitType &&
    old.specialty === row.specialty &&
    old.capacity === row.capacity &&
    old.seats_left === row.seatsLeft &&
    old.session === row.session &&
    old.withdrawn === row.withdrawn
  );
}

export function toSlot(row: SlotDbRow): StoredSlot {
  return {
    id: row.id,
    version: row.version,
    site: row.site,
    siteKey: row.site_key,
    scheduleId: row.schedule_id,
    localVisitType: row.local_visit_type,
    visitType: row.visit_type,
    specialty: row.specialty,
    locationId: row.location_id,
    during: { start: row.start_at, end: row.end_at },
    status: row.status,
    siteStatus: row.site_status,
    capacity: row.capacity,
    seatsLeft: row.seats_left,
    session: row.session,
    withdrawn: row.withdrawn,
    security: row.security,
  };
}
