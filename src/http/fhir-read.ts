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
  await serve(req, res, deps, null);
}

export async function readVersion(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  await serve(req, res, deps, String(req.params['version']));
}

/** What is sent: a site's record, or a golden one, whose version is no number. */
interface Shown {
  readonly version: string;
  /** Null: it may say something else without anything having been written (who else may be seen, what is trusted). */
  readonly lastUpdated: Instant | null;
  readonly deleted: boolean;
  readonly json: string;
}

async function serve(req: Request, res: Response, deps: HttpDeps, version: string | null): Promise<void> {
  const caller = callerOf(req);
  demand(caller, 'read');
  const type = typeOf(req);
  const id = idOf(req);
  const shown = isAudited(type)
    ? await deps.store.transaction(caller.scope, async (tx) => {
        const found = await look(tx, deps, type, id, version);
        const { requestId } = contextOf(req);
        for (const resourceId of [id, ...(found?.records ?? [])]) {
          const outcome = found === null ? 'failure' : 'success';
          const at = deps.clock.now();
          await tx.audit({ at, action: 'read', resourceType: type, resourceId, outcome, requestId });
        }
        return found;
      })
    : await deps.store.read(caller.scope, (tx) => look(tx, deps, type, id, version));
  if (shown === null) throw new HubError('NOT_FOUND');
  if (shown.deleted) throw new HubError('GONE');
  res.setHeader('Cache-Control', 'private, no-cache');
  versionHeaders(res, shown);
  if (unchanged(req, shown)) {
    res.status(304).end();
    return;
  }
  sendFhir(res, 200, shown.json);
}

/** `records`: those that a golden record was made of; who reads it reads them. */
async function look(
  tx: Tx,
  deps: HttpDeps,
  type: StoredType,
  id: string,
  version: string | null,
): Promise<(Shown & { readonly records: readonly string[] }) | null> {
  const served = await stored(tx, type, id, version);
  if (served !== null) {
    const [shown = served] = await deps.serving.linked(tx, [served]);
    return { ...shown, version: String(shown.version), records: [] };
  }
  const person = type === 'Patient' ? await deps.serving.person(tx, id) : null;
  // A golden record has one version, the present one.
  if (person === null || (version !== null && version !== person.versionId)) return null;
  return { ...person, version: person.versionId, lastUpdated: null, deleted: false };
}

/** Versions of what is stored are whole numbers; any other text names none. */
async function stored(tx: Tx, type: StoredType, id: string, version: string | null): Promise<Served | null> {
  if (version === null) return tx.resources.read(type, id);
  return VERSION.test(version) ? tx.resources.readVersion(type, id, Number(version)) : null;
}

/** @throws HubError NOT_FOUND: ids here are UUIDs, and any other id names nothing */
export function idOf(req: Request): string {
  const id = req.params['id'];
  if (typeof id !== 'string' || !isUuid(id)) throw new HubError('NOT_FOUND');
  return id;
}

export function versionHeaders(
  res: Response,
  served: { readonly version: number | string; readonly lastUpdated: Instant | null },
): void {
  res.setHeader('ETag', `W/"${served.version}"`);
  if (served.lastUpdated !== null) res.setHeader('Last-Modified', new Date(served.lastUpdated).toUTCString());
}

/** The version decides where it is given; the date has whole seconds only and may miss a change within one. */
function unchanged(req: Request, served: Shown): boolean {
  const tags = req.get('if-none-match');
  if (tags !== undefined) {
    return tags
      .split(',')
      .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === `"${served.version}"`);
  }
  const since = Date.parse(req.get('if-modified-since') ?? '');
  if (served.lastUpdated === null) return false;
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
