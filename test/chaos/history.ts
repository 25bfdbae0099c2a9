/**
 * What happened in one run, in the order in which the harness learned it; one JSON line each. Nothing here is told by
 * the hub about itself but `booking`, which only names the correlation that a request key became.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../src/core/clock.ts';

/** Milliseconds since the epoch, of this machine: harness, hub and simulators share its clock. */
export type At = number;

export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Outcome =
  | 'booked'
  | 'cancelled'
  /** The hub keeps a time for the caller. */
  | 'held'
  | 'moved'
  | 'changed'
  /** 202: the hub has taken the time and cannot say yet. */
  | 'pending'
  /** CA: what was asked by HL7 v2 is stored, and will be answered. */
  | 'heard'
  /** 409: nothing was stored under the key, or it was taken at the site. */
  | 'taken'
  | 'refused'
  /** No answer, or one that says that the hub itself is in trouble: it is asked again with the same key. */
  | 'lost';

/** A time that a caller asks for. */
export interface Placing extends Span {
  readonly site: string;
  readonly practitioner: string;
  readonly slot: string;
  readonly patient?: string;
  /** Rooms (Location) that it takes besides, for as long. */
  readonly rooms?: readonly string[];
  /** Of a class: how many seats it has, of which this is one. */
  readonly seats?: number;
}

export interface Told {
  readonly appointment: string;
  readonly siteKey: string;
}

export type Happened =
  | {
      readonly kind: 'begin';
      readonly seed: number;
      readonly planted: string | null;
      /** Sites at which a coordinator decides first. */
      readonly approval?: readonly string[];
      readonly calendars: readonly {
        readonly site: string;
        readonly calendar: string;
        readonly practitioner: string;
      }[];
    }
  | ({
      readonly kind: 'call';
      readonly call: number;
      readonly action: 'book' | 'hold';
      readonly key: string;
      readonly via?: 'srm';
      /** Of a booking: the Appointment under which its caller had held the time. */
      readonly held?: string;
    } & Placing)
  | {
      readonly kind: 'call';
      readonly call: number;
      readonly action: 'set';
      readonly key: string;
      /** One visit on several days. */
      readonly isSeries?: true;
      readonly mode: 'all' | 'best-effort';
      readonly visits: readonly Placing[];
    }
  | ({
      readonly kind: 'call';
      readonly call: number;
      readonly action: 'move';
      readonly key: string;
      readonly via?: 'srm';
      readonly appointment: string;
    } & Placing)
  | {
      readonly kind: 'call';
      readonly call: number;
      readonly action: 'change';
      readonly key: string;
      readonly via?: 'srm';
      readonly appointment: string;
      /** Null: it was the comment. */
      readonly status: string | null;
    }
  | {
      readonly kind: 'call';
      readonly call: number;
      readonly action: 'cancel';
      readonly key: string;
      readonly via?: 'srm';
      readonly appointment: string;
    }
  /** Of this visit of a series, and of all that follow it. */
  | {
      readonly kind: 'call';
      readonly call: number;
      readonly action: 'move following' | 'cancel following';
      readonly key: string;
      readonly appointment: string;
      readonly site: string;
      readonly practitioner: string;
      readonly mode: 'all' | 'best-effort';
    }
  | {
      readonly kind: 'answer';
      readonly call: number;
      readonly outcome: Outcome;
      readonly status: number | null;
      readonly appointment?: string;
      readonly siteKey?: string;
      /** By HL7 v2: the MSH-10 of the request that is answered. */
      readonly message?: string;
      /** Of a hold: when it runs out. */
      readonly until?: At;
      /** Of a set: each of its visits in order; null: it does not stand. */
      readonly visits?: readonly (Told | null)[];
      /** Of one visit of a series and all that follow it: those that it was done to, as they are now. */
      readonly done?: readonly (Told & Span)[];
    }
  | ({
      readonly kind: 'act';
      readonly act: number;
      readonly site: string;
      readonly action: string;
      readonly visit: string | null;
    } & Partial<Span>)
  | { readonly kind: 'acted'; readonly act: number; readonly done: boolean; readonly visit: string | null }
  | { readonly kind: 'trouble'; readonly what: string; readonly site: string | null; readonly begins: boolean }
  /** A person settled a booking that the hub could not find out about. */
  | { readonly kind: 'decided'; readonly booking: string; readonly as: string; readonly status: number }
  /** A coordinator decided about a booking that waits for approval; status null: no answer came. */
  | {
      readonly kind: 'decision';
      readonly booking: string;
      readonly action: string;
      /** `none`: they left it alone. */
      readonly decision: 'approve' | 'decline' | 'none';
      readonly status: number | null;
    }
  /** How often each fault of a simulator struck; told before the faults are lifted. */
  | { readonly kind: 'struck'; readonly site: string; readonly times: Readonly<Record<string, number>> }
  /** The hub showed it so: at the time of this event it is known to the hub. */
  | ({ readonly kind: 'seen' } & Shown)
  /** Closed time that the hub had applied at the time of this event; the harness reads it from the hub's database. */
  | ({
      readonly kind: 'block';
      readonly site: string;
      readonly block: string;
      readonly practitioner: string;
    } & Span)
  /** No more; `since`: the hub still had it then. */
  | { readonly kind: 'unblocked'; readonly site: string; readonly block: string; readonly since: At }
  /** After everything went quiet, or did not. */
  | { readonly kind: 'unrest'; readonly what: string }
  | { readonly kind: 'difference'; readonly what: string }
  | ({
      readonly kind: 'truth';
      readonly site: string;
      readonly siteKey: string;
      readonly practitioner: string | null;
      readonly status: string;
      readonly correlation: string | null;
      /** Where the site names them: rooms (Location) in which it is. */
      readonly rooms?: readonly string[];
    } & Span)
  | { readonly kind: 'removed'; readonly site: string; readonly siteKey: string }
  | ({ readonly kind: 'copy' } & Shown)
  | {
      readonly kind: 'booking';
      readonly booking: string;
      /** Empty in histories that were kept before sites wanted approval. */
      readonly site?: string;
      readonly key: string;
      readonly action: string;
      readonly state: string;
      readonly appointment: string;
    }
  /** One visit of a set; `task`: a person is asked to take it back. */
  | {
      readonly kind: 'step';
      readonly key: string;
      /** From 0. */
      readonly visit: number;
      readonly booking: string;
      readonly state: string;
      readonly task: boolean;
    };

/** An Appointment as the FHIR API showed it. */
export interface Shown extends Span {
  readonly appointment: string;
  readonly version: number;
  readonly lastUpdated: At;
  readonly site: string;
  readonly siteKey: string;
  readonly status: string;
  readonly practitioners: readonly string[];
  readonly rooms?: readonly string[];
}

export type Event = Happened & { readonly n: number; readonly at: At };
export type Of<Kind extends Happened['kind']> = Extract<Event, { readonly kind: Kind }>;

export interface History {
  readonly events: readonly Event[];
  add(happened: Happened): Event;
}

/** `file`: written line by line, so that a run that is ended from outside leaves what it had. */
export function openHistory(file: string | null): History {
  const events: Event[] = [];
  if (file !== null) writeFileSync(file, '');
  return {
    events,
    add(happened) {
      const event: Event = { n: events.length, at: systemClock.now(), ...happened };
      events.push(event);
      if (file !== null) appendFileSync(file, `${JSON.stringify(event)}\n`);
      return event;
    },
  };
}

export function allOf<Kind extends Happened['kind']>(events: readonly Event[], kind: Kind): readonly Of<Kind>[] {
  return events.filter((event): event is Of<Kind> => event.kind === kind);
}
