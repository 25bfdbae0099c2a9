/** What was asked of one visit of a series and all that follow it, as a deed for each of them. Part of wishes.ts. */
import { allOf, type Event, type Of } from './history.ts';
import type { Deed, Deeds } from './wishes.ts';

type Following = Extract<Of<'call'>, { readonly action: 'move following' | 'cancel following' }>;

export function followingIn(events: readonly Event[]): readonly Following[] {
  return allOf(events, 'call').filter(
    (one): one is Following => one.action === 'move following' || one.action === 'cancel following',
  );
}

/** Those of its series, from the one that is named on; what had ended by then is left out by the hub. */
export function membersOf(events: readonly Event[], { appointment }: Following): readonly string[] {
  for (const { visits = [] } of allOf(events, 'answer')) {
    const from = visits.findIndex((one) => one?.appointment === appointment);
    if (from !== -1) return visits.slice(from).flatMap((one) => one?.appointment ?? []);
  }
  return [appointment];
}

/** `answers`: those of each call. `deed`: of a call, as for any other. */
export function followingDeeds(
  events: readonly Event[],
  answers: ReadonlyMap<number, readonly Of<'answer'>[]>,
  deed: (call: Following) => Deed,
): Pick<Deeds, 'cancels' | 'moves'> {
  const found = { cancels: [] as Deeds['cancels'][number][], moves: [] as Deeds['moves'][number][] };
  for (const call of followingIn(events)) {
    const own = deed(call);
    const done = (answers.get(call.call) ?? []).findLast((one) => one.done !== undefined)?.done ?? [];
    const stuck = stuckOf(events, call);
    for (const appointment of membersOf(events, call)) {
      const now = done.find((one) => one.appointment === appointment);
      const isOpen = own.outcome === 'open' || stuck.includes(appointment);
      const outcome = now !== undefined ? 'done' : isOpen ? 'open' : 'not';
      const one = { ...own, appointment, outcome } as const;
      if (call.action === 'cancel following') found.cancels.push(one);
      else {
        const { site, practitioner } = call;
        // Only of what was done it is told where it went.
        const to = { site, practitioner, slot: '', start: now?.start ?? 0, end: now?.end ?? 0 };
        found.moves.push({ ...one, to, back: call.mode === 'all' && outcome === 'not', anywhere: outcome === 'open' });
      }
    }
  }
  return found;
}

/** Visits of which a person has to find out where they are. */
function stuckOf(events: readonly Event[], { key }: Following): readonly string[] {
  const steps = allOf(events, 'step').filter((one) => one.key === key && one.state === 'stuck');
  const rows = allOf(events, 'booking');
  return steps.flatMap(({ booking }) => rows.find((row) => row.booking === booking)?.appointment ?? []);
}
