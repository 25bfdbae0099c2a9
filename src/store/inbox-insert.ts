/**
 * Receiving: one statement for a whole page of messages, because what a site waits for is our commit. It tells
 * duplicates from news, stores, and queues, and is safe against another hub or another way in (poll and webhook) that
 * stores the same at once.
 */
import type { SiteMessage } from '../connectors/contract.ts';
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Stored, Via } from './contract-inbox.ts';
import { indexable, storable } from './inbox-row.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

/** Bounds the memory of one statement; a page is smaller, a load may be larger. */
const CHUNK = 500;

/**
 * given   ids are taken in the order of the call, so that a sender's order is the order of ids. (Two senders at once
 *         have none.)
 * fresh   dedupe's primary key decides. One that another transaction is just storing is waited for: if that commits,
 *         ours is the duplicate; if it rolls back, ours is news. Sorted, so that two such pages never wait for each
 *         other in a ring.
 * states  site_object's row is locked and judged in one step by ON CONFLICT, against what is committed at that moment;
 *         sorted as above. An unchanged state still moves received_read_at: an older read that arrives later is old
 *         news, not a change.
 * The other parts write what is kept. All of it commits with the caller's cursor, or none.
 */
const INSERT = `
  WITH given AS MATERIALIZED (
    SELECT nextval('inbox_id') AS id, u.*
    FROM unnest($6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[],
      $13::text[], $14::text[], $15::text[], $16::bytea[]) WITH ORDINALITY
      AS u(kind, shape, event_id, object, digest, occurred_at, read_at, control_id, keys, content_type, body, ord)),
  fresh AS (
    INSERT INTO dedupe (site, event_id, inbox_id, seen_at)
    SELECT $1, event_id, id, $3 FROM given WHERE shape = 'event' ORDER BY event_id, id
    ON CONFLICT (site, event_id) DO NOTHING
    RETURNING inbox_id),
  states AS (
    INSERT INTO site_object AS s (site, object, received_digest, received_read_at)
    SELECT $1, object, digest, read_at FROM given WHERE shape = 'state' ORDER BY object
    ON CONFLICT (site, object) DO UPDATE SET
      received_as = CASE WHEN s.received_digest = excluded.received_digest THEN 'unchanged'
        WHEN excluded.received_read_at < s.received_read_at THEN 'older' ELSE 'inserted' END,
      received_digest = CASE WHEN excluded.received_read_at < s.received_read_at THEN s.received_digest
        ELSE excluded.received_digest END,
      received_read_at = GREATEST(s.received_read_at, excluded.received_read_at)
    RETURNING object, received_as),
  judged AS MATERIALIZED (
    SELECT g.id, g.ord, CASE g.shape
      WHEN 'event' THEN CASE WHEN fresh.inbox_id IS NULL THEN 'duplicate' ELSE 'inserted' END
      WHEN 'state' THEN states.received_as
      ELSE 'inserted' END AS kind
    FROM given g
    LEFT JOIN fresh ON fresh.inbox_id = g.id
    LEFT JOIN states ON g.shape = 'state' AND states.object = g.object),
  stored AS (
    INSERT INTO inbox (id, received_at, site, via, kind, shape, event_id, object, digest, occurred_at, read_at,
      control_id, sequence_keys, content_type, key_id, body, trace)
    SELECT g.id, $3, $1, $2, g.kind, g.shape, g.event_id, g.object, g.digest, g.occurred_at, g.read_at, g.control_id,
      g.keys::text[], g.content_type, $4, g.body, $5
    FROM given g JOIN judged j ON j.id = g.id WHERE j.kind = 'inserted' ORDER BY g.id),
  queued AS (
    INSERT INTO inbox_queue (inbox_id, received_at, site, next_attempt_at)
    SELECT g.id, $3, $1, $3 FROM given g JOIN judged j ON j.id = g.id
    WHERE j.kind = 'inserted' AND g.shape <> 'hint' ORDER BY g.id),
  pending AS (
    INSERT INTO inbox_pending (site, sequence_key, inbox_id)
    SELECT $1, key, g.id FROM given g JOIN judged j ON j.id = g.id CROSS JOIN unnest(g.keys::text[]) AS key
    WHERE j.kind = 'inserted' AND g.shape <> 'hint'),
  hinted AS (
    INSERT INTO hint_queue (inbox_id, received_at, site, object, next_attempt_at)
    SELECT g.id, $3, $1, g.object, $3 FROM given g WHERE g.shape = 'hint')
  SELECT j.id, j.kind, CASE WHEN j.kind = 'duplicate' THEN
      (SELECT d.inbox_id FROM dedupe d WHERE d.site = $1 AND d.event_id = g.event_id) END AS earlier
  FROM judged j JOIN given g ON g.id = j.id ORDER BY j.ord`;

