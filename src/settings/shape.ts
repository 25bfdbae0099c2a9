/**
 * What the configuration means once it is read and checked: plain frozen data. Files are read by load.ts, checked by
 * plan.ts; nothing else knows YAML. Field names are those of the files (DESIGN section 6); units are in the names.
 */
import type { HolidaySettings, TemplateSettings } from './template-shape.ts';

import type { ClientHl7 } from './client-hl7-shape.ts';
import type { IdentifierSettings, PatientPolicy } from './identifier-shape.ts';
import type { MllpSettings } from './mllp-shape.ts';
import type { IdentitySettings, SiteMatching, WorkSettings } from './people-shape.ts';
import type { SigningSettings } from './signing-shape.ts';
import type { Taxonomy } from './taxonomy.ts';

/** Where messages and bookings are real. A site's environment must equal the hub's, or the plan is refused. */
export type Environment = 'production' | 'test' | 'sandbox';

/**
 * How far a site is taken into service: shadow (received and compared, invisible to callers), read (visible), pilot
 * (bookings in its scope), live (bookings), suspended (nothing flows, data kept). Only pilot and live write.
 */
export type Stage = 'shadow' | 'read' | 'pilot' | 'live' | 'suspended';

/** automatic: callers book directly; approval: a coordinator decides first; read-only: never written. */
export type WritePolicy = 'automatic' | 'approval' | 'read-only';

export interface Plan {
  readonly hub: HubSettings;
  /** By site id, ascending. */
  readonly sites: readonly SiteSettings[];
  readonly subscribers: readonly SubscriberSettings[];
  /** Of the file that hub.yaml names; absent: none. */
  readonly taxonomy?: Taxonomy;
}

export interface HubSettings {
  readonly environment: Environment;
  /** Where the hub is reached from outside, without a path; what vendors are told as the target of webhooks. */
  readonly publicUrl?: string;
  /** The zone in which a search date without a zone is read (fhir-scheduling.md 6.2). */
  readonly timeZone: string;
  /** Canonical catalogue of visit types, key = canonical code; each becomes a HealthcareService. */
  readonly visitTypes: Readonly<Record<string, VisitType>>;
  readonly clients: readonly ClientSettings[];
  /** Who practitioners are, where no site file says so; absent: nothing. */
  readonly practitioners?: PractitionerSettings;
  /** Sandbox only: which simulators to start, by site id. Empty otherwise. */
  readonly simulators: Readonly<Record<string, SimulatorSettings>>;
  /** The port that sites without one of their own share. */
  readonly mllp: MllpSettings;
  readonly limits: HubLimits;
  readonly booking: BookingSettings;
  /** How long a practitioner needs from place to place; absent: no time. */
  readonly travel?: TravelSettings;
  readonly retention: RetentionSettings;
  /** Absent, of plans made by hand: the defaults. */
  readonly identity?: IdentitySettings;
  readonly work?: WorkSettings;
  readonly signing?: SigningSettings;
}

export interface PractitionerSettings {
  /** CSV below CONFIG_DIR: site, code, npi, name. What it says stands under `resources.practitioners` of the sites. */
  readonly crosswalk?: string;
  /** CSV of NUCC below CONFIG_DIR. */
  readonly taxonomy?: string;
  /** Lists of codes, `SITE/CODE`, of people who are called alike and of whom no two are one. */
  readonly apart?: readonly (readonly string[])[];
}

export interface VisitType {
  readonly name: string;
  readonly duration_min: number;
  readonly modality: 'in-person' | 'video' | 'phone' | 'group';
  /** Who may take it: new patients, established ones, or both. */
  readonly patients: 'new' | 'established' | 'any';
  /** Canonical specialty code (NUCC or local), if one is set. */
  readonly specialty?: string;
}

export type Role = 'admin' | 'scheduler' | 'readonly' | 'site';

