/** How much of a site was proven to be as our copy says. Part of store/contract.ts. */
import type { Instant, Interval } from '../core/instant.ts';
import type { AppointmentStatus } from '../fhir/types.ts';

export interface ProofWindow {
  readonly calendar: string;
  readonly window: Interval;
}
/** A visit that takes its time: as our copy has it, or as the site told it. */
export interface VisitThere {
  readonly key: string;
  readonly start: Instant;
  readonly end: Instant;
}
/** A visit of our copy, to be held against a file of the site. */
export interface HeldVisit {
  readonly key: string;
  /** All names that the site has given it; `key` is one of them. */
  readonly keys: readonly string[];
  readonly status: AppointmentStatus;
  readonly during: Interval | null;
  /** Told, placed or moved after the file was written, or a booking of it is open: the file says nothing of it. */
  readonly later: boolean;
  /** Anything of it changed here after the file was written. */
  readonly touchedSince: boolean;
}
export interface Completeness {
  readonly site: string;
  readonly windows: number;
  readonly proven: number;
  /** Of the time that all windows cover, the share that is proven: 0 to 1. */
  readonly share: number;
  /** Every proven window was proven at this time or later; null: none is. */
  readonly provenSince: Instant | null;
  readonly lastProvenAt: Instant | null;
  /** The nearest of them first, at most 20. */
  readonly unproven: readonly (ProofWindow & { readonly differences: number })[];
}

export interface ProofStore {
  /** New windows are due at once; past ones and those that are not named are dropped. */
  plan(site: string, windows: readonly ProofWindow[], now: Instant): Promise<void>;
  /** The most overdue; `rounds`: how often it was asked for since it was last proven. */
  due(site: string, now: Instant): Promise<(ProofWindow & { readonly rounds: number }) | null>;
  /** What our copy has in it: visits of this calendar that begin in the window and take their time. */
  copyOf(site: string, window: ProofWindow): Promise<readonly VisitThere[]>;
  record(
    site: string,
    window: ProofWindow,
    found: { readonly at: Instant; readonly differences: number; readonly nextDue: Instant },
  ): Promise<void>;
  /** Could not be asked for: again at `nextDue`; what was proven stays so. */
  putOff(site: string, window: ProofWindow, nextDue: Instant): Promise<void>;
  /** The next state of these objects is applied, also where it is the one that was received last. */
  forgetReceived(site: string, objects: readonly string[]): Promise<void>;
  /** Visits that begin in the window, and those that have one of these keys, whatever became of them. */
  heldAgainst(
    site: string,
    snapshot: {
      readonly window: Interval;
      readonly keys: readonly string[];
      readonly takenAt: Instant;
      /** Bookings that were settled since may be too young for the snapshot. */
      readonly quietSince: Instant;
    },
  ): Promise<readonly HeldVisit[]>;
  /** Sites of which windows are planned. */
  completeness(): Promise<readonly Completeness[]>;
}
