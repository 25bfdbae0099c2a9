/**
 * Receiving: one statement for a whole page of messages, of whatever sites, because what a site waits for is our
 * commit. It tells duplicates from news, stores, and queues, and is safe against another hub or another way in (poll
 * and webhook) that stores the same at once.
 */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Arrival, Stored } from './contract-inbox.ts';
import { blindKey } from './inbox-keys.ts';
import { indexable, storable } from './inbox-row.ts';
import type { Queryable, Statement } from './postgres.ts';
import type { Keys } from './seal.ts';

/** Bounds the memory of one statement; a page is smaller, a load may be larger. */
const CHUNK = 500;

/**
 * given   ids are taken in the order of the call, so that a sender's order is the order of ids. (Two senders at once
 *         have none.) All bodies come as one piece, because an array of them would be sent as hexadecimal text.
 * fresh   dedupe's primary key decides. One that another transaction is just storing is waited for: if that commits,
 *         ours is the duplicate; if it rolls back, ours is news. Sorted, so that two such pages never wait for each
 *         other in a ring.
 * states  site_object's row is locked and judged in one step by ON CONFLICT, against what is committed at that moment;
 *         sorted as above. An unchanged state still moves received_read_at: an older read that arrives later is old
 *         news, not a change.
 * judged  carries every column on. A second look at `given` would be a join, planned without knowing how many there
 *         are: measured, pairs of a few hundred messages were compared one by one.
 * The other parts write what is kept. All of it commits together (a page with its cursor too), or none.
 */
const INSERT = `
  WITH given AS MATERIALIZED (
    SELECT nextval('inbox_id') AS id, u.*
    FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
      $12::timestamptz[], $13::timestamptz[], $14::text[], $15::text[], $16::text[], $17::int[], $18::int[])
      WITH ORDINALITY AS u(site, via, trace, kind, shape, event_id, object, digest, occurred_at, read_at, control_id,
        keys, content_type, body_from, body_length, ord)),
  fresh AS (
    INSERT INTO dedupe (site, event_id, inbox_id, seen_at)
    SELECT site, event_id, id, $1 FROM given WHERE shape = 'event' ORDER BY site, event_id, id
    ON CONFLICT (site, event_id) DO NOTHING
    RETURNING inbox_id),
  states AS (
    INSERT INTO site_object AS s (site, object, received_digest, received_read_at)
    SELECT site, object, digest, read_at FROM given WHERE shape = 'state' ORDER BY site, object
    ON CONFLICT (site, object) DO UPDATE SET
      received_as = CASE WHEN s.received_digest = excluded.received_digest THEN 'unchanged'
        WHEN excluded.received_read_at < s.received_read_at THEN 'older' ELSE 'inserted' END,
      received_digest = CASE WHEN excluded.received_read_at < s.received_read_at THEN s.received_digest
        ELSE excluded.received_digest END,
      received_read_at = GREATEST(s.received_read_at, excluded.received_read_at)
    RETURNING site, object, received_as),
  judged AS MATERIALIZED (
    SELECT g.*, CASE g.shape
      WHEN 'event' THEN CASE WHEN g.id IN (SELECT inbox_id FROM fresh) THEN 'inserted' ELSE 'duplicate' END
      WHEN 'state' THEN states.received_as
      ELSE 'inserted' END AS judgement
    FROM given g
    LEFT JOIN states ON g.shape = 'state' AND states.site = g.site AND states.object = g.object),
  stored AS (
    INSERT INTO inbox (id, received_at, site, via, kind, shape, event_id, object, digest, occurred_at, read_at,
      control_id, sequence_keys, content_type, key_id, body, trace)
    SELECT id, $1, site, via, kind, shape, event_id, object, digest, occurred_at, read_at, control_id,
      keys::text[], content_type, $2, substring($3::bytea FROM body_from FOR body_length), trace
    FROM judged WHERE judgement = 'inserted' ORDER BY id),
  queued AS (
    INSERT INTO inbox_queue (inbox_id, received_at, site, next_attempt_at)
    SELECT id, $1, site, $1 FROM judged WHERE judgement = 'inserted' AND shape <> 'hint' ORDER BY id),
  pending AS (
    INSERT INTO inbox_pending (site, sequence_key, inbox_id)
    SELECT j.site, key, j.id FROM judged j CROSS JOIN unnest(j.keys::text[]) AS key
    WHERE j.judgement = 'inserted' AND j.shape <> 'hint'),
  hinted AS (
    INSERT INTO hint_queue (inbox_id, received_at, site, object, next_attempt_at)
    SELECT id, $1, site, object, $1 FROM judged WHERE shape = 'hint')
  SELECT j.id, j.judgement AS kind, CASE WHEN j.judgement = 'duplicate' THEN
      (SELECT d.inbox_id FROM dedupe d WHERE d.site = j.site AND d.event_id = j.event_id) END AS earlier
  FROM judged j ORDER BY j.ord`;

