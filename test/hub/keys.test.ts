/** Two hubs on one database: one key, one token, and no help from the one that dies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { openHubKeys, rehearsedTokens, type HubKeys } from '../../src/hub-keys.ts';
import type { Plan } from '../../src/settings/shape.ts';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/store.ts';
import { testPlan } from '../http/hub.ts';
import { openedStore } from '../store/opened.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import type { Cleanup } from '../support/database.ts';

const never = new AbortController().signal;
const BASE = testPlan();
const PLAN: Plan = {
  ...BASE,
  hub: {
    ...BASE.hub,
    signing: { algorithms: ['RS384'], rsaKey_bits: 2048, jwksCache_s: 300, keptFor_s: 86_400 },
  },
};

interface World {
  readonly store: Store;
  readonly hubs: readonly HubKeys[];
  readonly told: string[];
  readonly server: AuthorizationServer;
}

async function world(t: Cleanup): Promise<World> {
  const { store, pool, keys } = await openedStore(t);
  const told: string[] = [];
  const events = {
    signingKeyMoved: (environment: string, what: string) => told.push(`${environment} ${what}`),
    tokenAsked: (site: string, outcome: string) => told.push(`${site} ${outcome}`),
    stageFailed: (stage: string, code: string) => told.push(`${stage} ${code}`),
    swept: () => undefined,
  };
  const open = (on: Store): HubKeys => {
    const hub = openHubKeys({ store: on, clock: systemClock, events, plan: () => PLAN, reachedAt: () => null });
    t.after(() => hub.stop());
    return hub;
  };
  const hubs = [open(store), open(openStore({ pool, keys }))];
  const server = await startAuthorizationServer(t, {
    now: () => systemClock.now(),
    keySet: async () => ({ keys: (await hubs[1]?.signing.jwks('sandbox'))?.keys.map((key) => ({ ...key })) ?? [] }),
  });
  return { store, hubs, told, server };
}
const spec = (server: AuthorizationServer) =>
  ({ tokenUrl: server.tokenUrl, clientId: 'client-1', auth: 'private_key_jwt' }) as const;

test('two hubs that start at once make one key, ask for one token, and each verifies by the other’s key set', async (t) => {
  const { hubs, told, server } = await world(t);
  const got = await Promise.all(
    hubs.flatMap((hub) => [1, 2].map(() => hub.tokens.lend('north')(spec(server)).get(never))),
  );
  assert.deepEqual(server.breaches, []);
  assert.equal(server.requests.length, 1);
  assert.equal(new Set(got).size, 1);
  assert.deepEqual(told, ['sandbox made', 'north given']);
});

test('a token that one hub learns is refused is refused by both, and asked for once', async (t) => {
  const { hubs, server } = await world(t);
  const [one, other] = hubs.map((hub) => hub.tokens.lend('north')({ ...spec(server), atMostEvery_s: 0 }));
  assert.ok(one !== undefined && other !== undefined);
  const first = await one.get(never);
  assert.equal(await other.get(never), first);
  one.refused(first);
  const next = await one.get(never);
  other.refused(first);
  assert.equal(await other.get(never), next);
  assert.deepEqual(server.given, [first, next]);
});

test('a process beside the hub signs with the hub’s key and makes none where there is none', async (t) => {
  const { store, hubs, server } = await world(t);
  const kept = { ...store, close: () => Promise.resolve() };
  const beside = rehearsedTokens(kept, systemClock, PLAN.hub, null);
  t.after(() => beside.stop());
  const before = await beside.lend('north')(spec(server)).check(never);
  assert.match(before.find(({ ok }) => !ok)?.detail ?? '', /no key that it could sign with/);
  await hubs[0]?.signing.list();
  const again = rehearsedTokens(kept, systemClock, PLAN.hub, null);
  t.after(() => again.stop());
  const after = await again.lend('north')(spec(server)).check(never);
  assert.deepEqual(
    after.filter(({ ok }) => !ok),
    [],
  );
  const lone = rehearsedTokens(null, systemClock, PLAN.hub, null);
  t.after(() => lone.stop());
  const said = await lone.lend('north')(spec(server)).check(never);
  assert.match(said.find(({ ok }) => !ok)?.detail ?? '', /run this where the hub runs/);
});
