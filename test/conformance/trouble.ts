/**
 * A store whose commits fail on demand: the work is done and rolled back, as when the disk is full at the last moment.
 */
import { HubError } from '../../src/core/errors.ts';
import type { Store } from '../../src/store/contract.ts';

export interface TroubledStore extends Store {
  /** Every transaction of this stage (`poll`, `receive`, `booking`) fails until `heal`. */
  fail(stage: string): void;
  heal(): void;
  /** Commits that were made to fail. */
  readonly failed: number;
}

export function troubled(store: Store): TroubledStore {
  let broken: string | null = null;
  let failed = 0;
  return {
    ...store,
    transaction: (scope, work) =>
      store.transaction(scope, async (tx) => {
        const result = await work(tx);
        if (scope.actor !== broken) return result;
        failed += 1;
        throw new HubError('DISK_FULL', { detail: 'the test said so' });
      }),
    receive: (scope, ...rest) => {
      if (scope.actor !== broken) return store.receive(scope, ...rest);
      failed += 1;
      return Promise.reject(new HubError('DISK_FULL', { detail: 'the test said so' }));
    },
    fail: (stage) => (broken = `hub:${stage}`),
    heal: () => (broken = null),
    get failed() {
      return failed;
    },
  };
}
