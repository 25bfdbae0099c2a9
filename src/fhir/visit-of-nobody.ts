/** A visit of somebody who was erased. Pure. */
import { withActing } from './acting.ts';
import type { Appointment } from './types.ts';

/** The time in the calendar stays, since others are booked around it; what was said of the person goes. */
export function visitOfNobody(visit: Appointment): Appointment {
  const { reasonCode: _reason, comment: _comment, description: _description, cancelationReason, ...rest } = visit;
  const { coding = [] } = cancelationReason ?? {};
  return withActing({ ...rest, ...(coding.length === 0 ? {} : { cancelationReason: { coding } }) }, []);
}
