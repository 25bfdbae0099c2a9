/** Answers in FHIR's envelopes: outcomes with this vendor's numbers (sheet 2.1), bundles and their empty shape. */
import { Refusal, type Answer } from '../kit/route.ts';
import type { Hospital, Version } from './hospital.ts';

export type Resource = Readonly<Record<string, unknown>>;

interface Meaning {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information';
  /** FHIR issue type. */
  readonly type: string;
  readonly text: string;
}

/** Numbers and severities of the sheet's table; the words are our own. */
const CODES = {
  '4100': { severity: 'fatal', type: 'invalid', text: 'A parameter of the request is invalid.' },
  '4101': { severity: 'warning', type: 'not-found', text: 'The request returned no results.' },
  '4102': { severity: 'fatal', type: 'not-found', text: 'The id of the read names no resource.' },
  '4103': { severity: 'fatal', type: 'deleted', text: 'The resource was deleted.' },
  '4107': { severity: 'fatal', type: 'not-found', text: 'The patient was merged into another record.' },
  '4110': { severity: 'fatal', type: 'required', text: 'The search has no parameters.' },
  '4111': { severity: 'fatal', type: 'required', text: 'The search lacks a required parameter.' },
  '4113': { severity: 'fatal', type: 'expired', text: 'The paging session has expired.' },
  '4115': { severity: 'fatal', type: 'invalid', text: 'A search parameter is invalid.' },
  '4118': { severity: 'fatal', type: 'forbidden', text: 'The user is not authorised for the request.' },
  '4119': { severity: 'warning', type: 'incomplete', text: 'More data may exist than was returned.' },
  '4122': { severity: 'warning', type: 'informational', text: 'An unknown parameter was ignored.' },
  '4127': { severity: 'fatal', type: 'too-costly', text: 'Too many results, or too few search elements.' },
  '4130': { severity: 'fatal', type: 'suppressed', text: 'Break-the-glass security restricts this record.' },
  '4135': { severity: 'fatal', type: 'throttled', text: 'The daily ceiling of requests was reached.' },
  '59100': { severity: 'information', type: 'informational', text: 'An unknown element was ignored.' },
  '59101': { severity: 'fatal', type: 'structure', text: 'The content is invalid.' },
  '59108': { severity: 'fatal', type: 'required', text: 'A required element is missing.' },
  '59109': { severity: 'information', type: 'informational', text: 'An optional element is invalid and was ignored.' },
  '59111': { severity: 'fatal', type: 'value', text: 'A required element is invalid.' },
  '59144': { severity: 'fatal', type: 'not-found', text: 'A reference could not be found.' },
  '59159': { severity: 'fatal', type: 'business-rule', text: 'The operation failed to pass a business rule.' },
  '59177': { severity: 'fatal', type: 'exception', text: 'An internal error occurred.' },
  '59200': { severity: 'warning', type: 'business-rule', text: 'The decision tree could not pick a visit type.' },
} as const satisfies Record<string, Meaning>;

export type Code = keyof typeof CODES;

export interface Issue {
  readonly code: Code;
  readonly diagnostics?: string;
  /** `/f:appointment` */
  readonly location?: string;
  /** Another FHIR issue type than the code has by itself. */
  readonly type?: string;
}

const FHIR_JSON = { 'content-type': 'application/fhir+json; charset=utf-8' };

export function fhir(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body, headers: { ...FHIR_JSON, ...headers } };
}

export function outcome({ seed }: Pick<Hospital, 'seed'>, issues: readonly Issue[]): Resource {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map(({ code, diagnostics, location, type }) => {
      const meaning: Meaning = CODES[code];
      const coding = { system: `urn:oid:${seed.site.oid}.7.2.657369`, code, display: meaning.text };
      return {
        severity: meaning.severity,
        code: type ?? meaning.type,
        details: { coding: [coding], text: meaning.text },
        ...(diagnostics === undefined ? {} : { diagnostics }),
        ...(location === undefined ? {} : { location: [location] }),
      };
    }),
  };
}

/** Thrown by rules; the call then answers this and writes nothing. */
export function refusal(
  hospital: Pick<Hospital, 'seed'>,
  status: number,
  issue: Issue,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return new Refusal(fhir(outcome(hospital, [issue]), status, headers));
}

export interface Found {
  readonly resource: Resource;
  readonly mode?: 'match' | 'include';
  readonly score?: number;
  readonly extension?: readonly unknown[];
}

/** A searchset. Nothing found is a total of 0 and one entry that says so (sheet section 2). */
export function searchset(
  hospital: Hospital,
  version: Version,
  self: string,
  found: readonly Found[],
  more: { readonly total?: number; readonly next?: string; readonly issues?: readonly Issue[] } = {},
): Resource {
  const total = more.total ?? found.length;
  const issues = [...(more.issues ?? []), ...(total === 0 ? ([{ code: '4101' }] as const) : [])];
  const root = `${hospital.base()}/api/FHIR/${version}`;
  const entries: unknown[] = found.map(({ resource, mode = 'match', score, extension }) => ({
    fullUrl: `${root}/${String(resource['resourceType'])}/${String(resource['id'])}`,
    resource,
    search: {
      ...(extension === undefined ? {} : { extension }),
      mode,
      ...(score === undefined ? {} : { score }),
    },
  }));
  if (issues.length > 0) entries.push({ resource: outcome(hospital, issues), search: { mode: 'outcome' } });
  const links = [
    { relation: 'self', url: self },
    ...(more.next === undefined ? [] : [{ relation: 'next', url: more.next }]),
  ];
  return { resourceType: 'Bundle', type: 'searchset', total, link: links, entry: entries };
}
