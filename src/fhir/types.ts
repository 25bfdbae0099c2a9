/** The FHIR R4 (4.0.1) subset that the hub keeps and serves. Element names and codes are those of the specification. */

export type SlotStatus = 'busy' | 'free' | 'busy-unavailable' | 'busy-tentative' | 'entered-in-error';
// prettier-ignore
export type AppointmentStatus = 'proposed' | 'pending' | 'booked' | 'arrived' | 'fulfilled' | 'cancelled' | 'noshow'
  | 'entered-in-error' | 'checked-in' | 'waitlist';
export type ParticipationStatus = 'accepted' | 'declined' | 'tentative' | 'needs-action';

export interface Coding {
  readonly system?: string;
  readonly code?: string;
  readonly display?: string;
}
export interface CodeableConcept {
  readonly coding?: readonly Coding[];
  readonly text?: string;
}
export interface Identifier {
  readonly use?: string;
  readonly type?: CodeableConcept;
  readonly system?: string;
  readonly value?: string;
}
export interface Reference {
  readonly reference?: string;
  readonly type?: string;
  readonly identifier?: Identifier;
  readonly display?: string;
}
export interface Period {
  readonly start?: string;
  readonly end?: string;
}
export interface Extension {
  readonly url: string;
  readonly valueCode?: string;
  readonly valueString?: string;
  readonly valueInteger?: number;
  readonly valueInstant?: string;
  readonly valueUri?: string;
  readonly valueReference?: Reference;
  readonly valueIdentifier?: Identifier;
  readonly extension?: readonly Extension[];
}
export interface Meta {
  readonly versionId?: string;
  readonly lastUpdated?: string;
  /** `urn:slotwire:site:<site id>`, with `#<message id>` where one message made the version. */
  readonly source?: string;
  readonly security?: readonly Coding[];
  readonly tag?: readonly Coding[];
}
export interface Resource {
  readonly resourceType: string;
  readonly id?: string;
  readonly meta?: Meta;
  readonly extension?: readonly Extension[];
  readonly contained?: readonly Resource[];
}

export interface HumanName {
  readonly use?: string;
  readonly text?: string;
  readonly family?: string;
  readonly given?: readonly string[];
  readonly prefix?: readonly string[];
  readonly suffix?: readonly string[];
}
export interface ContactPoint {
  readonly extension?: readonly Extension[];
  readonly system?: 'phone' | 'fax' | 'email' | 'pager' | 'url' | 'sms' | 'other';
  readonly value?: string;
  readonly use?: string;
}
export interface Address {
  readonly text?: string;
  readonly line?: readonly string[];
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
}

