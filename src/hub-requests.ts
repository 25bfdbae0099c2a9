/** Requests for appointments by HL7 v2: whose they are by the plan in force, carried out at the desk, answered. */
import { kinds } from './connectors/registry.ts';
import type { Clock } from './core/clock.ts';
import { asHubError } from './core/errors.ts';
import type { Engine } from './hub-engine.ts';
import { lendSender } from './hub-answers.ts';
import type { HubEvents } from './hub-events.ts';
import { scopeOf } from './http/auth.ts';
import { deliverToClients } from './mllp/client-deliver.ts';
import { boundClients, type BoundClient } from './mllp/request-clients.ts';
import { clientRequests, type Requests } from './mllp/requests.ts';
import { doorOf, SHARED } from './settings/mllp-rules.ts';
import type { Plan } from './settings/shape.ts';
import type { Store } from './store/contract.ts';

export interface HubRequests extends Requests {
  readonly clients: () => readonly BoundClient[];
}

export function startRequests(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  engine: Engine,
  events: HubEvents,
): HubRequests {
  const clients = clientsOf(engine.plan);
  const failed = (stage: string) => (error: unknown) => {
    const { code, detail } = asHubError(error);
    events.stageFailed(stage, code, detail);
  };
  const deliver = deliverToClients({
    store,
    clock,
    clients,
    sender: lendSender(clock),
    told: (client, kind, outcome) => events.clientTold(client, kind, outcome),
    onError: failed('client-answers'),
  });
  const requests = clientRequests({
    store,
    clock,
    desk: engine.desk,
    plan: engine.plan,
    clients,
    owed: () => deliver.ring(),
    carried: (client, trigger, code, pending) => events.requestCarriedOut(client, trigger, code, pending),
    onError: failed('requests'),
  });
  return {
    clients,
    take: (client, part, peer) => requests.take(client, part, peer),
    async stop() {
      await requests.stop();
      await deliver.stop();
    },
  };
}

/** Worked out once per plan: each message asks. */
function clientsOf(plan: () => Plan): () => readonly BoundClient[] {
  let of: Plan | null = null;
  let known: readonly BoundClient[] = [];
  return () => {
    const now = plan();
    if (now === of) return known;
    of = now;
    known = boundClients(now, scopeOf, (id) => {
      const site = now.sites.find((one) => one.id === id);
      const address = site === undefined ? null : (kinds.get(site.kind)?.settings.hl7?.(site.settings) ?? null);
      return address === null ? SHARED : doorOf(id, address.listen);
    });
    return known;
  };
}
