/**
 * Messages, from the moment they are stored until they are done. The message itself stands in `inbox` and is never
 * changed but for its outcome; what is still to do stands in narrow queue tables beside it, so that looking for work
 * reads little and a replay is nothing but a new queue row. Part of Tx.
 */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import { controlIdStore } from './control-ids.ts';
import type { InboxFilter, InboxMessage, InboxStore, Parking } from './contract-inbox.ts';
import type { Scope } from './contract.ts';
import type { Gathered } from './gather.ts';
import { hintStore } from './hints.ts';
import { claimMessages, release } from './inbox-claim.ts';
import { ALL_DONE } from './inbox-done.ts';
import { insertMessages } from './inbox-insert.ts';
import { INBOX_COLUMNS, indexable, toMessage, type InboxRow } from './inbox-row.ts';
import { waitsFor } from './inbox-waits.ts';
import { outcomeStore } from './outcomes.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';
import { siteObjectStore } from './site-objects.ts';

/**
 * One row of `inbox` is named by its id and its time: with the time only one partition is looked into. It stands in the
 * queue row that is deleted; what is parked has none, and is looked up in every partition. What is done already stays
 * as it is, so that whoever comes late, after a batch that failed, undoes nothing.
 */
const DONE = `
  WITH gone AS (DELETE FROM inbox_queue WHERE inbox_id = $1 RETURNING received_at, attempts),
  unblocked AS (DELETE FROM inbox_pending WHERE inbox_id = $1),
  released AS (UPDATE inbox_queue SET waits_for = NULL WHERE waits_for = $1)
  UPDATE inbox SET status = $2, reason = $3, done_at = $4, stage = NULL, code = NULL,
    attempts = COALESCE((SELECT attempts + 1 FROM gone), attempts), xid = pg_current_xact_id()
  WHERE id = $1
    AND received_at = COALESCE((SELECT received_at FROM gone), (SELECT received_at FROM inbox WHERE id = $1))
    AND status IN ('received', 'parked')`;

/** A barrier keeps its rows in inbox_pending: what shares a sequence key with it goes on waiting. */
const PARK = `
  WITH gone AS (DELETE FROM inbox_queue WHERE inbox_id = $1 RETURNING received_at, attempts),
  unblocked AS (DELETE FROM inbox_pending WHERE inbox_id = $1 AND NOT $6),
  released AS (UPDATE inbox_queue SET waits_for = NULL WHERE waits_for = $1)
  UPDATE inbox SET status = 'parked', stage = $2, code = $3, reason = $4, done_at = $5,
    attempts = COALESCE((SELECT attempts + 1 FROM gone), attempts), xid = pg_current_xact_id()
  WHERE id = $1
    AND received_at = COALESCE((SELECT received_at FROM gone), (SELECT received_at FROM inbox WHERE id = $1))
    AND status IN ('received', 'parked')`;

/** The row lock on the message decides between two replays: the second finds it received and changes nothing. */
const REPLAY = `
  WITH again AS (
    UPDATE inbox SET status = 'received', stage = NULL, code = NULL, reason = NULL, done_at = NULL, attempts = 0,
      xid = pg_current_xact_id()
    WHERE id = $1 AND received_at = (SELECT received_at FROM inbox WHERE id = $1) AND status <> 'received'
      AND emptied_at IS NULL AND ($3::text[] IS NULL OR site = ANY($3))
    RETURNING id, received_at, site, shape, object, sequence_keys),
  queued AS (
    INSERT INTO inbox_queue (inbox_id, received_at, site, next_attempt_at)
    SELECT id, received_at, site, $2 FROM again WHERE shape <> 'hint'),
  pending AS (
    INSERT INTO inbox_pending (site, sequence_key, inbox_id)
    SELECT site, key, id FROM again CROSS JOIN unnest(sequence_keys) AS key WHERE shape <> 'hint'
    ON CONFLICT DO NOTHING), -- of a barrier they are still there
  hinted AS (
    INSERT INTO hint_queue (inbox_id, received_at, site, object, next_attempt_at)
    SELECT id, received_at, site, object, $2 FROM again WHERE shape = 'hint')
  SELECT id FROM again`;

