/**
 * Writes that were refused are written down too. Those that happen are audited in their own transaction, by the
 * booking desk.
 */
import type { Request, Response } from 'express';
import { isUuid } from '../core/ids.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

/** Runs `work`; when it throws or answers 4xx or 5xx, one audit row says who tried. */
export async function auditingRefusals(
  req: Request,
  res: Response,
  deps: HttpDeps,
  action: 'book' | 'change',
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    // The refusal is what the caller must hear of, also when the database cannot write it down.
    await note(req, deps, action).catch(() => undefined);
    throw error;
  }
  if (res.statusCode >= 400) await note(req, deps, action).catch(() => undefined);
}

async function note(req: Request, deps: HttpDeps, action: 'book' | 'change'): Promise<void> {
  const id = req.params['id'];
  await deps.store.transaction(callerOf(req).scope, (tx) =>
    tx.audit({
      at: deps.clock.now(),
      action,
      resourceType: 'Appointment',
      ...(typeof id === 'string' && isUuid(id) ? { resourceId: id } : {}),
      outcome: 'refused',
      requestId: contextOf(req).requestId,
    }),
  );
}
