/** Callers and staff of a run. Callers are patient: whoever has no answer asks again with the same key. */
import { systemClock } from '../../src/core/clock.ts';
import { formatInstant, instant, MINUTE_MS, plus } from '../../src/core/instant.ts';
import type { Appointment, Slot } from '../../src/fhir/types.ts';
import { actor, textOf } from '../conformance/control.ts';
import { during, siteKeyOf, type Answer } from '../support/caller.ts';
import { INTAKE, MIDTOWN, NORTHSIDE, ORTIZ, RAO, RIVERSIDE, WEISS } from '../support/config-folder.ts';
import type { Outcome } from './history.ts';
import type { Step, Wanted as Wish } from './plan.ts';
import type { Wanted, World } from './world.ts';

export interface Person {
  book(wish: Wish, key: string): Promise<void>;
  cancel(visit: number, key: string): Promise<void>;
  act(step: Extract<Step, { readonly do: 'act' }>): Promise<void>;
}

interface Visit {
  readonly site: string;
  readonly siteKey: string;
  readonly appointment: string | null;
}

interface Call {
  readonly call: number;
  readonly action: 'book' | 'cancel';
  readonly site: string;
}

const ASK_AGAIN_MS = 300;
const TRY_AGAIN_MS = 1_000;

const CALENDARS: Readonly<Record<string, readonly string[]>> = {
  [MIDTOWN]: [RAO.midtown, ORTIZ],
  [NORTHSIDE]: [RAO.northside, WEISS],
  [RIVERSIDE]: [RAO.riverside, 'LINDQVIST'],
};

/** `over`: nobody waits for answers any more. */
export function people(world: World, over: AbortSignal): Person {
  const { history, caller } = world;
  const visits: Visit[] = [];
  let calls = 0;
  let acts = 0;

  const heard = ({ call, action, site }: Call, answer: Answer | null): Outcome => {
    const outcome = outcomeOf(answer, action);
    const appointment = answer === null || (outcome !== 'booked' && outcome !== 'cancelled') ? null : shownIn(answer);
    const siteKey = appointment === null ? '' : siteKeyOf(appointment, site);
    const ids = appointment === null ? {} : { appointment: appointment.id ?? '', siteKey };
    history.add({ kind: 'answer', call, outcome, status: answer?.status ?? null, ...ids });
    if (outcome === 'booked' && appointment !== null) visits.push({ site, siteKey, appointment: appointment.id ?? '' });
    return outcome;
  };
  const asked = (ask: () => Promise<Answer>): Promise<Answer | null> => ask().catch(() => null);
  /** Follows 202 until it is settled; one answer is written down for the wait. */
  const settled = async (call: Call, first: Answer): Promise<void> => {
    const where = first.headers.get('content-location') ?? '';
    while (!over.aborted) {
      await systemClock.sleep(ASK_AGAIN_MS, over);
      const answer = await asked(() => caller.ask(where));
      const outcome = outcomeOf(answer, call.action);
      if (outcome === 'lost' || outcome === 'pending') continue;
      heard(call, answer);
      return;
    }
  };
  const untilAnswered = async (call: Call, ask: () => Promise<Answer>): Promise<void> => {
    while (!over.aborted) {
      const answer = await asked(ask);
      const outcome = heard(call, answer);
      if (outcome === 'pending' && answer !== null) return settled(call, answer);
      if (outcome !== 'lost') return;
      await systemClock.sleep(TRY_AGAIN_MS, over);
    }
  };

  return {
    async book({ calendar, start, visitType, patient, times }, key) {
      const wanted = pick(world.wanted, calendar);
      const slot = atTime(world, wanted, start, visitType);
      const patientId = pick(world.patients, patient);
      const same = Array.from({ length: times }, async () => {
        const call = (calls += 1);
        const { site, practitioner } = wanted;
        const what = { key, site, practitioner, slot: slot.id ?? '', ...during(slot) };
        history.add({ kind: 'call', call, action: 'book', ...what });
        await untilAnswered({ call, action: 'book', site }, () => caller.book({ slot, patientId, key }));
      });
      await Promise.all(same);
    },

    async cancel(visit, key) {
      const ours = visits.filter((one) => one.appointment !== null);
      if (ours.length === 0) return;
      const { appointment, site } = pick(ours, visit);
      const call = (calls += 1);
      history.add({ kind: 'call', call, action: 'cancel', key, appointment: appointment ?? '' });
      await untilAnswered({ call, action: 'cancel', site }, () => caller.cancelByPatch(appointment ?? ''));
    },

    async act({ site, action, calendar, start, visit, person }) {
      const isHl7 = site === RIVERSIDE;
      const who = pick(CALENDARS[site] ?? [], calendar);
      const there = visits.filter((one) => one.site === site);
      if ((action === 'move' || action === 'cancel') && there.length === 0) return;
      const id = action === 'move' || action === 'cancel' ? pick(there, visit).siteKey : null;
      const from = plus(
        during(atTime(world, pick(world.wanted, calendar), start, person)).start,
        (visit % 4) * 15 * MINUTE_MS,
      );
      const wish = isHl7
        ? { practitioner: who, start: Number(from), end: Number(from) + 30 * MINUTE_MS }
        : { calendarID: Number(who), start: formatInstant(from), end: formatInstant(plus(from, 30 * MINUTE_MS)) };
      const type = isHl7 ? {} : { appointmentTypeID: Number(site === MIDTOWN ? INTAKE.midtown : INTAKE.northside) };
      const fields = {
        book: { ...wish, ...type, datetime: formatInstant(from), person },
        move: isHl7 ? { id, start: Number(from) } : { id, datetime: formatInstant(from) },
        cancel: { id, ...(isHl7 ? { reason: 'PATCAN' } : {}) },
        block: { ...wish, ...(isHl7 ? {} : { notes: '' }) },
      }[action];
      const act = (acts += 1);
      const time = action === 'cancel' ? {} : { start: Number(from), end: Number(from) + 30 * MINUTE_MS };
      history.add({ kind: 'act', act, site, action, visit: id, ...time });
      const done = await actor(world.hub.simulator(site))(action, fields).catch(() => null);
      const made = done === null || action !== 'book' ? null : textOf(done['id']);
      history.add({ kind: 'acted', act, done: done !== null, visit: made });
      if (made !== null) visits.push({ site, siteKey: made, appointment: null });
    },
  };
}

/** The same number is the same time on every calendar, so that races meet one person at two sites. */
function atTime(world: World, wanted: Wanted, start: number, visitType: number): Slot {
  const [first] = world.wanted;
  const aim = instant(during(pick(first?.slots[0] ?? [], start)).start);
  const distance = (slot: Slot): number => Math.abs(during(slot).start - aim);
  return pick(wanted.slots, visitType).reduce((best, slot) => (distance(slot) < distance(best) ? slot : best));
}

function pick<T>(from: readonly T[], number: number): T {
  const found = from[number % from.length];
  if (found === undefined) throw new Error('nothing to choose from');
  return found;
}

function outcomeOf(answer: Answer | null, action: Call['action']): Outcome {
  if (answer === null || answer.status >= 500 || answer.status === 429) return 'lost';
  if (answer.status === 202) return 'pending';
  if (answer.status === 409) return 'taken';
  if (answer.status >= 300) return 'refused';
  return action === 'book' ? 'booked' : 'cancelled';
}

function shownIn(answer: Answer): Appointment {
  const body = JSON.parse(answer.text) as
    Appointment | { readonly entry: readonly { readonly resource: Appointment }[] };
  return 'entry' in body ? body.entry[0]!.resource : body;
}
