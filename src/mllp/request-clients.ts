/**
 * Whose request a message is. A client is known by MSH-3 and MSH-4 at the port where its requests arrive, and by its
 * list of addresses and certificates; what it may see and book is what its entry in hub.yaml says.
 */
import type { Header } from '../hl7v2/header.ts';
import { SHARED } from '../settings/mllp-rules.ts';
import type { ClientHl7 } from '../settings/client-hl7-shape.ts';
import type { ClientSettings, Plan } from '../settings/shape.ts';
import type { Scope } from '../store/contract.ts';
import { admission, type Admission } from './admission.ts';

export interface BoundClient {
  readonly id: string;
  readonly hl7: ClientHl7;
  readonly scope: Scope;
  /** See `doorOf` in settings/mllp-rules.ts. */
  readonly door: string;
  readonly admit: Admission;
}

/** `doorOfSite`: the port of a site that has one of its own. */
export function boundClients(
  plan: Plan,
  scopeOf: (client: ClientSettings, plan: Plan) => Scope,
  doorOfSite: (site: string) => string,
): readonly BoundClient[] {
  return plan.hub.clients.flatMap((client) => {
    const { id, hl7 } = client;
    if (hl7 === undefined) return [];
    const door = hl7.site === undefined ? SHARED : doorOfSite(hl7.site);
    return [{ id, hl7, scope: scopeOf(client, plan), door, admit: admission(hl7.allow) }];
  });
}

/** Of those that fit, one that names the facility; null: nobody. */
export function clientOf(clients: readonly BoundClient[], door: string, head: Header): BoundClient | null {
  const fitting = clients.filter(
    ({ hl7, door: own }) =>
      own === door &&
      hl7.application === head.sendingApplication &&
      (hl7.facility === '' || hl7.facility === head.sendingFacility),
  );
  return fitting.find(({ hl7 }) => hl7.facility !== '') ?? fitting[0] ?? null;
}
