import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, HOUR_MS, instant, MINUTE_MS, plus } from '../../src/core/instant.ts';
import { actor } from '../conformance/control.ts';
import { bookedIn, callerOf, freeSlots, patientsOf, type Answer } from '../support/caller.ts';
import { INTAKE, MIDTOWN, ORTIZ, RIVERSIDE } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { disagreements, unrest } from '../support/truth.ts';
import { eventually, eventuallyNone } from '../support/wait.ts';

const ACTS = 60;
const BOOKINGS = 12;

const hub = await startHub({ after }, { database: 'embedded', sites: [MIDTOWN, RIVERSIDE] });
const caller = callerOf(hub);
const patients = await patientsOf(caller, MIDTOWN);
const base = instant(Math.ceil((systemClock.now() + DAY_MS) / HOUR_MS) * HOUR_MS);

/** Staff and callers at work; `cut` comes in the middle of it. Resolves when every caller has an answer. */
async function cutInTheMiddle(name: string, cut: () => Promise<void>): Promise<void> {
  const slots = await freeSlots(caller, MIDTOWN, 'therapy-50');
  let [acts, answered] = [0, 0];
  const staff = async (): Promise<void> => {
    for (let turn = 0; turn < ACTS / 2; turn += 1) {
      await eventually('callers keep up', () => answered >= turn / 3 - 3);
      const start = plus(base, turn * 15 * MINUTE_MS);
      const visit = { calendar: ORTIZ, visitType: INTAKE.midtown, start, person: turn % 30 };
      await practiceOf(hub, MIDTOWN).book(visit);
      await actor(hub.simulator(RIVERSIDE))('book', { practitioner: 'LINDQVIST', start: Number(start), person: 31 });
      acts += 2;
    }
  };
  const portal = async (first: number): Promise<readonly Answer[]> => {
    const answers: Answer[] = [];
    for (let index = first; index < BOOKINGS; index += 3) {
      // Each for somebody else: nobody is at two visits at once.
      const patientId = patients[index % patients.length]!;
      const booking = { slot: slots[(index * 3) % slots.length]!, patientId, key: `${name}-${index}` };
      const answer = await eventually(`${booking.key} is answered`, async () => {
        const now = await caller.settled(await caller.book(booking));
        return now.status < 500 && now;
      });
      // 422: staff have booked the very patient at that time.
      assert.ok([200, 201, 409, 422].includes(answer.status), `${booking.key}: ${answer.status} ${answer.text}`);
      answers.push(answer);
      answered += 1;
    }
    return answers;
  };
  const all = Promise.all([portal(0), portal(1), portal(2), staff()]);
  // Heard at once when one of them fails, and not only after the cut.
  await Promise.race([all, eventually('both are at work', () => acts >= 10 && answered >= 3)]);
  await cut();
  const answers = (await all).slice(0, 3).flat() as readonly Answer[];
  for (const answer of answers) if (answer.status < 300) bookedIn(answer);
}

/** As a loss of power would: no process of it has a moment left. */
async function killDatabase(): Promise<void> {
  const { database } = await hub.companions();
  assert.ok(database.length > 0);
  for (const pid of database) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // A child of the server, gone with its parent.
    }
  }
}

describe('a kill of the database server loses nothing', () => {
  afterEach(async () => {
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    await eventuallyNone('hub and sites agree', () => disagreements(hub));
  });

  test('while the hub runs: it starts another and goes on', async () => {
    const pid = hub.pid();
    await cutInTheMiddle('alone', killDatabase);
    assert.equal(hub.pid(), pid);
    assert.equal((await fetch(`${hub.origin()}/livez`)).status, 200);
  });

  test('together with the hub: the next start recovers both', async () => {
    await cutInTheMiddle('together', async () => {
      await Promise.all([hub.kill(), killDatabase()]);
      await hub.start();
    });
  });
});
