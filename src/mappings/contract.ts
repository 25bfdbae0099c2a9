/**
 * A mapping turns one stored message into canonical changes. Pure and total: no I/O, no clock (it is handed the facts),
 * and bad input is a result, never a throw. People are named by assertion; identity decides later who they are.
 */
import type { Instant, Interval } from '../core/instant.ts';
import type { AppointmentStatus, Coding, SlotStatus } from '../fhir/types.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { BookingAnswer } from './contract-answer.ts';
import type { PeopleChange, RelatedPeople, ToldFor, Unlisted, VisitChange } from './contract-people.ts';
import type { BlockChange, BlockWindowChange } from './contract-blocks.ts';
import type { PlaceChange, PractitionerChange } from './contract-directory.ts';
import type { VisitLinks } from './contract-links.ts';

export interface Mapping {
  /** SiteMessage.kind values. */
  readonly accepts: readonly string[];
  map(message: StoredMessage, facts: SiteFacts): Mapped;
  /** Equal for messages that say the same, whatever systems on the way stamped on them. Absent: bytes tell. */
  contentDigest?(message: StoredMessage, facts: SiteFacts): string;
}

/** A message as the inbox gives it back. */
export interface StoredMessage {
  readonly kind: string;
  readonly shape: 'event' | 'state' | 'hint';
  readonly object: string | null;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly receivedAt: Instant;
  readonly readAt: Instant | null;
  readonly occurredAt: Instant | null;
}

export interface SiteFacts {
  readonly site: SiteSettings;
  /** Canonical visit types by key: name and minutes. */
  readonly visitTypes: Readonly<Record<string, { readonly name: string; readonly duration_min: number }>>;
}

export type Mapped =
  | ({ readonly kind: 'changes'; readonly changes: readonly Change[]; readonly warnings: readonly string[] } & Unlisted)
  | { readonly kind: 'ignored'; readonly because: string }
  // Parked with stage 'map'. A barrier: what it would have done decides how later messages about the same are read.
  | ({ readonly kind: 'unreadable'; readonly issues: readonly MapIssue[]; readonly barrier?: true } & Unlisted);

/** `where` is a path (`SCH-11.4`, `datetime`), `problem` a sentence; neither holds a value of the message. */
export interface MapIssue {
  readonly code:
    | 'MESSAGE_UNREADABLE'
    | 'MESSAGE_INCOMPLETE'
    | 'MESSAGE_UNDECIDED'
    | 'IDENTIFIER_UNKNOWN'
    | 'RESOURCE_UNKNOWN'
    | 'MERGE_UNDECIDED'
    | 'LINK_DOUBTFUL';
  readonly where: string;
  readonly problem: string;
}

export type Change =
  | AppointmentChange
  | AppointmentGone
  | SlotWindowChange
  | BlockChange
  | BlockWindowChange
  | BookingAnswer
  | PatientChange
  | RelatedPeople
  | PeopleChange
  | VisitChange
  | PractitionerChange
  | PlaceChange;

/** Ordering time: an older one never overwrites a newer one of the same object. */
export interface Ordered {
  readonly at: Instant;
}

/** The whole appointment as this message states it. Fields that are undefined are not stated and stay as they are. */
export interface AppointmentChange extends Ordered, VisitLinks {
  readonly kind: 'appointment';
  /** The site's id: names the Appointment for ever. */
  readonly key: string;
  readonly identifiers: readonly SiteIdentifier[];
  readonly status: AppointmentStatus;
  /** True: the message states no status; `status` is for an appointment not known yet, a known one keeps its own. */
  readonly keepsStatus?: boolean;
  /** True: the message tells more of a visit that is known, and makes none. */
  readonly onlyKnown?: boolean;
  /** Both or neither: absent when the message gives no time (a cancel of an appointment never seen). */
  readonly during?: Interval;
  readonly visitType?: VisitTypeStatement;
  /** All services of the visit, the first being the visit type; absent where there is no more than that one. */
  readonly services?: readonly VisitTypeStatement[];
  readonly appointmentType?: CodedText;
  readonly participants: readonly ParticipantStatement[];
  /** True: participants and services are those that change (by their `action`); a known visit keeps the others. */
  readonly partial?: true;
  readonly patients: readonly PatientAssertion[];
  readonly reason?: CodedText;
  readonly diagnoses?: readonly CodedText[];
  readonly cancelationReason?: CodedText;
  readonly comment?: string;
  /** Whether the patients have said that they come, where the site keeps a mark of it. */
  readonly attendance?: ParticipantStatement['status'];
  readonly created?: Instant;
  /** Seats shared by several appointments: all with the same session occupy the practitioner once. */
  readonly session?: string;
  /** The hub's own reference found in the record: this is our booking. */
  readonly correlation?: string;
  /** An older key that this one replaces (a move that changed the id). */
  readonly replaces?: string;
  /** Security labels found in the message itself (PV1-16). */
  readonly security?: readonly string[];
}
/** The site no longer has the record (deleted there). */
export interface AppointmentGone extends Ordered {
  readonly kind: 'appointment-gone';
  readonly key: string;
  /** A sentence for the visit's history; absent: the record is no longer there. */
  readonly because?: string;
}