export interface Schedule extends Resource {
  readonly resourceType: 'Schedule';
  readonly identifier?: readonly Identifier[];
  readonly active?: boolean;
  readonly serviceType?: readonly CodeableConcept[];
  readonly specialty?: readonly CodeableConcept[];
  readonly actor: readonly Reference[];
  readonly planningHorizon?: Period;
  readonly comment?: string;
}
export interface Slot extends Resource {
  readonly resourceType: 'Slot';
  readonly identifier?: readonly Identifier[];
  readonly serviceType?: readonly CodeableConcept[];
  readonly specialty?: readonly CodeableConcept[];
  readonly schedule: Reference;
  readonly status: SlotStatus;
  readonly start: string;
  readonly end: string;
  readonly overbooked?: boolean;
  readonly comment?: string;
}
export interface AppointmentParticipant {
  readonly type?: readonly CodeableConcept[];
  readonly actor?: Reference;
  readonly required?: 'required' | 'optional' | 'information-only';
  readonly status: ParticipationStatus;
  readonly period?: Period;
}
export interface Appointment extends Resource {
  readonly resourceType: 'Appointment';
  readonly identifier?: readonly Identifier[];
  readonly status: AppointmentStatus;
  readonly cancelationReason?: CodeableConcept;
  readonly serviceType?: readonly CodeableConcept[];
  readonly specialty?: readonly CodeableConcept[];
  readonly appointmentType?: CodeableConcept;
  readonly reasonCode?: readonly CodeableConcept[];
  readonly description?: string;
  readonly start?: string;
  readonly end?: string;
  readonly minutesDuration?: number;
  readonly slot?: readonly Reference[];
  readonly created?: string;
  readonly comment?: string;
  readonly basedOn?: readonly Reference[];
  readonly participant: readonly AppointmentParticipant[];
}
export interface Patient extends Resource {
  readonly resourceType: 'Patient';
  readonly identifier?: readonly Identifier[];
  readonly active?: boolean;
  readonly name?: readonly HumanName[];
  readonly telecom?: readonly ContactPoint[];
  readonly gender?: 'male' | 'female' | 'other' | 'unknown';
  readonly birthDate?: string;
  readonly deceasedBoolean?: boolean;
  readonly address?: readonly Address[];
  readonly link?: readonly {
    readonly other: Reference;
    readonly type: 'replaced-by' | 'replaces' | 'refer' | 'seealso';
  }[];
}
/** Somebody who acts or answers for a patient: next of kin, guardian, who pays. Of one site's record of the patient. */
export interface RelatedPerson extends Resource {
  readonly resourceType: 'RelatedPerson';
  readonly identifier?: readonly Identifier[];
  readonly active?: boolean;
  readonly patient: Reference;
  readonly relationship?: readonly CodeableConcept[];
  readonly name?: readonly HumanName[];
  readonly telecom?: readonly ContactPoint[];
  readonly gender?: NonNullable<Patient['gender']>;
  readonly birthDate?: string;
  readonly address?: readonly Address[];
  readonly period?: Partial<Period>;
}
export interface Practitioner extends Resource {
  readonly resourceType: 'Practitioner';
  readonly identifier?: readonly Identifier[];
  readonly active?: boolean;
  readonly name?: readonly HumanName[];
}
export interface PractitionerRole extends Resource {
  readonly resourceType: 'PractitionerRole';
  readonly identifier?: readonly Identifier[];
  readonly active?: boolean;
  readonly practitioner?: Reference;
  readonly organization?: Reference;
  readonly specialty?: readonly CodeableConcept[];
  readonly location?: readonly Reference[];
}
export interface Location extends Resource {
  readonly resourceType: 'Location';
  readonly identifier?: readonly Identifier[];
  readonly status?: 'active' | 'suspended' | 'inactive';
  readonly name?: string;
  readonly mode?: 'instance' | 'kind';
  readonly physicalType?: CodeableConcept;
  readonly address?: Address;
  readonly managingOrganization?: Reference;
  readonly partOf?: Reference;
}
export interface HealthcareService extends Resource {
  readonly resourceType: 'HealthcareService';
  readonly identifier?: readonly Identifier[];
  readonly active?: boolean;
  readonly type?: readonly CodeableConcept[];
  readonly specialty?: readonly CodeableConcept[];
  readonly name?: string;
  readonly comment?: string;
}
export interface Organization extends Resource {
  readonly resourceType: 'Organization';
  readonly identifier?: readonly Identifier[];
  readonly active?: boolean;
  readonly name?: string;
}
export interface Task extends Resource {
  readonly resourceType: 'Task';
  readonly identifier?: readonly Identifier[];
  readonly status: 'requested' | 'accepted' | 'in-progress' | 'completed' | 'cancelled';
  readonly intent: 'order';
  readonly priority?: 'routine' | 'urgent' | 'asap' | 'stat';
  readonly code: CodeableConcept;
  readonly description?: string;
  readonly focus?: Reference;
  readonly authoredOn?: string;
  /** Whose it is. */
  readonly performerType?: readonly CodeableConcept[];
  readonly restriction?: { readonly period?: Period };
  readonly input?: readonly {
    readonly type: CodeableConcept;
    readonly valueString?: string;
    readonly valueReference?: Reference;
  }[];
}
export interface OperationOutcomeIssue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information';
  readonly code: string;
  readonly details?: CodeableConcept;
  readonly diagnostics?: string;
  readonly expression?: readonly string[];
}
export interface OperationOutcome extends Resource {
  readonly resourceType: 'OperationOutcome';
  readonly issue: readonly OperationOutcomeIssue[];
}
export interface ParametersParameter {
  readonly name: string;
  readonly resource?: Resource;
  readonly valueReference?: Reference;
  readonly valueString?: string;
  readonly valueCode?: string;
  readonly valueInteger?: number;
  readonly valueDate?: string;
  readonly valueDuration?: { readonly value?: number; readonly unit?: string; readonly code?: string };
  readonly part?: readonly ParametersParameter[];
}
export interface Parameters extends Resource {
  readonly resourceType: 'Parameters';
  readonly parameter?: readonly ParametersParameter[];
}

