/** What people must do, by when and whose it is: the work items of the sites that the caller may see. */
import { Router } from 'express';
import { HubError } from '../core/errors.ts';
import { formatInstant } from '../core/instant.ts';
import { callerOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

const ITEMS = 50;
const ITEMS_MAX = 500;

export function opsWork({ store, clock }: Pick<HttpDeps, 'store' | 'clock'>): Router {
  const router = Router();
  router.get('/work', async (req, res) => {
    const { role, limit } = req.query;
    if (role !== undefined && (typeof role !== 'string' || !/^[a-z0-9-]{1,63}$/.test(role))) {
      throw new HubError('PARAMETER_INVALID', { detail: 'role is the name of a role, like scheduling' });
    }
    const number =
      limit === undefined ? ITEMS : typeof limit === 'string' && /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
    if (number < 1 || number > ITEMS_MAX) {
      throw new HubError('PARAMETER_INVALID', { detail: `limit is a whole number from 1 to ${String(ITEMS_MAX)}` });
    }
    const { scope } = callerOf(req);
    const now = clock.now();
    const items = await store.read(scope, (tx) => tx.workItems.list(number, role));
    res.json({
      items: items.map(({ id, kind, subject, site, role: whose, dueAt, openedAt, escalated = 0 }) => ({
        id,
        kind,
        subject,
        site,
        role: whose,
        dueAt: formatInstant(dueAt),
        openedAt: formatInstant(openedAt),
        escalated,
        overdue: dueAt <= now,
      })),
    });
  });
  return router;
}
