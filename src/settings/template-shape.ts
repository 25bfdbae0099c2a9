/**
 * Templates: the hours that a site keeps, written in its file because the site itself sends none. Slots are laid out by
 * them (template-slots.ts). Dates are `YYYY-MM-DD` of the place, hours `HH:MM-HH:MM` on its wall clock.
 */

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';
export type Channel = 'patient' | 'staff';

export interface TemplateSettings {
  /** One of `resources.calendars`; else `practitioner`. */
  readonly calendar?: string;
  /** One of `resources.practitioners`, with `location` or `rotation`. */
  readonly practitioner?: string;
  readonly location?: string;
  readonly rotation?: RotationSettings;
  /** First and last date; absent: without end on that side. */
  readonly from?: string;
  readonly until?: string;
  readonly blocks: Readonly<Record<string, BlockSettings>>;
  /** By date: what runs then instead of the week's blocks, over holidays too. */
  readonly exceptions: Readonly<Record<string, ExceptionSettings>>;
}

/** Week by week (Monday to Sunday) one place after the other, beginning with the week of `anchor`. */
export interface RotationSettings {
  readonly anchor: string;
  readonly weeks: readonly string[];
}

export interface BlockSettings {
  readonly days: readonly Weekday[];
  /** Every so many weeks, counted from the week of `anchor`; absent: every week. */
  readonly weeks?: { readonly every: number; readonly anchor: string };
  readonly hours: readonly string[];
  readonly breaks: readonly string[];
  /** Another place than the template's. */
  readonly location?: string;
  /** Local codes; all are offered over the same time. */
  readonly visitTypes: readonly string[];
  /** Of every visit; absent: as the catalogue says for the visit type. */
  readonly length_min?: number;
  /** From start to start; absent: the length. */
  readonly step_min?: number;
  readonly capacity: number;
  readonly overbook: number;
  /** Who alone may book it. */
  readonly channel?: Channel;
  readonly release?: ReleaseSettings;
}

/** What becomes of a reserved block so many hours before it begins. */
export interface ReleaseSettings {
  readonly before_h: number;
  /** Offered from then on beside the block's own. */
  readonly visitTypes: readonly string[];
  /** What is not booked by then is not offered any more. */
  readonly close: boolean;
}

export type ExceptionSettings = 'closed' | Readonly<Record<string, readonly string[]>>;

/** A named list of dates on which places are closed; no places: all of the site. */
export interface HolidaySettings {
  readonly dates: readonly string[];
  readonly locations: readonly string[];
}
