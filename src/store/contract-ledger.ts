/** What happened, for ever, and what a person must do. Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';

export interface LedgerEntry {
  readonly at: Instant;
  /**
   * offered, held, sent, booked, refused, unknown, resolved, cancelled, status, released, expired, opening-closed ...
   */
  readonly kind: string;
  readonly site?: string;
  readonly bookingId?: string;
  readonly appointmentId?: string;
  readonly slotId?: string;
  readonly cause?: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
}
export interface LedgerStore {
  /** The actor is the scope's. */
  add(entries: readonly LedgerEntry[]): Promise<void>;
  /** Writes the closing record of every slot that began since the last call; the number of records. */
  closeOpenings(now: Instant): Promise<number>;
  ofBooking(bookingId: string): Promise<readonly (LedgerEntry & { readonly actor: string })[]>;
}

export interface WorkItem {
  readonly id: string;
  readonly kind:
    | 'unmapped'
    | 'parked'
    | 'unresolved-booking'
    | 'conflict'
    | 'mirror-refused'
    | 'approval'
    | 'failed-undo'
    | 'unheard-answer'
    | 'practitioner-conflict';
  /** What it is about, unique among open ones of its kind: `booking:<id>`, `code:<site>:<code>`. */
  readonly subject: string;
  readonly site: string | null;
  readonly role: string;
  readonly dueAt: Instant;
  readonly openedAt: Instant;
  readonly evidence: Readonly<Record<string, string>>;
}
export interface WorkItemStore {
  /** False when one with this kind and subject is open already. Writes its FHIR Task. */
  open(item: WorkItem): Promise<boolean>;
  close(kind: WorkItem['kind'], subject: string, now: Instant): Promise<boolean>;
  /** Subjects of open ones of a kind that name one of these ids. */
  openAbout(kind: WorkItem['kind'], ids: readonly string[]): Promise<readonly string[]>;
  list(limit: number): Promise<readonly WorkItem[]>;
}
