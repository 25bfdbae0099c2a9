/**
 * Acuity Scheduling (Squarespace) as a kind. What it needs from the vendor and what it cannot do: README.md beside this
 * file.
 */
import type { ConnectorKind } from '../contract.ts';
import { acuityAvailability } from './availability.ts';
import { acuityBlock } from './block.ts';
import { acuityBook } from './book.ts';
import { checkAcuity } from './check.ts';
import { openClient } from './client.ts';
import { acuityFetch } from './fetch.ts';
import { acuityLoad } from './load.ts';
import { acuityCursor, acuityPoll, type AcuityCursor } from './poll.ts';
import { acuityReconcile } from './reconcile.ts';
import { openReference } from './reference.ts';
import { acuitySettings, type AcuitySettings } from './settings.ts';
import { acuityWebhook, maintainWebhooks } from './webhook.ts';

export const acuity: ConnectorKind<AcuitySettings, AcuityCursor> = {
  name: 'acuity',
  summary: 'Acuity Scheduling: appointments, computed availability, booking and blocks over its REST API and webhooks',
  settings: acuitySettings,
  cursor: acuityCursor,
  patientIdentity: 'demographics',
  open(site, tools) {
    const { settings } = site;
    // The vendor counts calls per address: all sites that leave by the same one must share one budget.
    const budget = tools.budget(`acuity:${settings.egress}`, {
      perSecond: settings.requestsPerSecond,
      concurrent: settings.concurrentRequests,
      reservedForBookings: settings.reservedForBookings,
    });
    const client = openClient(site.id, settings, tools.clock, budget);
    const reference = openReference(client, tools.clock);
    return {
      poll: acuityPoll(site, client, tools.clock),
      ...(settings.webhooks !== 'none' && { webhook: acuityWebhook(site) }),
      fetch: acuityFetch(site, client, tools.clock),
      load: acuityLoad(site, client, tools.clock),
      availability: acuityAvailability(site, client, reference),
      reconcile: acuityReconcile(site, client),
      book: acuityBook(site, client, reference, tools.clock),
      block: acuityBlock(site, client),
      check: (signal) => checkAcuity(site, client, tools, signal),
      maintain: (signal) => maintainWebhooks(site, client, tools, signal),
      close() {
        client.close();
        return Promise.resolve();
      },
    };
  },
};
