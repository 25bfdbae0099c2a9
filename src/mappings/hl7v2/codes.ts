/** Code sets of the HL7 v2 mapping, as data. Keys are upper case where senders write them in any case. */
import { HOUR_MS, DAY_MS, MINUTE_MS } from '../../core/instant.ts';
import type { AppointmentStatus, Coding } from '../../fhir/types.ts';
import type { ParticipantStatement, PatientAssertion } from '../contract.ts';

/**
 * Table 0278 (filler status), with Arrived, which SIU has no word for. `Discontinued` and `Blocked` are no status yet.
 */
export type FillerStatus = AppointmentStatus | 'discontinued' | 'blocked';

export const FILLER_STATUS: Readonly<Record<string, FillerStatus>> = {
  PENDING: 'pending',
  WAITLIST: 'waitlist',
  BOOKED: 'booked',
  STARTED: 'checked-in',
  COMPLETE: 'fulfilled',
  CANCELLED: 'cancelled',
  DELETED: 'entered-in-error',
  NOSHOW: 'noshow',
  // Without a target in the guide: booked, over capacity.
  OVERBOOK: 'booked',
  DISCONTINUED: 'discontinued',
  DC: 'discontinued',
  BLOCKED: 'blocked',
  ARRIVED: 'arrived',
  // What senders write instead of the table.
  SCH: 'booked',
  SCHEDULED: 'booked',
  CONFIRMED: 'booked',
  CANCELED: 'cancelled',
  COMPLETED: 'fulfilled',
  'NO SHOW': 'noshow',
  'NO-SHOW': 'noshow',
  'CHECKED IN': 'checked-in',
  'CHECKED-IN': 'checked-in',
};

/** The status where SCH-25 says nothing. `keeps`: the message is about something else, a known status stays. */
export const TRIGGER_STATUS: Readonly<Record<string, { readonly status: FillerStatus; readonly keeps?: true }>> = {
  S12: { status: 'booked' },
  S13: { status: 'booked' },
  S14: { status: 'booked', keeps: true },
  S15: { status: 'cancelled' },
  S16: { status: 'discontinued' },
  S17: { status: 'entered-in-error' },
  S18: { status: 'booked', keeps: true },
  S19: { status: 'booked', keeps: true },
  S20: { status: 'booked', keeps: true },
  S21: { status: 'booked', keeps: true },
  S22: { status: 'booked', keeps: true },
  S26: { status: 'noshow' },
  S27: { status: 'booked' },
};

/** The visit is over or never was: such news needs neither a time nor a patient that can be told, and frees time. */
export const END_STATUS: ReadonlySet<FillerStatus> = new Set(['cancelled', 'entered-in-error', 'noshow']);
/**
 * FHIR app-3 allows no start and end only for proposed, cancelled and waitlist; a no-show or an error had its time
 * before.
 */
export const MAY_LACK_TIME: ReadonlySet<FillerStatus> = new Set([...END_STATUS, 'waitlist']);

/** AIx-10, AIx-12 (table 0278) to the participant's answer; the guide has no table. */
export const PARTICIPANT_STATUS: Readonly<Record<FillerStatus, ParticipantStatement['status']>> = {
  proposed: 'needs-action',
  pending: 'needs-action',
  waitlist: 'needs-action',
  booked: 'accepted',
  arrived: 'accepted',
  'checked-in': 'accepted',
  fulfilled: 'accepted',
  // The resource was there.
  noshow: 'accepted',
  cancelled: 'declined',
  'entered-in-error': 'declined',
  discontinued: 'declined',
  blocked: 'accepted',
};

/**
 * AIP-4 and table 0443 to v3-ParticipationType; other codes say what someone is, not what part they have in the visit.
 */
export const PARTICIPATION: Readonly<Record<string, string>> = {
  ATND: 'ATND',
  ADM: 'ADM',
  CON: 'CON',
  REF: 'REF',
  PPRF: 'PPRF',
  SPRF: 'SPRF',
  AT: 'ATND',
  AD: 'ADM',
  CP: 'CON',
  RP: 'REF',
};

/** Table 0001. */
export const GENDER: Readonly<Record<string, NonNullable<PatientAssertion['gender']>>> = {
  F: 'female',
  M: 'male',
  O: 'other',
  U: 'unknown',
  A: 'other',
  N: 'other',
};

/**
 * Table 0200: the name to go by is the legal one, else one without a type, else what is left; never a maiden or bad
 * one.
 */
export const NAME_RANK: Readonly<Record<string, number>> = { L: 0, D: 1, '': 2, R: 3, U: 4, A: 5, N: 6 };

/** Table 0276 to SNOMED CT; WALKIN has no target. */
export const REASON_SNOMED: Readonly<Record<string, string>> = {
  ROUTINE: '3780001',
  CHECKUP: '866149003',
  FOLLOWUP: '185389009',
  EMERGENCY: '373110003',
};

/** Values of tables 0276 and 0277: they say how a visit came about, not what kind it is. */
export const NO_VISIT_TYPE: ReadonlySet<string> = new Set([
  'ROUTINE',
  'WALKIN',
  'CHECKUP',
  'FOLLOWUP',
  'EMERGENCY',
  'NORMAL',
  'TENTATIVE',
  'COMPLETE',
]);

