import type { Table } from '../kit/store.ts';
import type { GivenSettings } from './seed.ts';

export interface Patient {
  readonly mrn: string;
  readonly family: string;
  readonly given: string;
  /** `YYYY-MM-DD`, or empty when not known. */
  readonly birthDate: string;
  readonly sex: string;
  /** Ten digits, or empty. */
  readonly phone: string;
  readonly email: string;
  /** The record that this one was merged into. */
  readonly mergedInto: string | null;
  /** Numbers that other systems gave the person, components of a CX. */
  readonly otherIds?: readonly (readonly string[])[];
}

/** One ADT by which a person was registered. */
export interface Registration {
  readonly sequence: number;
  readonly controlId: string;
  /** `ADT^A28` */
  readonly event: string;
  readonly mrn: string;
  /** Null: it is told. */
  readonly tellAt: number | null;
}

/** Table 0278, as this system uses it. */
export type Status = 'Booked' | 'Started' | 'Complete' | 'Cancelled' | 'Dc' | 'Noshow' | 'Deleted';

export interface Visit {
  readonly id: string;
  readonly placerId: string;
  /** SCH-1, the parts of an EI, of which `placerId` is the first; none when nobody gave an id. */
  readonly placer?: readonly string[];
  readonly practitioner: string;
  /** What is needed besides, each with its own part of the visit. */
  readonly equipment?: readonly Equipment[];
  readonly room: string;
  /** Rooms besides, each with its own part of the time around the visit. */
  readonly rooms?: readonly RoomTime[];
  readonly visitType: string;
  readonly start: number;
  readonly minutes: number;
  readonly mrn: string;
  readonly status: Status;
  /** SCH-7, table 0276. */
  readonly reason: string;
  readonly note: string;
  /** SCH-6 of the last message: why it happened. */
  readonly eventReason: string;
  readonly createdAt: number;
}

export interface RoomTime {
  readonly room: string;
  /** Minutes after the start of the visit; before it where negative. */
  readonly offset: number;
  readonly minutes: number;
}

export interface Equipment {
  readonly id: string;
  readonly text: string;
  /** Minutes after the start of the visit. */
  readonly offset: number;
  readonly minutes: number;
}

/** What was said of a practitioner by a master file. */
export interface StaffChange {
  readonly changed: { readonly family?: string; readonly given?: string; readonly degree?: string };
  readonly isActive: boolean;
}

export interface Block {
  readonly id: string;
  readonly practitioner: string;
  readonly start: number;
  readonly end: number;
  readonly reason: string;
}

/** One SRM that came in. */
export interface Request {
  readonly sequence: number;
  readonly controlId: string;
  /** `SRM^S01` */
  readonly event: string;
  readonly text: string;
  readonly receivedAt: number;
  /** Taken with CA and not yet decided: when it will be. */
  readonly dueAt: number | null;
  /** `waiting`: CA was answered. `dropped`: the connection was cut before the answer. */
  readonly state: 'waiting' | 'answered' | 'dropped';
  /** MSA-1 of the application's answer; empty while it waits. */
  readonly code: string;
  /** ERR-5 of a denial. */
  readonly because: string;
  readonly placerId: string;
  readonly fillerId: string;
  /** The answer as it was sent. */
  readonly answer: string;
}

export const PATIENTS: Table<Patient> = { name: 'patients' };
export const REGISTRATIONS: Table<Registration> = { name: 'registrations' };
export const VISITS: Table<Visit> = { name: 'visits' };
export const BLOCKS: Table<Block> = { name: 'blocks' };
export const STAFF: Table<StaffChange> = { name: 'staff' };
/** Rooms as the master file last told them. */
export const PLACES: Table<{ readonly room: string; readonly description: string; readonly isActive: boolean }> = {
  name: 'places',
};
/** Pairs of record numbers said to be one person. */
export const LINKS: Table<{ readonly mrn: string; readonly with: string }> = { name: 'links' };
export const REQUESTS: Table<Request> = { name: 'requests' };
/** The port of the last run, so that whoever knows it finds it again. */
export const REQUEST_PORT: Table<number> = { name: 'request-port' };
export const MADE_DAYS: Table<true> = { name: 'made-days' };
export const CHANGED: Table<GivenSettings> = { name: 'changed' };
/** Opening hours of a practitioner on one date, `id date`. */
export const DAY_HOURS: Table<readonly string[]> = { name: 'day-hours' };
