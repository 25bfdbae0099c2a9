/** News that leaves open whom it is about is applied under the locks of those whom the visit has by then. */
import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Scope, Store, Tx } from '../../src/store/contract.ts';
import { during, openWorld, SHARED, visit } from '../support/builders.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const BEN = canonicalId.practitionerAtSite('north', 'ben');

const bare = new AsyncResource('outside');
const lockKey = (id: string): string => createHash('sha256').update(id).digest().readBigInt64BE(0).toString();

interface Between {
  /** Behind the first reading of what visits take. */
  once: (() => Promise<unknown>) | null;
  /** Before each commit. */
  last: (() => Promise<unknown>) | null;
}

function between(store: Store, steps: Between): Store {
  const outside = (work: () => Promise<unknown>): Promise<unknown> => bare.runInAsyncScope(work);
  return {
    ...store,
    transaction: <T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> =>
      store.transaction(scope, async (tx) => {
        const heldByKeys: Tx['busy']['heldByKeys'] = async (keys) => {
          const held = await tx.busy.heldByKeys(keys);
          const { once } = steps;
          steps.once = null;
          if (once !== null) await outside(once);
          return held;
        };
        const result = await work({ ...tx, busy: { ...tx.busy, heldByKeys } });
        if (steps.last !== null) await outside(steps.last);
        return result;
      }),
  };
}

it('a visit that goes to another practitioner just before its news is applied has the new one locked', async (t) => {
  const steps: Between = { once: null, last: null };
  const world = await openWorld(t, { wrap: (store) => between(store, steps) });
  await world.tell('north', visit('V1', 'n1', NINE));
  const { id } = await world.appointment('north', 'V1');
  world.clock.advance(1_000);
  await world.tell('north', { ...visit('V1', 'n1', TEN), participants: [] }, { apply: false });

  const free: unknown[] = [];
  steps.once = () =>
    world.write(async (tx) => {
      await tx.lock([id, SHARED, BEN]);
      const row = { occupancy: id, origin: 'site', site: 'north', appointmentId: id, tentative: false } as const;
      await tx.busy.replaceAppointment(id, [{ ...row, resourceId: BEN, during: NINE }]);
    });
  steps.last = async () => {
    const [row] = await world.rows('SELECT pg_try_advisory_xact_lock($1::bigint) AS free', [lockKey(BEN)]);
    free.push(row?.['free']);
  };
  await world.stage.step();
  steps.last = null;
  assert.deepEqual(free, [false]);
  const rows = await world.rows('SELECT resource_id, lower(during) AS start FROM busy');
  assert.deepEqual(rows, [{ resource_id: BEN, start: TEN.start }]);
});
