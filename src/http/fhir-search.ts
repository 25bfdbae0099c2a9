/** Search by GET and POST _search (fhir-scheduling.md section 6). */
import type { Request, Response } from 'express';
import { HubError } from '../core/errors.ts';
import { isStoredType, searchParam } from '../fhir/search-params.ts';
import { parseSearch, type Pair, type ParsedSearch } from '../fhir/search-parse.ts';
import type { SearchPlan } from '../fhir/search.ts';
import { EXTENSIONS, type Appointment, type Extension, type StoredType } from '../fhir/types.ts';
import type { FoundBy, UndecidedLink } from '../identity/contract-serve.ts';
import type { SearchResult } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { sendFhir } from './answer.ts';
import { demand } from './auth.ts';
import { mediaType, queryOf, readPairs, readText } from './body.ts';
import { callerOf, contextOf, fhirBase } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { searchset } from './fhir-bundle.ts';

/** Who reads these is written down (DESIGN section 10). */
const AUDITED: readonly StoredType[] = ['Patient', 'RelatedPerson', 'Appointment'];

export function isAudited(type: StoredType): boolean {
  return AUDITED.includes(type);
}

export async function search(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  const caller = callerOf(req);
  demand(caller, 'read');
  const type = typeOf(req);
  const base = fhirBase(req);
  const { hub } = deps.currentPlan();
  const parsed = parseSearch({
    type,
    pairs: pairsOf(req),
    strict: /(?:^|[,;\s])handling=strict(?:$|[,;\s])/i.test(req.get('prefer') ?? ''),
    zone: hub.timeZone,
    now: deps.clock.now(),
    base,
    pageSize: hub.limits.pageSize,
    pageSizeMax: hub.limits.pageSizeMax,
  });
  const result = await run(req, deps, parsed.plan);
  res.setHeader('Cache-Control', 'no-store');
  sendFhir(res, 200, bundle(base, parsed, result));
}

/** @throws HubError NOT_FOUND for a type that is not served */
export function typeOf(req: Request): StoredType {
  const type = req.params['type'];
  if (typeof type === 'string' && isStoredType(type)) return type;
  throw new HubError('NOT_FOUND', { detail: 'this resource type is not served; /metadata lists those that are' });
}

/** Parameters of the URL and, of a POST, of the form: both count (specification, search by POST). */
function pairsOf(req: Request): readonly Pair[] {
  const query = readPairs(queryOf(req));
  if (req.method !== 'POST') return query;
  const body = readText(req);
  if (body === '') return query;
  if (mediaType(req) !== 'application/x-www-form-urlencoded') {
    throw new HubError('MEDIA_TYPE_UNSUPPORTED', { detail: '_search takes application/x-www-form-urlencoded' });
  }
  return [...query, ...readPairs(body)];
}

async function run(req: Request, deps: HttpDeps, plan: SearchPlan): Promise<Found> {
  const { scope } = callerOf(req);
  const find = async (tx: Tx): Promise<Found> => {
    const { searchRowsExamined } = deps.currentPlan().hub.limits;
    const opened = await deps.serving.opened(tx, plan, searchRowsExamined);
    const asked = plan.undecided === true ? await deps.serving.undecided(tx, opened) : { plan: opened, ...DECIDED };
    const { plan: widened, links, decided } = asked;
    const found = await tx.resources.search(widened);
    const [matches, included] = [
      await deps.serving.linked(tx, found.matches),
      await deps.serving.linked(tx, found.included),
    ];
    return { ...found, matches, included, links, decided };
  };
  if (!mayServeAudited(plan)) return deps.store.read(scope, find);
  return deps.store.transaction(scope, async (tx) => {
    const result = await find(tx);
    const brought = [...result.matches, ...result.included].map((served) => served.type);
    const types = new Set([plan.type, ...brought].filter(isAudited));
    for (const type of types) await audit(tx, req, deps, type);
    // Who is perhaps somebody else is read as well: under a name of their own.
    for (const record of result.links.keys()) await audit(tx, req, deps, 'Patient', record);
    return result;
  });
}

function mayServeAudited(plan: SearchPlan): boolean {
  return (
    isAudited(plan.type) ||
    plan.includes.some(({ source, param, reverse }) =>
      reverse ? isAudited(source) : (searchParam(source, param)?.targets ?? []).some(isAudited),
    )
  );
}

async function audit(tx: Tx, req: Request, deps: HttpDeps, type: StoredType, id?: string): Promise<void> {
  const { requestId } = contextOf(req);
  const about = { resourceType: type, ...(id === undefined ? {} : { resourceId: id }) };
  await tx.audit({ at: deps.clock.now(), action: 'search', ...about, outcome: 'success', requestId });
}

interface Found extends SearchResult, FoundBy {}

/** What is found otherwise needs no mark. */
const DECIDED: FoundBy = { links: new Map(), decided: new Set() };

/** Visits that no decided link leads to, and the undecided records themselves. */
function marks({ matches, included, links, decided }: Found): ReadonlyMap<string, Extension> {
  const marked = new Map<string, Extension>();
  if (links.size === 0) return marked;
  for (const { type, id, json } of [...matches, ...included]) {
    const patients = type === 'Patient' ? [id] : type === 'Appointment' ? patientsIn(json) : [];
    const [link] = patients.flatMap((patient) => links.get(patient) ?? []);
    if (link === undefined || patients.some((patient) => decided.has(patient))) continue;
    marked.set(`${type}/${id}`, markOf(link));
  }
  return marked;
}

function patientsIn(json: string): readonly string[] {
  const references = (JSON.parse(json) as Appointment).participant.map(({ actor }) => actor?.reference ?? '');
  return references.filter((one) => one.startsWith('Patient/')).map((one) => one.slice('Patient/'.length));
}

function markOf(link: UndecidedLink): Extension {
  const named = (url: 'record' | 'with'): Extension => {
    return { url, valueReference: { reference: `Patient/${link[url]}` } };
  };
  return { url: EXTENSIONS.undecided, extension: [named('record'), named('with')] };
}

function bundle(base: string, parsed: ParsedSearch, result: Found): string {
  const { plan, used, warnings } = parsed;
  const url = (pairs: readonly Pair[]): string => {
    const query = pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
    return `${base}/${plan.type}${query === '' ? '' : `?${query}`}`;
  };
  const here: readonly Pair[] = plan.after === null ? used : [...used, ['_page', plan.after]];
  return searchset({
    base,
    total: result.total,
    links: [
      { relation: 'self', url: url(here) },
      ...(result.next === null ? [] : [{ relation: 'next' as const, url: url([...used, ['_page', result.next]]) }]),
    ],
    matches: result.matches,
    included: result.included,
    warnings,
    found: marks(result),
  });
}
