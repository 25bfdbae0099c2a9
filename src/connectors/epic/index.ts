/** Epic (Cadence) as a kind: open time by `$find`, changes by the site's HL7 v2 feed. */
import { HubError } from '../../core/errors.ts';
import type { ConnectorKind } from '../contract.ts';
import { hl7Feed } from '../kit/hl7/feed.ts';
import { epicAvailability } from './availability.ts';
import { checkEpic } from './check.ts';
import { openClient } from './client.ts';
import { epicSettings, type EpicSettings } from './settings.ts';

/** A minute's calls take ten seconds at least: what many windows want at once does not meet the site at once. */
const MINUTE_IN_S = 10;

export const epic: ConnectorKind<EpicSettings> = {
  name: 'epic',
  summary: 'Epic Cadence: open time by $find (STU3), appointments and people by its HL7 v2 feed.',
  settings: epicSettings,
  cursor: {
    // Nothing is read from a position: Epic has no list of changes.
    version: 1,
    parse: () => {
      throw new HubError('CURSOR_UNREADABLE', { detail: 'an Epic site has no cursor' });
    },
  },
  patientIdentity: 'id',
  open(site, tools) {
    const { settings } = site;
    const { requestsPerMinute, reservedForBookings, tokenUrl, clientId, audience, scope } = settings;
    const budget = tools.budget(`epic:${settings.egress}`, {
      perSecond: Math.ceil(requestsPerMinute / MINUTE_IN_S),
      concurrent: settings.concurrentRequests,
      reservedForBookings: 0,
      perMinute: { calls: requestsPerMinute, reservedForBookings },
    });
    const token = tools.backendToken({ tokenUrl, clientId, audience, scope, auth: 'private_key_jwt' });
    const client = openClient(site.id, settings, { clock: tools.clock, budget, token });
    return {
      ...(settings.hl7 !== undefined && { hl7: hl7Feed({ ...site, settings: settings.hl7 }) }),
      availability: epicAvailability(site, client, tools.clock),
      check: (signal) => checkEpic(site, client, token, tools.clock, signal),
      close() {
        client.close();
        return Promise.resolve();
      },
    };
  },
};
