/** The rows of the Acuity simulator. Times are milliseconds since 1970; text exists only in answers. */
import type { Table } from '../kit/store.ts';

export interface Answered {
  readonly id: number;
  readonly fieldID: number;
  readonly value: string;
}

export interface Payment {
  readonly transactionID: string;
  readonly created: number;
  readonly processor: string;
  readonly amount: string;
}

export interface Appointment {
  readonly id: number;
  readonly calendarID: number;
  readonly appointmentTypeID: number;
  readonly classID: number | null;
  readonly start: number;
  readonly minutes: number;
  readonly firstName: string;
  readonly lastName: string;
  readonly phone: string;
  readonly email: string;
  /** The client's zone. */
  readonly timezone: string;
  readonly notes: string;
  readonly fields: readonly Answered[];
  readonly labelID: number | null;
  readonly addonIDs: readonly number[];
  readonly certificate: string | null;
  readonly price: string;
  readonly payments: readonly Payment[];
  readonly smsOptIn: boolean;
  readonly createdAt: number;
  readonly canceled: boolean;
  readonly noShow: boolean;
  readonly cancelNote: string;
}

export interface Block {
  readonly id: number;
  readonly calendarID: number;
  readonly start: number;
  readonly end: number;
  readonly notes: string;
}

export interface Client {
  readonly firstName: string;
  readonly lastName: string;
  readonly phone: string;
  readonly email: string;
  readonly notes: string;
}

/** One meeting of a class or of a series. */
export interface ClassTime {
  readonly id: number;
  readonly appointmentTypeID: number;
  readonly calendarID: number;
  readonly start: number;
  readonly minutes: number;
  readonly seats: number;
  /** Meetings that are sold together; null for a single class. */
  readonly series: string | null;
  readonly private: boolean;
}

export interface Hook {
  /** A number for dynamic hooks, `static:<event>` for those of the account settings. */
  readonly id: string;
  readonly event: string;
  readonly target: string;
  readonly status: string;
  /** Whose API key signs. */
  readonly userId: number;
  readonly viaOAuth: boolean;
  readonly failingSince: number | null;
}

export interface Grant {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly userId: number;
}

export const APPOINTMENTS: Table<Appointment> = { name: 'appointments' };
/** Ids that staff deleted in the user interface. */
export const DELETED: Table<{ readonly id: number; readonly at: number }> = { name: 'deleted' };
export const BLOCKS: Table<Block> = { name: 'blocks' };
export const CLIENTS: Table<Client> = { name: 'clients' };
export const CLASSES: Table<ClassTime> = { name: 'classes' };
export const HOOKS: Table<Hook> = { name: 'hooks' };
export const CODES: Table<Grant> = { name: 'oauth-codes' };
export const TOKENS: Table<Grant> = { name: 'oauth-tokens' };
/** Opening hours of one calendar on one date, `calendarID date`: replaces the weekly hours. */
export const DAY_HOURS: Table<readonly string[]> = { name: 'day-hours' };
/** Weekly hours that staff changed, by calendar id. */
export const WEEK_HOURS: Table<Readonly<Record<string, readonly string[]>>> = { name: 'week-hours' };
/** Dates whose invented visits and classes were made. */
export const MADE_DAYS: Table<true> = { name: 'made-days' };
/** Settings and appointment types that were changed while running. */
export const CHANGED: Table<Readonly<Record<string, unknown>>> = { name: 'changed' };
