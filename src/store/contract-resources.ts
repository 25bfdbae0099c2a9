/** Canonical resources: ready JSON text beside typed columns. Part of store/contract.ts. */
import type { Instant, Interval } from '../core/instant.ts';
import type { Occupied } from '../fhir/effective.ts';
import type { SearchPlan } from '../fhir/search.ts';
import type { Appointment, Resource, Slot, SlotStatus, StoredType } from '../fhir/types.ts';

/** A row as it is served: `json` is the resource's text, masked where the scope lacks clearance. */
export interface Served {
  readonly type: StoredType;
  readonly id: string;
  readonly version: number;
  readonly lastUpdated: Instant;
  readonly json: string;
  readonly deleted: boolean;
}

/** What made a version: `site` and the inbox id, or the hub itself. */
export interface Cause {
  readonly site: string | null;
  readonly messageId: number | null;
  readonly siteTime: Instant | null;
  readonly now: Instant;
}

/** Slots that a change of the busy calendar touches. */
export interface SlotsAround {
  readonly slots: readonly {
    readonly slot: StoredSlot;
    /** Which of what was named touched it, by their places. */
    readonly touchedBy: ReadonlySet<number>;
    readonly taken: readonly Occupied[];
  }[];
}

/** Columns that search needs beside the text. */
export interface ResourceRow {
  readonly type: Exclude<StoredType, 'Slot' | 'Appointment'>;
  readonly id: string;
  readonly site: string | null;
  readonly resource: Resource;
  readonly active?: boolean;
  readonly name?: string;
  /** `param:system|code`; for Patient they are stored as keyed hashes. */
  readonly tokens?: readonly string[];
  /** `param:Type/id`. */
  readonly refs?: readonly string[];
  readonly during?: { readonly start: Instant | null; readonly end: Instant | null };
  readonly locations?: readonly string[];
  readonly security?: readonly string[];
}

export interface SlotRow {
  readonly id: string;
  readonly site: string;
  readonly siteKey: string;
  readonly scheduleId: string;
  readonly localVisitType: string;
  readonly visitType: string | null;
  readonly specialty: string | null;
  readonly locationId: string | null;
  readonly during: Interval;
  readonly siteStatus: SlotStatus;
  readonly capacity: number;
  readonly seatsLeft: number | null;
  /** Occupancy that the visits of a class share; null for ordinary slots. */
  readonly session: string | null;
  /** Its site is suspended, so nothing of it is offered. Absent: as it stands, for a new slot no. */
  readonly withdrawn?: boolean;
  readonly security: readonly string[];
  /** With the site's status; the store writes id, meta and the effective status into it. */
  readonly resource: Slot;
}
export interface StoredSlot extends Omit<SlotRow, 'resource' | 'withdrawn'> {
  readonly withdrawn: boolean;
  readonly version: number;
  readonly status: SlotStatus;
}

export interface AppointmentRow {
  readonly id: string;
  readonly site: string;
  readonly siteKey: string | null;
  readonly during: Interval | null;
  readonly visitType: string | null;
  readonly specialty: string | null;
  readonly patients: readonly string[];
  readonly actors: readonly string[];
  readonly slots: readonly string[];
  readonly tokens: readonly string[];
  readonly locations: readonly string[];
  readonly security: readonly string[];
  readonly orderedAt: Instant;
  readonly resource: Appointment;
}
export interface StoredAppointment extends AppointmentRow {
  readonly version: number;
}

export interface SearchResult {
  readonly matches: readonly Served[];
  readonly included: readonly Served[];
  /** Null when it was not asked for. */
  readonly total: number | null;
  /** Where the next page begins; null: last page. Opaque to callers. */
  readonly next: string | null;
}

export interface ResourceStore {
  read(type: StoredType, id: string): Promise<Served | null>;
  readVersion(type: StoredType, id: string, version: number): Promise<Served | null>;
  search(plan: SearchPlan): Promise<SearchResult>;
  /** Writes a new version unless nothing changed; false: unchanged. Keeps history. */
  put(row: ResourceRow, cause: Cause): Promise<boolean>;

