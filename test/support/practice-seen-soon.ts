/** A hub with one practice, of which it sees soon what no webhook tells: blocks, classes, opening hours. */
import type { Slot } from '../../src/fhir/types.ts';
import { callerOf, freeSlots, type Caller } from './caller.ts';
import { MIDTOWN, ORTIZ } from './config-folder.ts';
import type { Cleanup } from './database.ts';
import { startHub, type TestHub } from './hub.ts';
import { practiceOf } from './staff.ts';

export interface PracticeSeenSoon {
  readonly hub: TestHub;
  readonly caller: Caller;
  readonly staff: ReturnType<typeof practiceOf>;
  /** Free slots of Ben Ortiz, who works here alone; therapy where no other visit type is named. */
  readonly slotsOfOrtiz: (type?: string) => Promise<readonly Slot[]>;
}

export async function practiceSeenSoon(cleanup: Cleanup): Promise<PracticeSeenSoon> {
  const hub = await startHub(cleanup, {
    sites: [MIDTOWN],
    configure: (config) =>
      config.edit(`sites/${MIDTOWN}.yaml`, (file) => {
        file.setIn(['poll', 'every_s'], 1);
        file.setIn(['poll', 'availabilityEvery_s'], 10);
      }),
  });
  const caller = callerOf(hub);
  return {
    ...{ hub, caller, staff: practiceOf(hub, MIDTOWN) },
    async slotsOfOrtiz(type = 'therapy-50') {
      const free = await freeSlots(caller, MIDTOWN, type);
      const known = await hub.query(`SELECT id FROM slot WHERE site_key LIKE $1`, [`${ORTIZ}:%`]);
      const ids = new Set(known.rows.map((row) => row['id']));
      return free.filter((slot) => ids.has(slot.id));
    },
  };
}
