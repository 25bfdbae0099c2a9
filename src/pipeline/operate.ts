/**
 * What an operator sets going by hand: messages applied again, sites read again. Each is written down with who did
 * it.
 */
import { HubError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { AuditEntry, Scope, Store } from '../store/contract.ts';
import { forceMessage } from './replay-window.ts';
import { unpark } from './parking.ts';
import type { SiteRunner } from './site-runner.ts';

export interface OperateDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly runner: (site: string) => SiteRunner | undefined;
  /** Sites of the plan in force. */
  readonly configured: () => readonly string[];
  /** Something waits in the inbox of a site: `hint` to be fetched, else to be applied. */
  readonly waiting: (site: string, hint: boolean) => void;
}

export interface Operations<Preview> {
  readonly preview: () => Promise<Preview>;
  resync(scope: Scope, site: string, requestId: string): Promise<void>;
  replay(scope: Scope, id: number, requestId: string, force?: boolean): Promise<boolean>;
  /** Sets a parked message aside for good, so that what waits for it goes on; false: it is not parked. */
  release(scope: Scope, id: number, requestId: string): Promise<boolean>;
  /** Deletes what is stored of a site that is not in the configuration; rows deleted. */
  forget(scope: Scope, site: string, requestId: string): Promise<number>;
}

export function operations<Preview>(
  deps: OperateDeps & { readonly preview: () => Promise<Preview> },
): Operations<Preview> {
  return {
    preview: deps.preview,
    resync: (scope, site, requestId) => resyncSite(deps, scope, site, requestId),
    replay: (scope, id, requestId, force) => replayMessage(deps, scope, id, requestId, force === true),
    release: (scope, id, requestId) => releaseMessage(deps, scope, id, requestId),
    forget: (scope, site, requestId) => forgetSite(deps, scope, site, requestId),
  };
}

/**
 * Forgets where reading stood, so that poll and load begin anew and every window of computed slots is due. What the
 * site says
 * again unchanged changes nothing.
 * @throws HubError SITE_UNKNOWN, SITE_CANNOT
 */
async function resyncSite(deps: OperateDeps, scope: Scope, site: string, requestId: string): Promise<void> {
  const runner = deps.runner(site);
  const visible = scope.sites === '*' || scope.sites.includes(site);
  if (runner === undefined || !visible) throw new HubError('SITE_UNKNOWN', { detail: `no site ${site} runs` });
  const { poll, load, availability } = runner.connector;
  if (poll === undefined && load === undefined && availability === undefined) {
    throw new HubError('SITE_CANNOT', { site, detail: 'it only sends; have its IT team send again what is missing' });
  }
  await runner.startOver(() =>
    deps.store.transaction(scope, async (tx) => {
      await tx.feeds.startOver(site, deps.clock.now());
      await tx.audit(operated(deps, requestId, { site }));
    }),
  );
}

/** @throws HubError RULE_BROKEN while a site file names it; SITE_UNKNOWN where nothing of it is stored */
async function forgetSite(deps: OperateDeps, scope: Scope, site: string, requestId: string): Promise<number> {
  if (deps.configured().includes(site)) {
    throw new HubError('RULE_BROKEN', {
      site,
      detail: 'a site file names it; remove that file and apply the plan first',
    });
  }
  return deps.store.transaction(scope, async (tx) => {
    if (!(await tx.resources.sites()).includes(site))
      throw new HubError('SITE_UNKNOWN', { detail: `nothing is stored of ${site}` });
    const rows = await tx.forgetSite(site);
    await tx.audit(operated(deps, requestId, { site }));
    return rows;
  });
}

/** False: there is no such message, or it waits already. */
async function replayMessage(
  deps: OperateDeps,
  scope: Scope,
  id: number,
  requestId: string,
  force: boolean,
): Promise<boolean> {
  const replayed = await deps.store.transaction(scope, async (tx) => {
    const message = await tx.inbox.get(id);
    if (message === null || !(await tx.inbox.replay(id, deps.clock.now()))) return null;
    // Where it cannot be applied after all it is parked again, and asks again.
    if (message.status === 'parked') await unpark(tx, id, deps.clock.now());
    if (force) await forceMessage(tx, message);
    await tx.audit(operated(deps, requestId, { site: message.site, resourceId: `message:${id}` }));
    return message;
  });
  if (replayed === null) return false;
  deps.waiting(replayed.site, replayed.shape === 'hint');
  return true;
}

/** What it said is not applied; a replay can still do that, and undoes nothing that was applied meanwhile. */
async function releaseMessage(deps: OperateDeps, scope: Scope, id: number, requestId: string): Promise<boolean> {
  const released = await deps.store.transaction(scope, async (tx) => {
    const message = await tx.inbox.get(id);
    if (message?.status !== 'parked') return null;
    const now = deps.clock.now();
    await tx.inbox.done(id, 'ignored', `set aside by ${scope.actor}; it was parked: ${message.code ?? ''}`, now);
    await unpark(tx, id, now);
    // Said again, the answer of a window must not pass for what is known: it would confirm what nobody has read.
    if (message.via === 'availability' && message.object !== null) {
      await tx.proofs.forgetReceived(message.site, [message.object]);
    }
    await tx.audit(operated(deps, requestId, { site: message.site, resourceId: `message:${id}` }));
    return message;
  });
  if (released === null) return false;
  deps.waiting(released.site, released.shape === 'hint');
  return true;
}

function operated(deps: OperateDeps, requestId: string, what: Pick<AuditEntry, 'site' | 'resourceId'>): AuditEntry {
  return { at: deps.clock.now(), action: 'operate', outcome: 'success', requestId, ...what };
}
