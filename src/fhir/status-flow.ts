/**
 * How the status of an Appointment may change, and what that does to the time it takes. FHIR R4 publishes no state
 * machine; this is the matrix of fhir-scheduling.md section 4, which enforces it on what clients write. What the owning
 * site says is truth: it may take any step, and an unusual one is only noted.
 */
import type { AppointmentStatus } from './types.ts';

/** Row: from. What is not listed may not be reached from there by a client. Staying as it is changes nothing. */
export const MAY_BECOME: Readonly<Record<AppointmentStatus, readonly AppointmentStatus[]>> = {
  proposed: ['pending', 'booked', 'waitlist', 'cancelled', 'entered-in-error'],
  waitlist: ['proposed', 'pending', 'booked', 'cancelled', 'entered-in-error'],
  pending: ['booked', 'proposed', 'waitlist', 'cancelled', 'entered-in-error'],
  booked: ['arrived', 'checked-in', 'noshow', 'cancelled', 'fulfilled', 'pending', 'entered-in-error'],
  arrived: ['checked-in', 'fulfilled', 'cancelled', 'booked', 'entered-in-error'],
  'checked-in': ['fulfilled', 'cancelled', 'arrived', 'entered-in-error'],
  noshow: ['arrived', 'entered-in-error'],
  fulfilled: ['entered-in-error'],
  cancelled: ['entered-in-error'],
  'entered-in-error': [],
};

export function mayBecome(from: AppointmentStatus, to: AppointmentStatus): boolean {
  return from === to || MAY_BECOME[from].includes(to);
}

/** For a caller who asked for another step: which ones there are. */
export function stepsFrom(from: AppointmentStatus): string {
  const next = MAY_BECOME[from];
  return next.length === 0 ? 'nothing follows it' : `from there it may become ${next.join(', ')}`;
}

/** What a new status makes of the time that the visit takes (section 4, second table). */
export type TimeEffect = 'taken' | 'tentative' | 'given-back' | 'as-it-was';
export const TIME_EFFECT: Readonly<Record<AppointmentStatus, TimeEffect>> = {
  pending: 'tentative',
  booked: 'taken',
  arrived: 'taken',
  'checked-in': 'taken',
  fulfilled: 'taken',
  cancelled: 'given-back',
  'entered-in-error': 'given-back',
  proposed: 'given-back',
  waitlist: 'given-back',
  // Nobody came, and the time was theirs all the same.
  noshow: 'as-it-was',
};
