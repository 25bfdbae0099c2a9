/** Searchset Bundles as text: resources are stored as the text that is served, so a Bundle is joined and not built. */
import type { OperationOutcomeIssue } from '../fhir/types.ts';
import { outcome } from '../fhir/outcome.ts';
import type { Served } from '../store/contract-resources.ts';

export interface BundleParts {
  readonly base: string;
  /** Null: not known. */
  readonly total: number | null;
  readonly links: readonly { readonly relation: 'self' | 'next'; readonly url: string }[];
  readonly matches: readonly Served[];
  readonly included: readonly Served[];
  readonly warnings: readonly OperationOutcomeIssue[];
}

export function searchset(parts: BundleParts): string {
  const entries = [
    ...parts.matches.map((served) => entry(parts.base, served, 'match')),
    ...parts.included.map((served) => entry(parts.base, served, 'include')),
  ];
  if (parts.warnings.length > 0) {
    entries.push(`{"resource":${JSON.stringify(outcome(parts.warnings))},"search":{"mode":"outcome"}}`);
  }
  const head = [
    '"resourceType":"Bundle"',
    '"type":"searchset"',
    ...(parts.total === null ? [] : [`"total":${parts.total}`]),
    ...(parts.links.length === 0 ? [] : [`"link":${JSON.stringify(parts.links)}`]),
    // An empty array is not legal JSON of FHIR.
    ...(entries.length === 0 ? [] : [`"entry":[${entries.join(',')}]`]),
  ];
  return `{${head.join(',')}}`;
}

function entry(base: string, served: Served, mode: 'match' | 'include'): string {
  const url = JSON.stringify(`${base}/${served.type}/${served.id}`);
  return `{"fullUrl":${url},"resource":${served.json},"search":{"mode":"${mode}"}}`;
}
