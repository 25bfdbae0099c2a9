/** People for the seats of a class: callers who ask the hub, and some whom the site's own staff take in. */
import { actor, textOf } from '../conformance/control.ts';
import { GROUP as GROUP_TYPE } from '../support/config-folder.ts';
import { chooseSeat, type Chosen } from './choice.ts';
import { GROUP } from './config.ts';
import type { GroupStep } from './plan.ts';
import type { World } from './world.ts';

export interface GroupDeps {
  readonly world: World;
  readonly ask: (chosen: Chosen, key: string) => Promise<void>;
  /** A number for what staff do. */
  readonly nextAct: () => number;
  /** Staff have taken somebody in; the key of the visit. */
  readonly made: (site: string, siteKey: string) => void;
}

export function groupOf({ world, ask, nextAct, made }: GroupDeps): (step: GroupStep, key: string) => Promise<void> {
  const byStaff = async (meeting: number, person: number): Promise<void> => {
    const { history, hub, group } = world;
    const { slot } = chooseSeat(world, { start: meeting, patient: 0 });
    const { site } = group;
    const act = nextAct();
    const time = { start: Date.parse(slot.start), end: Date.parse(slot.end) };
    history.add({ kind: 'act', act, site, action: 'book', visit: null, ...time });
    const wish = { calendarID: Number(GROUP.calendar), appointmentTypeID: Number(GROUP_TYPE), datetime: slot.start };
    const done = await actor(hub.simulator(site))('book', { ...wish, person: person % 30 }).catch(() => null);
    const visit = done === null ? null : textOf(done['id']);
    history.add({ kind: 'acted', act, done: done !== null, visit });
    if (visit !== null) made(site, visit);
  };
  return async ({ meeting, patients, byStaff: others }, key) => {
    await Promise.all([
      ...patients.map((patient, at) => ask(chooseSeat(world, { start: meeting, patient }), `${key}-${String(at)}`)),
      ...others.map((person) => byStaff(meeting, person)),
    ]);
  };
}