  slot(id: string): Promise<StoredSlot | null>;
  /** Those of these that there are, in any order. */
  slotsNamed(ids: readonly string[]): Promise<readonly StoredSlot[]>;
  /**
   * Free ones of the slot's schedule and local visit type that start within the window: so many before it and behind.
   */
  freeNear(slot: StoredSlot, window: Interval, limit: number): Promise<readonly StoredSlot[]>;
  /** Slots of a schedule and local visit type that start within the window. */
  slotsOf(scheduleId: string, localVisitType: string, window: Interval): Promise<readonly StoredSlot[]>;
  /** Ids of slots of a schedule that overlap: those of the visit type, or all where there is none of it. */
  slotsOverlapping(scheduleId: string, during: Interval, localVisitType: string): Promise<readonly string[]>;
  /** Inserts or updates what the site says; `effective` is what refreshSlots leaves. Returns ids that changed. */
  putSlots(rows: readonly SlotRow[], cause: Cause): Promise<readonly string[]>;
  /** One of them, where nobody asks whether it changed: in a batch (`Tx.readAhead`) many are written together. */
  putSlot(row: SlotRow, cause: Cause): Promise<void>;
  /**
   * Recomputes the effective status of every slot of these resources that overlaps; writes versions only where it
   * differs.
   */
  refreshSlots(resourceIds: readonly string[], during: Interval, cause: Cause): Promise<readonly string[]>;
  /** The same for many at once, each resource with its own interval. */
  refreshTouched(
    touched: readonly { readonly resourceId: string; readonly during: Interval }[],
    cause: Cause,
  ): Promise<readonly string[]>;
  /**
   * For one who changes the busy calendar in the same transaction, and has no round trip to lose: the slots that
   * `refreshTouched` would look at, locked, with what is taken of them now. Nothing else may write those slots, or that
   * time, before `putAround`. Null: these are not told so simply (a class, a long time); refresh them.
   */
  slotsAround(
    touched: readonly { readonly resourceId: string; readonly during: Interval }[],
    now: Instant,
  ): Promise<SlotsAround | null>;
  /** Writes what changes of them by what is `taken` of each once the transaction is committed; as they stand then. */
  putAround(
    around: SlotsAround,
    taken: (one: SlotsAround['slots'][number]) => readonly Occupied[],
    cause: Cause,
  ): Promise<SlotsAround>;
  /** What a template no longer offers: busy-unavailable, or busy where a visit has it. Under the same ids. */
  closeSlots(ids: readonly string[], cause: Cause): Promise<number>;
  /**
   * Slots of a site that begin after `after` and that its templates do not offer: by templates, of none of these
   * schedules and local visit types; and those that visits filled in these schedules.
   */
  strayTemplateSlots(
    site: string,
    kept: readonly { readonly scheduleId: string; readonly visitType: string }[],
    after: Instant,
  ): Promise<readonly string[]>;
  /**
   * Takes every slot of these sites that has not begun out of the offer, and puts those of all other sites back into
   * it.
   */
  withdrawSlots(sites: readonly string[], cause: Cause): Promise<number>;
  /** When the site was asked for the seats that are left; null: that is not known, or it counts none. */
  seatsCountedAt(slot: StoredSlot): Promise<Instant | null>;
  /** Where a site says again what it counts, what was booked before its answer is in it: full classes may have room. */
  refreshClasses(
    windows: readonly {
      readonly scheduleId: string;
      readonly localVisitType: string;
      readonly window: Interval;
    }[],
    cause: Cause,
  ): Promise<void>;
  /** Resources (practitioners, rooms) that a schedule's slots occupy. */
  occupies(scheduleId: string): Promise<readonly string[]>;
  /** The same of the schedule of a slot; none where there is no such slot. */
  occupiedBy(slotId: string): Promise<readonly string[]>;
  /** False: they were these already. */
  setScheduleActors(
    scheduleId: string,
    actors: readonly { readonly type: string; readonly id: string }[],
  ): Promise<boolean>;

  appointment(id: string): Promise<StoredAppointment | null>;
  appointmentByKey(site: string, siteKey: string): Promise<string | null>;
  /** Ids of the site's appointments that have this token, `parameter:system|code`; the 500 newest. */
  appointmentsByToken(site: string, token: string): Promise<readonly string[]>;
  /** The first name stays; answers whom the key names now. */
  nameAppointment(site: string, siteKey: string, appointmentId: string): Promise<string>;
  /** The record that a key names turned out to be another appointment's. */
  renameAppointment(site: string, siteKey: string, appointmentId: string): Promise<void>;
  putAppointment(row: AppointmentRow, cause: Cause): Promise<boolean>;
  /** Its first version, as whoever may see it is shown it. Only of one that is known not to be there. */
  addAppointment(row: AppointmentRow, cause: Cause): Promise<Served>;

  linkPatient(patientId: string, goldenId: string, site: string, siteKey: string, now: Instant): Promise<void>;
  /** All patient records linked with this one, itself included. */
  linkedPatients(patientId: string): Promise<readonly string[]>;
  /** Which patient record a site's key names; null: none yet. */
  patientByKey(site: string, siteKey: string): Promise<string | null>;
  countUnmapped(site: string, system: string, code: string, now: Instant): Promise<{ readonly first: boolean }>;
  /** Ids of all sites that ever had a resource here. */
  sites(): Promise<readonly string[]>;
  counts(): Promise<Readonly<Record<string, number>>>;
}
