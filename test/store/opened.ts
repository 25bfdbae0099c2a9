/**
 * A store on a database of its own, and messages to put into it. Within a test its own context does the cleaning up.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SiteEvent, SiteHint, SiteState } from '../../src/connectors/contract.ts';
import type { Clock } from '../../src/core/clock.ts';
import { instant, type Instant } from '../../src/core/instant.ts';
import type { Store, Tx } from '../../src/store/contract.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { Pool } from '../../src/store/postgres.ts';
import { openKeys, type Keys } from '../../src/store/seal.ts';
import { openStore } from '../../src/store/store.ts';
import { freshDatabase, type Cleanup } from '../support/database.ts';

export interface Opened {
  readonly store: Store;
  readonly pool: Pool;
  readonly keys: Keys;
  /** One transaction of the hub itself. */
  readonly write: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
}

export async function openedStore(cleanup: Cleanup, options: { max?: number; clock?: Clock } = {}): Promise<Opened> {
  const { pool } = await freshDatabase(cleanup, { max: options.max ?? 10 });
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-keys-'));
  cleanup.after(() => rm(folder, { recursive: true, force: true }));
  const keys = await openKeys({ file: join(folder, 'keys.json') });
  const store = openStore({ pool, keys, ...(options.clock === undefined ? {} : { clock: options.clock }) });
  return { store, pool, keys, write: (work) => store.transaction(systemScope('test'), work) };
}

/** Sunday 2026-11-22, and minutes after it. */
export const NOON = instant(Date.UTC(2026, 10, 22, 12));
export function at(minutes: number): Instant {
  return instant(NOON + minutes * 60_000);
}

export function event(id: string, more: Partial<SiteEvent> = {}): SiteEvent {
  return {
    shape: 'event',
    kind: 'siu',
    id,
    occurredAt: null,
    sequenceKeys: [],
    contentType: 'x-application/hl7-v2+er7',
    body: Buffer.from(`body of ${id}`),
    ...more,
  };
}

export function state(object: string, digest: string, readAt: Instant, more: Partial<SiteState> = {}): SiteState {
  return {
    shape: 'state',
    kind: 'appointment',
    object,
    digest,
    readAt,
    sequenceKeys: [object],
    contentType: 'application/json',
    body: Buffer.from(`{"digest":"${digest}"}`),
    ...more,
  };
}

export function hint(object: string, more: Partial<SiteHint> = {}): SiteHint {
  return {
    shape: 'hint',
    kind: 'appointment-changed',
    object,
    sequenceKeys: [object],
    contentType: 'application/json',
    body: Buffer.from('{}'),
    ...more,
  };
}
