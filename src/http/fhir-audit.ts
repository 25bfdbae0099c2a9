/**
 * Writes that were refused are written down too. Those that happen are audited in their own transaction, by the
 * booking desk.
 */
import type { Request, Response } from 'express';
import { askedTogether } from '../core/asked-together.ts';
import { isUuid } from '../core/ids.ts';
import type { AuditEntry, Store } from '../store/contract.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps, Refusal } from './deps.ts';

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
  const entry: AuditEntry = {
    at: deps.clock.now(),
    action,
    resourceType: 'Appointment',
    ...(typeof id === 'string' && isUuid(id) ? { resourceId: id } : {}),
    outcome: 'refused',
    requestId: contextOf(req).requestId,
  };
  const { scope } = callerOf(req);
  if (deps.refusals === undefined) await deps.store.audit(scope, [entry]);
  else await deps.refusals({ scope, entry });
}

/** Sixty callers who come too late for one slot are one commit for each who asked, and not sixty. */
export function refusalLog(store: Store): (refusal: Refusal) => Promise<void> {
  return askedTogether(async (refusals: readonly Refusal[]) => {
    // An entry is in the name of its scope.
    for (const mine of Map.groupBy(refusals, ({ scope }) => `${scope.actor} ${scope.purpose}`).values()) {
      const [first] = mine;
      if (first === undefined) continue;
      await store.audit(
        first.scope,
        mine.map(({ entry }) => entry),
      );
    }
    return refusals.map(() => undefined);
  });
}
