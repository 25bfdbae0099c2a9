/** Once, at go-live: what polling does not bring. The client list, and appointments beyond the polling horizon. */
import type { Clock } from '../../core/clock.ts';
import { sha256 } from '../../core/ids.ts';
import { DAY_MS, instant } from '../../core/instant.ts';
import type { Load, Site, SiteState } from '../contract.ts';
import { rawElements } from '../kit/json.ts';
import { gridWindows } from '../kit/window.ts';
import type { AcuityClient, CallFor } from './client.ts';
import { wholeWindow } from './listing.ts';
import type { AcuitySettings } from './settings.ts';
import { calendarZone } from './zone.ts';

const BATCH = 200;
const WINDOW_DAYS = 28;

export function acuityLoad(site: Site<AcuitySettings>, client: AcuityClient, clock: Clock): Load {
  return {
    async *run(signal) {
      const at: CallFor = { purpose: 'sync', signal };
      const clients = await clientStates(client, at);
      for (let from = 0; from < clients.length; from += BATCH) yield clients.slice(from, from + BATCH);
      const horizon = instant(clock.now() + site.file.poll.horizon_days * DAY_MS);
      const end = instant(horizon + site.settings.loadBeyond_days * DAY_MS);
      for (const calendar of Object.keys(site.file.resources.calendars).sort()) {
        const zone = calendarZone(site.file, calendar);
        for (const window of gridWindows(horizon, end, WINDOW_DAYS, zone)) {
          const { messages } = await wholeWindow(site, client, { calendar, zone, window }, at);
          if (messages.length > 0) yield messages;
        }
      }
    },
  };
}

/** Clients have no id at the vendor; a person with another spelling or phone is another client there, and here. */
async function clientStates(client: AcuityClient, at: CallFor): Promise<readonly SiteState[]> {
  const { value, text, readAt } = await client.clients([], at);
  const raw = rawElements(text);
  return value.map((row, n): SiteState => {
    const digest = sha256(JSON.stringify([row.firstName, row.lastName, row.phone, row.email]));
    const object = `client:${digest.slice(0, 32)}`;
    return {
      shape: 'state',
      kind: 'client',
      object,
      sequenceKeys: [object],
      digest,
      contentType: 'application/json',
      body: Buffer.from(raw[n] ?? JSON.stringify(row)),
      readAt,
    };
  });
}
