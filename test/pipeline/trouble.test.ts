/** What happens when the store, and not a message, is at fault; and when two hubs apply at once. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { randomToken } from '../../src/core/ids.ts';
import type { Store, Tx } from '../../src/store/contract.ts';
import { BOB, during, fed, offered, openWorld, slotKey, visit } from '../support/builders.ts';

const NINE = during(9, 0, 50);

/** The store with one statement of apply that fails while `broken` says so. */
function breaking(broken: () => HubError | null): (store: Store) => Store {
  return (store) => ({
    ...store,
    transaction: (scope, work) =>
      store.transaction(scope, (tx) => {
        const put: Tx['resources']['putAppointment'] = (row, cause) => {
          const error = broken();
          return error === null ? tx.resources.putAppointment(row, cause) : Promise.reject(error);
        };
        return work({ ...tx, resources: { ...tx.resources, putAppointment: put } });
      }),
  });
}

describe('a store that fails', () => {
  for (const code of ['DATABASE_UNREACHABLE', 'TOO_BUSY', 'DISK_FULL'] as const) {
    it(`with ${code} parks nothing; what waited is applied when it is back`, async (t) => {
      let error: HubError | null = new HubError(code);
      const world = await openWorld(t, { wrap: breaking(() => error) });
      const first = await world.tell('north', visit('V1', 'n1', NINE), { apply: false });
      const second = await world.tell('north', visit('V2', 'n2', NINE, { patients: [BOB] }), { apply: false });
      await assert.rejects(world.stage.step(), (thrown: unknown) => thrown === error);
      for (const id of [first, second]) assert.equal((await world.message(id)).status, 'received');
      assert.deepEqual(world.told, []);
      error = null;
      await world.apply();
      for (const id of [first, second]) assert.equal((await world.message(id)).status, 'applied');
    });
  }

  it('at one message in a way that may pass tries that one again later, and parks it in the end', async (t) => {
    const world = await openWorld(t, { wrap: breaking(() => new HubError('NOT_READY')) });
    const id = await world.tell('north', visit('V1', 'n1', NINE));
    assert.equal((await world.message(id)).status, 'received');
    for (let round = 0; round < 5; round += 1) {
      world.clock.advance(600_000);
      await world.apply();
    }
    const parked = await world.message(id);
    assert.deepEqual([parked.status, parked.code], ['parked', 'APPLY_FAILED']);
    assert.equal(world.told.filter(([name]) => name === 'parked').length, 1);
  });
});

describe('two that apply at once', () => {
  it('never apply a message twice nor lose a slot, and do not deadlock', async (t) => {
    const world = await openWorld(t, { max: 10 });
    const times = Array.from({ length: 12 }, (_, n) => during(7 + n, 0, 50));
    await world.offer(
      'north',
      'n1',
      't50',
      times.map((time) => offered('n1', 't50', time)),
    );
    for (const [n, time] of times.entries()) {
      await world.tell('north', visit(`N${n}`, n % 2 === 0 ? 'n1' : 'n2', time, { patients: [BOB] }), { apply: false });
      await world.tell('south', visit(`S${n}`, 's1', time), { apply: false });
      await world.tell('feed', fed(`F${n}`, time), { apply: false });
      await world.tell(
        'north',
        {
          kind: 'slots',
          at: world.clock.now(),
          calendar: 'n2',
          visitType: 't50',
          window: time,
          slots: [offered('n2', 't50', time)],
        },
        { object: `w${n}`, apply: false },
      );
    }
    const run = async (): Promise<void> => {
      for (let round = 0; round < 60; round += 1) await world.stage.step();
    };
    await Promise.all([run(), run(), run()]);
    const told = world.told.filter(([name]) => name === 'applied');
    assert.equal(told.length, 48 + 1);
    assert.deepEqual(await world.rows('SELECT 1 FROM inbox_queue'), []);
    for (const [n, time] of times.entries()) {
      assert.equal((await world.slot('north', slotKey('n1', 't50', time.start))).status, 'busy');
      const other = await world.slot('north', slotKey('n2', 't50', time.start));
      assert.equal(other.status, n % 2 === 0 ? 'free' : 'busy', `n2 at ${n}`);
    }
    const [{ deadlocks } = { deadlocks: -1 }] = await world.rows(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    assert.equal(deadlocks, 0);
  });
});

describe('content that no site should send', () => {
  it('parks its message, or is kept as it is, and never stops the others', async (t) => {
    const world = await openWorld(t);
    // What does not compress: an index takes long text that does.
    const long = `xxxx${randomToken(15_000)}`;
    const bad = [
      visit('V1', 'n1', { start: NINE.end, end: NINE.start }),
      visit('V2', 'n1', { start: NINE.start, end: NINE.start }),
      visit('V3', 'n1', { start: NINE.start, end: 9e15 as typeof NINE.end }),
      visit('V4\u0000', 'n1', NINE),
      visit(long, 'n1', NINE),
      visit('V6', 'n1', NINE, { identifiers: [{ system: 'urn:x', value: long }] }),
      visit('V7', 'n1', NINE, { comment: `nul \u0000 and ${long}` }),
      visit('V8', 'n1', { start: 'tomorrow' as never, end: NINE.end }),
    ];
    const ids: number[] = [];
    for (const [n, change] of bad.entries())
      ids.push(await world.tell('north', change, { object: `o${n}`, sequenceKeys: [`o${n}`], apply: false }));
    const good = await world.tell('north', visit('GOOD', 'n2', NINE, { patients: [BOB] }), { apply: false });
    await world.apply();
    assert.equal((await world.message(good)).status, 'applied');
    const outcomes: string[] = [];
    for (const id of ids) {
      const { status, reason } = await world.message(id);
      outcomes.push(status);
      assert.ok(!(reason ?? '').includes('xxxx') && !(reason ?? '').includes('tomorrow'), 'a reason quotes no value');
    }
    assert.deepEqual(outcomes, ['parked', 'parked', 'parked', 'parked', 'parked', 'parked', 'applied', 'parked']);
  });
});
