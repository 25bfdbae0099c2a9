/** read, vread and conditional read (fhir-scheduling.md section 7). */
import type { Request, Response } from 'express';
import { HubError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { StoredType } from '../fhir/types.ts';
import type { Served } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { sendFhir } from './answer.ts';
import { demand } from './auth.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { isAudited, typeOf } from './fhir-search.ts';

const VERSION = /^[1-9]\d{0,8}$/;

export async function read(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await serve(req, res, deps, (tx, type, id) => tx.resources.read(type, id));
}

export async function readVersion(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  const version = req.params['version'];
  // Versions are whole numbers here; any other text names none.
  if (typeof version !== 'string' || !VERSION.test(version)) throw new HubError('NOT_FOUND');
  await serve(req, res, deps, (tx, type, id) => tx.resources.readVersion(type, id, Number(version)));
}

type Look = (tx: Tx, type: StoredType, id: string) => Promise<Served | null>;

async function serve(req: Request, res: Response, deps: HttpDeps, look: Look): Promise<void> {
  const caller = callerOf(req);
  demand(caller, 'read');
  const type = typeOf(req);
  const id = idOf(req);
  const served = isAudited(type)
    ? await deps.store.transaction(caller.scope, async (tx) => {
        const found = await look(tx, type, id);
        await tx.audit({
          at: deps.clock.now(),
          action: 'read',
          resourceType: type,
          resourceId: id,
          outcome: found === null ? 'failure' : 'success',
          requestId: contextOf(req).requestId,
        });
        return found;
      })
    : await deps.store.read(caller.scope, (tx) => look(tx, type, id));
  if (served === null) throw new HubError('NOT_FOUND');
  if (served.deleted) throw new HubError('GONE');
  res.setHeader('Cache-Control', 'private, no-cache');
  versionHeaders(res, served);
  if (unchanged(req, served)) {
    res.status(304).end();
    return;
  }
  sendFhir(res, 200, served.json);
}

/** @throws HubError NOT_FOUND: ids here are UUIDs, and any other id names nothing */
export function idOf(req: Request): string {
  const id = req.params['id'];
  if (typeof id !== 'string' || !isUuid(id)) throw new HubError('NOT_FOUND');
  return id;
}

export function versionHeaders(
  res: Response,
  served: { readonly version: number; readonly lastUpdated: Instant },
): void {
  res.setHeader('ETag', `W/"${served.version}"`);
  res.setHeader('Last-Modified', new Date(served.lastUpdated).toUTCString());
}

/** The version decides where it is given; the date has whole seconds only and may miss a change within one. */
function unchanged(req: Request, served: Served): boolean {
  const tags = req.get('if-none-match');
  if (tags !== undefined) {
    return tags
      .split(',')
      .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === `"${served.version}"`);
  }
  const since = Date.parse(req.get('if-modified-since') ?? '');
  return !Number.isNaN(since) && Math.floor(served.lastUpdated / 1000) * 1000 <= since;
}

/**
 * The version that If-Match names; null: no header. @throws HubError VERSION_MISMATCH for one that can match no version
 */
export function ifMatch(req: Request): number | null {
  const header = req.get('if-match');
  if (header === undefined || header.trim() === '*') return null;
  const version = /^\s*(?:W\/)?"(\d{1,9})"\s*$/.exec(header)?.[1];
  if (version === undefined) throw new HubError('VERSION_MISMATCH', { detail: 'write If-Match: W/"<version>"' });
  return Number(version);
}