export interface SiteIdentifier {
  readonly system: string;
  readonly value: string;
  /** Table v2-0203: PLAC, FILL, VN. */
  readonly type?: string;
}
export interface CodedText {
  readonly coding: readonly Coding[];
  readonly text?: string;
}
export interface VisitTypeStatement {
  readonly code: string;
  readonly display?: string;
  /** In a partial statement: the service is no longer part of the visit. */
  readonly removed?: true;
}

/** One thing that the visit occupies, with its own interval where it differs from the appointment's. */
export interface ParticipantStatement {
  readonly actor: ResourceAssertion;
  readonly during?: Interval;
  readonly status: 'accepted' | 'declined' | 'tentative' | 'needs-action';
  /** v3-ParticipationType: ATND, PPRF ... */
  readonly type?: string;
  /**
   * In a partial statement. add: beside what the actor does already; remove: has no part in it; end: left at the time
   * of the message; none: is named, not changed. Absent: as stated here, instead of what was known of the same actor.
   */
  readonly action?: 'add' | 'remove' | 'end' | 'none';
}
export type ResourceAssertion =
  // A vendor calendar of the site file: practitioner and location.
  | { readonly kind: 'calendar'; readonly code: string }
  | { readonly kind: 'practitioner'; readonly assertion: PractitionerAssertion }
  | { readonly kind: 'location'; readonly code: string; readonly name?: string }
  | { readonly kind: 'device'; readonly code: string; readonly name?: string };

/** What a message says about who a practitioner is. `code`: the site's own; the site file may say who that is. */
export interface PractitionerAssertion {
  readonly code: string;
  readonly npi?: string;
  /** What the site calls the NPI and what cannot be one (core/npi.ts): for a person to see, never a key. */
  readonly refusedNpi?: string;
  readonly family?: string;
  readonly given?: string;
  readonly name?: string;
  /** A master file says whether they work here; absent: as known. */
  readonly active?: boolean;
  /** What they do, as a master file writes it; absent: not said. */
  readonly specialties?: readonly string[];
  /** From a master file: the name stands for the one that is known, unless other sites know the person as well. */
  readonly isMaster?: true;
  /** Of a calendar of the site file: whom the file says, and the key it stands under there. */
  readonly filed?: { readonly reference: string; readonly key: string };
}

/** What a message says about who a patient is. `key`: the site's record id; of `demographics` kinds a digest. */
export interface PatientAssertion {
  readonly key: string;
  readonly identifiers: readonly SiteIdentifier[];
  readonly family?: string;
  readonly given?: string;
  readonly middle?: string;
  readonly birthDate?: string;
  readonly gender?: 'male' | 'female' | 'other' | 'unknown';
  readonly phone?: string;
  readonly email?: string;
  readonly address?: PostalAddress;
  readonly language?: string;
  readonly deceased?: boolean;
  /** What the message says is to be deleted (HL7 v2 `""`), as opposed to not stated. */
  readonly cleared?: readonly ClearedField[];
  /** Ids of the hub by which the site names the person: it was given them when it was asked to register somebody. */
  readonly hubIds?: readonly string[];
  /** The site knows people by what they typed for their visits alone. */
  readonly ofVisits?: true;
}
export type ClearedField = 'middle' | 'birthDate' | 'gender' | 'phone' | 'email' | 'address' | 'language' | 'deceased';
export interface PostalAddress {
  readonly line: readonly string[];
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
}

export interface PatientChange extends Ordered {
  readonly kind: 'patient';
  readonly patient: PatientAssertion;
  /** True: the message is about the person, so a record that the site had deleted is there again. */
  readonly stated?: boolean;
  readonly toldFor?: ToldFor;
}

/**
 * All slots of a schedule and visit type that start within the window. A known slot that is not listed is no longer
 * offered: it becomes `busy-unavailable` under the same id, and returns if offered again.
 */
export interface SlotWindowChange extends Ordered {
  readonly kind: 'slots';
  readonly calendar: string;
  readonly visitType: string;
  readonly window: Interval;
  readonly slots: readonly SlotStatement[];
  /** The hub laid them out by the site file, not the site: what began before `at` stays as it was. */
  readonly template?: true;
}
export interface SlotStatement {
  /** Unique within the site, stable over cancel and re-open; the Slot's id is derived from it. */
  readonly key: string;
  readonly during: Interval;
  readonly status: SlotStatus;
  /** Seats in all and left, where the vendor says so; 1 otherwise. */
  readonly capacity?: number;
  readonly left?: number;
  /** What visits that share the time belong to; absent: the slot itself, where it has several seats. */
  readonly session?: string;
  readonly template?: TemplateMark;
}
/** Of a slot that a template of the site file lays out. */
export interface TemplateMark {
  readonly name: string;
  /** Visits that the staff channel may book above the capacity. */
  readonly overbook?: number;
  /** Who alone may book it. */
  readonly channel?: 'patient' | 'staff';
}
