/** `/webhooks` (sheet 3.4). */
import type { Route } from '../kit/route.ts';
import { badRequest, jsonObject, notFound, ok, textOf } from './answers.ts';
import { principalOf } from './auth.ts';
import { HOOKS } from './model.ts';
import { worldOf, type Account, type World } from './world.ts';

const MAX_HOOKS = 25;
const EVENTS = ['scheduled', 'rescheduled', 'canceled', 'changed'].map((name) => `appointment.${name}`);

export function webhookRoutes(account: Account): Route[] {
  const isDynamic = (hook: { readonly id: string }): boolean => !hook.id.startsWith('static:');
  const show = (hook: { readonly id: string; event: string; target: string; status: string }): object => {
    return { id: Number(hook.id), event: hook.event, target: hook.target, status: hook.status };
  };
  return [
    {
      method: 'GET',
      path: '/webhooks',
      handle: (call) => {
        principalOf(account, call);
        return ok(call.view.all(HOOKS).filter(isDynamic).map(show));
      },
    },
    {
      method: 'POST',
      path: '/webhooks',
      handle: (call) => {
        const { user, viaOAuth } = principalOf(account, call);
        const body = jsonObject(call.body);
        const [event, target] = [textOf(body['event']), textOf(body['target'])];
        if (![...EVENTS, 'order.completed'].includes(event))
          throw badRequest('Attribute "event" is not a known event.');
        checkTarget(worldOf(account), target);
        return ok(
          call.write((tx) => {
            const present = tx.all(HOOKS).filter(isDynamic).length;
            if (present >= MAX_HOOKS) throw badRequest(`No more than ${MAX_HOOKS} webhooks are allowed.`);
            const id = String(tx.nextNumber('hook', 1));
            const hook = { id, event, target, status: 'active', userId: user.id, viaOAuth, failingSince: null };
            tx.put(HOOKS, id, hook);
            return show(hook);
          }),
        );
      },
    },
    {
      method: 'DELETE',
      path: '/webhooks/:id',
      handle: (call) => {
        principalOf(account, call);
        const id = call.params['id'] ?? '';
        call.write((tx) => {
          const hook = tx.get(HOOKS, id);
          if (hook === undefined || !isDynamic(hook)) throw notFound('webhook');
          tx.remove(HOOKS, id);
        });
        return { status: 204, body: '' };
      },
    },
  ];
}

/** @throws Refusal 400: the vendor takes ports 80 and 443 only, unless the seed says otherwise */
export function checkTarget(world: World, target: string): void {
  const url = URL.canParse(target) ? new URL(target) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw badRequest('Attribute "target" is not a URL.');
  const isStandard = url.port === '' || url.port === '80' || url.port === '443';
  if (!isStandard && world.settings.webhookTargetPorts === 'standard') {
    throw badRequest('Attribute "target" must use port 80 or 443.');
  }
}