interface Judged {
  readonly id: number;
  readonly kind: Stored['kind'];
  /** Of a duplicate; null when the first was stored by this very statement or at the same moment. */
  readonly earlier: number | null;
}

export async function insertMessages(
  q: Queryable,
  keys: Keys,
  site: string,
  via: Via,
  messages: readonly SiteMessage[],
  now: Instant,
  trace: string | null,
): Promise<readonly Stored[]> {
  const stored: Stored[] = [];
  for (const chunk of chunks(messages)) {
    const sealed = chunk.map((message) => keys.seal(message.body));
    const { rows } = await q.query<Judged>({
      name: 'inbox-insert',
      text: INSERT,
      values: [
        site,
        via,
        timestamptz(now),
        sealed[0]?.keyId,
        trace,
        ...columns(chunk),
        sealed.map((one) => one.sealed),
      ],
    });
    stored.push(...results(chunk, rows));
  }
  return stored;
}

/**
 * A statement can judge each object once; the second state of one object goes into the next, so that A, B, A are all
 * kept.
 */
function chunks(messages: readonly SiteMessage[]): readonly (readonly SiteMessage[])[] {
  const all: SiteMessage[][] = [];
  let current: SiteMessage[] = [];
  let objects = new Set<string>();
  for (const message of messages) {
    const object = message.shape === 'state' ? message.object : null;
    if (current.length === CHUNK || (object !== null && objects.has(object))) {
      all.push(current);
      current = [];
      objects = new Set();
    }
    current.push(message);
    if (object !== null) objects.add(object);
  }
  if (current.length > 0) all.push(current);
  return all;
}

function columns(chunk: readonly SiteMessage[]): readonly (readonly (string | null)[])[] {
  return [
    chunk.map((message) => storable(message.kind)),
    chunk.map((message) => message.shape),
    chunk.map((message) => (message.shape === 'event' ? indexable(message.id) : null)),
    chunk.map((message) => (message.shape === 'event' ? null : indexable(message.object))),
    chunk.map((message) => (message.shape === 'state' ? message.digest : null)),
    chunk.map((message) =>
      message.shape === 'event' && message.occurredAt !== null ? timestamptz(message.occurredAt) : null,
    ),
    chunk.map((message) => (message.shape === 'state' ? timestamptz(message.readAt) : null)),
    chunk.map((message) =>
      message.shape === 'event' && message.controlId !== undefined ? indexable(message.controlId) : null,
    ),
    chunk.map((message) => arrayText([...new Set(message.sequenceKeys.map(indexable))])),
    chunk.map((message) => storable(message.contentType)),
  ];
}

/** A text[] within a text[]: PostgreSQL's own arrays of arrays must all have one length. */
function arrayText(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

function results(chunk: readonly SiteMessage[], rows: readonly Judged[]): readonly Stored[] {
  const first = new Map<string, number>();
  return rows.map((row, index) => {
    const message = chunk[index];
    const eventId = message?.shape === 'event' ? message.id : null;
    if (row.kind === 'inserted') {
      if (eventId !== null) first.set(eventId, row.id);
      return { kind: 'inserted', id: row.id };
    }
    const known = eventId === null ? null : (row.earlier ?? first.get(eventId) ?? null);
    return { kind: row.kind, id: known };
  });
}
