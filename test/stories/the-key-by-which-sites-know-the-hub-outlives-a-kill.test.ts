import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { storeBeside } from '../../src/hub-beside.ts';
import { SigningKeys } from '../../src/pipeline/signing-keys.ts';
import { startHub, type TestHub } from '../support/hub.ts';

async function kids(hub: TestHub): Promise<readonly string[]> {
  const answer = await fetch(`${hub.origin()}/.well-known/jwks/sandbox.json`);
  assert.equal(answer.status, 200);
  const { keys } = (await answer.json()) as { readonly keys: readonly { readonly kid: string }[] };
  return keys.map(({ kid }) => kid);
}

test('the key by which sites know the hub outlives a kill, and a process beside the hub signs with it', async (t) => {
  const hub = await startHub(t, { database: 'embedded', sites: ['midtown-acuity'] });
  const before = await kids(hub);
  assert.equal(before.length, 1);
  await hub.kill();
  await hub.start();
  assert.deepEqual(await kids(hub), before);

  const store = await storeBeside({ dataDir: hub.dataDir, databaseUrl: null }, systemClock);
  assert.ok(store !== null);
  t.after(() => store.close());
  const environment = { environment: 'sandbox' } as const;
  const moved = (): void => assert.fail('it makes no key');
  const beside = new SigningKeys({ store, clock: systemClock, hub: () => environment, makes: false, moved });
  assert.equal((await beside.sign({ iss: 'client' }, null)).kid, before[0]);
  assert.doesNotMatch(hub.output(), /PRIVATE|"d":/);
});

test('where no hub was ever started there is nothing to read beside it, and nothing is made', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-beside-'));
  t.after(() => rm(folder, { recursive: true }));
  const dataDir = join(folder, 'data');
  assert.equal(await storeBeside({ dataDir, databaseUrl: null }, systemClock), null);
  await assert.rejects(async () => {
    await rm(dataDir);
  }, /ENOENT/);
});
