/** The files of NPPES, as `slotwire identity nppes` sends them: public data, some hundred lines at a time. */
import express, { Router, type Request } from 'express';
import { HubError } from '../core/errors.ts';
import { formatInstant } from '../core/instant.ts';
import { isNpi } from '../core/npi.ts';
import type { Asked } from '../identity/contract-desk.ts';
import type { RegistryEntry, RegistryFileKind } from '../store/contract-registry.ts';
import { FHIR_JSON, readJson } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

const ALIKE = 100;
const ALIKE_MAX = 5000;
const ENTRIES_MAX = 2000;
const TEXT_MAX = 200;
const DATE = /^\d{4}-\d\d-\d\d$/;

export function opsRegistry({ registry, currentPlan }: Pick<HttpDeps, 'registry' | 'currentPlan'>): Router {
  const router = Router();
  const body = express.raw({ type: () => true, limit: currentPlan().hub.limits.httpBody_bytes });
  router.get('/', async (_req, res) => {
    const { files, ...counts } = await registry.status();
    res.json({
      ...counts,
      files: files.map(({ loadedAt, ...one }) => ({ ...one, loadedAt: formatInstant(loadedAt) })),
    });
  });
  router.get('/npis', async (_req, res) => {
    res.json({ npis: await registry.npis() });
  });
  router.get('/alike', async (req, res) => {
    const { limit } = req.query;
    const most = limit === undefined ? ALIKE : typeof limit === 'string' && /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
    if (most < 1 || most > ALIKE_MAX)
      throw new HubError('PARAMETER_INVALID', { detail: `limit is a whole number from 1 to ${ALIKE_MAX}` });
    const pairs = await registry.alike(askedBy(req));
    res.json({ total: pairs.length, pairs: pairs.slice(0, most) });
  });
  router.post('/entries', body, async (req, res) => {
    const { kind, fileDate, entries } = fieldsOf(req);
    if (!Array.isArray(entries) || entries.length > ENTRIES_MAX)
      throw wrong(`entries is a list of up to ${ENTRIES_MAX}`);
    res.json({ taken: await registry.put(kindOf(kind), dateOf(fileDate), entries.map(entryOf)) });
  });
  router.post('/loaded', body, async (req, res) => {
    const { kind, fileDate, name, scope, npis } = fieldsOf(req);
    if (scope !== 'known' && scope !== 'all') throw wrong('scope is known or all');
    if (typeof npis !== 'number' || !Number.isSafeInteger(npis) || npis < 0) throw wrong('npis is a whole number');
    const file = { kind: kindOf(kind), fileDate: dateOf(fileDate), name: textOf(name) ?? '', scope, npis } as const;
    res.json(await registry.loaded(askedBy(req), file));
  });
  return router;
}

function askedBy(req: Request): Asked {
  return { scope: callerOf(req).scope, requestId: contextOf(req).requestId };
}

function wrong(detail: string): HubError {
  return new HubError('REQUEST_INVALID', { detail });
}

function fieldsOf(req: Request): Readonly<Record<string, unknown>> {
  const read = readJson(req, FHIR_JSON);
  return (typeof read === 'object' && read !== null ? read : {}) as Readonly<Record<string, unknown>>;
}

function kindOf(kind: unknown): RegistryFileKind {
  if (kind === 'providers' || kind === 'deactivations') return kind;
  throw wrong('kind is providers or deactivations');
}

function dateOf(date: unknown): string {
  if (typeof date === 'string' && DATE.test(date) && !Number.isNaN(Date.parse(date))) return date;
  throw wrong('dates are written as 2026-02-08');
}

function textOf(text: unknown): string | null {
  if (text === null || text === undefined || text === '') return null;
  if (typeof text === 'string' && text.length <= TEXT_MAX && !text.includes('\u0000')) return text;
  throw wrong(`names are texts of up to ${TEXT_MAX} characters`);
}

function entryOf(given: unknown): RegistryEntry {
  const one = (typeof given === 'object' && given !== null ? given : {}) as Readonly<Record<string, unknown>>;
  const { npi, entity, deactivatedOn } = one;
  if (typeof npi !== 'string' || !isNpi(npi)) throw wrong('an entry is named by an NPI');
  if (entity !== null && entity !== 1 && entity !== 2) throw wrong('entity is 1, 2 or null');
  return {
    npi,
    entity,
    family: textOf(one['family']),
    otherFamily: textOf(one['otherFamily']),
    taxonomy: textOf(one['taxonomy']),
    deactivatedOn: deactivatedOn === null ? null : dateOf(deactivatedOn),
  };
}
