/**
 * A site's own file of all its visits, held against our copy through `/ops/api`. The body is the file. Mounted behind
 * the check for an admin's token.
 */
import { Router, raw, type Request } from 'express';
import { HubError } from '../core/errors.ts';
import { formatInstant, parseInstant, type Instant } from '../core/instant.ts';
import type { SnapshotReport } from '../pipeline/snapshot.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

/** Some 20,000 visits. */
const FILE_BYTES = 32_000_000;
const KEYS_SHOWN = 1_000;

export function opsSnapshots({ reconcileFile }: Pick<HttpDeps, 'reconcileFile'>): Router {
  const router = Router();
  router.post('/sites/:site/reconcile', raw({ type: () => true, limit: FILE_BYTES }), async (req, res) => {
    const bytes: unknown = req.body;
    const file = {
      bytes: Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0),
      window: windowOf(req),
      takenAt: takenAt(req),
      dryRun: req.query['dryRun'] === 'true',
    };
    const { requestId } = contextOf(req);
    res.json(shown(await reconcileFile(callerOf(req).scope, req.params.site, file, requestId)));
  });
  return router;
}

/** Keys are the site's numbers of visits; nothing of a patient. */
function shown(report: SnapshotReport): Readonly<Record<string, unknown>> {
  const { missingHere, otherHere, notThere, later, cancelled, window, ...rest } = report;
  const lists = { missingHere, otherHere, notThere, later, cancelled };
  return {
    ...rest,
    takenAt: formatInstant(report.takenAt),
    from: formatInstant(window.start),
    to: formatInstant(window.end),
    counts: Object.fromEntries(Object.entries(lists).map(([name, keys]) => [name, keys.length])),
    keys: Object.fromEntries(Object.entries(lists).map(([name, keys]) => [name, keys.slice(0, KEYS_SHOWN)])),
  };
}

/** @throws HubError PARAMETER_INVALID */
function windowOf(req: Request): { readonly from: string; readonly to: string } {
  const { window } = req.query;
  const found = typeof window === 'string' ? /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(window) : null;
  if (found === null) throw new HubError('PARAMETER_INVALID', { detail: 'window is 2026-11-23..2026-11-29' });
  return { from: found[1] ?? '', to: found[2] ?? '' };
}

/** @throws HubError PARAMETER_INVALID */
function takenAt(req: Request): Instant | null {
  const value = req.query['takenAt'];
  if (value === undefined) return null;
  const at = typeof value === 'string' ? parseInstant(value) : null;
  if (at !== null) return at;
  throw new HubError('PARAMETER_INVALID', { detail: 'takenAt is a time like 2026-11-01T09:00:00Z' });
}
