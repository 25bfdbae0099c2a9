/** How a message stands in the database, and how it comes back. */
import type { SiteMessage } from '../connectors/contract.ts';
import { sha256 } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { InboxMessage } from './contract-inbox.ts';
import type { Keys } from './seal.ts';

export interface InboxRow {
  readonly id: number;
  readonly received_at: Instant;
  readonly site: string;
  readonly via: InboxMessage['via'];
  readonly kind: string;
  readonly shape: SiteMessage['shape'];
  readonly object: string | null;
  readonly occurred_at: Instant | null;
  readonly read_at: Instant | null;
  readonly control_id: string | null;
  readonly sequence_keys: readonly string[];
  readonly content_type: string;
  readonly key_id: string;
  readonly body: Buffer;
  readonly trace: string | null;
  readonly status: InboxMessage['status'];
  readonly stage: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly attempts: number;
}

/** Of `inbox i`; `attempts` is added by each statement, because a queued message counts in its queue. */
export const INBOX_COLUMNS = `i.id, i.received_at, i.site, i.via, i.kind, i.shape, i.object, i.occurred_at, i.read_at,
  i.control_id, i.sequence_keys, i.content_type, i.key_id, i.body, i.trace, i.status, i.stage, i.code, i.reason`;

export function toMessage(row: InboxRow, keys: Keys): InboxMessage {
  return {
    id: row.id,
    site: row.site,
    via: row.via,
    kind: row.kind,
    shape: row.shape,
    object: row.object,
    body: keys.open(row.key_id, row.body),
    contentType: row.content_type,
    receivedAt: row.received_at,
    readAt: row.read_at,
    occurredAt: row.occurred_at,
    sequenceKeys: row.sequence_keys,
    controlId: row.control_id,
    attempts: row.attempts,
    status: row.status,
    stage: row.stage,
    code: row.code,
    reason: row.reason,
    trace: row.trace,
  };
}

/**
 * PostgreSQL stores no NUL in text and would refuse the whole page, again and again, for one odd field of one message.
 */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

const INDEXED_BYTES = 500;

/**
 * For columns with an index, whose entries may not pass 2,704 bytes: a longer name keeps its beginning and a digest of
 * the rest.
 */
export function indexable(text: string): string {
  const clean = storable(text);
  return Buffer.byteLength(clean) <= INDEXED_BYTES ? clean : `${clean.slice(0, 64)}~sha256:${sha256(clean)}`;
}
