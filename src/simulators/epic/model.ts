import type { Table } from '../kit/store.ts';
import type { Settings } from './seed.ts';

export interface Patient {
  /** FHIR id. */
  readonly id: string;
  readonly mrn: string;
  /** The id of the person that messages carry in PID-3. */
  readonly epi: string;
  readonly family: string;
  readonly given: string;
  readonly birthDate: string;
  readonly sex: 'F' | 'M';
  /** Ten digits, or empty. */
  readonly phone: string;
  readonly email: string;
  /** FHIR id of the record that this one was merged into. */
  readonly mergedInto: string | null;
  /** Break the glass: nobody reads it without a reason. */
  readonly isRestricted: boolean;
}

export type Status = 'booked' | 'arrived' | 'cancelled' | 'noshow' | 'deleted';

export interface Visit {
  /** Contact serial number: identifier in FHIR, SCH-2 and PV1-19 in messages. */
  readonly csn: string;
  /** FHIR id (R4). */
  readonly id: string;
  /** FHIR id of the patient. */
  readonly patient: string;
  readonly visitType: string;
  readonly department: string;
  /** Ids of HL7 messages; the first one's schedule it is. */
  readonly practitioners: readonly string[];
  readonly start: number;
  readonly minutes: number;
  readonly status: Status;
  readonly note: string;
  readonly reason: string;
  /** SCH-1, the components of it, where a placer gave an id. */
  readonly placer: readonly string[];
  readonly createdAt: number;
}

/** Closed time of a template: no message tells it. */
export interface Block {
  readonly id: string;
  readonly practitioner: string;
  /** Empty: in all departments. */
  readonly department: string;
  readonly start: number;
  readonly end: number;
}

export interface Token {
  readonly token: string;
  readonly clientId: string;
  readonly expiresAt: number;
}

/** A visit type that needs answers first: `$find` cannot pick it (59200), or `$book` refuses it (59159). */
export interface Question {
  readonly visitType: string;
  readonly at: 'find' | 'book';
}

/** One SRM that was granted; the same control id again is answered in the same words. */
export interface Request {
  readonly controlId: string;
  /** `SRM^S01` */
  readonly event: string;
  /** MSA-1. */
  readonly code: string;
  readonly csn: string;
  readonly answer: string;
}

export const PATIENTS: Table<Patient> = { name: 'patients' };
export const VISITS: Table<Visit> = { name: 'visits' };
export const BLOCKS: Table<Block> = { name: 'blocks' };
export const TOKENS: Table<Token> = { name: 'tokens' };
/** Ids of assertions by client, with the moment at which each may come again. */
export const ASSERTIONS: Table<{ readonly key: string; readonly until: number }> = { name: 'assertions' };
export const QUESTIONS: Table<Question> = { name: 'questions' };
/** Clients whose mapping to a user was changed since the seed. */
export const MAPPED: Table<boolean> = { name: 'mapped' };
export const REQUESTS: Table<Request> = { name: 'requests' };
/** The port of the last run: whoever knows it must not lose it by a restart. */
export const REQUEST_PORT: Table<number> = { name: 'request-port' };
export const CHANGED: Table<Partial<Settings>> = { name: 'changed' };
export const MADE_DAYS: Table<true> = { name: 'made-days' };
