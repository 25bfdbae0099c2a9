/**
 * Webhooks carry ids only, no event id and no time: each becomes a hint, and what is true is read afterwards. So
 * repeats, replays and reordering do no harm (https://developers.acuityscheduling.com/docs/webhooks).
 */
import { HubError } from '../../core/errors.ts';
import type { Site, Tools, Webhook } from '../contract.ts';
import { readForm, verifySignature, type SignatureMode } from '../kit/webhook.ts';
import type { AcuityClient, CallFor } from './client.ts';
import type { AcuitySettings } from './settings.ts';
import { appointmentObject } from './state.ts';

/**
 * The signature is over the raw bytes, in base64, with an API key: of the main administrator or of who created the
 * hook.
 */
const SIGNATURE: SignatureMode = {
  kind: 'hmac',
  algorithm: 'sha256',
  encoding: 'base64',
  header: 'x-acuity-signature',
};

export function acuityWebhook(site: Site<AcuitySettings>): Webhook {
  const { webhookKey, apiKey } = site.settings;
  const key = webhookKey ?? apiKey;
  return {
    verify: (request) => verifySignature(request, SIGNATURE, key === undefined ? [] : [key]),
    read(request) {
      const form = readForm(request);
      const action = form.get('action') ?? '';
      if (action === '') throw new HubError('WEBHOOK_UNREADABLE', { detail: 'the field action is missing' });
      // Orders are shop sales; they share the hook but say nothing about appointments.
      if (action.startsWith('order.')) return { messages: [] };
      const id = form.get('id') ?? '';
      if (!/^[1-9]\d{0,17}$/.test(id)) {
        throw new HubError('WEBHOOK_UNREADABLE', { detail: 'the field id is missing or is not a number' });
      }
      const object = appointmentObject(id);
      return {
        messages: [
          {
            shape: 'hint',
            // The vendor's pages write `changed`, others saw `appointment.changed`: which of both changes nothing here.
            kind: 'appointment',
            object,
            sequenceKeys: [object],
            contentType: 'application/x-www-form-urlencoded',
            body: request.body,
          },
        ],
      };
    },
  };
}

/**
 * With `webhooks: dynamic`: exactly one active hook per wanted event at our address. The vendor switches a hook off
 * after five days of failures and never on again, and a second hook for one event would send everything twice.
 */
export async function maintainWebhooks(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  tools: Tools,
  signal: AbortSignal,
): Promise<void> {
  const target = tools.webhookUrl;
  if (site.settings.webhooks !== 'dynamic' || target === null) return;
  const at: CallFor = { purpose: 'sync', signal };
  const { value: hooks } = await client.webhooks([], at);
  const ours = hooks.filter((hook) => hook.target === target);
  const kept = new Set<number>();
  for (const event of site.settings.webhookEvents) {
    const good = ours.find((hook) => hook.event === event && isActive(hook));
    if (good !== undefined) kept.add(good.id);
  }
  for (const hook of ours) {
    if (!kept.has(hook.id)) await client.deleteWebhook(hook.id, at);
  }
  const present = new Set(ours.filter((hook) => kept.has(hook.id)).map((hook) => hook.event));
  for (const event of site.settings.webhookEvents) {
    if (present.has(event)) continue;
    const made = await client.createWebhook(event, target, at);
    if (!made.ok) {
      throw new HubError('SITE_REFUSED', {
        detail: `POST /webhooks ${event}: status ${made.status} ${made.code} (at most 25 hooks; ports 80 and 443)`,
        site: site.id,
      });
    }
  }
}

/** Whether `status` ever says anything but `active` is not documented; its absence is taken for active. */
export function isActive(hook: { readonly status?: string }): boolean {
  return hook.status === undefined || hook.status === 'active';
}
