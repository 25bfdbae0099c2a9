/**
 * Everything at once: staff at work, bookings under way, switches thrown, steps taken in any order; then quiet. The
 * order is drawn from a number, so what failed can be run again: SLOTWIRE_CHAOS_SEEDS=17,18.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Arrangement } from '../arrangement.ts';
import type { Rule } from '../connector.ts';
import { openRig, type Rig } from '../harness.ts';
import { at, DAYS, patientOf, slots, span } from '../sight.ts';
import { compareWithTruth, isActive, queryOf, slotDifferences } from '../truth.ts';

const ROUNDS = 60;
const SEEDS = (process.env['SLOTWIRE_CHAOS_SEEDS'] ?? '1,2').split(',').map(Number);

/** Park-Miller: the same draws on every machine. */
function drawing(seed: number): (below: number) => number {
  let state = 1 + ((seed * 7_919) % 2_147_483_646);
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

type Act = () => Promise<unknown>;

interface Chaos {
  readonly rig: Rig;
  readonly draw: (below: number) => number;
}

/** Half past nine to half past eleven on one of two days. */
function someTime({ draw }: Chaos): ReturnType<typeof at> {
  return at(1 + draw(2), 9 + draw(3), 30 * draw(2));
}

async function someVisit(chaos: Chaos): Promise<string | null> {
  const { appointments } = await chaos.rig.site.world.truth();
  const live = appointments.filter((one) => isActive(one.status));
  return live[chaos.draw(Math.max(1, live.length))]?.key ?? null;
}

function staffActs(chaos: Chaos): readonly Act[] {
  const { draw } = chaos;
  const { staff, calendars, truth } = chaos.rig.site.world;
  const onSome = (act: ((key: string) => Promise<void>) | undefined): Act => {
    return async () => {
      const key = await someVisit(chaos);
      if (key !== null) await act?.(key);
    };
  };
  return [
    () => staff.book({ calendar: calendars[draw(2)] ?? '', start: someTime(chaos), person: 1 + draw(9) }),
    onSome((key) => staff.move(key, someTime(chaos))),
    onSome((key) => staff.cancel(key)),
    onSome(staff.noShow),
    onSome(staff.remove),
    async () => staff.block?.(calendars[draw(2)] ?? '', span(someTime(chaos), 30)),
    async () => {
      const [first] = (await truth()).blocks;
      if (first !== undefined) await staff.unblock?.(first.key);
    },
  ];
}

/** What callers ask for. A refusal, a time taken or a step that fails is an answer like any other. */
function callerActs(chaos: Chaos): readonly Act[] {
  const { rig, draw } = chaos;
  const { site } = rig;
  if (site.connector.book === undefined) return [];
  const place: Act = async () => {
    const free = (await slots(rig, site)).filter((slot) => slot.status === 'free' && slot.during.start > at(1, 0));
    const slot = free[draw(Math.max(1, free.length))];
    if (slot !== undefined) await site.place(slot.id, await patientOf(rig, site));
  };
  const cancel: Act = async () => {
    const { rows } = await queryOf(rig)(
      `SELECT appointment_id FROM booking b WHERE action = 'place' AND state = 'booked'
         AND NOT EXISTS (SELECT FROM booking c WHERE c.action = 'cancel' AND c.appointment_id = b.appointment_id)
       ORDER BY created_at LIMIT 1`,
      [],
    );
    if (rows[0] !== undefined) await site.cancel(String(rows[0]['appointment_id']));
  };
  return [place, place, cancel];
}

function hubSteps({ rig, draw }: Chaos): readonly Act[] {
  const { site, clock } = rig;
  const pull: readonly Act[] = site.connector.poll === undefined ? [] : [() => site.pollPage(), () => site.poll()];
  return [
    ...pull,
    () => site.fetch(),
    () => site.ask(),
    () => site.deliver(),
    () => site.deliver(),
    () => rig.apply(),
    () => rig.apply(),
    () => rig.resolve(),
    () => rig.sweep(),
    () => site.reopen(),
    () => {
      clock.jump(1_000 * (1 + draw(20)));
      return Promise.resolve();
    },
  ];
}

function switches({ rig, draw }: Chaos): readonly Act[] {
  const { fault, call } = rig.site.world;
  const writes = Object.values(call);
  const once = (): object => ({ times: 1, match: writes[draw(Math.max(1, writes.length))] ?? '' });
  if (rig.site.connector.hl7 !== undefined) {
    return [
      () => fault({ duplicateWebhooks: draw(2) === 0 }),
      () => fault({ dropAnswer: { times: 1 } }),
      () => fault({ chunkBytes: draw(2) * 11 }),
    ];
  }
  return [
    () => fault({ dropAnswer: once() }),
    () => fault({ silentDrop: once() }),
    () => fault({ echoFirst: once() }),
    () => fault({ outage: { times: 1 + draw(4), match: '' } }),
    () => fault({ errorRate: draw(3) / 10 }),
    () => fault({ staleReads: draw(3) * 1_500 }),
    () => fault({ duplicateWebhooks: draw(2) === 0, reorderWebhooks: draw(2) === 0, loseWebhooks: draw(3) === 0 }),
  ];
}

async function storm(t: TestContext, arrangement: Arrangement, seed: number): Promise<void> {
  const rig = await openRig(t, arrangement);
  const { site } = rig;
  const chaos = { rig, draw: drawing(seed) };
  await site.world.staff.book({ calendar: site.world.calendars[1], start: at(1, 9) });
  await site.load();
  await site.settle();
  for (let round = 0; round < ROUNDS; round += 1) {
    const kinds = [staffActs, hubSteps, hubSteps, callerActs, switches].map((kind) => kind(chaos));
    const acts = kinds[chaos.draw(kinds.length)] ?? [];
    await acts[chaos.draw(Math.max(1, acts.length))]?.().catch(() => undefined);
    // Senders tell moments in whole seconds; two changes within one have no order.
    rig.clock.jump(1_000);
  }
  await site.world.calm();
  rig.clock.jump(600_000);
  await site.settle();
  rig.clock.jump(600_000);
  await site.settle();
  await compareWithTruth(rig, site);
  if (site.connector.availability === undefined) return;
  rig.clock.jump(600_000);
  await site.news();
  const truth = await site.world.truth();
  const comparison = { query: queryOf(rig), site: site.settings, truth, within: DAYS };
  assert.deepEqual(await slotDifferences(comparison), []);
}

/** Visits of the shared person at one site are closed time at the other, each once, whatever happened on the way. */
async function mirrorStorm(t: TestContext, arrangement: Arrangement, seed: number): Promise<void> {
  const rig = await openRig(t, arrangement, { sites: [{ id: 'one', mirrorTo: ['other'] }, { id: 'other' }] });
  const [one, other] = [rig.siteOf('one'), rig.siteOf('other')];
  const draw = drawing(seed);
  const chaos = { rig, draw };
  const [calendar] = one.world.calendars;
  const { block, unblock } = other.world.call;
  const onSome = (act: (key: string) => Promise<void>): Act => {
    return async () => {
      const key = await someVisit(chaos);
      if (key !== null) await act(key);
    };
  };
  const acts: readonly Act[] = [
    () => one.world.staff.book({ calendar, start: someTime(chaos), person: 1 + draw(9) }),
    onSome((key) => one.world.staff.move(key, someTime(chaos))),
    onSome((key) => one.world.staff.move(key, someTime(chaos))),
    onSome((key) => one.world.staff.cancel(key)),
    () => one.news(),
    () => one.news(),
    () => other.deliver(),
    () => other.deliver(),
    () => other.poll(),
    () => rig.apply(),
    () => rig.sweep(),
    () => other.world.fault({ dropAnswer: { times: 1, match: draw(2) === 0 ? block : unblock } }),
    () => other.world.fault({ silentDrop: { times: 1, match: draw(2) === 0 ? block : unblock } }),
    () => other.world.fault({ outage: { times: draw(3), match: '' } }),
    () => other.world.fault({ staleReads: draw(3) * 1_500 }),
    () => other.reopen(),
  ];
  for (let round = 0; round < ROUNDS; round += 1) {
    await acts[draw(acts.length)]?.().catch(() => undefined);
    rig.clock.jump(1_000 * (1 + draw(5)));
  }
  await other.world.calm();
  await one.settle();
  for (let round = 0; round < 4; round += 1) {
    rig.clock.jump(700_000);
    await rig.sweep();
    await other.deliver();
    await other.settle();
  }
  for (const site of rig.sites) await compareWithTruth(rig, site);
  const visits = (await one.world.truth()).appointments.filter(
    (visit) => visit.calendar === calendar && isActive(visit.status),
  );
  const blocks = (await other.world.truth()).blocks;
  const starts = (list: readonly { readonly during: { readonly start: number } }[]): number[] =>
    list.map(({ during }) => during.start).sort((left, right) => left - right);
  assert.deepEqual(starts(blocks), starts(visits));
}

export const chaosRules: readonly Rule[] = SEEDS.flatMap((seed): readonly Rule[] => [
  {
    name: `whatever goes wrong in whatever order, hub and site agree in the end (drawn from ${seed})`,
    needs: [],
    run: (t, arrangement) => storm(t, arrangement, seed),
  },
  {
    name: `whatever goes wrong, what is owed to the other site stands there once in the end (drawn from ${seed})`,
    needs: ['block', 'poll', 'webhook', 'fetch'],
    run: (t, arrangement) => mirrorStorm(t, arrangement, seed),
  },
]);
