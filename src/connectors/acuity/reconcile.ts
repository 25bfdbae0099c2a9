/** Everything that the site has, window by window: the same lists as a poll reads, asked for at another pace. */
import type { Reconcile, Site } from '../contract.ts';
import type { AcuityClient } from './client.ts';
import { wholeWindow } from './listing.ts';
import { stepsOf } from './poll.ts';
import type { AcuitySettings } from './settings.ts';
import { calendarZone } from './zone.ts';

export function acuityReconcile(site: Site<AcuitySettings>, client: AcuityClient): Reconcile {
  return {
    windows: (now) => stepsOf(site, now).filter(({ what }) => what === 'appointments'),
    list: ({ calendar, window }, signal) =>
      wholeWindow(
        site,
        client,
        { calendar, window, zone: calendarZone(site.file, calendar) },
        { purpose: 'sync', signal },
      ),
  };
}
