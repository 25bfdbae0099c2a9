/**
 * A search as the store understands it: parsed, checked, with dates as instants. Made by parseSearch from query
 * parameters (fhir-scheduling.md section 6); the CapabilityStatement is generated from the same table of parameters.
 */
import type { Instant } from '../core/instant.ts';
import type { StoredType } from './types.ts';

/** Half-open range of the moments that a date value stands for. */
export type DatePrefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap';

export type Criterion =
  | { readonly kind: 'token'; readonly param: string; readonly negate: boolean; readonly anyOf: readonly TokenValue[] }
  | { readonly kind: 'date'; readonly param: string; readonly anyOf: readonly DateValue[] }
  | { readonly kind: 'reference'; readonly param: string; readonly anyOf: readonly ReferenceValue[] }
  | {
      readonly kind: 'string';
      readonly param: string;
      readonly anyOf: readonly string[];
      readonly match: 'starts' | 'exact' | 'contains';
    }
  | { readonly kind: 'missing'; readonly param: string; readonly missing: boolean }
  /** `schedule.actor=...`: the referenced resource must meet the inner criteria. */
  | { readonly kind: 'chain'; readonly param: string; readonly target: StoredType; readonly inner: Criterion }
  /** One of these: a chain over a parameter that reaches several types. */
  | { readonly kind: 'any'; readonly of: readonly Criterion[] };

/** `system` undefined: any system; null: no system. `code` undefined: any code of the system. */
export interface TokenValue {
  readonly system?: string | null;
  readonly code?: string;
}
export interface DateValue {
  readonly prefix: DatePrefix;
  /** Of `ap` the range is widened already. */
  readonly from: Instant;
  /** End of the precision given, exclusive. */
  readonly until: Instant;
}
export interface ReferenceValue {
  readonly type: StoredType;
  readonly id: string;
}
export interface Include {
  readonly source: StoredType;
  readonly param: string;
  readonly reverse: boolean;
  readonly iterate: boolean;
  readonly target: StoredType | null;
}

export interface SearchPlan {
  readonly type: StoredType;
  /** All must hold. */
  readonly criteria: readonly Criterion[];
  readonly includes: readonly Include[];
  readonly sort: readonly { readonly param: string; readonly descending: boolean }[];
  readonly count: number;
  readonly total: boolean;
  /** From SearchResult.next; null: first page. */
  readonly after: string | null;
  /** Also what belongs to records that may be of the person named, and that nobody has decided on. Absent: no. */
  readonly undecided?: boolean;
}
