/** What operators look up and set going through `/ops/api`. Mounted behind the check for an admin's token. */
import { Router, type Request } from 'express';
import { HubError } from '../core/errors.ts';
import { DAY_MS, formatInstant, plus } from '../core/instant.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import type { Tx } from '../store/contract.ts';
import { contextOf, callerOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

type ActionDeps = Pick<HttpDeps, 'clock' | 'store' | 'currentPlan' | 'operate'>;

/** One address must stay below what proxies let through. */
const EVENTS_MAX = 50;

export function opsActions(deps: ActionDeps): Router {
  const router = Router();
  router.get('/plan', async (_req, res) => {
    res.json(await deps.operate.preview());
  });
  // Others than by event id are listed by the route behind this one.
  router.get('/messages', async (req, res, next) => {
    const ids = eventIds(req);
    if (ids === null) {
      next();
      return;
    }
    const sites = deps.currentPlan().sites.map((site) => site.id);
    const found = await deps.store.read(callerOf(req).scope, (tx) => tx.inbox.byEventIds(sites, ids));
    res.json({ messages: found.map(({ eventId, message }) => ({ eventId, ...shown(message) })) });
  });
  router.get('/messages/:id', async (req, res) => {
    const id = messageId(req);
    const found = await deps.store.read(callerOf(req).scope, async (tx) => {
      const message = await tx.inbox.get(id);
      return message === null ? [] : await flagged(tx, deps, [message]);
    });
    if (found[0] === undefined) throw new HubError('NOT_FOUND', { detail: `there is no message ${id}` });
    res.json(found[0]);
  });
  router.post('/messages/:id/replay', async (req, res) => {
    const id = messageId(req);
    const { scope } = callerOf(req);
    if ((await deps.store.read(scope, (tx) => tx.inbox.get(id))) === null) {
      throw new HubError('NOT_FOUND', { detail: `there is no message ${id}` });
    }
    const force = req.query['force'] === 'true';
    const replayed = await deps.operate.replay(scope, id, contextOf(req).requestId, force);
    res.json({ id, replayed });
  });
  router.post('/messages/:id/release', async (req, res) => {
    const id = messageId(req);
    const { scope } = callerOf(req);
    if ((await deps.store.read(scope, (tx) => tx.inbox.get(id))) === null) {
      throw new HubError('NOT_FOUND', { detail: `there is no message ${id}` });
    }
    res.json({ id, released: await deps.operate.release(scope, id, contextOf(req).requestId) });
  });
  router.post('/sites/:site/resync', async (req, res) => {
    const { site } = req.params;
    await deps.operate.resync(callerOf(req).scope, site, contextOf(req).requestId);
    res.status(202).json({ site });
  });
  router.post('/sites/:site/forget', async (req, res) => {
    const { site } = req.params;
    const rows = await deps.operate.forget(callerOf(req).scope, site, contextOf(req).requestId);
    res.json({ site, rows });
  });
  return router;
}

/** Null when the request does not ask by event id. */
function eventIds(req: Request): readonly string[] | null {
  const { eventId } = req.query;
  if (eventId === undefined) return null;
  const ids = typeof eventId === 'string' ? eventId.split(',') : [];
  if (ids.length > 0 && ids.length <= EVENTS_MAX && ids.every((id) => /^[\x21-\x7e]{1,500}$/.test(id))) return ids;
  throw new HubError('PARAMETER_INVALID', { detail: `eventId is one event id, or up to ${EVENTS_MAX} with commas` });
}

function messageId(req: Request): number {
  const id = String(req.params['id']);
  if (/^[1-9]\d{0,15}$/.test(id)) return Number(id);
  throw new HubError('NOT_FOUND', { detail: 'a message has a number' });
}

/** Never the body, nor the names of objects, which may be patient numbers. */
export function shown(message: InboxMessage): Readonly<Record<string, unknown>> {
  const { id, site, via, kind, shape, status, stage, code, reason, attempts, controlId } = message;
  return {
    id,
    site,
    via,
    kind,
    shape,
    status,
    stage,
    code,
    reason,
    attempts,
    controlId,
    receivedAt: formatInstant(message.receivedAt),
  };
}

/**
 * With `controlIdUsedBefore`: the sender gave this control id to another message before, so it does not tell the two
 * apart.
 */
export async function flagged(
  tx: Tx,
  { clock, currentPlan }: Pick<ActionDeps, 'clock' | 'currentPlan'>,
  messages: readonly InboxMessage[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const since = plus(clock.now(), -currentPlan().hub.retention.dedupe_days * DAY_MS);
  const used = new Set(
    await tx.inbox.controlIdUsedBefore(
      messages.map(({ id }) => id),
      since,
    ),
  );
  return messages.map((message) => ({ ...shown(message), controlIdUsedBefore: used.has(message.id) }));
}
