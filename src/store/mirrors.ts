/** What stands in other systems because of an appointment: a block or an appointment there. Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Mirror, MirrorStore } from './contract-bookings.ts';
import type { Queryable } from './postgres.ts';

interface Row {
  readonly appointment_id: string;
  readonly site: string;
  readonly calendar: string;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly key: string | null;
  readonly state: Mirror['state'];
}

const COLUMNS = 'appointment_id, site, calendar, start_at, end_at, key, state';

export function mirrorStore(q: Queryable): MirrorStore {
  return {
    async ofAppointment(appointmentId) {
      const { rows } = await q.query<Row>({
        name: 'mirror-of-appointment', // primary key
        text: `SELECT ${COLUMNS} FROM mirror WHERE appointment_id = $1 ORDER BY site, calendar`,
        values: [appointmentId],
      });
      return rows.map(toMirror);
    },

    async put(mirror) {
      await q.post({
        name: 'mirror-put',
        text: `INSERT INTO mirror (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (appointment_id, site, calendar) DO UPDATE SET start_at = excluded.start_at,
                 end_at = excluded.end_at, key = excluded.key, state = excluded.state`,
        values: [
          mirror.appointmentId,
          mirror.site,
          mirror.calendar,
          timestamptz(mirror.during.start),
          timestamptz(mirror.during.end),
          mirror.key,
          mirror.state,
        ],
      });
    },

    /** How an echo is told from news: a block that we placed comes back in the site's own feed. */
    async byKey(site, key) {
      const { rows } = await q.query<Row>({
        name: 'mirror-by-key', // mirror_key; of a key that a site gave out twice the one that still stands is meant
        text: `SELECT ${COLUMNS} FROM mirror WHERE site = $1 AND key = $2
               ORDER BY (state = 'removed'), start_at DESC LIMIT 1`,
        values: [site, key],
      });
      return rows[0] === undefined ? null : toMirror(rows[0]);
    },
  };
}

function toMirror(row: Row): Mirror {
  return {
    appointmentId: row.appointment_id,
    site: row.site,
    calendar: row.calendar,
    during: { start: row.start_at, end: row.end_at },
    key: row.key,
    state: row.state,
  };
}
