import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, HOUR_MS, instant, MINUTE_MS, plus } from '../../src/core/instant.ts';
import { actor } from '../conformance/control.ts';
import { bookedIn, callerOf, freeSlots, patientsOf, type Answer } from '../support/caller.ts';
import { INTAKE, MIDTOWN, ORTIZ, RIVERSIDE } from '../support/config-folder.ts';
import { prepareHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { disagreements, unrest } from '../support/truth.ts';
import { eventually, eventuallyNone } from '../support/wait.ts';

const run = promisify(execFile);
const DISK = 'size=160m,mode=700';
const MIB = Buffer.alloc(1_048_576, 1);
/** Much more than the log of the database has room for. */
const ACTS_MAX = 1_500;

/** Writes until there is no room for one byte more. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const piece of [MIB, MIB.subarray(0, 4_096)]) {
      for (;;) {
        const { bytesWritten } = await file.write(piece).catch(() => ({ bytesWritten: 0 }));
        if (bytesWritten < piece.length) break;
      }
    }
  } finally {
    await file.close();
  }
}

/** Root in a container may or may not mount. */
async function mayMount(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-mount-'));
  const mounted = await run('mount', ['-t', 'tmpfs', 'tmpfs', folder]).then(
    () => run('umount', [folder]).then(() => true),
    () => false,
  );
  await rmdir(folder);
  return mounted;
}

const skip = (await mayMount()) ? false : 'only a root that may mount has a small disk to fill';

test('a full disk loses nothing that was acknowledged', { skip, timeout: 280_000 }, async (t) => {
  let disk = '';
  const hub = await prepareHub(
    {
      // The disk goes when the hub has gone, and before the folder in which it is mounted.
      after: (clear) =>
        t.after(async () => {
          await clear().catch(() => undefined);
          if (disk !== '') await run('umount', ['-l', disk]).catch(() => undefined);
          await clear();
        }),
    },
    {
      database: 'embedded',
      sites: [MIDTOWN, RIVERSIDE],
      beforeData: async (dataDir) => {
        disk = dataDir;
        await mkdir(dataDir);
        await run('mount', ['-t', 'tmpfs', '-o', DISK, 'tmpfs', dataDir]);
      },
    },
  );
  await hub.start();
  const caller = callerOf(hub);
  const [patientId = ''] = await patientsOf(caller, MIDTOWN);
  const slots = await freeSlots(caller, MIDTOWN, 'therapy-50');
  const pid = hub.pid();

  const ballast = join(disk, 'ballast');
  await fill(ballast);
  const base = instant(Math.ceil((systemClock.now() + DAY_MS) / HOUR_MS) * HOUR_MS);
  const keys: { readonly slot: (typeof slots)[number]; readonly key: string }[] = [];
  const answers: Answer[] = [];
  for (let turn = 0; turn < ACTS_MAX && !answers.some((answer) => answer.status >= 500); turn += 1) {
    const start = plus(base, (turn % 90) * 15 * MINUTE_MS);
    const visit = { calendar: ORTIZ, visitType: INTAKE.midtown, start, person: turn % 30 };
    const key = await practiceOf(hub, MIDTOWN).book(visit);
    await practiceOf(hub, MIDTOWN).cancel(key);
    await actor(hub.simulator(RIVERSIDE))('book', { practitioner: 'LINDQVIST', start: Number(start), person: 31 });
    if (turn % 10 !== 0) continue;
    const booking = { slot: slots[(turn / 10) % slots.length]!, key: `disk-${turn}` };
    keys.push(booking);
    answers.push(await caller.book({ ...booking, patientId }));
  }
  const refused = answers.at(-1)!;
  assert.equal(refused.status, 503, refused.text);
  assert.match(refused.text, /OperationOutcome/);
  assert.equal(hub.pid(), pid, 'the hub itself lives');
  assert.equal((await fetch(`${hub.origin()}/livez`)).status, 200);

  await rm(ballast);
  await eventually('it takes bookings again', async () => (await caller.ask('/readyz')).status === 200);
  for (const { slot, key } of keys) {
    const answer = await eventually(`${key} is answered`, async () => {
      const again = await caller.settled(await caller.book({ slot, key, patientId }));
      return again.status < 500 && again;
    });
    if (answer.status < 300) bookedIn(answer);
    // 422: staff have booked the very patient at that time.
    else assert.ok([409, 422].includes(answer.status), answer.text);
  }
  for (const [index, answer] of answers.entries()) {
    if (answer.status !== 201) continue;
    const again = await caller.book({ ...keys[index]!, patientId });
    assert.equal(bookedIn(again).id, bookedIn(answer).id, 'what was confirmed stands');
  }
  await eventuallyNone('everything comes to rest', () => unrest(hub), { within_ms: 150_000 });
  await eventuallyNone('hub and sites agree', () => disagreements(hub), { within_ms: 150_000 });
});
