/** What applying one message works with. */
import type { WriteOutcome } from '../connectors/contract.ts';
import type { Instant } from '../core/instant.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import type { PatientIndex, PractitionerIndex } from '../identity/contract.ts';
import type { MapIssue, Mapping } from '../mappings/contract.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { Booking, LedgerEntry, Touched } from '../store/contract-bookings.ts';
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
  /** Records the site's word on a booking (booking/settle.ts); absent where nothing is booked. */
  readonly settle?: SettleWithin;
  readonly effects: Effects;
  readonly batch: Batch;
}

export type SettleWithin = (
  tx: Tx,
  answer: {
    readonly booking: Booking;
    readonly site: SiteSettings;
    readonly outcome: WriteOutcome;
    readonly sentAt: Instant;
  },
) => Promise<void>;

/** What the messages of one transaction share. */
export interface Batch {
  /** Time that came or went: the slots that it touches are looked at once, when all messages are applied. */
  readonly touched: Touched[];
  /** Visits to be looked at for conflicts then: of two that trade places neither is in the other's way any more. */
  readonly visits: Set<string>;
  /** What happened, written by one statement at the end. */
  readonly ledger: LedgerEntry[];
  /** People, places and schedules that were written already: a hundred messages name the same few. */
  readonly known: Map<string, Promise<unknown>>;
}

export function newBatch(): Batch {
  return { touched: [], visits: new Set(), ledger: [], known: new Map() };
}

/** `make` once in a transaction. What the key names must say everything that the answer depends on. */
export function once<T>(context: Pick<ApplyContext, 'batch'>, key: string, make: () => Promise<T>): Promise<T> {
  const known = context.batch.known.get(key) as Promise<T> | undefined;
  const answer = known ?? make();
  if (known === undefined) context.batch.known.set(key, answer);
  return answer;
}

/** What must be woken once the transaction is committed. Losing it loses nothing. */
export interface Effects {
  /** Bookings that news from the site settled. */
  readonly bookings: Set<string>;
  /** Steps that a site took and a client may not take (fhir-scheduling.md section 4): applied, and told. */
  readonly unusual: { readonly site: string; readonly from: AppointmentStatus; readonly to: AppointmentStatus }[];
  deliveries: boolean;
  availability: boolean;
  /** Visits that may be at risk. */
  conflicts: boolean;
}

/** `superseded`: newer news was applied before. */
export type Applied = 'applied' | 'superseded';

export type MappingOf = (site: SiteSettings, messageKind: string) => Mapping | null;

export function describeIssues(issues: readonly MapIssue[]): string {
  return issues.map((issue) => `${issue.where}: ${issue.problem}`).join('; ');
}
