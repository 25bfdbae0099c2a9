/**
 * What is known of a site's objects: the read applied last, and which live ones a complete listing left out. Part of
 * InboxStore.
 */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { InboxStore } from './contract-inbox.ts';
import { indexable } from './inbox-row.ts';
import { pair } from './ahead.ts';
import type { Gathered, Writer } from './gather.ts';

export type SiteObjectStore = Pick<InboxStore, 'appliedReadAt' | 'setAppliedReadAt' | 'isParked' | 'missingFrom'>;

/** An appointment that the site would list: not over, not cancelled, not withdrawn. */
const LIVE = `('pending', 'booked', 'arrived', 'checked-in', 'waitlist')`;

const APPLIED: Writer<{ readonly site: string; readonly object: string; readonly readAt: Instant }> = {
  place: 6,
  async write(q, rows) {
    await q.post({
      name: 'object-applied-set', // never back: a replay of an old read leaves what a newer one has set
      text: `INSERT INTO object_applied AS o (site, object, read_at)
             SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS u(site, object, read_at)
             ORDER BY site, object
             ON CONFLICT (site, object) DO UPDATE SET read_at = GREATEST(o.read_at, excluded.read_at)`,
      values: [rows.map((row) => row.site), rows.map((row) => row.object), rows.map((row) => timestamptz(row.readAt))],
    });
  },
};

export function siteObjectStore(q: Gathered): SiteObjectStore {
  return {
    async appliedReadAt(site, object) {
      const known = q.ahead.objects.get(pair(site, indexable(object)));
      if (known !== undefined) return known;
      const { rows } = await q.query<{ read_at: Instant }>({
        name: 'object-applied',
        text: `SELECT read_at FROM object_applied WHERE site = $1 AND object = $2`,
        values: [site, indexable(object)],
      });
      return rows[0]?.read_at ?? null;
    },

    async setAppliedReadAt(site, object, readAt) {
      const name = indexable(object);
      const named = pair(site, name);
      await q.later(APPLIED, `object ${named}`, { site, object: name, readAt });
      const known = q.ahead.objects.get(named);
      if (known === null || (known !== undefined && known < readAt)) q.ahead.objects.set(named, readAt);
    },

    /**
     * appointment_site_start gives the window, its `calendar:` token the schedule. Left out are those that we heard of
     * after the listing left: a state read later, or news ordered later, knows better than the listing.
     */
    async isParked(site, object) {
      const { rowCount } = await q.query({
        name: 'object-parked', // inbox_parked, once per partition; object_applied by its key
        text: `SELECT FROM inbox i
               WHERE i.site = $1 AND i.status = 'parked' AND i.object = $2 AND NOT EXISTS (
                 SELECT FROM object_applied o WHERE o.site = $1 AND o.object = $2 AND o.read_at >= i.read_at)
               LIMIT 1`,
        values: [site, indexable(object)],
      });
      return rowCount > 0;
    },

    async missingFrom(site, window, quietSince) {
      const { rows } = await q.query<{ site_key: string }>({
        name: 'object-missing',
        text: `SELECT a.site_key FROM appointment a
               WHERE a.site = $1 AND a.start_at >= $2 AND a.start_at < $3 AND a.status IN ${LIVE}
                 AND a.site_key IS NOT NULL AND a.tokens @> ARRAY['calendar:' || $4]
                 AND a.ordered_at < $6 AND 'appointment:' || a.site_key <> ALL ($5)
                 AND NOT EXISTS (SELECT FROM site_object s
                   WHERE s.site = a.site AND s.object = 'appointment:' || a.site_key AND s.received_read_at >= $6)
                 AND NOT EXISTS (SELECT FROM object_applied o
                   WHERE o.site = a.site AND o.object = 'appointment:' || a.site_key AND o.read_at >= $6)
                 AND NOT EXISTS (SELECT FROM booking b WHERE b.appointment_id = a.id AND b.state = 'booked'
                   AND b.action IN ('place', 'move') AND b.state_at >= $7)
               ORDER BY a.start_at, a.id`,
        values: [
          site,
          timestamptz(window.window.start),
          timestamptz(window.window.end),
          window.calendar,
          window.objects,
          timestamptz(window.readAt),
          timestamptz(quietSince),
        ],
      });
      return rows.map((row) => ({ siteKey: row.site_key }));
    },
  };
}
