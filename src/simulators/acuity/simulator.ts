/**
 * A stand-in for Acuity Scheduling, written from the vendor sheet alone. README.md lists seed, actions and switches.
 */
import { HOUR_MS } from '../../core/instant.ts';
import { COMMON_SWITCHES } from '../kit/faults.ts';
import type { Edge, SimulatorKind } from '../kit/kind.ts';
import type { Answer } from '../kit/route.ts';
import { clientRoutes, referenceRoutes } from './account-routes.ts';
import { acuityActs } from './acts.ts';
import { failure } from './answers.ts';
import { appointmentRoutes } from './appointment-routes.ts';
import { oauthRoutes } from './auth.ts';
import { availabilityRoutes } from './availability-routes.ts';
import { blockRoutes } from './block-routes.ts';
import type { Desk } from './booking.ts';
import { makeDays } from './days.ts';
import { acuitySender, staticHook } from './hooks.ts';
import { HOOKS } from './model.ts';
import { readAcuitySeed } from './seed-schema.ts';
import { acuityTruth } from './truth.ts';
import { webhookRoutes } from './webhook-routes.ts';
import { worldOf, type Account } from './world.ts';

export const acuitySimulator: SimulatorKind = {
  name: 'acuity',
  switches: { ...COMMON_SWITCHES, htmlForbidden: 'times' },
  open(setup) {
    const account: Account = { ...setup, seed: readAcuitySeed(setup.seed) };
    const sender = acuitySender(account);
    const desk: Desk = { account, sender };
    const isNew = account.store.isEmpty;
    makeDays(desk);
    if (isNew) {
      account.store.write((tx) => {
        for (const { event, target } of account.seed.staticWebhooks) {
          if (target !== undefined) tx.put(HOOKS, `static:${event}`, staticHook(account, event, target));
        }
      });
    }
    sender.takeQueued();
    const nextDays = setInterval(() => {
      makeDays(desk);
      sender.ring();
    }, HOUR_MS / 4);
    return {
      mount: ['/api/v1'],
      suffix: '.json',
      routes: [
        ...oauthRoutes(account),
        ...appointmentRoutes(desk),
        ...availabilityRoutes(account),
        ...referenceRoutes(account),
        ...clientRoutes(account),
        ...blockRoutes(account),
        ...webhookRoutes(account),
      ],
      edge: edgeOf(account),
      truth: acuityTruth(account, sender),
      acts: acuityActs(desk),
      echo: sender,
      started: () => sender.ring(),
      stop: () => {
        clearInterval(nextDays);
        sender.stop();
        return Promise.resolve();
      },
    };
  },
};

function edgeOf(account: Account): Edge {
  const { settings } = worldOf(account);
  const [rate, open] = [settings.requestsPerSecond, settings.concurrentRequests];
  const limited = `Rate limit reached. Limit ${rate}req/s and ${open} concurrent connections.`;
  return {
    perSecond: rate,
    concurrent: open,
    limited: () => failure(429, 'too_many_requests', limited),
    failed: () => failure(500, 'server_error', 'Something went wrong.'),
    notFound: (path) => failure(404, 'not_found', `The path "${path}" could not be found.`),
    wrongMethod: () => failure(405, 'method_not_allowed', 'This method is not allowed here.'),
    // Seen in the field: the edge throttles with a 403 whose whole body is this (sheet 2.2).
    intercept: (call): Answer | null => {
      return account.faults.take('htmlForbidden', call) ? { status: 403, body: '</html>' } : null;
    },
  };
}
