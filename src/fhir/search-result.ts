/**
 * Parameters that shape the answer and do not select: _sort, _count, _include, _total ... (fhir-scheduling.md 6.8,
 * 6.9).
 */
import {
  canInclude,
  canSort,
  includesOf,
  isStoredType,
  revIncludesOf,
  searchParam,
  searchParams,
} from './search-params.ts';
import { shown, type Parsed, type SearchRequest } from './search-parse.ts';
import type { Include, SearchPlan } from './search.ts';
import type { StoredType } from './types.ts';

/** Filled while the parameters are read. */
export interface ResultParameters {
  includes: readonly Include[];
  sort: SearchPlan['sort'];
  count: number | null;
  total: boolean;
  countOnly: boolean;
  after: string | null;
  undecided: boolean;
}

type Outcome = Parsed<null>;
type Reader = (value: string, request: SearchRequest, result: ResultParameters, modifier: string | null) => Outcome;

const OK: Outcome = { kind: 'ok', value: null };
const SORT_KEYS_MAX = 3;
const INCLUDES_MAX = 20;
/** Longer than any token that we give out. */
const PAGE_TOKEN_MAX = 2000;

const JSON_FORMATS = new Set(['json', 'application/json', 'application/fhir+json', 'text/json']);

const READERS: Readonly<Record<string, Reader>> = {
  _sort: readSort,
  _count: readCount,
  _total: readTotal,
  _summary: readSummary,
  _include: (value, request, result, modifier) => readInclude(value, request, result, modifier, false),
  _revinclude: (value, request, result, modifier) => readInclude(value, request, result, modifier, true),
  _page: readPage,
  _undecided: readUndecided,
  _format: (value) =>
    JSON_FORMATS.has(value.split(';')[0]?.trim().replace(' ', '+') ?? '')
      ? OK
      : { kind: 'invalid', because: '_format: the hub answers in JSON only.' },
  // Looks of the text only; a client that asks for it loses nothing without it.
  _pretty: () => OK,
};

export function isResultParameter(name: string): boolean {
  return Object.hasOwn(READERS, name.split(':')[0] ?? '');
}

export function parseResultParameter(
  name: string,
  value: string,
  request: SearchRequest,
  result: ResultParameters,
): Outcome {
  const [base = '', modifier, ...more] = name.split(':');
  const includes = base === '_include' || base === '_revinclude';
  if (more.length > 0 || (modifier !== undefined && !(includes && modifier === 'iterate'))) {
    return { kind: 'invalid', because: `${shown(name)}: this modifier is not supported here.` };
  }
  return READERS[base]?.(value, request, result, modifier ?? null) ?? OK;
}

function readSort(value: string, request: SearchRequest, result: ResultParameters): Outcome {
  const keys = value.split(',').map((key) => ({ param: key.replace(/^-/, ''), descending: key.startsWith('-') }));
  if (keys.length > SORT_KEYS_MAX) return { kind: 'invalid', because: `_sort: at most ${SORT_KEYS_MAX} keys.` };
  for (const key of keys) {
    const param = searchParam(request.type, key.param);
    if (param === undefined || !canSort(request.type, param)) {
      const able = searchParams(request.type).filter((each) => canSort(request.type, each));
      const names = able.map((each) => each.name).join(', ');
      return { kind: 'invalid', because: `_sort: ${request.type} sorts by ${names}; not by ${shown(key.param)}.` };
    }
  }
  result.sort = [...result.sort, ...keys];
  return OK;
}

function readCount(value: string, _request: SearchRequest, result: ResultParameters): Outcome {
  if (!/^\d{1,9}$/.test(value)) return { kind: 'invalid', because: '_count: write a whole number, 0 or more.' };
  result.count = Number(value);
  if (result.count === 0) result.countOnly = true;
  return OK;
}

function readTotal(value: string, _request: SearchRequest, result: ResultParameters): Outcome {
  if (!['none', 'estimate', 'accurate'].includes(value)) {
    return { kind: 'invalid', because: '_total: write none, estimate or accurate.' };
  }
  // An exact number is a fair estimate too.
  result.total = value !== 'none';
  return OK;
}

function readSummary(value: string, _request: SearchRequest, result: ResultParameters): Outcome {
  if (value === 'count') result.countOnly = true;
  if (value === 'count' || value === 'false') return OK;
  return ['true', 'text', 'data'].includes(value)
    ? { kind: 'unknown', because: `_summary=${value} is not supported: resources are sent whole.` }
    : { kind: 'invalid', because: '_summary: write count or false.' };
}

/** Whose links are followed: visits are found by the records of a person, and by nothing else that links join. */
function readUndecided(value: string, request: SearchRequest, result: ResultParameters): Outcome {
  if (value !== 'true' && value !== 'false') return { kind: 'invalid', because: '_undecided: write true or false.' };
  if (request.type !== 'Appointment') {
    return { kind: 'unknown', because: '_undecided is for searches of Appointment by a patient.' };
  }
  result.undecided = value === 'true';
  return OK;
}

function readPage(value: string, _request: SearchRequest, result: ResultParameters): Outcome {
  if (value.length > PAGE_TOKEN_MAX || !/^[A-Za-z0-9_-]+$/.test(value)) {
    return { kind: 'invalid', because: '_page: this is no page of ours; begin again with the first page.' };
  }
  result.after = value;
  return OK;
}

function readInclude(
  value: string,
  request: SearchRequest,
  result: ResultParameters,
  modifier: string | null,
  reverse: boolean,
): Outcome {
  const [source = '', paramName = '', target, ...more] = value.split(':');
  const iterate = modifier === 'iterate';
  const supported = reverse ? revIncludesOf(request.type) : includesOf(request.type);
  const unknown: Outcome = {
    kind: 'unknown',
    because:
      `${reverse ? '_revinclude' : '_include'}=${shown(value)} is not supported; ` +
      `${request.type} answers ${supported.join(', ') || 'none'}.`,
  };
  if (more.length > 0 || !isStoredType(source)) return unknown;
  if (target !== undefined && !isStoredType(target)) return unknown;
  const wanted = includeParams(source, paramName);
  if (wanted.length === 0) return unknown;
  result.includes = [
    ...result.includes,
    ...wanted.map((param): Include => ({ source, param, reverse, iterate, target: target ?? null })),
  ];
  if (result.includes.length > INCLUDES_MAX) {
    return { kind: 'invalid', because: `_include and _revinclude: at most ${INCLUDES_MAX} in all.` };
  }
  return OK;
}

function includeParams(source: StoredType, paramName: string): readonly string[] {
  const able = searchParams(source).filter((param) => canInclude(param));
  return able.filter((param) => paramName === '*' || param.name === paramName).map((param) => param.name);
}
