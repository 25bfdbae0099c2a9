/**
 * What the suite must know of a kind that only this kind's own people can tell it: how to start its simulator, what a
 * site file for it looks like, what staff there do, and how its truth reads. One file per kind, listed in
 * arrangements.ts.
 */
import type { Clock } from '../../src/core/clock.ts';
import type { Instant, Interval } from '../../src/core/instant.ts';
import type { AppointmentStatus } from '../../src/fhir/types.ts';
import type { Cleanup } from '../support/database.ts';
import type { Canned } from './gateway.ts';

export type Ability =
  'poll' | 'webhook' | 'fetch' | 'hl7' | 'load' | 'availability' | 'busy' | 'book' | 'block' | 'seek';
export type Write = 'place' | 'move' | 'cancel' | 'status' | 'noshow' | 'amend' | 'block' | 'unblock';

export interface Arrangement {
  /** As in the registry. */
  readonly kind: string;
  /** Exactly what its connector can do: one that loses an ability by mistake must not pass by being asked less. */
  readonly abilities: readonly Ability[];
  /** Starts the simulator with a small clinic (below), its limits lifted unless `limits`. */
  start(options: StartOptions): Promise<SimulatedSite>;
  /** The content of `config/sites/<id>.yaml` for that clinic. */
  siteFile(options: SiteFileOptions): Readonly<Record<string, unknown>>;
  /** Reads `/__sim/state` in the suite's words. */
  truth(url: string): Promise<SiteTruth>;
}

export interface StartOptions {
  readonly cleanup: Cleanup;
  readonly clock: Clock;
  readonly stateDir: string;
  readonly site: string;
  /** The vendor's own limits stay in force. */
  readonly limits: boolean;
}

export interface SiteFileOptions {
  readonly site: string;
  /** Where the connector calls. */
  readonly address: string;
  /** Where the site takes requests on a port of its own, if it does. */
  readonly requests: SimulatedSite['requests'] | null;
  /** Absent: both calendars. */
  readonly calendar?: 'first' | 'second';
  /** Both calendars are one person's. */
  readonly onePerson: boolean;
  /** The most rows of one answer, where the kind lets a site file say so. */
  readonly rowsPerPage?: number;
  /** The vendor's own limits stay in force. */
  readonly limits: boolean;
  /** False: the site cannot carry the hub's own reference, where the kind knows such sites. */
  readonly correlation: boolean;
  /** Credentials that the vendor does not accept. */
  readonly wrongLogin: boolean;
  /** Site ids whose calendars are closed for what is booked here. */
  readonly mirrorTo: readonly string[];
}

/** A clinic with two calendars, open on weekday mornings from 9 to 12 in America/Chicago. */
export interface SimulatedSite {
  readonly url: string;
  readonly calendars: readonly [first: string, second: string];
  /** What the hub calls the first calendar in its slots, where that is another name. */
  readonly offered?: string;
  /** Half an hour, offered on both calendars. */
  readonly visitType: string;
  /** A class of an hour for several people, on the second calendar; absent where the vendor has none. */
  readonly classType?: string;
  readonly staff: Staff;
  /** Where it takes requests on a port of its own (MLLP), which no gateway stands before. */
  readonly requests?: { readonly host: string; readonly port: number };
  /** Of a person whom the site takes bookings for, where a write must name one. */
  readonly identifiers?: readonly { readonly system: string; readonly value: string; readonly type: string }[];
  /** How long a switch's `match` and a gateway's must be to mean this write and no other call. */
  readonly call: Readonly<Partial<Record<Write, string>>>;
  /** True for the call that reads this one appointment. */
  fetches(call: string, key: string): boolean;
  readonly truth: () => Promise<SiteTruth>;
  /** Everything there is, but for the clock and the counters that every question changes. */
  everything(): Promise<unknown>;
  /** How often the vendor said "too many calls". */
  throttled(): Promise<number>;
  /** Answers other than 429 that mean it, as the vendor gives them. */
  readonly throttles: readonly Canned[];
  readonly fault: (switches: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Takes all switches back. */
  readonly calm: () => Promise<void>;
  /** Tells the simulator where the hub listens, where nothing in the hub does. */
  connect?(hub: HubAddress): Promise<void>;
  /** Resolves when nothing that it owes to the hub is under way. */
  readonly quiet: () => Promise<void>;
  stop(): Promise<void>;
}

export interface HubAddress {
  readonly webhookUrl: string;
  readonly mllp: { readonly host: string; readonly port: number };
}

/** What people do in the site's own system. Keys are the site's ids. An act that a system does not know is absent. */
export interface Staff {
  /** Taken times are no obstacle. Person: number of an invented person. */
  readonly book: (visit: VisitWish) => Promise<string>;
  readonly move: (key: string, start: Instant) => Promise<void>;
  readonly cancel: (key: string) => Promise<void>;
  readonly noShow?: (key: string) => Promise<void>;
  /** The record vanishes and nobody is told. */
  readonly remove?: (key: string) => Promise<void>;
  readonly block?: (calendar: string, during: Interval) => Promise<string>;
  readonly unblock?: (key: string) => Promise<void>;
  /** Closes one day of a calendar by its opening hours, or opens it again. */
  readonly openHours?: (calendar: string, date: string, open: boolean) => Promise<void>;
  /** A class meeting with so many seats. */
  readonly addClass?: (start: Instant, seats: number) => Promise<void>;
}
export interface VisitWish {
  readonly calendar: string;
  readonly start: Instant;
  readonly visitType?: string;
  readonly person?: number;
}

export interface SiteTruth {
  readonly appointments: readonly TrueAppointment[];
  /** Keys of records that staff deleted. */
  readonly removed: readonly string[];
  readonly blocks: readonly { readonly key: string; readonly calendar: string; readonly during: Interval }[];
  /** Every start that can be booked, without class meetings. */
  readonly slots: readonly TrueSlot[];
}
export interface TrueAppointment {
  readonly key: string;
  readonly calendar: string;
  readonly visitType: string;
  readonly during: Interval;
  /** What the hub must say of it. */
  readonly status: AppointmentStatus;
  /** The hub's own reference in the record. */
  readonly correlation: string | null;
  /** As far as the site tells: comment and reason in words, and whether the patient has said that they come. */
  readonly comment?: string;
  readonly reason?: string;
  readonly attendance?: 'accepted' | 'needs-action';
}
export interface TrueSlot {
  readonly calendar: string;
  readonly visitType: string;
  readonly during: Interval;
}
