/** Replay windows through `/ops/api`: begin, end, and the comparison. Mounted behind the check for an admin's token. */
import { Router, type Request } from 'express';
import { HubError } from '../core/errors.ts';
import { formatInstant, parseInstant, type Instant } from '../core/instant.ts';
import type { ReplayReport } from '../pipeline/replay-window.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

export function opsReplayWindows({ replayWindows }: Pick<HttpDeps, 'replayWindows'>): Router {
  const router = Router();
  router.get('/sites/:site/replay-window', async (req, res) => {
    res.json(shownReport(await replayWindows.report(callerOf(req).scope, req.params.site)));
  });
  router.post('/sites/:site/replay-window', async (req, res) => {
    const from = timeOf(req, 'from');
    const until = timeOf(req, 'until');
    const times = { ...(from === null ? {} : { from }), ...(until === null ? {} : { until }) };
    const { requestId } = contextOf(req);
    res
      .status(201)
      .json(shownReport(await replayWindows.begin(callerOf(req).scope, req.params.site, times, requestId)));
  });
  router.post('/sites/:site/replay-window/end', async (req, res) => {
    const { requestId } = contextOf(req);
    res.json(shownReport(await replayWindows.end(callerOf(req).scope, req.params.site, requestId)));
  });
  return router;
}

function shownReport({ window, counts, held }: ReplayReport): Readonly<Record<string, unknown>> {
  const shownAt = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));
  return {
    site: window.site,
    knownFrom: formatInstant(window.knownFrom),
    beganAt: formatInstant(window.beganAt),
    until: shownAt(window.until),
    endedAt: shownAt(window.endedAt),
    beganBy: window.beganBy,
    counts,
    held,
  };
}

/** @throws HubError PARAMETER_INVALID */
function timeOf(req: Request, name: string): Instant | null {
  const value = req.query[name];
  if (value === undefined) return null;
  const at = typeof value === 'string' ? parseInstant(value) : null;
  if (at !== null) return at;
  throw new HubError('PARAMETER_INVALID', { detail: `${name} is a time like 2026-11-01T09:00:00Z` });
}
