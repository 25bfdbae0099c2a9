/**
 * How many statements it takes to apply messages. Each costs a round trip and a turn of the event loop, so a batch has
 * a fixed number of them, and a message more none.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pg from 'pg';
import { MINUTE_MS, plus } from '../../src/core/instant.ts';
import { BOB, during, fed, openWorld, visit, type World } from '../support/builders.ts';

const MANY = 15;
/** BEGIN, COMMIT, claim, locks, what is read ahead, what is written together, slots and conflicts. */
const BATCH_MOST = 32;
/** Those that a connector reports are looked up among the slots of their schedule. */
const PUBLISHED_EACH = 1;

/** Names of the statements that `work` runs, whichever connection they take. */
async function counted(work: () => Promise<unknown>): Promise<readonly string[]> {
  const names: string[] = [];
  const prototype = pg.Client.prototype as { query: (this: unknown, ...args: unknown[]) => unknown };
  const real = prototype.query;
  prototype.query = function (...args) {
    const [asked] = args;
    const { name, text } = (typeof asked === 'string' ? { text: asked } : asked) as { name?: string; text: string };
    names.push(name ?? text);
    return real.apply(this, args);
  };
  try {
    await work();
  } finally {
    prototype.query = real;
  }
  return names;
}

const quarter = (n: number): ReturnType<typeof during> => {
  const start = plus(during(0).start, n * 15 * MINUTE_MS);
  return { start, end: plus(start, 15 * MINUTE_MS) };
};
const patient = (n: number): typeof BOB => ({ ...BOB, key: `p${n}` });

/** Statements of one batch of such messages of a feed; its people and places are known. */
async function feed(world: World, status: 'booked' | 'cancelled', later: number): Promise<readonly string[]> {
  world.clock.advance(1_000);
  for (let n = 0; n < MANY; n += 1) {
    const news = fed(`F${n}`, quarter(n + later), { patients: [patient(n)], status });
    await world.tell('feed', news, { apply: false });
  }
  const names = await counted(() => world.stage.step());
  // On a machine that is busy with other things one step may have taken less than all.
  await world.apply();
  return names;
}

describe('the statements of a batch', () => {
  it('are no more for many new visits, moved ones and cancelled ones than for one', async (t) => {
    const world = await openWorld(t);
    await world.tell('feed', fed('first', quarter(90)));
    for (let n = 0; n < MANY; n += 1) await world.patient('feed', patient(n));
    for (const [status, later] of [
      ['booked', 0],
      ['booked', 30],
      ['cancelled', 30],
    ] as const) {
      const names = await feed(world, status, later);
      assert.ok(names.length <= BATCH_MOST, `${status}, ${later} later: ${names.join(' ')}`);
      t.diagnostic(`${status}: ${names.length}`);
    }
    const rows = await world.rows(`SELECT status, count(*)::int AS count FROM inbox GROUP BY status`);
    assert.deepEqual(rows, [{ status: 'applied', count: 1 + MANY + 3 * MANY }]);
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 1);
  });

  it('are for a few of them only while somebody waits for what they lock, and the rest follow', async (t) => {
    const world = await openWorld(t);
    for (let n = 0; n < 8; n += 1) await world.tell('feed', fed(`F${n}`, quarter(n)), { apply: false });
    const applied = async (): Promise<unknown> =>
      (await world.rows(`SELECT count(*)::int AS count FROM inbox WHERE status = 'applied'`))[0];
    assert.equal(await world.stage.step(true), true);
    assert.deepEqual(await applied(), { count: 3 });
    while (await world.stage.step(true));
    assert.deepEqual(await applied(), { count: 8 });
  });

  it('are a few more for each visit at a site that publishes its slots', async (t) => {
    const world = await openWorld(t);
    for (let n = 0; n < MANY; n += 1) {
      await world.patient('north', patient(n));
      await world.tell('north', visit(`V${n}`, 'n1', quarter(n), { patients: [patient(n)] }), { apply: false });
    }
    const names = await counted(() => world.stage.step());
    assert.ok(names.length <= BATCH_MOST + PUBLISHED_EACH * MANY, `${names.length}: ${names.join(' ')}`);
  });
});
