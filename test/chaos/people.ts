/** Callers and staff of a run. Callers are patient: whoever has no answer asks again with the same key. */
import { systemClock } from '../../src/core/clock.ts';
import { formatInstant, MINUTE_MS, plus } from '../../src/core/instant.ts';
import type { Appointment } from '../../src/fhir/types.ts';
import { actor, control, rowsOf, textOf } from '../conformance/control.ts';
import { during, type Answer } from '../support/caller.ts';
import { INTAKE, MIDTOWN, NORTHSIDE, ORTIZ, RAO, RIVERSIDE, WEISS } from '../support/config-folder.ts';
import { atTime, calendarOf, choose, pick, placingOf, roomFor, type Chosen } from './choice.ts';
import { EASTSIDE, EASTSIDE_CALENDARS, EASTSIDE_INTAKE } from './config.ts';
import { groupOf } from './group.ts';
import { his } from './his.ts';
import type { Outcome } from './history.ts';
import type { GroupStep, Requesting, SeriesStep, Step, Wanted as Wish } from './plan.ts';
import { appointmentsIn, outcomeOf, pendingIn, requestsOf, toldOf, visitOf } from './requests.ts';
import type { Action, Call, Heard } from './requests.ts';
import { seriesOf } from './series.ts';
import { RIVERSIDE_KEYS, type Wanted, type World } from './world.ts';

export interface Person {
  book(wish: Wish, key: string): Promise<void>;
  hold(step: Extract<Step, { readonly do: 'hold' }>, key: string): Promise<void>;
  set(step: Extract<Step, { readonly do: 'set' }>, key: string): Promise<void>;
  move(visit: number, start: number, key: string): Promise<void>;
  change(visit: number, to: string, key: string): Promise<void>;
  cancel(visit: number, key: string): Promise<void>;
  act(step: Extract<Step, { readonly do: 'act' }>): Promise<void>;
  series(step: SeriesStep, key: string): Promise<void>;
  group(step: GroupStep, key: string): Promise<void>;
  /** By HL7 v2. */
  request(step: Requesting, key: string): Promise<void>;
}

interface Booked {
  readonly resource: Appointment;
  readonly wanted: Wanted;
  readonly visitType: number;
  readonly withRoom: boolean;
}

/** What callers or staff have made. */
interface Visit {
  readonly site: string;
  readonly siteKey: string;
  /** Of callers: as it was answered; empty: the hub has only taken it in yet. Null: staff booked it. */
  readonly appointment: string | null;
  readonly booked: Booked | null;
}

const ASK_AGAIN_MS = 300;
const TRY_AGAIN_MS = 1_000;

const CALENDARS: Readonly<Record<string, readonly string[]>> = {
  [MIDTOWN]: [RAO.midtown, ORTIZ],
  [NORTHSIDE]: [RAO.northside, WEISS],
  [RIVERSIDE]: [RAO.riverside, 'LINDQVIST'],
  [EASTSIDE]: EASTSIDE_CALENDARS,
};
const INTAKES: Readonly<Record<string, string>> = {
  [MIDTOWN]: INTAKE.midtown,
  [NORTHSIDE]: INTAKE.northside,
  [EASTSIDE]: EASTSIDE_INTAKE,
};

const isFollowing = (action: Action): boolean => action.endsWith('following');

