/** Everything that the site has, window by window: the same lists as a poll reads, asked for at another pace. */
import { DAY_MS, instant } from '../../core/instant.ts';
import type { Reconcile, Site } from '../contract.ts';
import { gridWindows } from '../kit/window.ts';
import type { AcuityClient } from './client.ts';
import { wholeWindow } from './listing.ts';
import type { AcuitySettings } from './settings.ts';
import { calendarZone } from './zone.ts';

export function acuityReconcile(site: Site<AcuitySettings>, client: AcuityClient): Reconcile {
  return {
    windows(now) {
      const horizon = instant(now + site.file.poll.horizon_days * DAY_MS);
      return Object.keys(site.file.resources.calendars)
        .sort()
        .flatMap((calendar) =>
          gridWindows(now, horizon, site.settings.chunk_days, calendarZone(site.file, calendar)).map((window) => ({
            calendar,
            window,
          })),
        );
    },
    list({ calendar, window }, signal) {
      const zone = calendarZone(site.file, calendar);
      return wholeWindow(site, client, { calendar, zone, window }, { purpose: 'sync', signal });
    },
  };
}
