/** What is read ahead for a batch, so that its messages need not ask one by one. Forgotten with the transaction. */
import type { Instant } from '../core/instant.ts';
import type { AppointmentDbRow } from './appointments.ts';
import type { Booking, BusyRow } from './contract-bookings.ts';
import type { PatientRecord } from './contract-people.ts';
import type { ReplayWindow } from './contract-replay.ts';
import type { StoredSlot } from './contract-resources.ts';
import type { ResourceDbRow } from './resources.ts';

/** Null and empty: it was looked for, and there is none. Missing: not looked for. */
export class Ahead {
  readonly keys = new Map<string, string | null>();
  /** Locked until the commit. */
  readonly appointments = new Map<string, AppointmentDbRow | null>();
  readonly busy = new Map<string, readonly BusyRow[]>();
  readonly slots = new Map<string, StoredSlot | null>();
  readonly records = new Map<string, PatientRecord | null>();
  readonly resources = new Map<string, ResourceDbRow | null>();
  /** `type id` of each actor of a schedule. */
  readonly actors = new Map<string, readonly string[]>();
  readonly objects = new Map<string, Instant | null>();
  /** By site: those whose answer is open. */
  readonly open = new Map<string, readonly Booking[]>();
  /** By appointment. */
  readonly latest = new Map<string, Booking | null>();
  /** By site, the newest first. */
  readonly windows = new Map<string, readonly ReplayWindow[]>();

  clear(): void {
    for (const known of [
      this.keys,
      this.appointments,
      this.busy,
      this.slots,
      this.records,
      this.resources,
      this.actors,
      this.objects,
      this.open,
      this.latest,
      this.windows,
    ])
      // prettier-ignore
      known.clear();
  }
}

/** A site and what it calls something, as one key. No site id has a blank in it. */
export function pair(site: string, name: string): string {
  return `${site} ${name}`;
}
