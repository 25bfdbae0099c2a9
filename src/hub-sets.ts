/** The booking desk and the desk for several visits at once: what a booking comes to is heard by both. */
import { bookingDesk, type Desk, type DeskDeps } from './booking/desk.ts';
import { setDesk, type SetBooking } from './booking/set-desk.ts';
import { carryOnSets } from './booking/set-step.ts';
import type { Loop } from './core/loop.ts';

export interface SetStage {
  readonly desk: SetBooking;
  /** One round: sets whose bookings moved, and those that nobody has looked at for a while. */
  step(): Promise<boolean>;
  /** Rung whenever a booking moved, so that a set goes on at once. */
  rings(loop: Loop): void;
}

export function openDesks(deps: DeskDeps): { readonly desk: Desk; readonly sets: SetStage } {
  const desk = bookingDesk(deps);
  const setsDesk = setDesk(deps);
  const moved = new Set<string>();
  let loop: Loop | null = null;
  const sets: SetStage = {
    desk: setsDesk,
    async step() {
      const ids = [...moved];
      moved.clear();
      return carryOnSets({ ...deps, setChanged: (id) => setsDesk.changed(id) }, ids);
    },
    rings: (one) => (loop = one),
  };
  const changed = (bookingId: string): void => {
    desk.changed(bookingId);
    moved.add(bookingId);
    loop?.ring();
  };
  return { desk: { ...desk, changed }, sets };
}