const QUEUED_ATTEMPTS = `COALESCE(q.attempts, h.attempts, i.attempts) AS attempts
  FROM inbox i LEFT JOIN inbox_queue q ON q.inbox_id = i.id LEFT JOIN hint_queue h ON h.inbox_id = i.id`;

export function inboxStore(q: Gathered, keys: Keys, scope: Scope): InboxStore {
  const sites = scope.sites === '*' ? null : scope.sites;
  /** Claimed by this transaction, so their queue rows are held: see release in inbox-claim.ts. */
  const held = new Map<number, Instant>();
  let isMore = false;
  const left = async (id: number): Promise<void> => {
    if (!held.delete(id)) await release(q, id);
  };

  return {
    ...hintStore(q),
    ...siteObjectStore(q),
    ...controlIdStore(q, sites),
    ...outcomeStore(q, sites),

    insert: (site, via, messages, now, trace) => {
      const arrivals = messages.map((message) => ({ site, via, message, trace }));
      return insertMessages(q, keys, arrivals, now);
    },

    async claim(now, limit) {
      const { claimed, left: more } = await claimMessages(q, keys, now, limit);
      isMore = more;
      for (const { id, receivedAt } of claimed) held.set(id, receivedAt);
      return claimed;
    },
    leftMore: () => isMore,

    async done(id, status, reason, now) {
      const receivedAt = held.get(id);
      if (receivedAt !== undefined && q.begun) {
        held.delete(id);
        return q.later(ALL_DONE, `message ${id}`, { id, receivedAt, status, reason, now });
      }
      await q.query({ name: 'inbox-done', text: DONE, values: [id, status, reason, timestamptz(now)] });
      await left(id);
    },

    async park(id: number, parking: Parking, now) {
      const { stage, code, reason, barrier } = parking;
      await q.query({ name: 'inbox-park', text: PARK, values: [id, stage, code, reason, timestamptz(now), barrier] });
      await left(id);
    },

    async retry(id, at) {
      await q.post({
        name: 'inbox-retry', // it keeps its place: whatever waits for it goes on waiting
        text: `UPDATE inbox_queue SET next_attempt_at = $2, attempts = attempts + 1 WHERE inbox_id = $1`,
        values: [id, timestamptz(at)],
      });
    },

    async replay(id, now) {
      const { rowCount } = await q.query({ name: 'inbox-replay', text: REPLAY, values: [id, timestamptz(now), sites] });
      return rowCount === 1;
    },

    waitsFor: (id) => waitsFor(q, id),
    async get(id) {
      const { rows } = await q.query<InboxRow>({
        name: 'inbox-get', // primary key, once per partition
        text: `SELECT ${INBOX_COLUMNS}, ${QUEUED_ATTEMPTS}
               WHERE i.id = $1 AND ($2::text[] IS NULL OR i.site = ANY($2))`,
        values: [id, sites],
      });
      return rows[0] === undefined ? null : toMessage(rows[0], keys);
    },

    list: (filter) => list(q, keys, sites, filter),

    async byEventIds(of, eventIds) {
      const known = new Map(eventIds.map((id) => [indexable(id), id]));
      const { rows } = await q.query<InboxRow & { readonly event_id: string }>({
        name: 'inbox-by-event', // dedupe's primary key, then inbox by its own, once per partition
        text: `SELECT d.event_id, ${INBOX_COLUMNS}, ${QUEUED_ATTEMPTS} JOIN dedupe d ON d.inbox_id = i.id
               WHERE d.site = ANY($1) AND d.event_id = ANY($2) ORDER BY i.id`,
        values: [sites === null ? of : of.filter((site) => sites.includes(site)), [...known.keys()]],
      });
      return rows.map((row) => ({ eventId: known.get(row.event_id) ?? row.event_id, message: toMessage(row, keys) }));
    },

    async depth(site) {
      const { rows } = await q.query<{ queued: number; hints: number; parked: number }>({
        name: 'inbox-depth', // inbox_queue_site, hint_queue_site, inbox_parked
        text: `SELECT
                 (SELECT count(*)::int FROM inbox_queue WHERE $1::text[] IS NULL OR site = ANY($1)) AS queued,
                 (SELECT count(*)::int FROM hint_queue WHERE $1::text[] IS NULL OR site = ANY($1)) AS hints,
                 (SELECT count(*)::int FROM inbox
                  WHERE status = 'parked' AND ($1::text[] IS NULL OR site = ANY($1))) AS parked`,
        values: [visible(site, sites)],
      });
      return rows[0] ?? { queued: 0, hints: 0, parked: 0 };
    },

    /** Hints count: until they are fetched nobody knows what they say. What is parked is not waited for. */
    async caughtUp(of, id) {
      const { rows } = await q.query<{ behind: boolean }>({
        name: 'inbox-caught-up', // inbox_queue_site, hint_queue_site
        // The first of each site only: an EXISTS over all of them is planned as a walk through the table that hopes for
        // luck.
        text: `SELECT EXISTS (
                 SELECT FROM unnest($1::text[]) AS s(site) CROSS JOIN LATERAL (
                   (SELECT q.inbox_id FROM inbox_queue q WHERE q.site = s.site ORDER BY q.inbox_id LIMIT 1)
                   UNION ALL
                   (SELECT h.inbox_id FROM hint_queue h WHERE h.site = s.site ORDER BY h.inbox_id LIMIT 1)) AS first
                 WHERE first.inbox_id < $2) AS behind`,
        values: [of, id],
      });
      return rows[0]?.behind === false;
    },

    async forgetDuplicates(before) {
      const { rowCount } = await q.query({
        name: 'dedupe-forget', // dedupe_seen
        text: `DELETE FROM dedupe WHERE seen_at < $1`,
        values: [timestamptz(before)],
      });
      return rowCount;
    },
  };
}