export interface ClientSettings {
  readonly id: string;
  /** Absent: it does not call the API. */
  readonly token?: string;
  readonly role: Role;
  /** Site ids, or '*' for all. */
  readonly sites: readonly string[] | '*';
  /** Location keys as `site/location`, or '*' for all. */
  readonly locations: readonly string[] | '*';
  /** Security labels beyond N that this client may see, e.g. R, 42CFRPart2. */
  readonly clearances: readonly string[];
  /** Decides about bookings that wait for approval; absent: only an admin does. */
  readonly coordinator?: boolean;
  /** Absent: it sends no requests by HL7 v2. */
  readonly hl7?: ClientHl7;
}

export interface SimulatorSettings {
  readonly kind: string;
  /** Seed file, relative to CONFIG_DIR. */
  readonly seed: string;
}

export interface HubLimits {
  readonly httpBody_bytes: number;
  readonly webhookBody_bytes: number;
  readonly frame_bytes: number;
  readonly mllpConnections: number;
  readonly mllpIdle_ms: number;
  readonly mllpMessage_ms: number;
  readonly pageSize: number;
  readonly pageSizeMax: number;
  readonly searchRowsExamined: number;
  readonly requestTimeout_ms: number;
  readonly requestsPerClient_per_s: number;
  readonly databaseConnections: number;
  readonly applyBatch: number;
  readonly applyAttempts: number;
}

export interface BookingSettings {
  /** How long the caller waits for the site before the answer is 202. */
  readonly wait_ms: number;
  /** How long one call to a site may take before its outcome is unknown. */
  readonly siteTimeout_ms: number;
  readonly holdExpiry_s: number;
  /** How long a caller may hold a time by $hold before booking it. */
  readonly callerHold_s: number;
  /** From its beginning, however often it is made longer. */
  readonly callerHoldTotal_s: number;
  readonly callerHoldsPerClient: number;
  /** Of one set or series: each is a call to a site, and all of its steps are looked at together. */
  readonly setVisits: number;
  /** How long a coordinator has to decide, at sites that want one to. */
  readonly approvalExpiry_s: number;
  /** How often an unresolved booking is looked up, and for how long before a person must decide. */
  readonly resolveEvery_ms: number;
  readonly resolveFor_s: number;
  /** How long a booking waits for a site that is down and whose file says `whenDown: queue`. */
  readonly queueFor_s: number;
  /** So many failed calls in a row, within so long, and a site counts as down; then one call is tried so often. */
  readonly breakerFailures: number;
  readonly breakerWithin_s: number;
  readonly breakerProbe_s: number;
  /** A second visit of one person at the same time, at any site; absent: refuse. */
  readonly patientOverlap?: 'refuse' | 'allow';
}

/** Locations are named `site/location`. Looked up in this order: matrix, estimate, `otherwise_min`. */
export interface TravelSettings {
  readonly matrix: readonly TravelTime[];
  /** From the straight line between two locations whose latitude and longitude are known. */
  readonly estimate?: { readonly speed_km_per_h: number; readonly fixed_min: number };
  readonly otherwise_min: number;
}
export interface TravelTime {
  readonly from: string;
  readonly to: string;
  readonly minutes: number;
}

export interface RetentionSettings {
  readonly inbox_days: number;
  readonly history_days: number;
  readonly dedupe_days: number;
}

