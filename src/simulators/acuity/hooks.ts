/** Webhooks: which are owed for a change, how they are signed, repeated and switched off (sheet 3.4). */
import { createHmac } from 'node:crypto';
import { DAY_MS, HOUR_MS } from '../../core/instant.ts';
import type { Writer } from '../kit/store.ts';
import { WebhookSender, type Attempt, type Delivery, type WebhookRules } from '../kit/webhooks.ts';
import { HOOKS, type Appointment, type Hook } from './model.ts';
import { worldOf, type Account } from './world.ts';

export type Happened = 'scheduled' | 'rescheduled' | 'canceled' | 'changed';

export function acuitySender(account: Account): WebhookSender {
  const rules: WebhookRules = {
    sign: (delivery) => ({ 'x-acuity-signature': signature(account, delivery) }),
    judge: (delivery, attempt) => judge(account, delivery, attempt),
    settled: (tx, delivery) => switchOffFailing(account, tx, delivery),
  };
  return new WebhookSender(account.store, account.faults, account.clock, rules);
}

/** base64(HMAC-SHA256(raw body, API key of the main admin or of the user that made the hook)). */
function signature(account: Account, delivery: Delivery): string {
  const hook = account.store.get(HOOKS, delivery.hook);
  const { users, oauthClients } = account.seed;
  const user = users.find((one) => one.id === hook?.userId) ?? users[0];
  const byApp = hook?.viaOAuth === true && worldOf(account).settings.oauthHookKey === 'client-secret';
  const app = byApp ? oauthClients.find((one) => one.userId === hook.userId) : undefined;
  const key = app?.clientSecret ?? user?.apiKey ?? '';
  return createHmac('sha256', key).update(delivery.body).digest('base64');
}

/** `changed` is told of every change, the others beside it. Blocks and hours are told to nobody. */
export function announce(account: Account, sender: WebhookSender, tx: Writer, what: Happened, row: Appointment): void {
  const events = what === 'changed' ? [what] : [what, 'changed'];
  const { settings } = worldOf(account, tx);
  for (const name of events) {
    const event = `appointment.${name}`;
    for (const hook of tx.all(HOOKS)) {
      if (hook.event !== event || hook.status !== 'active') continue;
      const body = new URLSearchParams({
        action: settings.webhookActionStyle === 'prefixed' ? event : name,
        id: String(row.id),
        calendarID: String(row.calendarID),
        appointmentTypeID: String(row.appointmentTypeID),
      }).toString();
      const contentType = 'application/x-www-form-urlencoded';
      sender.queue(tx, { hook: hook.id, event, target: hook.target, contentType, body });
    }
  }
}

/** Repeated after a 5xx or no answer, ever more slowly for a day; any other answer ends it. */
function judge(account: Account, delivery: Delivery, attempt: Attempt): ReturnType<WebhookRules['judge']> {
  const status = attempt.status ?? 0;
  if (status >= 200 && status < 300) return { state: 'delivered' };
  if (status !== 0 && status < 500) return { state: 'refused' };
  const { settings } = worldOf(account);
  const tries = delivery.attempts.length;
  const wait = settings.webhookFirstRetrySeconds * 1000 * settings.webhookRetryFactor ** (tries - 1);
  const retryAt = account.clock.due() + wait;
  if (retryAt > delivery.createdAt + settings.webhookRetryHours * HOUR_MS) return { state: 'given-up' };
  return { state: 'pending', retryAt };
}

/** A hook that failed for days without one success is switched off. Nobody is told. */
function switchOffFailing(account: Account, tx: Writer, delivery: Delivery): void {
  const hook = tx.get(HOOKS, delivery.hook);
  if (hook === undefined) return;
  const failed = delivery.state === 'pending' || delivery.state === 'given-up';
  if (!failed) {
    if (hook.failingSince !== null) tx.put(HOOKS, hook.id, { ...hook, failingSince: null });
    return;
  }
  const { settings } = worldOf(account, tx);
  const since = hook.failingSince ?? account.clock.due();
  const isOver = account.clock.due() - since >= settings.webhookDeactivateDays * DAY_MS;
  const status = isOver ? settings.deactivatedStatus : hook.status;
  if (hook.failingSince === null || isOver) tx.put(HOOKS, hook.id, { ...hook, failingSince: since, status });
}

export function staticHook(account: Account, event: string, target: string): Hook {
  const userId = account.seed.users[0]?.id ?? 0;
  return { id: `static:${event}`, event, target, status: 'active', userId, viaOAuth: false, failingSince: null };
}
