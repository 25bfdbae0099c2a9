import type { Table } from '../kit/store.ts';

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
}

/** Table 0278, as this system uses it. */
export type Status = 'Booked' | 'Cancelled' | 'Noshow' | 'Deleted';

export interface Visit {
  readonly id: string;
  readonly placerId: string;
  readonly practitioner: string;
  readonly room: string;
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

export interface Block {
  readonly id: string;
  readonly practitioner: string;
  readonly start: number;
  readonly end: number;
  readonly reason: string;
}

export interface Try {
  readonly at: number;
  /** MSA-1 of the answer. */
  readonly code?: string;
  readonly text?: string;
  readonly error?: string;
}

export interface Outbound {
  readonly sequence: number;
  readonly controlId: string;
  /** `SIU^S12` */
  readonly event: string;
  /** What it is about: a visit id, a block id or an MRN. */
  readonly about: string;
  /** The message with CR after every segment, without its frame. */
  readonly text: string;
  readonly queuedAt: number;
  /** `refused`: answered AE, AR, CE or CR, and not sent again. */
  readonly state: 'queued' | 'accepted' | 'refused' | 'lost';
  readonly tries: readonly Try[];
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

export const PATIENTS: Table<Patient> = { name: 'patients' };
export const VISITS: Table<Visit> = { name: 'visits' };
export const BLOCKS: Table<Block> = { name: 'blocks' };
export const OUTBOUND: Table<Outbound> = { name: 'outbound' };
export const TARGET: Table<Target> = { name: 'target' };
export const MADE_DAYS: Table<true> = { name: 'made-days' };
export const CHANGED: Table<Readonly<Record<string, unknown>>> = { name: 'changed' };
/** Opening hours of a practitioner on one date, `id date`. */
export const DAY_HOURS: Table<readonly string[]> = { name: 'day-hours' };
