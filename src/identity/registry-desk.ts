/** Takes what an operator's files say of NPIs, and looks at all practitioners when a file was read to its end. */
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import type { Plan } from '../settings/shape.ts';
import { systemScope, type Store } from '../store/contract.ts';
import { alikePractitioners } from './alike.ts';
import type { RegistryDesk, RegistryLoaded } from './contract-registry.ts';
import { reviewRegistered } from './registry-doubts.ts';

export interface RegistryDeskOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly plan: () => Plan;
}

const SCOPE = systemScope('identity');

export function registryDesk({ store, clock, plan }: RegistryDeskOptions): RegistryDesk {
  return {
    status: () =>
      store.read(SCOPE, async (tx) => ({ ...(await tx.registry.counts()), files: await tx.registry.files() })),
    npis: () => store.read(SCOPE, (tx) => tx.registry.npis()),
    put: (kind, fileDate, entries) => store.transaction(SCOPE, (tx) => tx.registry.put(kind, fileDate, entries)),

    async alike({ scope }) {
      const [all, organisations] = await store.read(SCOPE, async (tx) => {
        return [await tx.registry.practitioners(), new Set(await tx.registry.organisations())] as const;
      });
      const seen = all.filter(({ site }) => scope.sites === '*' || scope.sites.includes(site));
      return alikePractitioners(seen, organisations, plan().hub.practitioners?.apart);
    },

    async loaded({ scope, requestId }, file): Promise<RegistryLoaded> {
      await store.transaction({ ...SCOPE, actor: scope.actor }, async (tx) => {
        const newer = (await tx.registry.files()).find(
          ({ kind, fileDate }) => kind === file.kind && fileDate > file.fileDate,
        );
        if (newer !== undefined)
          throw new HubError('RULE_BROKEN', { detail: `the file of ${newer.fileDate} is loaded, which is newer` });
        await tx.registry.putFile(file, clock.now());
        const at = clock.now();
        await tx.audit({ at, action: 'operate', resourceType: 'Practitioner', outcome: 'success', requestId });
      });
      let [opened, closed] = [0, 0];
      for (const site of plan().sites) {
        const cause = { site: site.id, messageId: null, siteTime: null, now: clock.now() };
        const reviewed = await store.transaction(SCOPE, (tx) => reviewRegistered(site, tx, cause));
        opened += reviewed.opened;
        closed += reviewed.closed;
      }
      return { opened, closed };
    },
  };
}
