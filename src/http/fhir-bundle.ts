/** Searchset Bundles as text: resources are stored as the text that is served, so a Bundle is joined and not built. */
import type { Extension, OperationOutcomeIssue } from '../fhir/types.ts';
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
  /** What is said of how an entry was found, by `Type/id`. */
  readonly found?: ReadonlyMap<string, Extension>;
}

export function searchset(parts: BundleParts): string {
  const entries = [
    ...parts.matches.map((served) => entry(parts, served, 'match')),
    ...parts.included.map((served) => entry(parts, served, 'include')),
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

function entry({ base, found }: BundleParts, served: Served, mode: 'match' | 'include'): string {
  const name = `${served.type}/${served.id}`;
  const url = JSON.stringify(`${base}/${name}`);
  const said = found?.get(name);
  const how = said === undefined ? '' : `"extension":[${JSON.stringify(said)}],`;
  return `{"fullUrl":${url},"resource":${served.json},"search":{${how}"mode":"${mode}"}}`;
}
