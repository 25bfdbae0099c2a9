/**
 * The one way connectors speak HTTP: a fixed stack of layers, outermost first.
 *
 *   retries         reads only; a write is never repeated here, whatever happened to it
 *   turns           every attempt takes a turn of the budget, because the vendor counts attempts
 *   time limit      starts when the turn is given: waiting in our own queue is not the site's slowness
 *   classification  whatever went wrong becomes a HubError whose class says if the same call may be repeated
 *   transport       axios; kept-alive connections for reads, a fresh one for each write
 *
 * A write gets a fresh connection because a kept one may be closed by the other side at the very moment it is used, and
 * such a reset cannot be told from a lost answer: each would leave a booking `unknown`. With a fresh one, whatever
 * fails before the connection stands has provably not been sent.
 * Errors never carry what axios throws: its errors hold the headers (credentials) and the body (patients).
 */
import http from 'node:http';
import https from 'node:https';
import axios, { AxiosError, type AxiosResponse } from 'axios';
import pRetry from 'p-retry';
import type { Clock } from '../../core/clock.ts';
import { asHubError, HubError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import type { Budget, Purpose } from '../contract.ts';

export interface HttpSpec {
  readonly site: string;
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly timeout_ms: number;
  readonly maxAnswer_bytes: number;
  readonly readRetries: number;
  /** Recognises a throttle that does not say 429 (an edge layer's own page). */
  readonly isThrottle?: (answer: Answer) => boolean;
}

export interface HttpCall {
  /**
   * Names the call in errors: `GET /appointments/{id}`. Without values: addresses of Acuity carry names and e-mails.
   */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly json?: unknown;
  /** `read`: changes nothing at the site, whatever the method. */
  readonly effect: 'read' | 'write';
  readonly purpose: Purpose;
}

/** 2xx, or a statement about the request itself (400, 404, 409, 410, 422). Everything else is thrown. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Our time when the request left. */
  readonly sentAt: Instant;
}

