/**
 * One HTTP exchange on node:http, without retries, turns or time limits: those are layers of http.ts.
 *
 * No library lies between, because a booking waits for each of these calls and nobody needs what one would add: no
 * proxy, no redirects, no streams. Errors thrown here hold a code and never an address, a header or a body.
 */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Clock } from '../../core/clock.ts';
import { openConnections, type Connection, type Where } from './connection.ts';

export interface TransportSpec {
  readonly clock: Clock;
  /** `http:` or `https:`; a path in it is put before every path. */
  readonly baseUrl: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the bytes as sent, and of the text that they decode to. */
  readonly maxAnswer_bytes: number;
  /** Connections kept for reads. */
  readonly connections: number;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly json?: unknown;
  /** Instead of `json`: `application/x-www-form-urlencoded`, encoded already. */
  readonly form?: string;
  /** `Authorization: Bearer`, instead of what `headers` of the spec say. */
  readonly bearer?: string;
  /** `write`: on a connection of its own. */
  readonly effect: 'read' | 'write';
  /** For a write, which opens one for itself where this one is closed, used or old. */
  readonly on?: Connection | null;
}

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; a header that came several times as a list (set-cookie) is left out. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Exchange {
  /** Rejects with a NodeJS error, with AnswerUnreadable, or after `cut`. */
  readonly answered: Promise<RawAnswer>;
  /** False: nothing was sent. Known of writes only. */
  connected(): boolean;
  cut(): void;
}

export interface Transport {
  /** For one write to come. Null: none can be opened, and the write will say why. */
  connect(): Connection | null;
  ask(question: Question): Exchange;
  close(): void;
}

/** The site answered, and what it sent cannot be taken as a text. `code` says why. */
export class AnswerUnreadable extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const JSON_BODY = { 'content-type': 'application/json' };
const FORM_BODY = { 'content-type': 'application/x-www-form-urlencoded' };

export function openTransport(spec: TransportSpec): Transport {
  const secure = spec.baseUrl.startsWith('https:');
  const library = secure ? https : http;
  const kept = new library.Agent({ keepAlive: true, maxSockets: spec.connections });
  const forWrites = openConnections(spec.clock);
  let known: Base | null = null;
  const base = (): Base => (known ??= baseOf(spec));

  function begin(question: Question, body: Buffer | null, socket: Socket | null): http.ClientRequest {
    const { auth, where, path, headers: always } = base();
    const headers = question.bearer === undefined ? always : { ...always, authorization: `Bearer ${question.bearer}` };
    const query = new URLSearchParams((question.query ?? []).map(([name, value]): [string, string] => [name, value]));
    const search = query.toString();
    return library.request({
      host: where.host,
      port: where.port,
      defaultPort: secure ? 443 : 80,
      ...(auth !== null && { auth }),
      ...(socket === null ? { agent: kept } : { createConnection: () => socket }),
      method: question.method,
      path: path + question.path + (search === '' ? '' : `?${search}`),
      headers:
        body === null
          ? headers
          : { ...headers, ...(question.form === undefined ? JSON_BODY : FORM_BODY), 'content-length': body.length },
    });
  }

  return {
    connect() {
      try {
        return forWrites.open(base().where);
      } catch {
        return null;
      }
    },
    ask(question) {
      const text = question.form ?? (question.json === undefined ? null : JSON.stringify(question.json));
      const body = text === null ? null : Buffer.from(text);
      let connection: Connection | null = null;
      let request: http.ClientRequest | null = null;
      const answered = new Promise<RawAnswer>((resolve, reject) => {
        let socket: Socket | null = null;
        if (question.effect === 'write') {
          connection = question.on ?? null;
          socket = connection?.take() ?? null;
          if (socket === null) {
            connection = forWrites.open(base().where);
            socket = connection.take();
          }
        }
        request = begin(question, body, socket);
        // Never taken off: a connection may fail after its answer is complete, and nobody else would hear of it.
        request.on('error', reject);
        request.once('response', (answer) => {
          collect(answer, spec.maxAnswer_bytes, resolve, reject);
        });
        // With nobody listening node:http closes the connection and says nothing at all.
        request.once('upgrade', (_answer, left) => {
          left.destroy();
          reject(new AnswerUnreadable('ANSWER_NOT_HTTP'));
        });
        request.end(body ?? undefined);
      });
      return {
        answered,
        connected: () => connection?.stands() ?? false,
        // Before an answer it rejects as an error of the request, within one as an error of the answer.
        cut: () => request?.destroy(),
      };
    },
    close() {
      kept.destroy();
      forWrites.close();
    },
  };
}

interface Base {
  readonly where: Where;
  readonly path: string;
  /** A name in the address is meant for the gateway that stands there. */
  readonly auth: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws TypeError ERR_INVALID_URL */
function baseOf(spec: TransportSpec): Base {
  const url = new URL(spec.baseUrl);
  const secure = url.protocol === 'https:';
  const { authorization, ...others } = spec.headers;
  const name = url.username === '' && url.password === '' ? null : [url.username, url.password];
  return {
    where: {
      secure,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    },
    path: url.pathname.replace(/\/+$/, ''),
    auth: name === null ? null : name.map(decodeURIComponent).join(':'),
    headers: {
      accept: 'application/json',
      'accept-encoding': 'gzip, deflate, br',
      ...others,
      ...(authorization !== undefined && name === null && { authorization }),
    },
  };
}

function collect(
  answer: http.IncomingMessage,
  most_bytes: number,
  resolve: (answer: RawAnswer | Promise<RawAnswer>) => void,
  reject: (error: unknown) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  answer.on('error', reject);
  answer.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most_bytes) answer.destroy(new AnswerUnreadable('ANSWER_TOO_LONG'));
  });
  answer.once('end', () => {
    const [first] = chunks;
    const bytes = first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, length);
    const encoding = length === 0 ? '' : (answer.headers['content-encoding'] ?? '').toLowerCase();
    const decode = DECODERS[encoding];
    const read = (plain: Buffer): RawAnswer => ({
      status: answer.statusCode ?? 0,
      headers: headersOf(answer),
      text: plain.toString('utf8'),
    });
    resolve(decode === undefined ? read(bytes) : decoded(decode, bytes, most_bytes).then(read));
  });
}

function headersOf(answer: http.IncomingMessage): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const name in answer.headers) {
    const value = answer.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}

type Decode = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const unzip: Decode = promisify(zlib.unzip);
const inflateRaw: Decode = promisify(zlib.inflateRaw);

/** Some servers send `deflate` without the header of zlib (RFC 1950), whose first four bits are always 8. */
const inflate: Decode = (bytes, options) => (((bytes[0] ?? 0) & 15) === 8 ? unzip : inflateRaw)(bytes, options);

/** By `content-encoding`. What we did not ask for is taken as it is. */
const DECODERS: Readonly<Partial<Record<string, Decode>>> = {
  gzip: unzip,
  'x-gzip': unzip,
  deflate: inflate,
  br: promisify(zlib.brotliDecompress),
};

async function decoded(decode: Decode, bytes: Buffer, most_bytes: number): Promise<Buffer> {
  try {
    return await decode(bytes, { maxOutputLength: most_bytes });
  } catch (thrown) {
    const tooLong = thrown instanceof RangeError;
    throw new AnswerUnreadable(tooLong ? 'ANSWER_TOO_LONG' : 'ANSWER_NOT_DECODED');
  }
}