export interface SiteSettings {
  /** The file name without `.yaml`: lower-case letters, digits and hyphens. */
  readonly id: string;
  /** The id that this site had before it was renamed. */
  readonly formerly?: string;
  /** `formerly`, else `id`: what the ids of this site's resources are derived from, so that a rename keeps them. */
  readonly identity: string;
  readonly kind: string;
  readonly environment: Environment;
  readonly stage: Stage;
  readonly scope: PilotScope;
  readonly timeZone: string;
  /** Checked and completed with defaults by the kind's own settings spec. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly locations: Readonly<Record<string, LocationSettings>>;
  readonly resources: ResourceSettings;
  /** By authority as the site writes it: `ACME^MR` (CX.4^CX.5) or `mrn`. */
  readonly identifiers: Readonly<Record<string, IdentifierSettings>>;
  /** What to do with an authority that is not listed. */
  readonly unknownIdentifiers: 'park' | 'local-only';
  /** Stricter than the hub's; absent: as the hub's. */
  readonly matching?: SiteMatching;
  /** Absent: refuse. */
  readonly patients?: PatientPolicy;
  /** Local visit type code -> key in the hub's catalogue. */
  readonly visitTypes: Readonly<Record<string, string>>;
  /** What the site calls a specialty -> specialty code (NUCC or own). */
  readonly specialties?: Readonly<Record<string, string>>;
  /** The plan's: whoever writes about a site's people needs the names of codes. */
  readonly taxonomy?: Taxonomy;
  /** By visit type of the catalogue: what such a visit takes besides its slot. */
  readonly visits?: Readonly<Record<string, VisitRule>>;
  readonly write: WritePolicy;
  /** What becomes of a booking while the site is down; absent: refuse. */
  readonly whenDown?: 'refuse' | 'queue';
  readonly mirror: readonly MirrorSettings[];
  readonly sensitivity: SensitivitySettings;
  readonly poll: PollSettings;
  /** By name; only for sites whose kind publishes no slots. */
  readonly templates?: Readonly<Record<string, TemplateSettings>>;
  readonly holidays?: Readonly<Record<string, HolidaySettings>>;
}

export interface VisitRule {
  /** Kept free of other visits of whoever the visit takes, before and behind it. */
  readonly padBefore_min: number;
  readonly padAfter_min: number;
  readonly needs: readonly NeedRule[];
}
/** One room or device that the visit takes besides, from so long before its start until so long behind its end. */
export interface NeedRule {
  readonly room?: string;
  readonly device?: string;
  readonly before_min: number;
  readonly after_min: number;
}

/** Empty lists mean everything. Only looked at in stage `pilot`. */
export interface PilotScope {
  readonly locations: readonly string[];
  readonly visitTypes: readonly string[];
}

export interface LocationSettings {
  readonly name: string;
  readonly timeZone: string;
  readonly address?: string;
  /** A room is occupied by one visit at a time; a clinic is not. */
  readonly room: boolean;
  /** Key of the location this one lies in. */
  readonly partOf?: string;
  /** What the site calls it, when not the key: PL point of care, department number. */
  readonly codes: readonly string[];
  /** Degrees, WGS 84; both or neither. */
  readonly latitude?: number;
  readonly longitude?: number;
  /** No place that anybody travels to: visits by video or telephone. */
  readonly virtual?: boolean;
}

export interface ResourceSettings {
  /** Vendor calendar id -> who and where. */
  readonly calendars: Readonly<Record<string, ResourceRule>>;
  /** Person code as the site writes it -> who. */
  readonly practitioners: Readonly<Record<string, ResourceRule>>;
  readonly devices: Readonly<Record<string, { readonly name: string; readonly location?: string }>>;
}

export interface ResourceRule {
  /** `npi:1043333339`, or `local:<code>` for someone without an NPI. */
  readonly practitioner?: string;
  readonly name?: string;
  readonly location?: string;
  readonly specialty?: string;
  /** Of a calendar that a template makes, never written in a file: the code that the site itself has for the person. */
  readonly person?: string;
}

export interface MirrorSettings {
  readonly to: string;
  readonly as: 'block' | 'appointment';
}

/** Security labels by department (location key), visit type (canonical) and as the site codes them (PV1-16). */
export interface SensitivitySettings {
  readonly site: readonly string[];
  readonly departments: Readonly<Record<string, readonly string[]>>;
  readonly visitTypes: Readonly<Record<string, readonly string[]>>;
  readonly codes: Readonly<Record<string, readonly string[]>>;
}

export interface PollSettings {
  readonly every_s: number;
  readonly overlap_s: number;
  /** How far ahead availability and appointments are read. */
  readonly horizon_days: number;
  /** How old a confirmed window of availability may get before it is asked again. */
  readonly availabilityEvery_s: number;
  /** How old it may be when a booking takes a slot of it; older, the site is asked first. */
  readonly freshFor_s: number;
  /** How often the copy is held against all that the site has; 0: never. */
  readonly reconcileEvery_min: number;
}

/** Kept and checked now; delivery comes with subscriptions. */
export interface SubscriberSettings {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly topics: readonly string[];
  readonly sites: readonly string[] | '*';
}
