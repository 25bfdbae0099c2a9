/** What a site can be asked for window by window: open time, and everything that it has. Part of contract.ts. */
import type { Instant, Interval } from '../core/instant.ts';
import type { Page, Purpose, SiteState } from './contract.ts';

/** Computed slots: the vendor has no slot records, so windows of (calendar, visit type) are asked for. */
export interface Availability {
  /** What answers is the site file, by its templates: nothing is heard of the site by asking. */
  readonly by?: 'template';
  /** What the answers depend on beside the site file: where it is another one, all windows are due. */
  basis?(): string;
  /** When a window that was answered at `at` is to be asked again; absent: as the site file says (`poll`). */
  askAgain?(window: AvailabilityWindow, at: Instant): Instant;
  /** Which (calendar, local visit type) pairs can be asked, from the site file and what the vendor offers. */
  pairs(signal: AbortSignal): Promise<readonly { readonly calendar: string; readonly visitType: string }[]>;
  /** Longest window of one ask. */
  readonly window_days: number;
  /** `purpose` booking: somebody waits for the answer, so it may use what is kept for bookings. Default sync. */
  ask(
    window: AvailabilityWindow,
    channel: 'patient' | 'staff',
    signal: AbortSignal,
    purpose?: Purpose,
  ): Promise<SiteState>;
}
export interface AvailabilityWindow {
  readonly calendar: string;
  readonly visitType: string;
  /** Starts and ends at midnight of the calendar's own zone. */
  readonly window: Interval;
}

/** Everything that the site has, so that our copy can be held against it (pipeline/reconcile.ts). */
export interface Reconcile {
  /** Windows over the horizon. They do not overlap, and stay where they are from one day to the next. */
  windows(now: Instant): readonly ReconcileWindow[];
  /**
   * Each visit of the window as a state. `complete` names the windows that were listed whole: this one, or its parts.
   */
  list(window: ReconcileWindow, signal: AbortSignal): Promise<Pick<Page<never>, 'messages' | 'complete'>>;
}
export interface ReconcileWindow {
  readonly calendar: string;
  /** Starts and ends at midnight of the calendar's own zone. */
  readonly window: Interval;
}
