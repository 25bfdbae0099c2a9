/** What applying one message works with. */
import type { HubError } from '../core/errors.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { PatientIndex, PractitionerIndex } from '../identity/contract.ts';
import type { MapIssue, Mapping } from '../mappings/contract.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';

export interface ApplyContext {
  readonly tx: Tx;
  readonly plan: Plan;
  readonly site: SiteSettings;
  readonly message: InboxMessage;
  readonly cause: Cause;
  readonly now: Instant;
  readonly patients: PatientIndex;
  readonly practitioners: PractitionerIndex;
  /** The site publishes its own slots; otherwise an appointment fills a Slot of its own. */
  readonly publishesSlots: boolean;
  readonly effects: Effects;
}

/** What must be woken once the transaction is committed. Losing it loses nothing. */
export interface Effects {
  /** Bookings that news from the site settled. */
  readonly bookings: Set<string>;
  deliveries: boolean;
  availability: boolean;
}

/** Stops the message: it is kept, and a person must act. */
export class Park extends Error {
  readonly stage: 'map' | 'identify' | 'apply';
  readonly code: HubError['code'];
  constructor(stage: Park['stage'], code: HubError['code'], reason: string) {
    super(reason);
    this.name = 'Park';
    this.stage = stage;
    this.code = code;
  }
}

/** The message cannot be applied yet: whose news it is depends on an answer that is under way. */
export class NotYet extends Error {
  readonly retry_ms: number;
  constructor(reason: string, retry_ms: number) {
    super(reason);
    this.name = 'NotYet';
    this.retry_ms = retry_ms;
  }
}

/** `superseded`: newer news was applied before. */
export type Applied = 'applied' | 'superseded';

export type MappingOf = (site: SiteSettings, messageKind: string) => Mapping | null;

export function describeIssues(issues: readonly MapIssue[]): string {
  return issues.map((issue) => `${issue.where}: ${issue.problem}`).join('; ');
}

export function spanOf(intervals: readonly Interval[]): Interval | null {
  const [first, ...rest] = intervals;
  if (first === undefined) return null;
  return rest.reduce(
    (span, next) => ({
      start: next.start < span.start ? next.start : span.start,
      end: next.end > span.end ? next.end : span.end,
    }),
    first,
  );
}
