/** What lies around a booking that is to be made: visits next to it, and the patient's own. Part of BusyStore. */
import type { Interval } from '../core/instant.ts';
import type { Claim } from './contract-bookings.ts';

/** A visit next to what is claimed of a resource. */
export interface Neighbour extends Claim {
  readonly site: string;
  /** Null: nothing but its time is known yet, or it is no Appointment. */
  readonly appointmentId: string | null;
  /** Of the catalogue; null: not known. */
  readonly visitType: string | null;
  /** Location ids that the visit names; none: not known. */
  readonly locations: readonly string[];
}

/** A visit of the patient, or a booking of one whose answer is open. */
export interface OwnVisit {
  readonly appointmentId: string;
  /** Occupancies of the time that it takes: of a class that of the class. */
  readonly occupancies: readonly string[];
}

export interface AroundStore {
  /**
   * Live visits and holds that take one of these resources within so long before or after the claim, of another
   * occupancy than `except`. Blocks are left out: nobody travels to closed time.
   */
  neighbours(claims: readonly Claim[], within_ms: number, except: string | null): Promise<readonly Neighbour[]>;
  /** Visits and open bookings of any of these patient records at that time, but for the visit `except`. */
  ofPatients(patientIds: readonly string[], during: Interval, except: string | null): Promise<readonly OwnVisit[]>;
  /** The patients of a visit, read without a lock on its row. */
  patientsOf(appointmentId: string): Promise<readonly string[]>;
}
