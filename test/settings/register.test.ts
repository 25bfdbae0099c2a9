/** Registering people at a site takes two words of its file, and one without the other is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hl7v2 } from '../../src/connectors/hl7v2/index.ts';
import { folder, kinds, NORTH } from './folder.ts';

const KINDS = new Map([...kinds, ['hl7v2', hl7v2.settings] as const]);

async function issues(policy: string, requests: string): Promise<readonly string[]> {
  const file = `kind: hl7v2
environment: sandbox
stage: live
timeZone: America/Chicago
settings: { sendingApplication: APP${requests} }
patients: { whenUnknown: ${policy} }
`;
  await using config = await folder({ 'sites/north.yaml': file }, KINDS);
  return await config.issues();
}

const at = (registers: string): string => `, requests: { host: h, port: 1${registers} }`;

test('the policy and the event belong together', async () => {
  assert.deepEqual(await issues('register', at(', registers: a28')), []);
  assert.deepEqual(await issues('search', at('')), []);
  for (const requests of ['', at(''), at(', registers: none')]) {
    const [issue = '', ...more] = await issues('register', requests);
    assert.match(issue, /settings\.requests\.registers: is not set.*write a28 or a04/);
    assert.deepEqual(more, []);
  }
  const [issue = '', ...more] = await issues('search', at(', registers: a04'));
  assert.match(issue, /settings\.requests\.registers: is set, and nobody is registered by it.*whenUnknown: register/);
  assert.deepEqual(more, []);
});

test('a kind that cannot be asked says so', async () => {
  await using config = await folder({ 'sites/north.yaml': `${NORTH}patients: { whenUnknown: register }\n` }, KINDS);
  const [issue = '', ...more] = await config.issues();
  assert.match(issue, /patients\.whenUnknown: a site of kind clinic cannot be asked.*write refuse, ask or search/);
  assert.deepEqual(more, []);
});
