/** What a seed file may say; README.md of this folder describes it for people. */
export interface Settings {
  /** Bookings in client mode start at least this much later than now. */
  readonly minNoticeHours: number;
  /** ... and at most this many days ahead. */
  readonly maxDaysAhead: number;
  readonly phoneRequired: boolean;
  readonly clientCancel: boolean;
  readonly clientReschedule: boolean;
  /** Clients may cancel or move until so many hours before the start. */
  readonly changeHoursBefore: number;
  /** Sheet section 9: whether rows of a list say `canceled`. */
  readonly listsCarryCanceled: boolean;
  /** Sheet section 9: the answer to cancelling twice. */
  readonly secondCancel: 'ok' | 'refuse';
  /** Sheet 3.1: cancelled appointments stay readable by id. */
  readonly canceledReadable: boolean;
  /** Sheet 3.4: `scheduled` or `appointment.scheduled` in the webhook body. */
  readonly webhookActionStyle: 'plain' | 'prefixed';
  /** Sheet 3.2: the field of check-times that says yes or no. */
  readonly checkTimesField: 'valid' | 'available' | 'both';
  /** Sheet section 7: the field of check-times that says why not. */
  readonly checkTimesReason: string;
  /** Sheet 2.3, source conflict: status of a lost race. */
  readonly notAvailableStatus: number;
  readonly notAvailableCode: string;
  /** Sheet 3.1, source conflict: whether PUT /appointments/{id} takes a calendarID. */
  readonly putTakesCalendar: boolean;
  readonly timesCarrySlotsAvailable: boolean;
  readonly classesCarryId: boolean;
  readonly carryDatetimeCreated: boolean;
  readonly carryCalendarTimezone: boolean;
  /** Zone of availability days when the caller names none. */
  readonly availabilityZone: 'account' | 'calendar';
  /** The vendor takes only ports 80 and 443; a sandbox on loopback needs any. */
  readonly webhookTargetPorts: 'any' | 'standard';
  /** Sheet section 9: which key signs hooks that an OAuth app made. */
  readonly oauthHookKey: 'user-key' | 'client-secret';
  readonly deactivatedStatus: string;
  readonly webhookFirstRetrySeconds: number;
  readonly webhookRetryFactor: number;
  readonly webhookRetryHours: number;
  readonly webhookDeactivateDays: number;
  /** Whether an appointment deleted by staff is told as `changed`. */
  readonly deleteFiresChanged: boolean;
  readonly requestsPerSecond: number;
  readonly concurrentRequests: number;
}

export const DEFAULTS: Settings = {
  minNoticeHours: 0,
  maxDaysAhead: 180,
  phoneRequired: false,
  clientCancel: true,
  clientReschedule: true,
  changeHoursBefore: 0,
  listsCarryCanceled: false,
  secondCancel: 'ok',
  canceledReadable: true,
  webhookActionStyle: 'plain',
  checkTimesField: 'valid',
  checkTimesReason: 'error',
  notAvailableStatus: 400,
  notAvailableCode: 'not_available',
  putTakesCalendar: false,
  timesCarrySlotsAvailable: true,
  classesCarryId: true,
  carryDatetimeCreated: true,
  carryCalendarTimezone: true,
  availabilityZone: 'account',
  webhookTargetPorts: 'any',
  oauthHookKey: 'user-key',
  deactivatedStatus: 'disabled',
  webhookFirstRetrySeconds: 2,
  webhookRetryFactor: 2,
  webhookRetryHours: 24,
  webhookDeactivateDays: 5,
  deleteFiresChanged: false,
  requestsPerSecond: 10,
  concurrentRequests: 20,
};

export interface User {
  readonly id: number;
  readonly apiKey: string;
  /** False: sees only its own calendars. */
  readonly admin?: boolean;
  readonly calendarIDs?: readonly number[];
}

export interface Calendar {
  readonly id: number;
  readonly name: string;
  readonly email?: string;
  readonly description?: string;
  readonly location?: string;
  readonly timezone?: string;
  /** `mon: ['09:00-12:00', '13:00-17:00']`, in the zone of the calendar. */
  readonly hours: Readonly<Record<string, readonly string[]>>;
}

export interface AppointmentType {
  readonly id: number;
  readonly name: string;
  readonly type: 'service' | 'class' | 'series';
  readonly duration: number;
  readonly calendarIDs: readonly number[];
  readonly active?: boolean;
  readonly private?: boolean;
  readonly description?: string;
  readonly category?: string;
  readonly price?: string;
  readonly color?: string;
  readonly classSize?: number;
  readonly paddingBefore?: number;
  readonly paddingAfter?: number;
  /** Minutes between offered starts; the duration where absent. */
  readonly startEvery?: number;
  readonly addonIDs?: readonly number[];
  readonly formIDs?: readonly number[];
}

export interface FormField {
  readonly id: number;
  readonly name: string;
  readonly required?: boolean;
  readonly type?: string;
}

export interface Form {
  readonly id: number;
  readonly name: string;
  readonly description?: string;
  readonly fields: readonly FormField[];
}

export interface ClassPlan {
  readonly appointmentTypeID: number;
  readonly calendarID: number;
  readonly weekday: string;
  readonly time: string;
  readonly seats?: number;
  readonly private?: boolean;
  /** Of a series: so many meetings, one a week, are sold together. */
  readonly meetings?: number;
}

export interface SeedVisit {
  /** Days after the first day of this state folder, 0 is that day. */
  readonly day: number;
  readonly time: string;
  readonly calendarID: number;
  readonly appointmentTypeID: number;
  /** Number of an invented person. */
  readonly person: number;
  readonly canceled?: boolean;
}

export interface Invented {
  /** Invented people firstPerson to firstPerson + people - 1; the same number is the same person at every site. */
  readonly firstPerson: number;
  readonly people: number;
  /** Share of the times of each day that are taken, 0 to 1. */
  readonly fill: number;
  readonly daysAhead: number;
  readonly daysBack: number;
  /** Weekdays on which a calendar has invented visits, by calendar id; all where absent. */
  readonly weekdays?: Readonly<Record<string, readonly string[]>>;
  /** Share of the invented visits that were cancelled again. */
  readonly canceledShare?: number;
  readonly mrnPrefix?: string;
  readonly mrnFieldID?: number;
  readonly birthDateFieldID?: number;
}

export interface Certificate {
  readonly certificate: string;
  readonly appointmentTypeIDs: readonly number[];
  readonly expires?: string;
  readonly remainingUses?: number;
}

export interface Seed {
  readonly account: { readonly id?: number; readonly name: string; readonly email: string; readonly timezone: string };
  /** The first is the main admin. */
  readonly users: readonly User[];
  readonly oauthClients: readonly {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly userId: number;
  }[];
  readonly calendars: readonly Calendar[];
  readonly appointmentTypes: readonly AppointmentType[];
  readonly forms: readonly Form[];
  readonly labels: readonly { readonly id: number; readonly name: string; readonly color: string }[];
  readonly addons: readonly {
    readonly id: number;
    readonly name: string;
    readonly duration: number;
    readonly price: string;
    readonly private?: boolean;
  }[];
  readonly certificates: readonly Certificate[];
  readonly products: readonly { readonly id: number; readonly name: string; readonly price: string }[];
  readonly classes: readonly ClassPlan[];
  readonly staticWebhooks: readonly { readonly event: string; readonly target?: string }[];
  readonly visits: readonly SeedVisit[];
  readonly invented: Invented | null;
  /** How many days `/__sim/state` shows. */
  readonly horizonDays: number;
  readonly settings: Settings;
}
