/** The booking desk and the desk for several visits at once: what a booking comes to is heard by both. */
import { bookingDesk, type Desk, type DeskDeps } from './booking/desk.ts';
import { setDesk, type SetBooking } from './booking/set-desk.ts';
import { isOfSet } from './booking/set-rows.ts';
import { carryOnSets } from './booking/set-step.ts';
import type { BookedVisit } from './booking/settle-placed.ts';
import type { Loop } from './core/loop.ts';
import type { Booking } from './store/contract-bookings.ts';

export interface SetStage {
  readonly desk: SetBooking;
  /** One round: sets whose bookings moved, and those that nobody has looked at for a while. */
  step(): Promise<boolean>;
  /** Rung whenever a booking of a set moved, so that the set goes on at once. */
  rings(loop: Loop): void;
  /** As `desk.changed`, of a booking that is known: most are of no set, and no set is looked for then. */
  moved(booking: Pick<Booking, 'id' | 'requestKey'>, visit?: BookedVisit): void;
}

export function openDesks(deps: DeskDeps): { readonly desk: Desk; readonly sets: SetStage } {
  const desk = bookingDesk(deps);
  const setsDesk = setDesk(deps);
  const moved = new Set<string>();
  let loop: Loop | null = null;
  const changed: Desk['changed'] = (bookingId, visit) => {
    desk.changed(bookingId, visit);
    moved.add(bookingId);
    loop?.ring();
  };
  const sets: SetStage = {
    desk: setsDesk,
    async step() {
      const ids = [...moved];
      moved.clear();
      return carryOnSets({ ...deps, setChanged: (id) => setsDesk.changed(id) }, ids);
    },
    rings: (one) => (loop = one),
    moved: (booking, visit) => (isOfSet(booking) ? changed(booking.id, visit) : desk.changed(booking.id, visit)),
  };
  return { desk: { ...desk, changed }, sets };
}
