/**
 * A request for an appointment (SRM, HL7 v2 chapter 10) as facts: what request-write.ts writes and request-read.ts
 * reads.
 */
import type { Instant, Interval } from '../core/instant.ts';

/** New, other time, other details, cancel before it began, stop in progress, entered in error. */
export type RequestTrigger = 'S01' | 'S02' | 'S03' | 'S04' | 'S05' | 'S06';

export interface RequestHeader {
  readonly sendingApplication: string;
  readonly sendingFacility: string;
  readonly receivingApplication: string;
  readonly receivingFacility: string;
  readonly at: Instant;
  /** MSH-10: unique among all that is sent there; at most 20 characters. */
  readonly controlId: string;
  readonly processingId: 'P' | 'T' | 'D';
  readonly version: string;
  /** MSH-18; empty: ASCII is meant, and what is not ASCII goes out in UTF-8. */
  readonly charset: string;
  /** MSH-15 and MSH-16: accept and application acknowledgement, each always. */
  readonly enhanced: boolean;
  /** Zone of every time in the message. */
  readonly zone: string;
  /** Whether times name the offset of that zone. */
  readonly offsets: boolean;
}

/** EI. */
export interface EntityId {
  readonly id: string;
  readonly namespace?: string;
  readonly universalId?: string;
  readonly universalIdType?: string;
}

/** CE. */
export interface Coded {
  readonly code: string;
  readonly text?: string;
  readonly system?: string;
}

/** XCN. */
export interface PersonId {
  readonly id: string;
  readonly family?: string;
  readonly given?: string;
}

/** PL: point of care, room, bed, facility. */
export interface PlaceId {
  readonly pointOfCare: string;
  readonly room?: string;
  readonly bed?: string;
  readonly facility?: string;
}

export interface RequestPatient {
  readonly identifiers: readonly PatientIdentifier[];
  readonly family: string;
  readonly given: string;
  /** `YYYY-MM-DD` */
  readonly birthDate?: string;
  readonly phone?: string;
  readonly email?: string;
  readonly middle?: string;
  /** PID-8, table 0001. */
  readonly sex?: 'M' | 'F' | 'O' | 'U';
  readonly address?: RequestAddress;
}

/** XAD, a home. */
export interface RequestAddress {
  readonly street?: string;
  readonly other?: string;
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
}

/** CX. */
export interface PatientIdentifier {
  readonly id: string;
  readonly namespace?: string;
  readonly universalId?: string;
  readonly type?: string;
}

/** APR: what would be liked, where the wanted time is a range. Classes are those of table 0294 (`Prefstart`, `Mon`). */
export interface Preferences {
  readonly time?: readonly Preference[];
  readonly resource?: readonly Preference[];
  readonly location?: readonly Preference[];
}
export interface Preference {
  readonly name: string;
  readonly value: string;
}

/** One of a group of resources that are all needed. Without a time of its own it is wanted for the whole visit. */
export type RequestResource = {
  readonly during?: Interval;
  /** Table 0206, where it is another than that of the whole request: added to, or taken out of the visit. */
  readonly action?: 'A' | 'D';
} & (
  | { readonly kind: 'service'; readonly service: Coded }
  | { readonly kind: 'person'; readonly person: PersonId; readonly role: Coded }
  | { readonly kind: 'place'; readonly place: PlaceId; readonly type: Coded }
  | { readonly kind: 'thing'; readonly thing: Coded; readonly type: Coded }
);

export interface SchedulingRequest {
  readonly trigger: RequestTrigger;
  /** ARQ-1: the asking side's own id. */
  readonly placer: EntityId;
  /** ARQ-2: the id that the other side gave; needed for everything but S01. */
  readonly filler?: EntityId;
  /** ARQ-3: of a visit that is one of several under one id. */
  readonly occurrence?: string;
  /** ARQ-6: why this is asked; a cancel's reason. */
  readonly eventReason?: Coded;
  /** ARQ-7: why the visit takes place. */
  readonly reason?: Coded;
  /** ARQ-8, table 0277. */
  readonly type?: Coded;
  /** ARQ-9 and 10. */
  readonly duration_min?: number;
  /** ARQ-11: each a wanted time. */
  readonly windows: readonly Interval[];
  /** ARQ-15 and ARQ-19. */
  readonly contact: PersonId;
  readonly enteredBy: PersonId;
  readonly preferences?: Preferences;
  /** Each line of it is a repetition of NTE-3. */
  readonly comment?: string;
  readonly patients: readonly RequestPatient[];
  readonly attending?: PersonId;
  /** Groups of resources (RGS). */
  readonly groups: readonly (readonly RequestResource[])[];
}
