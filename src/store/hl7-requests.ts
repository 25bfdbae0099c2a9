/**
 * Requests of clients by HL7 v2. What names a patient or an appointment of the client stands here sealed or as a keyed
 * hash. Part of Tx.
 */
import { derivedId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Hl7Request, Hl7RequestStore, Hl7Waiting } from './contract-requests.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

interface Row {
  readonly id: number;
  readonly client: string;
  readonly lineage: string;
  readonly received_at: Instant;
  readonly reply: Hl7Request['reply'];
  readonly state: Hl7Request['state'];
  readonly key_id: string;
  readonly body: Buffer;
  readonly booking_id: string | null;
  readonly appointment_id: string | null;
  readonly answer_key_id: string | null;
  readonly answer: Buffer | null;
  readonly notice_key_id: string | null;
  readonly notice: Buffer | null;
}

const COLUMNS = `r.id, r.client, r.lineage, r.received_at, r.reply, r.state, r.key_id, r.body, r.booking_id,
  r.appointment_id, r.answer_key_id, r.answer, r.notice_key_id, r.notice`;

export function hl7RequestStore(q: Queryable, keys: Keys): Hl7RequestStore {
  const select = async (name: string, where: string, values: readonly unknown[]): Promise<readonly Hl7Request[]> => {
    const { rows } = await q.query<Row>({ name, text: `SELECT ${COLUMNS} FROM hl7_request r ${where}`, values });
    return rows.map((row) => toRequest(row, keys));
  };
  /** Of each client so many, oldest first: none of them is kept waiting by another's. */
  const ofEach = async (
    name: string,
    where: string,
    clients: readonly string[],
    limit: number,
  ): Promise<Hl7Request[]> => {
    const { rows } = await q.query<Row>({
      name,
      text: `SELECT ${COLUMNS} FROM unnest($1::text[]) AS u(client) CROSS JOIN LATERAL (
               SELECT r.* FROM hl7_request r ${where} AND r.client = u.client ORDER BY r.id LIMIT $2) r ORDER BY r.id`,
      values: [clients, limit],
    });
    return rows.map((row) => toRequest(row, keys));
  };
  const again = async (name: string, where: string, values: readonly unknown[]): Promise<void> => {
    await q.query({
      name,
      text: `UPDATE hl7_request SET state = 'received', answer_code = NULL, answer_key_id = NULL, answer = NULL,
               answered_at = NULL, reply = $1, xid = pg_current_xact_id() WHERE ${where}`,
      values,
    });
  };
  return {
    async take({ client, placer, content, reply, body }, now) {
      const { keyId, sealed } = keys.seal(body);
      const digest = keys.blind(content);
      const lineage = derivedId('hl7-request', client, keys.blind(placer));
      const { rowCount } = await q.query({
        name: 'hl7-request-take', // unique (client, digest)
        text: `INSERT INTO hl7_request (client, lineage, digest, received_at, reply, key_id, body)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (client, digest) DO NOTHING`,
        values: [client, lineage, digest, timestamptz(now), reply, keyId, sealed],
      });
      if (rowCount === 0) {
        const isOpen = `client = $2 AND digest = $3 AND (state = 'open' OR state = 'done' AND NOT final)`;
        await again('hl7-request-again', isOpen, [reply, client, digest]);
      }
      const found = await select('hl7-request-same', 'WHERE r.client = $1 AND r.digest = $2', [client, digest]);
      const [request] = found;
      if (request === undefined) throw new Error('a request that was just stored is not there');
      return { request, isNew: rowCount > 0 };
    },

    reopen: (id, reply) => again('hl7-request-reopen', 'id = $2', [reply, id]),

    get: async (id) => (await select('hl7-request-get', 'WHERE r.id = $1', [id]))[0] ?? null,

    received: (clients, limit) =>
      ofEach(
        'hl7-request-received', // hl7_request_undone, hl7_request_lineage
        `WHERE r.state = 'received' AND NOT EXISTS (
           SELECT FROM hl7_request earlier
           WHERE earlier.client = r.client AND earlier.lineage = r.lineage AND earlier.id < r.id
             AND earlier.state = 'received')`,
        clients,
        limit,
      ),

    undecided: (client, lineage) =>
      select(
        'hl7-request-undecided', // hl7_request_lineage
        `WHERE r.client = $1 AND r.lineage = $2 AND r.state = 'received' ORDER BY r.id`,
        [client, lineage],
      ),

    settled: (clients, limit) =>
      ofEach(
        'hl7-request-settled', // hl7_request_undone; the booking by its key
        `JOIN booking b ON b.id = r.booking_id
         WHERE r.state = 'open' AND b.state IN ('booked', 'refused', 'expired')`,
        clients,
        limit,
      ),

    async answered(id, { state, code, isFinal, answer, bookingId, appointmentId }, now) {
      const { keyId, sealed } = keys.seal(answer);
      const { rowCount } = await q.query({
        name: 'hl7-request-answered', // primary key
        text: `UPDATE hl7_request SET state = $2, answer_code = $3, answer_key_id = $4, answer = $5, booking_id = $6,
                 appointment_id = $7, answered_at = $8, final = $9, xid = pg_current_xact_id()
               WHERE id = $1 AND state = 'received'`,
        values: [id, state, code, keyId, sealed, bookingId, appointmentId, timestamptz(now), isFinal],
      });
      return rowCount > 0;
    },

    async noticed(id, notice) {
      const { keyId, sealed } = keys.seal(notice);
      const { rowCount } = await q.query({
        name: 'hl7-request-noticed', // primary key
        text: `UPDATE hl7_request SET state = 'done', notice_key_id = $2, notice = $3, xid = pg_current_xact_id()
               WHERE id = $1 AND state = 'open'`,
        values: [id, keyId, sealed],
      });
      return rowCount > 0;
    },

    async appointmentOf(client, lineage) {
      const { rows } = await q.query<{ appointment_id: string }>({
        name: 'hl7-request-appointment', // hl7_request_lineage
        text: `SELECT appointment_id FROM hl7_request
               WHERE client = $1 AND lineage = $2 AND appointment_id IS NOT NULL ORDER BY id DESC LIMIT 1`,
        values: [client, lineage],
      });
      return rows[0]?.appointment_id ?? null;
    },

    async waiting() {
      const { rows } = await q.query<{ client: string; state: Hl7Waiting['state']; count: number; oldest: Instant }>({
        name: 'hl7-request-waiting', // hl7_request_undone
        text: `SELECT client, state, count(*)::int AS count, min(received_at) AS oldest
               FROM hl7_request WHERE state <> 'done' GROUP BY 1, 2 ORDER BY 1, 2`,
      });
      return rows.map(({ client, state, count, oldest }) => ({ client, state, count, oldestAt: oldest }));
    },
  };
}

function toRequest(row: Row, keys: Keys): Hl7Request {
  const opened = (keyId: string | null, sealed: Buffer | null): Uint8Array | null =>
    keyId === null || sealed === null ? null : keys.open(keyId, sealed);
  return {
    id: row.id,
    client: row.client,
    lineage: row.lineage,
    receivedAt: row.received_at,
    reply: row.reply,
    state: row.state,
    body: keys.open(row.key_id, row.body),
    bookingId: row.booking_id,
    appointmentId: row.appointment_id,
    answer: opened(row.answer_key_id, row.answer),
    notice: opened(row.notice_key_id, row.notice),
  };
}