/** Types that have rows in the store, in the order in which they depend on each other. */
export const STORED_TYPES = [
  'Organization', 'Location', 'HealthcareService', 'Practitioner', 'PractitionerRole', 'Patient', 'RelatedPerson',
  'Schedule', 'Slot', 'Appointment', 'Task',
] as const; // prettier-ignore
export type StoredType = (typeof STORED_TYPES)[number];

export const SYSTEMS = {
  npi: 'http://hl7.org/fhir/sid/us-npi',
  ssn: 'http://hl7.org/fhir/sid/us-ssn',
  identifierType: 'http://terminology.hl7.org/CodeSystem/v2-0203',
  confidentiality: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
  actCode: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  participation: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  physicalType: 'http://terminology.hl7.org/CodeSystem/location-physical-type',
  cancellationReason: 'http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason',
  /** The hub's canonical visit types. */
  visitType: 'urn:slotwire:visit-type',
  workItem: 'urn:slotwire:work-item',
  workRole: 'urn:slotwire:work-role',
} as const;

export const EXTENSIONS = {
  /** Slot: what the owning site itself says, before the busy calendar lowers it. */
  siteStatus: 'urn:slotwire:site-status',
  /** Slot: when the owning site last confirmed its window. */
  verifiedAt: 'urn:slotwire:verified-at',
  capacity: 'urn:slotwire:capacity',
  capacityLeft: 'urn:slotwire:capacity-left',
  /** Slot: laid out by this template of the site file; the site itself says nothing about it. */
  template: 'urn:slotwire:template',
  /** Slot of a template: visits that the staff channel may book above the capacity. */
  overbook: 'urn:slotwire:overbook',
  /** Slot of a template: the only channel (patient, staff) through which it may be booked. */
  channel: 'urn:slotwire:channel',
  /** Appointment: held for a caller, with `scope` (hub-only, site), `expires` and a `note`. */
  hold: 'urn:slotwire:hold',
  replaces: 'urn:slotwire:replaces',
  /** Appointment: the visit that this one is an occurrence of, as its site calls it (SCH-23, SCH-24). */
  parent: 'urn:slotwire:parent',
  /** Appointment: what was asked for together (SCH-4). */
  group: 'urn:slotwire:group',
  /** Appointment: the set or series that it was booked in (`id`), and its place in it (`step`, `of`, `name`). */
  set: 'urn:slotwire:set',
  /** Patient, a golden record: of one of its values (`element`) the `record` that it comes from, and the `ground`. */
  origin: 'urn:slotwire:origin',
  /** Patient.telecom of a minor: whose it is besides (`guarantor`), so that it is not taken for the minor's own. */
  contactOf: 'urn:slotwire:contact-of',
  /** Bundle.entry.search: found by a link that nobody has decided, between `record` and, of who was named, `with`. */
  undecided: 'urn:slotwire:undecided',
  timeZone: 'http://hl7.org/fhir/StructureDefinition/timezone',
} as const;
