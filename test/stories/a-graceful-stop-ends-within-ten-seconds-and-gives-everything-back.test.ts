import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, HOUR_MS, instant, MINUTE_MS, plus } from '../../src/core/instant.ts';
import { processLives } from '../../src/simulators/kit/lease.ts';
import { actor } from '../conformance/control.ts';
import { callerOf, freeSlots, patientsOf } from '../support/caller.ts';
import { INTAKE, MIDTOWN, NORTHSIDE, ORTIZ, RIVERSIDE } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { disagreements, unrest } from '../support/truth.ts';
import { eventually, eventuallyNone } from '../support/wait.ts';

const STOP_WITHIN_MS = 10_000;
/** A loaded machine may be late in telling us that the process is gone. */
const SLACK_MS = 2_000;
const CALLERS = 6;

test('a graceful stop ends within ten seconds and gives everything back', { timeout: 280_000 }, async (t) => {
  const hub = await startHub(t, { database: 'embedded' });
  const caller = callerOf(hub);
  const slots = [
    ...(await freeSlots(caller, MIDTOWN, 'therapy-50')),
    ...(await freeSlots(caller, NORTHSIDE, 'therapy-50')),
  ];
  const [patientId = ''] = await patientsOf(caller, MIDTOWN);
  const companions = await hub.companions();
  assert.ok(companions.simulators.length === 3 && companions.database.length > 0);

  // Slow sites: calls are under way whenever the signal comes. Staff go on, frames and webhooks go on.
  await practiceOf(hub, MIDTOWN).fault({ latencyMs: 300 });
  await practiceOf(hub, NORTHSIDE).fault({ answerDelayMs: 300 });
  const over = new AbortController();
  t.after(() => over.abort());
  let [acts, answers] = [0, 0];
  const base = instant(Math.ceil((systemClock.now() + DAY_MS) / HOUR_MS) * HOUR_MS);
  const staff = async (): Promise<void> => {
    for (let turn = 0; !over.signal.aborted && turn < 80; turn += 1) {
      const start = plus(base, turn * 15 * MINUTE_MS);
      const visit = { calendar: ORTIZ, visitType: INTAKE.midtown, start, person: turn % 30 };
      // The sandbox takes its simulators along when it stops.
      await practiceOf(hub, MIDTOWN)
        .book(visit)
        .catch(() => over.abort());
      await actor(hub.simulator(RIVERSIDE))('book', {
        practitioner: 'LINDQVIST',
        start: Number(start),
        person: 31,
      }).catch(() => over.abort());
      acts += 1;
    }
  };
  const statuses: number[] = [];
  const keys = slots.map((slot, index) => ({ slot, patientId, key: `stop-${index}` }));
  const asked: typeof keys = [];
  const portal = async (first: number): Promise<void> => {
    for (let index = first; index < keys.length && !over.signal.aborted; index += CALLERS) {
      asked.push(keys[index]!);
      const answer = await caller.book(keys[index]!).catch(() => null);
      if (answer === null) return;
      answers += 1;
      statuses.push(answer.status);
    }
  };
  const traffic = [staff(), ...Array.from({ length: CALLERS }, (_, index) => portal(index))];
  await eventually('there is load', () => acts >= 10 && answers >= CALLERS);

  const ended = await hub.stop();
  over.abort();
  await Promise.all(traffic);
  assert.equal(ended.code, 0, hub.output());
  assert.ok(ended.took_ms < STOP_WITHIN_MS + SLACK_MS, `${Math.round(ended.took_ms)} ms`);
  const known = [201, 200, 202, 409, 422, 503];
  assert.deepEqual(
    statuses.filter((status) => !known.includes(status)),
    [],
    'whoever was answered was answered properly',
  );
  const left = [...companions.simulators, ...companions.database];
  await eventually('database server and simulators are gone', () => !left.some((pid) => processLives(pid)));

  await hub.start();
  const again = callerOf(hub);
  // The same keys again: each has its one answer, whether the first one was heard or not.
  for (const booking of asked) {
    const answer = await again.settled(await again.book(booking));
    assert.ok([200, 201, 409, 422].includes(answer.status), `${booking.key}: ${answer.status} ${answer.text}`);
  }
  await eventuallyNone('everything comes to rest', () => unrest(hub));
  await eventuallyNone('hub and sites agree', () => disagreements(hub));
  const { rows } = await hub.query(`SELECT count(*), count(DISTINCT request_key) AS keys FROM booking`);
  assert.equal(rows[0]?.['count'], rows[0]?.['keys'], 'one booking per request key');
});
