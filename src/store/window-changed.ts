/** Windows of computed slots that visits have changed: any number in one statement. Part of feeds.ts. */
import type { Instant, Interval } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Writer } from './gather.ts';

interface Changed {
  readonly site: string;
  readonly calendar: string;
  readonly during: Interval;
  readonly at: Instant;
  readonly dueAt: Instant;
}

export const CHANGED: Writer<Changed> = {
  place: 0,
  async write(q, rows) {
    await q.post({
      name: 'window-changed', // primary key up to calendar: a calendar has a few hundred windows at most
      // A row that several have changed is updated once, so all that concerns it is put together first.
      text: `UPDATE freshness f SET due_at = LEAST(f.due_at, c.earliest), changed_at = GREATEST(f.changed_at, c.latest)
             FROM (
               SELECT w.site, w.calendar, w.visit_type, w.start_at,  min(u.due_at) AS earliest, max(u.at) AS latest
               FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[],
                 $6::timestamptz[]) AS u(site, calendar, start_at, end_at, at, due_at)
               JOIN freshness w ON w.site = u.site AND w.calendar = u.calendar AND w.start_at < u.end_at
                 AND w.end_at > u.start_at AND (w.verified_at IS NULL OR w.verified_at <= u.at)
               GROUP BY w.site, w.calendar, w.visit_type, w.start_at) c
             WHERE f.site = c.site AND f.calendar = c.calendar AND f.visit_type = c.visit_type
               AND f.start_at = c.start_at`,
      values: [
        rows.map((row) => row.site),
        rows.map((row) => row.calendar),
        rows.map((row) => timestamptz(row.during.start)),
        rows.map((row) => timestamptz(row.during.end)),
        rows.map((row) => timestamptz(row.at)),
        rows.map((row) => timestamptz(row.dueAt)),
      ],
    });
  },
};
