/** Callers who book the same time on several days, and later change one visit of it with all that follow. */
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, formatInstant, plus } from '../../src/core/instant.ts';
import type { Appointment, Slot } from '../../src/fhir/types.ts';
import { during, type Answer } from '../support/caller.ts';
import { atTime, choose, pick, placingOf, type Chosen } from './choice.ts';
import type { SeriesStep } from './plan.ts';
import { appointmentsIn, visitOf, type Action, type Call, type Heard, type Requests } from './requests.ts';
import type { World } from './world.ts';

export interface SeriesDeps {
  readonly world: World;
  readonly over: AbortSignal;
  readonly requests: Requests;
  readonly next: (action: Action, asked?: readonly Chosen[]) => Call;
  readonly untilAnswered: (call: Call, ask: () => Promise<Answer>) => Promise<Heard>;
}

export function seriesOf({
  world,
  over,
  requests,
  next,
  untilAnswered,
}: SeriesDeps): (step: SeriesStep, key: string) => Promise<void> {
  const { history } = world;
  const change = async (step: SeriesStep, key: string, from: Appointment, chosen: Chosen): Promise<void> => {
    const isMove = step.then === 'move';
    const action = isMove ? 'move following' : 'cancel following';
    const call = next(action);
    const appointment = from.id ?? '';
    const followKey = `${key}-${step.then}`;
    const { site, practitioner } = chosen.wanted;
    const mode = isMove ? step.moveMode : 'best-effort';
    history.add({ kind: 'call', call: call.call, action, key: followKey, appointment, site, practitioner, mode });
    const slot = atTime(world, chosen.wanted, step.start, chosen.visitType);
    await untilAnswered(call, () =>
      isMove ? requests.moveFollowing(from, slot, mode, followKey) : requests.cancelFollowing(from, followKey),
    );
  };

  return async (step, key) => {
    // Of a series each visit is one of its calendar alone.
    const first = choose(world, { ...step.wish, room: false });
    const days = Array.from({ length: step.count }, (_, day) => ({ ...first, slot: daysLater(first, day) }));
    const call = next('set', days);
    const { mode } = step;
    const wanted = { key, mode, isSeries: true, visits: days.map(placingOf) } as const;
    history.add({ kind: 'call', call: call.call, action: 'set', ...wanted });
    const { outcome, answer } = await untilAnswered(call, () => requests.series(first, step.count, mode, key));
    if (outcome !== 'booked' || answer === null || step.then === 'nothing') return;
    await systemClock.sleep(step.after_ms, over);
    const found = appointmentsIn(answer);
    const standing = days.flatMap((chosen, index) => {
      const visit = visitOf(found, index);
      return visit === null ? [] : [{ visit, chosen }];
    });
    if (standing.length === 0) return;
    const { visit, chosen } = pick(standing, step.from);
    await change(step, key, visit, chosen);
  };
}

/** The slot at the same time of another day; where none is offered, one that says when it would be. */
function daysLater({ wanted, visitType, slot }: Chosen, days: number): Slot {
  const { start, end } = during(slot);
  const [from, to] = [plus(start, days * DAY_MS), plus(end, days * DAY_MS)];
  const found = pick(wanted.slots, visitType).find((one) => during(one).start === from);
  return found ?? { ...slot, id: '', start: formatInstant(from), end: formatInstant(to) };
}
