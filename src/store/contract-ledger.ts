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
    | 'practitioner-conflict'
    | 'patient-conflict'
    | 'patient-unknown';
  /** What it is about, unique among open ones of its kind: `booking:<id>`, `code:<site>:<code>`. */
  readonly subject: string;
  readonly site: string | null;
  readonly role: string;
  readonly dueAt: Instant;
  readonly openedAt: Instant;
  /** How many steps of its chain it went up because it was overdue; absent: none. */
  readonly escalated?: number;
  readonly evidence: Readonly<Record<string, string>>;
}

/** A step of a chain: from 1, for one kind or (null) for those without a chain of their own. */
export interface ChainStep {
  readonly kind: string | null;
  readonly step: number;
  readonly role: string;
  /** So long after it was due. */
  readonly after_ms: number;
}

/** What is overdue and went one step up. */
export interface Escalated {
  readonly kind: string;
  readonly subject: string;
  readonly site: string | null;
  /** Whose it was, and whose it is. */
  readonly from: string;
  readonly role: string;
  readonly step: number;
}

export interface WorkCount {
  readonly kind: string;
  readonly role: string;
  readonly isOverdue: boolean;
  readonly count: number;
}

export interface WorkItemStore {
  /** False when one with this kind and subject is open already. Writes its FHIR Task. */
  open(item: WorkItem): Promise<boolean>;
  close(kind: WorkItem['kind'], subject: string, now: Instant): Promise<boolean>;
  /** Subjects of open ones of a kind that name one of these ids. */
  openAbout(kind: WorkItem['kind'], ids: readonly string[]): Promise<readonly string[]>;
  /** Open ones, those due first; of one role, or of all. */
  list(limit: number, role?: string): Promise<readonly WorkItem[]>;
  /** Takes overdue ones up by one step each; a kind that `own` names has no chain but its own. */
  escalate(chain: readonly ChainStep[], own: readonly string[], now: Instant): Promise<readonly Escalated[]>;
  /** Open ones. */
  counts(now: Instant): Promise<readonly WorkCount[]>;
}