/** `over`: nobody waits for answers any more. */
export function people(world: World, over: AbortSignal): Person {
  const { history, caller } = world;
  const requests = requestsOf(caller);
  const visits: Visit[] = [];
  let calls = 0;
  let acts = 0;
  const nextAct = (): number => (acts += 1);

  const keep = (appointment: Appointment, { wanted, visitType, room }: Chosen): void => {
    const booked = { resource: appointment, wanted, visitType, withRoom: room !== undefined };
    visits.push({ site: wanted.site, ...toldOf(appointment), booked });
  };
  const heard = ({ call, action, asked }: Call, answer: Answer | null): Outcome => {
    const outcome = outcomeOf(answer, action);
    const isDone = answer !== null && !['pending', 'lost', 'taken', 'refused'].includes(outcome);
    const found = isDone ? appointmentsIn(answer) : [];
    const [first] = found;
    const isSeveral = action === 'set' || isFollowing(action);
    const ids = first === undefined || isSeveral ? {} : toldOf(first);
    const until = action === 'hold' && isDone ? { until: Date.parse(answer.headers.get('expires') ?? '') } : {};
    const all = asked.map((_, index) => visitOf(found, index));
    const told = action === 'set' && isDone ? { visits: all.map((one) => (one === null ? null : toldOf(one))) } : {};
    const done =
      isDone && isFollowing(action) ? { done: found.map((one) => ({ ...toldOf(one), ...during(one) })) } : {};
    history.add({ kind: 'answer', call, outcome, status: answer?.status ?? null, ...ids, ...until, ...told, ...done });
    if (outcome !== 'booked') return outcome;
    for (const [index, chosen] of asked.entries()) {
      const one = action === 'set' ? all[index] : first;
      if (one !== null && one !== undefined) keep(one, chosen);
    }
    return outcome;
  };
  const tried = (ask: () => Promise<Answer>): Promise<Answer | null> => ask().catch(() => null);
  /** Follows 202 until it is settled; one answer is written down for the wait. */
  const settled = async (call: Call, first: Answer): Promise<Heard> => {
    const where = first.headers.get('content-location') ?? '';
    while (!over.aborted) {
      await systemClock.sleep(ASK_AGAIN_MS, over);
      const answer = await tried(() => caller.ask(where));
      const outcome = outcomeOf(answer, call.action);
      if (outcome !== 'lost' && outcome !== 'pending') return { outcome: heard(call, answer), answer };
    }
    return { outcome: 'pending', answer: first };
  };
  const untilAnswered = async (call: Call, ask: () => Promise<Answer>): Promise<Heard> => {
    while (!over.aborted) {
      const answer = await tried(ask);
      const outcome = heard(call, answer);
      if (outcome === 'pending' && answer !== null) {
        // Whoever waits may let it go, as long as the site was not asked.
        const [chosen, pending] = [call.asked[0], pendingIn(answer)];
        if (call.action === 'book' && chosen !== undefined && pending !== null) {
          visits.push({ site: chosen.wanted.site, siteKey: '', appointment: pending, booked: null });
        }
        return settled(call, answer);
      }
      if (outcome !== 'lost') return { outcome, answer };
      await systemClock.sleep(TRY_AGAIN_MS, over);
    }
    return { outcome: 'lost', answer: null };
  };
  const next = (action: Action, asked: readonly Chosen[] = []): Call => ({ call: (calls += 1), action, asked });
  const placed = (action: 'book' | 'hold', key: string, chosen: Chosen, held?: string): Call => {
    const call = next(action, [chosen]);
    const by = held === undefined ? {} : { held };
    history.add({ kind: 'call', call: call.call, action, key, ...placingOf(chosen), ...by });
    return call;
  };
  const pickOwn = (visit: number): Visit | null => {
    const ours = visits.filter(({ appointment }) => appointment !== null);
    return ours.length === 0 ? null : pick(ours, visit);
  };

  return {
    async book(wish, key) {
      const chosen = choose(world, wish);
      const same = Array.from({ length: wish.times }, async () => {
        const call = placed('book', key, chosen);
        await untilAnswered(call, () => requests.book(chosen, key));
      });
      await Promise.all(same);
    },

    async hold({ wish, then, after_ms }, key) {
      const chosen = choose(world, wish);
      const { outcome, answer } = await untilAnswered(placed('hold', key, chosen), () => requests.hold(chosen, key));
      const [held] = outcome === 'held' && answer !== null ? appointmentsIn(answer) : [];
      if (held === undefined || then === 'expire') return;
      await systemClock.sleep(after_ms, over);
      const appointment = held.id ?? '';
      if (then === 'book') {
        const call = placed('book', `${key}-book`, chosen, appointment);
        await untilAnswered(call, () => requests.bookHeld(held, `${key}-book`));
        return;
      }
      const call = next('cancel');
      history.add({ kind: 'call', call: call.call, action: 'cancel', key: `${key}-release`, appointment });
      await untilAnswered(call, () => caller.cancelByPatch(appointment));
    },

    async set({ wishes, mode }, key) {
      const at = wishes.map((wish) => calendarOf(world, wish));
      const chosen = wishes.map((wish) => choose(world, wish, at));
      const call = next('set', chosen);
      history.add({ kind: 'call', call: call.call, action: 'set', key, mode, visits: chosen.map(placingOf) });
      await untilAnswered(call, () => requests.set(chosen, mode, key));
    },

    async move(visit, start, key) {
      const own = visits.filter(({ booked }) => booked !== null);
      const picked = own.length === 0 ? null : pick(own, visit);
      if (picked?.booked === undefined || picked.booked === null) return;
      const { wanted, visitType, resource, withRoom } = picked.booked;
      const slot = atTime(world, wanted, start, visitType);
      const also = withRoom ? roomFor(world, wanted, slot, visitType) : {};
      const call = next('move');
      const [action, appointment] = ['move', picked.appointment ?? ''] as const;
      const placing = placingOf({ wanted, slot, patientId: '', home: '', ...also });
      history.add({ kind: 'call', call: call.call, action, key, appointment, ...placing });
      await untilAnswered(call, () => requests.move(resource, slot, also.room?.slot ?? null, key));
    },

    async change(visit, to, key) {
      const appointment = pickOwn(visit)?.appointment ?? null;
      if (appointment === null) return;
      const call = next('change');
      const status = to === 'comment' ? null : to;
      history.add({ kind: 'call', call: call.call, action: 'change', key, appointment, status });
      await untilAnswered(call, () =>
        status === null ? requests.comment(appointment, `as ${key}`, key) : requests.status(appointment, status, key),
      );
    },

    async cancel(visit, key) {
      const appointment = pickOwn(visit)?.appointment ?? null;
      if (appointment === null) return;
      const call = next('cancel');
      history.add({ kind: 'call', call: call.call, action: 'cancel', key, appointment });
      await untilAnswered(call, () => caller.cancelByPatch(appointment));
    },

    act: staffOf(world, visits, nextAct),

    group: groupOf({
      ...{ world, nextAct },
      made: (site, siteKey) => void visits.push({ site, siteKey, appointment: null, booked: null }),
      async ask(chosen, key) {
        const call = placed('book', key, chosen);
        await untilAnswered(call, () => requests.book(chosen, key));
      },
    }),

    series: seriesOf({ world, over, requests, next, untilAnswered }),

    request: his({
      ...{ world, over, keep },
      next: () => (calls += 1),
      choose: (wish) => choose(world, wish),
      slotAt: ({ wanted, visitType }, start) => atTime(world, wanted, start, visitType),
    }),
  };
}

