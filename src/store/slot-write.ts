/** Writing slots: the row, the text and the version, in one statement for any number. Part of slots.ts. */
import { EXTENSIONS, type Slot, type SlotStatus } from '../fhir/types.ts';
import type { Cause, SlotRow } from './contract-resources.ts';
import type { Queryable } from './postgres.ts';
import { renderResource, source } from './render.ts';
import { asDate } from './resources.ts';

export type WriteRow = SlotRow & {
  readonly withdrawn: boolean;
  readonly status: SlotStatus;
  readonly version: number;
  readonly json: string;
  readonly cause: Cause;
};

export async function writeSlots(q: Queryable, rows: readonly WriteRow[]): Promise<void> {
  if (rows.length === 0) return;
  const column = <T>(of: (row: WriteRow) => T): T[] => rows.map(of);
  await q.post({
    name: 'slots-put',
    text: `WITH put AS (
             INSERT INTO slot (id, version, site, site_key, schedule_id, local_visit_type, visit_type, specialty,
               location_id, start_at, end_at, status, site_status, capacity, seats_left, session, security, content,
               withdrawn, last_updated)
             SELECT u.id, u.version, u.site, u.site_key, u.schedule_id, u.local_visit_type, u.visit_type, u.specialty,
               u.location_id, u.start_at, u.end_at, u.status, u.site_status, u.capacity, u.seats_left, u.session,
               CASE WHEN u.security = '' THEN '{}' ELSE string_to_array(u.security, ' ') END, u.content,
               u.withdrawn, u.recorded_at
             FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[],
               $9::uuid[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::int[], $15::int[],
               $16::uuid[], $17::text[], $18::text[], $19::bool[], $20::timestamptz[])
               AS u(id, version, site, site_key, schedule_id, local_visit_type, visit_type, specialty, location_id,
                 start_at, end_at, status, site_status, capacity, seats_left, session, security, content, withdrawn,
                 recorded_at)
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, site = excluded.site,
               schedule_id = excluded.schedule_id, visit_type = excluded.visit_type, specialty = excluded.specialty,
               location_id = excluded.location_id, start_at = excluded.start_at, end_at = excluded.end_at,
               status = excluded.status, site_status = excluded.site_status, capacity = excluded.capacity,
               seats_left = excluded.seats_left, session = excluded.session, security = excluded.security,
               content = excluded.content, withdrawn = excluded.withdrawn, last_updated = excluded.last_updated,
               xid = pg_current_xact_id())
           INSERT INTO history (type, id, version, content, recorded_at, site_time, source)
           SELECT 'Slot', u.id, u.version, u.content, u.recorded_at, u.site_time, u.source
           FROM unnest($1::uuid[], $2::int[], $18::text[], $20::timestamptz[], $21::timestamptz[], $22::text[])
             AS u(id, version, content, recorded_at, site_time, source)`,
    values: [
      column((row) => row.id),
      column((row) => row.version),
      column((row) => row.site),
      column((row) => row.siteKey),
      column((row) => row.scheduleId),
      column((row) => row.localVisitType),
      column((row) => row.visitType),
      column((row) => row.specialty),
      column((row) => row.locationId),
      column((row) => new Date(row.during.start)),
      column((row) => new Date(row.during.end)),
      column((row) => row.status),
      column((row) => row.siteStatus),
      column((row) => row.capacity),
      column((row) => row.seatsLeft),
      column((row) => row.session),
      // An array of arrays must be rectangular in SQL; labels hold no blanks.
      column((row) => row.security.join(' ')),
      column((row) => row.json),
      column((row) => row.withdrawn),
      column((row) => new Date(row.cause.now)),
      column((row) => asDate(row.cause.siteTime)),
      column((row) => source(row.cause)),
    ],
  });
}

const OF_TEMPLATES: readonly string[] = [EXTENSIONS.template, EXTENSIONS.overbook, EXTENSIONS.channel];

export function renderSlot(
  resource: Slot,
  row: Pick<SlotRow, 'id' | 'security' | 'siteStatus' | 'capacity' | 'seatsLeft'>,
  status: SlotStatus,
  version: number,
  cause: Cause,
): string {
  // Of a slot that a template lays out the site has said nothing.
  const marks = (resource.extension ?? []).filter(({ url }) => OF_TEMPLATES.includes(url));
  const extension = [
    ...(marks.length === 0 ? [{ url: EXTENSIONS.siteStatus, valueCode: row.siteStatus }] : marks),
    ...(row.capacity === 1 ? [] : [{ url: EXTENSIONS.capacity, valueInteger: row.capacity }]),
    ...(row.seatsLeft === null ? [] : [{ url: EXTENSIONS.capacityLeft, valueInteger: row.seatsLeft }]),
  ];
  return renderResource({ ...resource, extension, status } as Slot, row.id, version, row.security, cause);
}