export interface HttpClient {
  /** @throws HubError: transient (not done), ambiguous (may be done, writes only) or permanent (not done) */
  send(call: HttpCall, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

type Send = (call: HttpCall, signal: AbortSignal) => Promise<Answer>;

const STATEMENTS: ReadonlySet<number> = new Set([400, 404, 409, 410, 422]);
const FIRST_WAIT_MS = 250;
/** A longer wait than this is for the caller to plan, not to sit out inside a call. */
const LONGEST_WAIT_MS = 10_000;
const PAUSE_UNTOLD_MS = 1_000;
/** A mistyped Retry-After must not silence a site for a day. */
const LONGEST_PAUSE_MS = 600_000;

export function openHttp(spec: HttpSpec): HttpClient {
  const transport = openTransport(spec);
  return {
    send: withRetries(spec, withTurns(spec, withTimeLimit(spec, transport.send))),
    close: transport.close,
  };
}

function withRetries(spec: HttpSpec, next: Send): Send {
  return async (call, signal) => {
    if (call.effect === 'write' || spec.readRetries === 0) return next(call, signal);
    return pRetry(() => next(call, signal), {
      retries: spec.readRetries,
      // The waiting is done below on our own clock.
      minTimeout: 0,
      maxTimeout: 0,
      shouldRetry: ({ error }) => worthRepeating(error) && !signal.aborted,
      async onFailedAttempt({ error, attemptNumber }) {
        if (!worthRepeating(error)) return;
        const told = asHubError(error).retryAfter_ms;
        await spec.clock.sleep(told ?? FIRST_WAIT_MS * 2 ** (attemptNumber - 1), signal);
      },
    });
  };
}

function worthRepeating(error: unknown): boolean {
  return (
    error instanceof HubError &&
    error.class === 'transient' &&
    error.code !== 'STOPPING' &&
    (error.retryAfter_ms ?? 0) <= LONGEST_WAIT_MS
  );
}

function withTurns(spec: HttpSpec, next: Send): Send {
  return async (call, signal) => {
    const giveBack = await spec.budget.take(call.purpose, signal);
    try {
      return await next(call, signal);
    } catch (error) {
      if (error instanceof HubError && error.code === 'SITE_RATE_LIMITED') {
        spec.budget.pause(error.retryAfter_ms ?? PAUSE_UNTOLD_MS);
      }
      throw error;
    } finally {
      giveBack();
    }
  };
}

/** What is known of an attempt while it runs. */
interface Attempt {
  connected: boolean;
  timedOut: boolean;
}

type Transport = (call: HttpCall, attempt: Attempt, signal: AbortSignal) => Promise<Answer>;

function withTimeLimit(spec: HttpSpec, transport: Transport): Send {
  return async (call, signal) => {
    const attempt: Attempt = { connected: false, timedOut: false };
    const over = new AbortController();
    const alarm = new AbortController();
    spec.clock
      .sleep(spec.timeout_ms, alarm.signal)
      .then(() => {
        if (alarm.signal.aborted) return;
        attempt.timedOut = true;
        over.abort();
      })
      .catch(() => undefined);
    try {
      return classified(spec, call, await transport(call, attempt, AbortSignal.any([signal, over.signal])));
    } catch (error) {
      throw error instanceof HubError ? error : failure(spec, call, attempt, signal, error);
    } finally {
      alarm.abort();
    }
  };
}

function classified(spec: HttpSpec, call: HttpCall, answer: Answer): Answer {
  const { status } = answer;
  const about = (detail: string): { detail: string; site: string } => ({
    detail: `${call.name}: ${detail}`,
    site: spec.site,
  });
  if (status === 429 || spec.isThrottle?.(answer) === true) {
    const wait = retryAfter(answer.headers['retry-after'], spec.clock.now());
    throw new HubError('SITE_RATE_LIMITED', {
      ...about(`status ${status}`),
      ...(wait !== null && { retryAfter_ms: wait }),
    });
  }
  if ((status >= 200 && status < 300) || STATEMENTS.has(status)) return answer;
  if (status === 401) throw new HubError('SITE_LOGIN_REFUSED', about('status 401'));
  if (status === 403) throw new HubError('SITE_FORBIDS', about('status 403'));
  if (status >= 500) {
    // A server that failed may have failed after doing it.
    throw new HubError(call.effect === 'write' ? 'SITE_ANSWER_LOST' : 'SITE_FAILED', about(`status ${status}`));
  }
  throw new HubError('SITE_REFUSED', about(`status ${status}`));
}

function failure(spec: HttpSpec, call: HttpCall, attempt: Attempt, signal: AbortSignal, thrown: unknown): HubError {
  const reason = attempt.timedOut ? `no answer within ${spec.timeout_ms} ms` : causeOf(thrown);
  const more = { detail: `${call.name}: ${reason}`, site: spec.site };
  if (call.effect === 'write' && attempt.connected) return new HubError('SITE_ANSWER_LOST', more);
  if (signal.aborted && !attempt.timedOut)
    return new HubError('STOPPING', { ...more, detail: `${call.name}: given up` });
  if (thrown instanceof AxiosError && thrown.code === AxiosError.ERR_BAD_RESPONSE) {
    return new HubError('SITE_ANSWER_UNREADABLE', more);
  }
  return new HubError('SITE_UNREACHABLE', more);
}

/** A code like ECONNREFUSED. Messages are left out: some repeat the address, which holds the query. */
function causeOf(thrown: unknown): string {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : 'the connection failed';
}

/** Ms to wait, from seconds or an HTTP date (RFC 9110 section 10.2.3). */
function retryAfter(value: string | undefined, now: Instant): number | null {
  if (value === undefined) return null;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS);
}

function openTransport(spec: HttpSpec): { readonly send: Transport; readonly close: () => void } {
  const secure = spec.baseUrl.startsWith('https:');
  const library = secure ? https : http;
  const kept = new library.Agent({ keepAlive: true, maxSockets: spec.budget.spec.concurrent });
  const fresh = new library.Agent({ keepAlive: false });
  const watched = (attempt: Attempt): { request: typeof http.request } => ({
    request: ((options: http.RequestOptions, onAnswer: (answer: http.IncomingMessage) => void) => {
      const request = library.request(options, onAnswer);
      request.once('socket', (socket) => {
        // A kept socket is connected already; a listener more for each of its calls would only pile up.
        if (!socket.connecting) return;
        socket.once(secure ? 'secureConnect' : 'connect', () => {
          attempt.connected = true;
        });
      });
      return request;
    }) as typeof http.request,
  });
  return {
    send: async (call, attempt, signal) => {
      const agent = call.effect === 'write' ? fresh : kept;
      const sentAt = spec.clock.now();
      const response: AxiosResponse<Buffer> = await axios.request({
        baseURL: spec.baseUrl,
        url: call.path,
        method: call.method,
        params: new URLSearchParams((call.query ?? []).map(([name, value]): [string, string] => [name, value])),
        headers: { accept: 'application/json', ...spec.headers, ...(call.json !== undefined && JSON_BODY) },
        ...(call.json !== undefined && { data: Buffer.from(JSON.stringify(call.json)) }),
        responseType: 'arraybuffer',
        validateStatus: null,
        // A redirect would carry the credentials to wherever it points; no vendor's API documents one.
        maxRedirects: 0,
        proxy: false,
        maxContentLength: spec.maxAnswer_bytes,
        httpAgent: agent,
        httpsAgent: agent,
        transport: watched(attempt),
        signal,
      });
      return { status: response.status, headers: headersOf(response), text: decode(response.data), sentAt };
    },
    close: () => {
      kept.destroy();
      fresh.destroy();
    },
  };
}

const JSON_BODY = { 'content-type': 'application/json' };

function headersOf(response: AxiosResponse<Buffer>): Readonly<Record<string, string>> {
  const entries = Object.entries(response.headers).filter((entry): entry is [string, string] => {
    return typeof entry[1] === 'string';
  });
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}

function decode(bytes: Buffer): string {
  return bytes.toString('utf8');
}
