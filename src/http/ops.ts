/**
 * `/ops`: a shell without data, open; `/ops/api`: the data, for admins, and what waits for a decision for schedulers
 * too. The pages proper come later.
 */
import { Router, type Request, type RequestHandler } from 'express';
import { HubError } from '../core/errors.ts';
import { formatInstant } from '../core/instant.ts';
import type { InboxFilter, InboxMessage } from '../store/contract-inbox.ts';
import { authenticate, demand } from './auth.ts';
import { contextOf, callerOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { opsApprovals } from './ops-approvals.ts';
import { flagged, opsActions } from './ops-actions.ts';
import { opsBookings } from './ops-bookings.ts';
import { opsHl7 } from './ops-hl7.ts';
import { opsIdentity } from './ops-identity.ts';
import { opsKeys } from './ops-keys.ts';
import { opsRegistry } from './ops-registry.ts';
import { opsReplayWindows } from './ops-replay.ts';
import { opsSnapshots } from './ops-snapshot.ts';
import { opsWork } from './ops-work.ts';
import { OPS_HTML, OPS_SCRIPT, OPS_STYLE } from './ops-page.ts';

const MESSAGES_DEFAULT = 50;
const MESSAGES_MAX = 200;
const STATUSES: readonly InboxMessage['status'][] = ['received', 'applied', 'ignored', 'parked', 'superseded'];

export function opsRouter(deps: HttpDeps): Router {
  const router = Router();
  router.use(shielded);
  router.get('/', asset('text/html; charset=utf-8', OPS_HTML));
  router.get('/page.js', asset('text/javascript; charset=utf-8', OPS_SCRIPT));
  router.get('/page.css', asset('text/css; charset=utf-8', OPS_STYLE));
  router.use('/api/approvals', opsApprovals(deps));
  router.use('/api', adminOnly(deps));
  router.use('/api', opsActions(deps));
  router.use('/api', opsBookings(deps));
  router.use('/api', opsHl7(deps));
  router.use('/api/keys', opsKeys(deps));
  router.use('/api/identity/registry', opsRegistry(deps));
  router.use('/api/identity', opsIdentity(deps));
  router.use('/api', opsWork(deps));
  router.use('/api', opsReplayWindows(deps));
  router.use('/api', opsSnapshots(deps));
  router.get('/api/sites', async (_req, res) => {
    res.json({ at: formatInstant(deps.clock.now()), ...(await deps.opsView()) });
  });
  router.get('/api/messages', async (req, res) => {
    const filter = readFilter(req);
    const { scope } = callerOf(req);
    const messages = await deps.store.read(scope, async (tx) => flagged(tx, deps, await tx.inbox.list(filter)));
    res.json({ messages });
  });
  return router;
}

/** No address from outside, no frame, no form: the page can reach its own API and nothing else. */
const shielded: RequestHandler = (_req, res, next) => {
  res.setHeader(
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.setHeader('Cache-Control', 'no-store');
  next();
};

function asset(type: string, text: string): RequestHandler {
  return (_req, res) => {
    res.setHeader('Content-Type', type);
    res.send(text);
  };
}

/** By header only: a token in an address ends up in logs, histories and referrers. */
function adminOnly(deps: HttpDeps): RequestHandler {
  return (req, _res, next) => {
    const caller = authenticate(deps.currentPlan(), req.get('authorization'));
    contextOf(req).caller = caller;
    demand(caller, 'operate');
    next();
  };
}

function readFilter(req: Request): InboxFilter {
  const { status, site, controlId, after, limit } = req.query;
  const known = STATUSES.find((each) => each === status);
  if (status !== undefined && known === undefined) {
    throw new HubError('PARAMETER_INVALID', { detail: `status is one of ${STATUSES.join(', ')}` });
  }
  if (site !== undefined && (typeof site !== 'string' || !/^[a-z0-9-]{1,64}$/.test(site))) {
    throw new HubError('PARAMETER_INVALID', { detail: 'site is the id of a site' });
  }
  if (controlId !== undefined && (typeof controlId !== 'string' || controlId === '' || controlId.length > 200)) {
    throw new HubError('PARAMETER_INVALID', { detail: 'controlId is the control id that the sender gave (MSH-10)' });
  }
  const afterId = whole('after', after, Number.MAX_SAFE_INTEGER);
  return {
    ...(known === undefined ? {} : { status: known }),
    ...(site === undefined ? {} : { site }),
    ...(controlId === undefined ? {} : { controlId }),
    ...(afterId === null ? {} : { afterId }),
    limit: whole('limit', limit, MESSAGES_MAX) ?? MESSAGES_DEFAULT,
  };
}

function whole(name: string, value: unknown, max: number): number | null {
  if (value === undefined) return null;
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= 1 && number <= max) return number;
  throw new HubError('PARAMETER_INVALID', { detail: `${name} is a whole number from 1 to ${max}` });
}