/** Null: every site. */
function visible(site: string | undefined, sites: readonly string[] | null): readonly string[] | null {
  if (site === undefined) return sites;
  return sites === null || sites.includes(site) ? [site] : [];
}

/** Each combination of filters is its own statement, so that the index of the one asked for is used. */
async function list(
  q: Queryable,
  keys: Keys,
  sites: readonly string[] | null,
  filter: InboxFilter,
): Promise<readonly InboxMessage[]> {
  const reach = visible(filter.site, sites);
  const parts = [
    { name: 'status', when: filter.status, sql: filter.status === 'parked' ? `i.status = 'parked'` : 'i.status = ?' },
    { name: 'control', when: filter.controlId, sql: 'i.control_id = ?' },
    { name: 'site', when: reach ?? undefined, sql: reach?.length === 1 ? 'i.site = ?' : 'i.site = ANY(?)' },
    { name: 'after', when: filter.afterId, sql: 'i.id > ?' },
  ].filter((part) => part.when !== undefined);
  const one = reach?.length === 1 ? 'one' : 'many';
  const values: unknown[] = [filter.limit];
  const where = parts.map(({ name, when, sql }) => {
    if (!sql.includes('?')) return sql; // inbox_parked is found only by the word itself
    if (name === 'control') values.push(indexable(String(when)));
    else values.push(name === 'site' && reach?.length === 1 ? reach[0] : when);
    return sql.replace('?', `$${values.length}`);
  });
  const { rows } = await q.query<InboxRow>({
    name: ['inbox-list', ...parts.map((part) => part.name), one, filter.status === 'parked' ? 'parked' : 'any'].join(
      '-',
    ),
    text: `SELECT ${INBOX_COLUMNS}, ${QUEUED_ATTEMPTS}
           ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`} ORDER BY i.id LIMIT $1`,
    values,
  });
  return rows.map((row) => toMessage(row, keys));
}
