/**
 * What the vendor sends, as far as we read it (https://developers.acuityscheduling.com/reference). Unknown fields are
 * tolerated everywhere. In lists only the id of a row is demanded: one odd row must not stop a whole window, it is kept
 * and parked by the mapping, which looks at every field itself.
 */
import { Ajv, type ValidateFunction } from 'ajv';

/** A row as it came: everything but the id may be missing or of another type. */
export interface Appointment {
  readonly id: number;
  readonly firstName?: unknown;
  readonly lastName?: unknown;
  readonly phone?: unknown;
  readonly email?: unknown;
  /** Start, offset without a colon. `date`, `time` and `endTime` are display text and never read. */
  readonly datetime?: unknown;
  readonly datetimeCreated?: unknown;
  /** Minutes; a string on appointments, a number on types. */
  readonly duration?: unknown;
  readonly type?: unknown;
  readonly appointmentTypeID?: unknown;
  readonly calendarID?: unknown;
  readonly classID?: unknown;
  readonly forms?: unknown;
  /** May be missing in lists: then the query that listed it tells. */
  readonly canceled?: unknown;
  readonly labels?: unknown;
  /** Written by the clinic for itself. Read where the site file says so, and never else. */
  readonly notes?: unknown;
  readonly noShow?: unknown;
}

/** What a label of the account may say of a visit; `confirmed`: the patient has said that they come. */
export type LabelMeaning = 'booked' | 'confirmed' | 'arrived' | 'checked-in' | 'fulfilled';

/** What an answer to a write must have before we believe it. */
export interface BookedAppointment {
  readonly id: number;
  readonly datetime: string;
  readonly duration: string | number;
  readonly calendarID: number;
  readonly appointmentTypeID: number;
}

export interface AppointmentType {
  readonly id: number;
  readonly name?: string;
  readonly active?: boolean;
  readonly duration: number;
  readonly type?: string;
  readonly calendarIDs: readonly number[];
  readonly formIDs?: readonly number[];
}
export interface Calendar {
  readonly id: number;
  readonly name?: string;
  readonly timezone?: string;
}
export interface Form {
  readonly id: number;
  readonly fields?: readonly { readonly id: number }[];
}
/** Not documented as a whole; times come with an offset or as local time of the calendar. */
export interface BlockRow {
  readonly id: number;
  readonly calendarID?: number;
  readonly start: string;
  readonly end: string;
  readonly notes?: string | null;
}
export interface Label {
  readonly id: number;
  readonly name?: string;
}
export interface Hook {
  readonly id: number;
  readonly event: string;
  readonly target: string;
  readonly status?: string;
}
export interface Client {
  readonly firstName?: string | null;
  readonly lastName?: string | null;
  readonly phone?: string | null;
  readonly email?: string | null;
}
export interface CheckedTime {
  readonly valid?: boolean;
  /** Named so by one third-party client instead of `valid`. */
  readonly available?: boolean;
  readonly error?: string;
}
export interface OpenDate {
  readonly date: string;
}
export interface OpenTime {
  readonly time: string;
  readonly slotsAvailable?: number;
}
export interface ClassTime {
  readonly time: string;
  readonly calendarID?: number;
  readonly appointmentTypeID?: number;
  readonly duration?: string | number;
  readonly slots?: number;
  readonly slotsAvailable?: number;
}
/** Error envelope: `{"status_code":400,"message":"...","error":"not_available"}`. */
export interface Refusal {
  readonly error: string;
}

const ajv = new Ajv({ strict: false, allowUnionTypes: true });
const id = { type: 'integer' };
const ids = { type: 'array', items: id };

function listOf<T>(properties: Readonly<Record<string, unknown>>, required: readonly string[]): ValidateFunction<T[]> {
  return ajv.compile<T[]>({ type: 'array', items: { type: 'object', properties, required } });
}
function objectOf<T>(properties: Readonly<Record<string, unknown>>, required: readonly string[]): ValidateFunction<T> {
  return ajv.compile<T>({ type: 'object', properties, required });
}

const text = { type: 'string' };
const textOrNull = { type: ['string', 'null'] };
const minutes = { type: ['string', 'number'] };
const seats = { type: 'integer' };

export const isAppointments = listOf<Appointment>({ id }, ['id']);
export const isAppointment = objectOf<Appointment>({ id }, ['id']);
export const isBookedAppointment = objectOf<BookedAppointment>(
  { id, datetime: text, duration: minutes, calendarID: id, appointmentTypeID: id },
  ['id', 'datetime', 'duration', 'calendarID', 'appointmentTypeID'],
);
export const isAppointmentTypes = listOf<AppointmentType>(
  { id, duration: { type: 'number' }, calendarIDs: ids, formIDs: ids, type: text },
  ['id', 'duration', 'calendarIDs'],
);
export const isCalendars = listOf<Calendar>({ id, timezone: text }, ['id']);
export const isLabels = listOf<Label>({ id, name: text }, ['id']);
export const isForms = listOf<Form>(
  { id, fields: { type: 'array', items: { type: 'object', properties: { id }, required: ['id'] } } },
  ['id'],
);
const block = { id, calendarID: id, start: text, end: text, notes: textOrNull };
export const isBlocks = listOf<BlockRow>(block, ['id', 'start', 'end']);
export const isBlock = objectOf<BlockRow>(block, ['id', 'start', 'end']);
const hook = { id, event: text, target: text, status: text };
export const isHooks = listOf<Hook>(hook, ['id', 'event', 'target']);
export const isHook = objectOf<Hook>(hook, ['id', 'event', 'target']);
export const isClients = listOf<Client>(
  { firstName: textOrNull, lastName: textOrNull, phone: textOrNull, email: textOrNull },
  [],
);
export const isCheckedTimes = listOf<CheckedTime>(
  { valid: { type: 'boolean' }, available: { type: 'boolean' }, error: text },
  [],
);
export const isOpenDates = listOf<OpenDate>({ date: text }, ['date']);
export const isOpenTimes = listOf<OpenTime>({ time: text, slotsAvailable: seats }, ['time']);
export const isClassTimes = listOf<ClassTime>(
  { time: text, calendarID: id, appointmentTypeID: id, duration: minutes, slots: seats, slotsAvailable: seats },
  ['time'],
);
export const isAccount = objectOf<{ readonly timezone?: string }>({ timezone: text }, []);
export const isRefusal = objectOf<Refusal>({ error: text }, ['error']);