function staffOf(world: World, visits: Visit[], nextAct: () => number): Person['act'] {
  const { history } = world;
  return async ({ site, action, calendar, start, visit, person }) => {
    const isHl7 = site === RIVERSIDE;
    const who = pick(CALENDARS[site] ?? [], calendar);
    const there = visits.filter((one) => one.site === site && one.siteKey !== '');
    if ((action === 'move' || action === 'cancel') && there.length === 0) return;
    const key = action === 'move' || action === 'cancel' ? pick(there, visit).siteKey : null;
    const id = isHl7 ? (key?.split('^')[0] ?? null) : key;
    // By moving a cancelled visit this clinic takes it up again.
    if (isHl7 && action === 'move' && !(await stands(world.hub.simulator(site), id ?? ''))) return;
    const from = plus(
      during(atTime(world, pick(world.wanted, calendar), start, person)).start,
      (visit % 4) * 15 * MINUTE_MS,
    );
    const wish = isHl7
      ? { practitioner: who, start: Number(from), end: Number(from) + 30 * MINUTE_MS }
      : { calendarID: Number(who), start: formatInstant(from), end: formatInstant(plus(from, 30 * MINUTE_MS)) };
    const type = isHl7 ? {} : { appointmentTypeID: Number(INTAKES[site]) };
    const fields = {
      book: { ...wish, ...type, datetime: formatInstant(from), person },
      move: isHl7 ? { id, start: Number(from) } : { id, datetime: formatInstant(from) },
      cancel: { id, ...(isHl7 ? { reason: 'PATCAN' } : {}) },
      block: { ...wish, ...(isHl7 ? {} : { notes: '' }) },
    }[action];
    const act = nextAct();
    const time = action === 'cancel' ? {} : { start: Number(from), end: Number(from) + 30 * MINUTE_MS };
    history.add({ kind: 'act', act, site, action, visit: key, ...time });
    const done = await actor(world.hub.simulator(site))(action, fields).catch(() => null);
    const made = done === null || action !== 'book' ? null : textOf(done['id']) + (isHl7 ? RIVERSIDE_KEYS : '');
    history.add({ kind: 'acted', act, done: done !== null, visit: made });
    if (made !== null) visits.push({ site, siteKey: made, appointment: null, booked: null });
  };
}

async function stands(simulator: string, id: string): Promise<boolean> {
  const state = await control('GET', `${simulator}/__sim/state?only=appointments`).catch(() => null);
  return rowsOf(state?.['appointments']).some((row) => row['id'] === id && row['status'] === 'Booked');
}