/** Values of table 0277 that say where a booking stands: that is the status, not the type. */
export const NO_APPOINTMENT_TYPE: ReadonlySet<string> = new Set(['TENTATIVE', 'COMPLETE']);

/** Table 0396: name of a coding system to its address. HL7nnnn and local names follow a rule. */
export const CODING_SYSTEMS: Readonly<Record<string, string>> = {
  SCT: 'http://snomed.info/sct',
  SNM: 'http://snomed.info/sct',
  LN: 'http://loinc.org',
  I10: 'http://hl7.org/fhir/sid/icd-10-cm',
  I10C: 'http://hl7.org/fhir/sid/icd-10-cm',
  C4: 'http://www.ama-assn.org/go/cpt',
  CPT: 'http://www.ama-assn.org/go/cpt',
  CPT4: 'http://www.ama-assn.org/go/cpt',
};

/** ISO+ units and what is written for them. `M` is a minute here: no visit is counted in metres or months. */
export const DURATION_UNIT_MS: Readonly<Record<string, number>> = {
  S: 1000,
  SEC: 1000,
  SECS: 1000,
  SECOND: 1000,
  SECONDS: 1000,
  M: MINUTE_MS,
  MIN: MINUTE_MS,
  MINS: MINUTE_MS,
  MINUTE: MINUTE_MS,
  MINUTES: MINUTE_MS,
  H: HOUR_MS,
  HR: HOUR_MS,
  HRS: HOUR_MS,
  HOUR: HOUR_MS,
  HOURS: HOUR_MS,
  D: DAY_MS,
  DAY: DAY_MS,
  DAYS: DAY_MS,
  W: 7 * DAY_MS,
  WK: 7 * DAY_MS,
  WEEK: 7 * DAY_MS,
  WEEKS: 7 * DAY_MS,
};

/** AIG-4 by code or text, where the site file says nothing. */
export const RESOURCE_TYPES: Readonly<Record<string, 'practitioner' | 'location' | 'device'>> = {
  D: 'practitioner',
  DR: 'practitioner',
  P: 'practitioner',
  DOCTOR: 'practitioner',
  PHYSICIAN: 'practitioner',
  PROVIDER: 'practitioner',
  PRACTITIONER: 'practitioner',
  NURSE: 'practitioner',
  STAFF: 'practitioner',
  ROOM: 'location',
  RM: 'location',
  LOCATION: 'location',
  CLINIC: 'location',
  E: 'device',
  EQ: 'device',
  EQUIP: 'device',
  EQUIPMENT: 'device',
  DEVICE: 'device',
  MODALITY: 'device',
};

/** Where end and duration stand beside a start. A start anywhere else has the overall duration alone. */
export const TIME_SOURCES: Readonly<Record<string, { readonly end?: string; readonly duration?: string }>> = {
  'TQ1-7': { end: 'TQ1-8', duration: 'TQ1-6' },
  'SCH-11.4': { end: 'SCH-11.5', duration: 'SCH-11.3' },
  'AIS-4': { duration: 'AIS-7' },
  'AIG-8': { duration: 'AIG-11' },
  'AIL-6': { duration: 'AIL-9' },
  'AIP-6': { duration: 'AIP-9' },
};

/** Where the unit is not in the next field: CQ has it in its second component, TQ.3 in front of the number (M30). */
export const UNIT_PLACES: Readonly<Record<string, string>> = { 'TQ1-6': 'TQ1-6.2', 'SCH-11.3': '' };

/** Positions in the segments that name a resource: all alike, save that AIG has its type and quantity in between. */
export interface ResourceFields {
  readonly start: number;
  readonly offset: number;
  readonly duration: number;
  readonly status: number;
}
export const RESOURCE_FIELDS: Readonly<Record<string, ResourceFields>> = {
  AIS: { start: 4, offset: 5, duration: 7, status: 10 },
  AIG: { start: 8, offset: 9, duration: 11, status: 14 },
  AIL: { start: 6, offset: 7, duration: 9, status: 12 },
  AIP: { start: 6, offset: 7, duration: 9, status: 12 },
};

/** Table 0131: NK1-7, as it stands in FHIR's value set of relationships. */
export const CONTACT_ROLES: ReadonlySet<string> = new Set(['BP', 'CP', 'EP', 'PR', 'E', 'C', 'F', 'I', 'N', 'S', 'U']);

const ROLE_CODES: Readonly<Record<string, string>> = {
  SPO: 'SPS', DOM: 'DOMPART', CHD: 'CHILD', GCH: 'GRNDCHILD', NCH: 'NCHILD', SCH: 'STPCHLD', FCH: 'CHLDFOST',
  PAR: 'PRN', MTH: 'MTH', FTH: 'FTH', GRD: 'GUARD', GRP: 'GRPRN', EXF: 'EXT', SIB: 'SIB', BRO: 'BRO', SIS: 'SIS',
  FND: 'FRND',
}; // prettier-ignore

/** Table 0063 to v3-RoleCode, where there is one. */
export const RELATIONSHIP: Readonly<Record<string, Coding>> = Object.fromEntries(
  Object.entries(ROLE_CODES).map(([code, role]) => [
    code,
    { system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: role },
  ]),
);
