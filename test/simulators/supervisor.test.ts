import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HubError } from '../../src/core/errors.ts';
import { startSimulators, type SimulatorSpec } from '../../src/simulators/supervisor.ts';
import { call, list, practiceSeed, temporaryFolder, text, until, VISIT, type Cleanup } from './practice.ts';

const LOGIN = { authorization: `Basic ${Buffer.from('10101:main-key').toString('base64')}` };

function specIn(t: Cleanup, more: Partial<SimulatorSpec> = {}): SimulatorSpec {
  const folder = temporaryFolder(t);
  const seedFile = join(folder, 'seed.json');
  writeFileSync(seedFile, JSON.stringify(practiceSeed({ account: ACCOUNT })));
  return { site: 'test-site', kind: 'acuity', seedFile, stateDir: join(folder, 'state'), ...more };
}
const ACCOUNT = { id: 10101, name: 'Test practice', email: 'office@example.org', timezone: 'America/Chicago' };

async function appointments(url: string): Promise<number> {
  return list((await call('GET', `${url}/__sim/state?only=appointments`)).json['appointments']).length;
}

test('a simulator that was killed comes back on its port with every booking that it acknowledged', async (t) => {
  const spec = specIn(t);
  const [first] = await startSimulators([spec]);
  assert.ok(first !== undefined && !first.adopted);
  const booked = await call('POST', `${first.url}/__sim/act`, { action: 'book', calendarID: 1, appointmentTypeID: 11 });
  assert.equal(booked.status, 200);
  process.kill(first.pid, 'SIGKILL');
  await first.stop();
  const [second] = await startSimulators([spec]);
  assert.ok(second !== undefined);
  t.after(() => second.stop());
  assert.deepEqual([second.adopted, second.url], [false, first.url]);
  const read = await call('GET', `${second.url}/api/v1/appointments/${text(booked.json['id'])}`, undefined, LOGIN);
  assert.equal(read.json['datetime'], booked.json['datetime']);
});

test('a kill in the middle of many bookings loses none that was answered', async (t) => {
  const spec = specIn(t);
  const [first] = await startSimulators([spec]);
  assert.ok(first !== undefined);
  let answered = 0;
  const book = async (): Promise<void> => {
    const done = await call('POST', `${first.url}/api/v1/appointments?admin=true`, VISIT, LOGIN).catch(() => null);
    if (done?.status !== 200) return;
    answered += 1;
    if (answered === 20) process.kill(first.pid, 'SIGKILL');
    await book();
  };
  await Promise.all([book(), book(), book()]);
  await first.stop();
  const [second] = await startSimulators([spec]);
  assert.ok(second !== undefined);
  t.after(() => second.stop());
  assert.ok((await appointments(second.url)) >= answered);
});

test('a living simulator of the same site is adopted, also when the process that started it is gone', async (t) => {
  const spec = specIn(t);
  const supervisor = fileURLToPath(new URL('../../src/simulators/supervisor.ts', import.meta.url));
  const starter = `import { startSimulators } from ${JSON.stringify(supervisor)};
    const [one] = await startSimulators([${JSON.stringify(spec)}]);
    process.stdout.write(one.url + '\\n');`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', starter], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let url = '';
  parent.stdout.on('data', (part: Buffer) => (url += part.toString()));
  await new Promise((resolve) => parent.once('exit', resolve));
  const [adopted] = await startSimulators([spec]);
  assert.ok(adopted !== undefined);
  t.after(() => adopted.stop());
  assert.deepEqual([adopted.adopted, adopted.url], [true, url.trim()]);
  await adopted.stop();
  await assert.rejects(call('GET', `${adopted.url}/__sim/state`));
});

test('its old port taken by another program, a simulator takes a free one', async (t) => {
  const spec = specIn(t);
  const [first] = await startSimulators([spec]);
  assert.ok(first !== undefined);
  await first.stop();
  const squatter = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
  t.after(() => squatter.close());
  await until(() => squatter.listening);
  const [second] = await startSimulators([spec]);
  assert.ok(second !== undefined);
  t.after(() => second.stop());
  assert.notEqual((squatter.address() as AddressInfo).port, Number(new URL(second.url).port));
  assert.equal(await appointments(second.url), 0);
});

test('a seed that is wrong is a clear HubError, and the simulators started with it are stopped again', async (t) => {
  const good = specIn(t, { site: 'good' });
  const bad = specIn(t, { site: 'bad' });
  writeFileSync(bad.seedFile, 'account: { name: X }\ncalender: []\n');
  await assert.rejects(startSimulators([good, bad]), (error: unknown) => {
    assert.ok(error instanceof HubError);
    assert.deepEqual([error.code, error.site], ['SIMULATOR_FAILED', 'bad']);
    assert.match(
      error.detail,
      /must NOT have additional properties \(calender\).*\/account must have required property 'email'/,
    );
    return true;
  });
  const [again] = await startSimulators([good]);
  assert.ok(again !== undefined);
  t.after(() => again.stop());
  assert.equal(again.adopted, false);
});

test('a living simulator whose seed file has changed is replaced, and keeps its records', async (t) => {
  const spec = specIn(t);
  const [first] = await startSimulators([spec]);
  assert.ok(first !== undefined);
  t.after(() => first.stop());
  await first.act({ action: 'book', calendarID: 1, appointmentTypeID: 11 });
  writeFileSync(spec.seedFile, JSON.stringify(practiceSeed({ settings: { secondCancel: 'refuse' } })));
  const [second] = await startSimulators([spec]);
  assert.ok(second !== undefined);
  t.after(() => second.stop());
  assert.equal(second.adopted, false);
  const { json } = await call('GET', `${second.url}/__sim/state?only=settings`);
  assert.equal(json['settings']?.['secondCancel'], 'refuse');
  assert.equal(await appointments(second.url), 1);
});

test('an act that the simulator refuses is a HubError with its answer', async (t) => {
  const [one] = await startSimulators([specIn(t)]);
  assert.ok(one !== undefined);
  t.after(() => one.stop());
  await assert.rejects(one.act({ action: 'set-target' }), /SIMULATOR|there is no action "set-target"/i);
});

test('an unknown kind is refused by name', async (t) => {
  await assert.rejects(startSimulators([specIn(t, { kind: 'abacus' })]), /no simulator of kind abacus/);
});
