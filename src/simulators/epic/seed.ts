/** What a seed of the Epic simulator may say; README.md of this folder describes it for people. */

export interface Site {
  readonly name: string;
  readonly timezone: string;
  /** First part of every path: `/{instance}/api/FHIR/R4`. */
  readonly instance: string;
  /** The part of its code systems that differs at every site: `1.2.840.114350.1.13.<customer>.<environment>`. */
  readonly oid: string;
  /** MSH-3 and MSH-4 of what it sends, and CX-4 of the person ids in it. */
  readonly application: string;
  readonly facility: string;
  readonly authority: string;
}

export type Channel = 'patient' | 'staff';

export interface Client {
  readonly id: string;
  readonly jwksUrl: string;
  /** Whether the site's administrator tied the client to an Epic user: until then no token is issued. */
  readonly mapped?: boolean;
  /** What `$find` offers it: what patients may book online, or what staff may. */
  readonly channel?: Channel;
}

export interface Department {
  /** The id that HL7 messages carry. */
  readonly id: string;
  readonly fhirId: string;
  readonly name: string;
}

export interface Practitioner {
  /** The id that HL7 messages carry. */
  readonly id: string;
  readonly fhirId: string;
  readonly npi?: string;
  readonly family: string;
  readonly given: string;
  /** AIP-4, `id^name`. */
  readonly role?: readonly [string, string];
}

export type WeekHours = Readonly<Record<string, readonly string[]>>;

/** When a practitioner works in a department, and what for. */
export interface Template {
  readonly practitioner: string;
  readonly department: string;
  readonly hours: WeekHours;
  readonly visitTypes: readonly string[];
  /** Hours that patients may book online; absent: all of them. */
  readonly patientHours?: WeekHours;
  /** Minutes between starts. */
  readonly every?: number;
  /** Visits at the same time: Cadence templates may allow overbooking. */
  readonly capacity?: number;
}

export interface VisitType {
  readonly code: string;
  readonly name: string;
  readonly minutes: number;
  readonly channels?: readonly Channel[];
}

export interface GivenPatient {
  readonly mrn: string;
  readonly family: string;
  readonly given: string;
  readonly birthDate: string;
  readonly sex: 'F' | 'M';
  readonly phone?: string;
  readonly email?: string;
}

/** Invented people, the same at every simulated site, and visits that fill their days. */
export interface Invented {
  readonly firstPerson: number;
  readonly people: number;
  readonly fill: number;
  readonly daysAhead: number;
}

export type TakenStyle = '59159' | '59144' | 'argoCancelled' | 'http409';

export interface Settings {
  readonly tokenSeconds: number;
  /** Further audiences that a site behind a proxy allows, beside its token address. */
  readonly audiences: readonly string[];
  readonly jwksCacheSeconds: number;
  /** Key sets over plain http from this machine: for tests and sandboxes. */
  readonly loopbackJwks: boolean;
  /** What a verb answers that a resource does not have. */
  readonly forbiddenVerb: 405 | 404;
  readonly xmlByDefault: boolean;
  readonly bookResponse: 'appointment' | 'bundle';
  readonly bookStatus: 200 | 201;
  readonly takenStyle: TakenStyle;
  readonly unknownProposalStatus: 400 | 404;
  readonly serviceTypeName: 'serviceType' | 'service-type';
  readonly proposalSeconds: number;
  /** Most entries of one `$find`; 0 is no bound. Over it, 4119 says that there may be more. */
  readonly findLimit: number;
  readonly unknownParameter: 'ignore' | 'refuse';
  /** What an Appointment search may do without a patient, beside `_id`. */
  readonly searchWithoutPatient: 'nothing' | 'identifier';
  /** Which half of a POST `_search` counts: the body since February 2026, the query string before. */
  readonly postSearch: 'body' | 'query';
  readonly pageSize: number;
  readonly sessionSeconds: number;
  /** Whether ids of STU3 are those of R4. */
  readonly stu3Ids: 'same' | 'different';
  readonly showsNote: boolean;
  /** Whether Practitioner and Location name the ids of HL7 messages among their identifiers. */
  readonly showsHl7Ids: boolean;
  readonly movedCsn: 'keep' | 'new';
  readonly msh7Digits: 14 | 16;
  readonly endInSch11: boolean;
  readonly twoGroups: boolean;
  readonly locationSegment: boolean;
  readonly structureInMsh9: boolean;
  readonly version: string;
  readonly arrivalSends: 'S14' | 'nothing';
  readonly receivingApplication: string;
  readonly receivingFacility: string;
  readonly acknowledgementSeconds: number;
  readonly retryMilliseconds: number;
  /** Answers to AE: the message is sent again, or parked and the next one follows. */
  readonly afterError: 'retry' | 'park';
}

export const DEFAULTS: Settings = {
  tokenSeconds: 3600,
  audiences: [],
  jwksCacheSeconds: 29 * 3600,
  loopbackJwks: false,
  forbiddenVerb: 405,
  xmlByDefault: true,
  bookResponse: 'appointment',
  bookStatus: 200,
  takenStyle: '59159',
  unknownProposalStatus: 404,
  serviceTypeName: 'serviceType',
  proposalSeconds: 900,
  findLimit: 0,
  unknownParameter: 'ignore',
  searchWithoutPatient: 'nothing',
  postSearch: 'body',
  pageSize: 50,
  sessionSeconds: 600,
  stu3Ids: 'same',
  showsNote: false,
  showsHl7Ids: true,
  movedCsn: 'keep',
  msh7Digits: 16,
  endInSch11: false,
  twoGroups: false,
  locationSegment: false,
  structureInMsh9: false,
  version: '2.3',
  arrivalSends: 'S14',
  receivingApplication: 'HUB',
  receivingFacility: 'HUB',
  acknowledgementSeconds: 30,
  retryMilliseconds: 250,
  afterError: 'park',
};

export interface Seed {
  readonly site: Site;
  readonly clients: readonly Client[];
  readonly departments: readonly Department[];
  readonly practitioners: readonly Practitioner[];
  readonly templates: readonly Template[];
  readonly visitTypes: readonly VisitType[];
  readonly patients: readonly GivenPatient[];
  readonly mrnPrefix: string;
  readonly invented: Invented | null;
  readonly horizonDays: number;
  /** Where appointment and person messages go. */
  readonly target: { readonly host: string; readonly port: number } | null;
  /** Where SRM is taken; port 0 is that of the last run, else any. Null: the site does not license that interface. */
  readonly requests: { readonly port: number } | null;
  readonly settings: Settings;
}
