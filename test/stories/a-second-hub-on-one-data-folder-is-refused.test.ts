import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { bookedIn, callerOf, freeSlots, patientsOf } from '../support/caller.ts';
import { MIDTOWN } from '../support/config-folder.ts';
import { runMain, startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';

const hub = await startHub({ after }, { sites: [MIDTOWN], database: 'embedded' });
const caller = callerOf(hub);

describe('a second hub on one data folder is refused', () => {
  test('in a sentence that names the first, which is not disturbed', async () => {
    const [before, sandbox] = [await hub.companions(), hub.sandbox()];
    const second = runMain(hub.environment);
    const { code } = await second.ended;
    assert.notEqual(code, 0);
    assert.match(
      second.output(),
      /Another hub runs on this DATA_DIR\. Stop it first, or give this hub a DATA_DIR of its own\./,
    );
    assert.match(second.output(), new RegExp(`held by process ${String(hub.pid())}`));
    assert.deepEqual(await hub.companions(), before);
    assert.deepEqual(hub.sandbox(), sandbox);
    assert.equal((await fetch(`${hub.origin()}/readyz`)).status, 200);
    const [slot] = await freeSlots(caller, MIDTOWN, 'therapy-50');
    const [patientId = ''] = await patientsOf(caller, MIDTOWN);
    bookedIn(await caller.settled(await caller.book({ slot: slot!, patientId })));
  });

  test('also when two start in the same moment: one is up, the other has said why not', async () => {
    assert.equal((await hub.stop()).code, 0);
    const rivals = [runMain(hub.environment), runMain(hub.environment)];
    const loser = await Promise.race(rivals.map(async (run) => ({ run, ended: await run.ended })));
    assert.notEqual(loser.ended.code, 0);
    assert.match(loser.run.output(), /Another hub runs on this DATA_DIR/);
    const winner = rivals.find((run) => run !== loser.run)!;
    assert.equal(winner.isOver(), false);
    winner.child.kill('SIGTERM');
    assert.equal((await winner.ended).code, 0, winner.output());
    await hub.start();
  });

  test('a second start needs nobody: it is ready by what was loaded before, while its sites are away', async () => {
    const free = await freeSlots(caller, MIDTOWN, 'therapy-50');
    await practiceOf(hub, MIDTOWN).fault({ outage: true });
    await hub.kill();
    await hub.start();
    assert.equal((await fetch(`${hub.origin()}/readyz`)).status, 200);
    const ids = (await freeSlots(caller, MIDTOWN, 'therapy-50')).map((slot) => slot.id);
    assert.deepEqual(
      ids,
      free.map((slot) => slot.id),
    );
    await practiceOf(hub, MIDTOWN).fault({ outage: false });
  });

  test('a start that is told to stop stops', async () => {
    assert.equal((await hub.stop()).code, 0);
    const run = runMain(hub.environment);
    // At whatever moment of its start the signal comes.
    setTimeout(() => run.child.kill('SIGTERM'), 700);
    const { code, signal } = await run.ended;
    assert.ok(code === 0 || signal === 'SIGTERM', `${String(code)} ${run.output()}`);
    const { simulators, database } = await hub.companions();
    assert.deepEqual([...simulators, ...database], []);
    await hub.start();
  });
});
