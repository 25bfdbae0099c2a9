/** What a site's settings make of HL7 v2 messages that stand in a file: nothing is stored, no hub is asked. */
import type { Clock } from './core/clock.ts';
import { HubError } from './core/errors.ts';
import type { Instant } from './core/instant.ts';
import { lendSender } from './hub-answers.ts';
import { loneTokens } from './hub-keys.ts';
import { openConnector } from './hub-sites.ts';
import { messageBytes } from './hl7v2/batch.ts';
import { describeMessage, type DescribedMessage } from './hl7v2/describe.ts';
import type { Mapped } from './mappings/contract.ts';
import { mappingFor } from './mappings/registry.ts';
import type { Plan } from './settings/shape.ts';

export type { DescribedMessage } from './hl7v2/describe.ts';

export interface FileMessage {
  readonly described: DescribedMessage;
  /** The site's ordering time; null: the message gives none. */
  readonly occurredAt: Instant | null;
  /** Null: messages of this kind are not taken from the site. */
  readonly mapped: Mapped | null;
}

/** @throws HubError SITE_UNKNOWN, SITE_CANNOT when the site speaks no HL7 v2 */
export function mapHl7File(plan: Plan, siteId: string, bytes: Uint8Array, clock: Clock): readonly FileMessage[] {
  const site = plan.sites.find(({ id }) => id === siteId);
  if (site === undefined) throw new HubError('SITE_UNKNOWN', { detail: `no site file is named ${siteId}` });
  const budget = { take: () => Promise.reject(new HubError('STOPPING')), pause: () => undefined };
  const { connector } = openConnector(site, {
    clock,
    webhookUrl: null,
    hl7Sender: lendSender(clock),
    backendToken: loneTokens(clock).lend(siteId),
    budget: (_name, spec) => ({ ...budget, spec }),
  });
  const { hl7 } = connector;
  if (hl7 === undefined) throw new HubError('SITE_CANNOT', { site: siteId, detail: 'it speaks no HL7 v2' });
  const now = clock.now();
  return messageBytes(bytes).map((body) => {
    const event = hl7.read(body, now);
    const stored = {
      kind: event.kind,
      shape: 'event' as const,
      object: null,
      body,
      contentType: event.contentType,
      receivedAt: now,
      readAt: null,
      occurredAt: event.occurredAt,
    };
    const mapping = mappingFor(site.kind, event.kind);
    return {
      described: describeMessage(body),
      occurredAt: event.occurredAt,
      mapped: mapping === undefined ? null : mapping.map(stored, { site, visitTypes: plan.hub.visitTypes }),
    };
  });
}

/** Each message of a file, segment by segment. */
export function describeHl7File(bytes: Uint8Array, masked: boolean): readonly DescribedMessage[] {
  return messageBytes(bytes).map((part) => describeMessage(part, { masked }));
}
