import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { simulatorVariable, wantedSimulators } from '../../src/settings/sandbox.ts';
import { edit, folder, HUB } from './folder.ts';

const SIMULATORS = 'simulators:\n  north: { kind: clinic, seed: seeds/north.yaml }\n';

test('the simulators are known before the variables that hold their addresses', async () => {
  await using config = await folder({ 'hub.yaml': HUB + SIMULATORS });
  assert.deepEqual(await wantedSimulators(config.path, {}), [
    { site: 'north', kind: 'clinic', seed: 'seeds/north.yaml', seedFile: join(config.path, 'seeds', 'north.yaml') },
  ]);
});

test('outside the sandbox, and without a readable hub.yaml, nothing is simulated', async () => {
  await using config = await folder({ 'hub.yaml': edit(HUB, 'sandbox', 'production') + SIMULATORS });
  assert.deepEqual(await wantedSimulators(config.path, {}), []);
  await config.remove('hub.yaml');
  assert.deepEqual(await wantedSimulators(config.path, {}), []);
});

test('the variable of a simulator is named after its site', () => {
  assert.equal(simulatorVariable('midtown-acuity'), 'SANDBOX_MIDTOWN_ACUITY_URL');
});
