/** A World that books several visits as one. */
import { setDesk, type SetBooking } from '../../src/booking/set-desk.ts';
import { carryOn } from '../../src/booking/set-step.ts';
import { openWorld, type World, type WorldOptions } from './builders.ts';
import type { Cleanup } from './database.ts';

export interface SetWorld extends World {
  readonly sets: SetBooking;
  /** Sends and carries sets on until nothing more happens without time passing. */
  carryOn(): Promise<void>;
}

export async function openSetWorld(cleanup: Cleanup, options: WorldOptions = {}): Promise<SetWorld> {
  const world = await openWorld(cleanup, options);
  const deps = { ...world.resolveDeps, deliver: () => undefined };
  const sets = setDesk(deps);
  const open = `SELECT id FROM booking_set WHERE state IN ('under-way', 'undoing', 'stuck') ORDER BY id`;
  const stand = async (): Promise<string> =>
    JSON.stringify(await world.rows(`SELECT set_id, step, state FROM booking_set_step ORDER BY 1, 2`));
  const carry = async (): Promise<void> => {
    for (let before = ''; ;) {
      for (const site of ['north', 'south'] as const) await world.deliver(site);
      for (const { id } of await world.rows(open)) {
        await carryOn({ ...deps, setChanged: (setId) => sets.changed(setId) }, id as string);
      }
      const now = await stand();
      if (now === before) return;
      before = now;
    }
  };
  return Object.assign(world, { sets, carryOn: carry });
}