export interface Judged {
  readonly id: number;
  readonly kind: Stored['kind'];
  /** Of a duplicate; null when the first was stored by this very statement or at the same moment. */
  readonly earlier: number | null;
}

/** One statement stores each of these; they are stored in their order. */
export function insertions(keys: Keys, arrivals: readonly Arrival[], now: Instant): readonly Insertion[] {
  return chunks(arrivals).map((chunk) => ({ chunk, statement: () => statementOf(keys, chunk, now) }));
}

export interface Insertion {
  readonly chunk: readonly Arrival[];
  /** Made when it is needed: sealing costs, and a load has many. */
  readonly statement: () => Statement;
}

export async function insertMessages(
  q: Queryable,
  keys: Keys,
  arrivals: readonly Arrival[],
  now: Instant,
): Promise<readonly Stored[]> {
  const stored: Stored[] = [];
  for (const { chunk, statement } of insertions(keys, arrivals, now)) {
    const { rows } = await q.query<Judged>(statement());
    stored.push(...storedOf(chunk, rows));
  }
  return stored;
}

function statementOf(keys: Keys, chunk: readonly Arrival[], now: Instant): Statement {
  const sealed = chunk.map(({ message }) => keys.seal(message.body));
  const lengths = sealed.map((one) => one.sealed.length);
  let next = 1;
  const starts = lengths.map((length) => (next += length) - length);
  return {
    name: 'inbox-insert',
    text: INSERT,
    values: [
      timestamptz(now),
      sealed[0]?.keyId,
      Buffer.concat(sealed.map((one) => one.sealed)),
      ...columns(keys, chunk),
      starts,
      lengths,
    ],
  };
}

/**
 * A statement can judge each object once; the second state of one object goes into the next, so that A, B, A are all
 * kept.
 */
function chunks(arrivals: readonly Arrival[]): readonly (readonly Arrival[])[] {
  const all: Arrival[][] = [];
  let current: Arrival[] = [];
  let objects = new Set<string>();
  for (const arrival of arrivals) {
    const { site, message } = arrival;
    const object = message.shape === 'state' ? `${site} ${message.object}` : null;
    if (current.length === CHUNK || (object !== null && objects.has(object))) {
      all.push(current);
      current = [];
      objects = new Set();
    }
    current.push(arrival);
    if (object !== null) objects.add(object);
  }
  if (current.length > 0) all.push(current);
  return all;
}

function columns(keys: Keys, chunk: readonly Arrival[]): readonly (readonly (string | null)[])[] {
  const messages = chunk.map(({ message }) => message);
  return [
    chunk.map(({ site }) => site),
    chunk.map(({ via }) => via),
    chunk.map(({ trace }) => trace),
    messages.map((message) => storable(message.kind)),
    messages.map((message) => message.shape),
    messages.map((message) => (message.shape === 'event' ? indexable(message.id) : null)),
    messages.map((message) => (message.shape === 'event' ? null : indexable(message.object))),
    messages.map((message) => (message.shape === 'state' ? message.digest : null)),
    messages.map((message) =>
      message.shape === 'event' && message.occurredAt !== null ? timestamptz(message.occurredAt) : null,
    ),
    messages.map((message) => (message.shape === 'state' ? timestamptz(message.readAt) : null)),
    messages.map((message) =>
      message.shape === 'event' && message.controlId !== undefined ? indexable(message.controlId) : null,
    ),
    messages.map((message) => arrayText([...new Set(message.sequenceKeys)].map((key) => blindKey(keys, key)))),
    messages.map((message) => storable(message.contentType)),
  ];
}

/** A text[] within a text[]: PostgreSQL's own arrays of arrays must all have one length. */
function arrayText(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

/** What became of each, in the order of the call. */
export function storedOf(chunk: readonly Arrival[], rows: readonly Judged[]): readonly Stored[] {
  const first = new Map<string, number>();
  return rows.map((row, index) => {
    const arrival = chunk[index];
    const eventId = arrival?.message.shape === 'event' ? `${arrival.site} ${arrival.message.id}` : null;
    if (row.kind === 'inserted') {
      if (eventId !== null) first.set(eventId, row.id);
      return { kind: 'inserted', id: row.id };
    }
    const known = eventId === null ? null : (row.earlier ?? first.get(eventId) ?? null);
    return { kind: row.kind, id: known };
  });
}
