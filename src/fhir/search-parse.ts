/**
 * Query parameters to a SearchPlan, by the table of search-params.ts and the rules of fhir-scheduling.md section 6.
 * Pure: the caller gives zone, time and limits. All problems are reported at once.
 *
 *   unknown parameter   ignored and named in a warning; refused with `Prefer: handling=strict`
 *   unknown modifier    refused: without it the search would mean something else
 *   malformed value     refused
 *   value that names nothing (a code that no binding has, an id that no row has)  matches nothing
 */
import type { Instant } from '../core/instant.ts';
import { issue, IssuesError, problem } from './outcome.ts';
import { parseCriterion } from './search-criterion.ts';
import type { Criterion, SearchPlan } from './search.ts';
import { parseResultParameter, isResultParameter, type ResultParameters } from './search-result.ts';
import type { OperationOutcomeIssue, StoredType } from './types.ts';

export interface SearchRequest {
  readonly type: StoredType;
  /** Names and values in the order given, percent-decoded; of POST _search those of the URL and the body. */
  readonly pairs: readonly Pair[];
  /** `Prefer: handling=strict`. */
  readonly strict: boolean;
  /** Zone of dates that name none: hub.timeZone. */
  readonly zone: string;
  readonly now: Instant;
  /** Absolute references to here are the same as relative ones, e.g. `http://hub.example/fhir/R4`. */
  readonly base: string;
  readonly pageSize: number;
  readonly pageSizeMax: number;
}
export type Pair = readonly [name: string, value: string];

export interface ParsedSearch {
  readonly plan: SearchPlan;
  /** What was used, as written: the self link, from which a client sees what was ignored. */
  readonly used: readonly Pair[];
  readonly warnings: readonly OperationOutcomeIssue[];
  /** `_summary=count` or `_count=0`: no entries are asked for. */
  readonly countOnly: boolean;
}

/** What parsing one parameter came to. */
export type Parsed<T> =
  | { readonly kind: 'ok'; readonly value: T; readonly warning?: string }
  | { readonly kind: 'unknown'; readonly because: string }
  | { readonly kind: 'invalid'; readonly because: string };

/** Parameters of one request; far more than any search needs, few enough to read them all. */
export const PARAMETERS_MAX = 200;
/** Alternatives in one value. */
export const VALUES_MAX = 200;

/** @throws IssuesError PARAMETER_INVALID, PARAMETER_UNKNOWN (strict only) */
export function parseSearch(request: SearchRequest): ParsedSearch {
  const given = request.pairs.filter(([, value]) => value !== '');
  if (given.length > PARAMETERS_MAX) {
    throw new IssuesError('PARAMETER_INVALID', [
      problem('PARAMETER_INVALID', `The request has ${given.length} parameters; the limit is ${PARAMETERS_MAX}.`),
    ]);
  }
  const criteria: Criterion[] = [];
  const used: Pair[] = [];
  const warnings: OperationOutcomeIssue[] = [];
  const invalid: OperationOutcomeIssue[] = [];
  const unknown: OperationOutcomeIssue[] = [];
  const none = { count: null, total: false, countOnly: false, after: null, undecided: false };
  const result: ResultParameters = { includes: [], sort: [], ...none };
  for (const [name, value] of given) {
    const parsed = isResultParameter(name)
      ? parseResultParameter(name, value, request, result)
      : parseCriterion(name, value, request);
    if (parsed.kind === 'invalid') {
      invalid.push(problem('PARAMETER_INVALID', parsed.because, shown(name)));
    } else if (parsed.kind === 'unknown') {
      unknown.push(problem('PARAMETER_UNKNOWN', parsed.because, shown(name)));
    } else {
      if (parsed.warning !== undefined) warnings.push(issue('warning', 'not-found', parsed.warning, shown(name)));
      if (parsed.value !== null) criteria.push(parsed.value);
      if (name !== '_page' && name !== '_format' && name !== '_pretty') used.push([name, value]);
    }
  }
  if (invalid.length > 0) throw new IssuesError('PARAMETER_INVALID', [...invalid, ...unknown]);
  if (unknown.length > 0 && request.strict) throw new IssuesError('PARAMETER_UNKNOWN', unknown);
  warnings.push(...unknown.map((entry) => ({ ...entry, severity: 'warning' as const })));
  return { plan: planOf(request, criteria, result), used, warnings, countOnly: result.countOnly };
}

function planOf(request: SearchRequest, criteria: readonly Criterion[], result: ResultParameters): SearchPlan {
  const count = Math.min(result.count ?? request.pageSize, request.pageSizeMax);
  return {
    type: request.type,
    criteria,
    includes: result.countOnly ? [] : result.includes,
    sort: result.sort,
    count: result.countOnly ? 0 : count,
    total: result.total || result.countOnly,
    after: result.after,
    ...(result.undecided ? { undecided: true } : {}),
  };
}

/** A name is the caller's text; an outcome repeats no more of it than tells which one was meant. */
export function shown(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]/g, '?');
  return clean.length > 60 ? `${clean.slice(0, 60)}...` : clean;
}
