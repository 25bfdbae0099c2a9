/**
 * The Store: puts the parts of a transaction together on one connection. Every part gets that connection and the scope,
 * and can reach nothing else, so nothing here can wait for a second connection while it holds the first.
 */
import { createHash } from 'node:crypto';
import { systemClock, type Clock } from '../core/clock.ts';
import { RunAgain } from '../core/run-again.ts';
import { auditEntries, auditStatement } from './audit.ts';
import { backendTokenStore } from './backend-tokens.ts';
import { bookingStore } from './bookings.ts';
import { gatheredBusyStore } from './busy-gathered.ts';
import { conflictStore } from './conflicts.ts';
import type { Retention, Scope, Store, Tx } from './contract.ts';
import { erasureStore } from './erasure.ts';
import { feedStore } from './feeds.ts';
import { forgetSite } from './forget.ts';
import { Gathered } from './gather.ts';
import { glance } from './glance.ts';
import { inboxStore } from './inbox.ts';
import { blindStoredKeys } from './inbox-keys.ts';
import { insertions, insertMessages, storedOf, type Judged } from './inbox-insert.ts';
import { hl7RequestStore } from './hl7-requests.ts';
import { identityStore } from './identity.ts';
import { ledgerStore } from './ledger.ts';
import { mirrorStore } from './mirrors.ts';
import { outboxStore } from './outbox.ts';
import { indexStore } from './patient-index.ts';
import { sightStore } from './sight.ts';
import { peopleStore } from './people.ts';
import { placedStore } from './placed.ts';
import { practitionerStore } from './practitioners.ts';
import { registrationStore } from './registrations.ts';
import { registryStore } from './registry.ts';
import { proofStore } from './proofs.ts';
import { readAhead } from './read-ahead.ts';
import { maintain } from './partitions.ts';
import type { Pool, Queryable } from './postgres.ts';
import { renameSite } from './rename.ts';
import { replayWindowStore } from './replay-windows.ts';
import { resealSome } from './reseal.ts';
import { resourceStore } from './resources.ts';
import type { Keys } from './seal.ts';
import { setStore } from './sets.ts';
import { signingKeyStore } from './signing-keys.ts';
import { single, transaction } from './transaction.ts';
import { workItemStore } from './workitems.ts';

export interface StoreOptions {
  /** Closed by `close`. */
  readonly pool: Pool;
  readonly keys: Keys;
  /** Tells which hour of the week it is, for the usual rate of a feed. */
  readonly clock?: Clock;
}

export function openStore(options: StoreOptions): Store {
  const { pool, keys } = options;
  const clock = options.clock ?? systemClock;
  const tx = (q: Queryable, scope: Scope): Tx => composed(new Gathered(q), keys, scope, clock);
  return {
    transaction: (scope, work) =>
      transaction(
        pool,
        async (q) => {
          const gathered = new Gathered(q);
          const result = await work(composed(gathered, keys, scope, clock));
          await gathered.flush();
          return result;
        },
        { keptPlans: true },
      ),
    receive: async (scope, arrivals, heard, now) => {
      const [only, ...more] = insertions(keys, arrivals, now);
      if (only !== undefined && more.length === 0 && heard.length === 0) {
        const { rows } = await single<Judged>(pool, only.statement());
        return storedOf(only.chunk, rows);
      }
      return transaction(pool, async (q) => {
        const stored = await insertMessages(q, keys, arrivals, now);
        const { feeds } = tx(q, scope);
        for (const { site, feed, messages, at } of heard) await feeds.heard(site, feed, at, messages, null);
        return stored;
      });
    },
    // One snapshot for all of its statements, or a page and its count would disagree. Read-only, so that a write that
    // slips in fails in every test instead of being lost in none.
    read: (scope, work) =>
      transaction(pool, (q) => work(tx(q, scope)), { isolation: 'repeatable read', readOnly: true }),
    glance: (scope, work) => glance(pool, (q) => work(tx(q, scope))),
    audit: async (scope, entries) => {
      if (entries.length > 0) await single(pool, auditStatement(scope, entries));
    },
    maintain: async (now, retention: Retention) => {
      const hashed = await blindStoredKeys(pool, keys);
      const done = await maintain(pool, now, retention);
      return hashed === 0 ? done : [`hashed the sequence keys of ${hashed} messages`, ...done];
    },
    reseal: (after, limit) => transaction(pool, (q) => resealSome(q, keys, after, limit)),
    ping: async () => {
      await pool.query('SELECT 1');
    },
    close: () => pool.close(),
  };
}

function composed(q: Gathered, keys: Keys, scope: Scope, clock: Clock): Tx {
  const resources = resourceStore(q, keys, scope);
  return {
    scope,
    inbox: inboxStore(q, keys, scope),
    feeds: feedStore(q, scope, clock),
    resources,
    people: peopleStore(q, keys, scope),
    practitioners: practitionerStore(q),
    registry: registryStore(q),
    identity: identityStore(q, keys),
    registrations: registrationStore(q),
    index: indexStore(q, keys),
    sight: sightStore(q, keys, scope),
    erasure: erasureStore(q, keys, scope),
    busy: gatheredBusyStore(q),
    conflicts: conflictStore(q),
    proofs: proofStore(q),
    bookings: bookingStore(q, keys),
    placed: placedStore(q),
    sets: setStore(q),
    outbox: outboxStore(q),
    mirrors: mirrorStore(q),
    ledger: ledgerStore(q, scope),
    workItems: workItemStore(q, scope, resources),
    replayWindows: replayWindowStore(q, keys),
    hl7Requests: hl7RequestStore(q, keys),
    signingKeys: signingKeyStore(q, keys),
    backendTokens: backendTokenStore(q, keys),
    lock: (ids) => lock(q, ids),
    lockShared: (ids) => lock(q, ids, '_shared'),
    lockRead: (ids, read) => lockRead(q, ids, read),
    readAhead: (expected) => readAhead(q, keys, expected),
    flush: () => q.flush(),
    audit: (entry) => auditEntries(q, scope, [entry]),
    forgetSite: (site) => forgetSite(q, site),
    renameSite: (organizationId, to) => renameSite(q, organizationId, to),
  };
}

/**
 * Ids become 64-bit keys: two that meet by chance only wait for each other without need. Migrations and DATA_DIR use
 * the two-number form of these locks, which is another space. Taken in the order of the keys: measured, without an
 * order 64 callers deadlock. A second call in one transaction gives that order up, so lock everything at once.
 */
async function lock(q: Queryable, ids: readonly string[], mode: '' | '_shared' = ''): Promise<void> {
  const keys = [...new Set(ids.map(lockKey))];
  if (keys.length === 0) return;
  await q.query({
    name: `lock${mode}`,
    // OFFSET 0 keeps the planner from pulling the subquery up: the sort is done before the first lock is taken.
    text: `SELECT pg_advisory_xact_lock${mode}(k)
           FROM (SELECT unnest($1::bigint[]) AS k ORDER BY 1 OFFSET 0) AS sorted`,
    values: [keys],
  });
}

async function lockRead(q: Queryable, ids: readonly string[], read: () => Promise<readonly string[]>): Promise<void> {
  const locked = new Set([...ids, ...(await read())]);
  // Sent one behind the other: the second reading sees what was committed before the last lock came.
  const [, now] = await Promise.all([lock(q, [...locked]), read()]);
  if (now.some((id) => !locked.has(id))) throw new RunAgain('what was to be locked was changed at this moment');
}

function lockKey(id: string): string {
  return createHash('sha256').update(id).digest().readBigInt64BE(0).toString();
}
