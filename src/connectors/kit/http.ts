/**
 * The one way connectors speak HTTP: a fixed stack of layers, outermost first.
 *
 *   retries         reads only; a write is never repeated here, whatever happened to it
 *   token           where the site wants one; a 401 throws it away, and the call is made once more with another: who
 *                   is not let in has done nothing
 *   turns           every attempt takes a turn of the budget, because the vendor counts attempts
 *   time limit      starts when the turn is given: waiting in our own queue is not the site's slowness
 *   classification  whatever went wrong becomes a HubError whose class says if the same call may be repeated
 *   transport       node:http; kept-alive connections for reads, a fresh one for each write (transport.ts)
 *
 * A write gets a fresh connection because a kept one may be closed by the other side at the very moment it is used, and
 * such a reset cannot be told from a lost answer: each would leave a booking `unknown`. With a fresh one, whatever
 * fails before the connection stands has provably not been sent. It may be opened while the reads before the write are
 * under way (`connect`): to connect takes as many trips to the site as one or two of these reads.
 * Errors never carry what the transport throws: messages of Node repeat addresses, which hold names and e-mails.
 */
import { alarmAfter, type Clock } from '../../core/clock.ts';
import { asHubError, HubError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import type { BackendToken } from '../contract-auth.ts';
import type { Budget, Purpose } from '../contract.ts';
import type { Connection } from './connection.ts';
import { AnswerUnreadable, openTransport, type Exchange, type Question, type Transport } from './transport.ts';

export interface HttpSpec {
  readonly site: string;
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly timeout_ms: number;
  readonly maxAnswer_bytes: number;
  readonly readRetries: number;
  /** Opens each call, where the site lets nobody in without a token that ends. */
  readonly token?: CallToken;
  /** Recognises a throttle that does not say 429 (an edge layer's own page). */
  readonly isThrottle?: (answer: Answer) => boolean;
}

export type CallToken = Pick<BackendToken, 'get' | 'refused'>;

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
  /** For a write: what `connect` gave. Without one, or with one that is closed, used or old, it opens its own. */
  readonly on?: Connection | null;
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
  /**
   * Begins to connect for a write that may follow at once: see `on` of HttpCall. It asks the site for nothing and takes
   * no turn. Who does not use it closes it. Null: none can be opened; the write itself will say why.
   */
  connect(): Connection | null;
  close(): void;
}

type Send = (call: HttpCall & Pick<Question, 'bearer'>, signal: AbortSignal) => Promise<Answer>;

const STATEMENTS: ReadonlySet<number> = new Set([400, 404, 409, 410, 422]);
const FIRST_WAIT_MS = 250;
/** A longer wait than this is for the caller to plan, not to sit out inside a call. */
const LONGEST_WAIT_MS = 10_000;
const PAUSE_UNTOLD_MS = 1_000;
/** A mistyped Retry-After must not silence a site for a day. */
const LONGEST_PAUSE_MS = 600_000;

export function openHttp(spec: HttpSpec): HttpClient {
  const { baseUrl, maxAnswer_bytes } = spec;
  const headers = Object.fromEntries(Object.entries(spec.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const connections = spec.budget.spec.concurrent;
  const transport = openTransport({ clock: spec.clock, baseUrl, headers, maxAnswer_bytes, connections });
  return {
    send: withRetries(spec, withToken(spec, withTurns(spec, withTimeLimit(spec, transport)))),
    connect: () => transport.connect(),
    close: () => transport.close(),
  };
}

function withRetries(spec: HttpSpec, next: Send): Send {
  return async (call, signal) => {
    const repeats = call.effect === 'write' ? 0 : spec.readRetries;
    for (let repeated = 0; ; repeated += 1) {
      try {
        return await next(call, signal);
      } catch (error) {
        if (repeated >= repeats || !worthRepeating(error)) throw error;
        await spec.clock.sleep(asHubError(error).retryAfter_ms ?? FIRST_WAIT_MS * 2 ** repeated, signal);
        if (signal.aborted) throw error;
      }
    }
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

/** Before the turn is taken: a token that must be fetched first would let the call arrive long after its turn. */
function withToken({ token }: HttpSpec, next: Send): Send {
  if (token === undefined) return next;
  return async (call, signal) => {
    for (let repeated = false; ; repeated = true) {
      const bearer = await token.get(signal);
      try {
        return await next({ ...call, bearer }, signal);
      } catch (error) {
        if (!(error instanceof HubError) || error.code !== 'SITE_LOGIN_REFUSED') throw error;
        token.refused(bearer);
        if (repeated || signal.aborted) throw error;
      }
    }
  };
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

function withTimeLimit(spec: HttpSpec, transport: Transport): Send {
  return async (call, signal) => {
    if (signal.aborted) throw givenUp(spec, call);
    let timedOut = false;
    const sentAt = spec.clock.now();
    const exchange = transport.ask(call);
    const stop = (): void => exchange.cut();
    signal.addEventListener('abort', stop, { once: true });
    const callOff = alarmAfter(spec.clock, spec.timeout_ms, () => {
      timedOut = true;
      exchange.cut();
    });
    try {
      const { status, headers, text } = await exchange.answered;
      return classified(spec, call, { status, headers, text, sentAt });
    } catch (error) {
      throw error instanceof HubError ? error : failure(spec, call, { exchange, timedOut, signal }, error);
    } finally {
      callOff();
      signal.removeEventListener('abort', stop);
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

interface Attempt {
  readonly exchange: Exchange;
  readonly timedOut: boolean;
  readonly signal: AbortSignal;
}

function failure(spec: HttpSpec, call: HttpCall, attempt: Attempt, thrown: unknown): HubError {
  const { exchange, timedOut, signal } = attempt;
  const reason = timedOut ? `no answer within ${spec.timeout_ms} ms` : causeOf(thrown);
  const more = { detail: `${call.name}: ${reason}`, site: spec.site };
  if (call.effect === 'write' && exchange.connected()) return new HubError('SITE_ANSWER_LOST', more);
  if (signal.aborted && !timedOut) return givenUp(spec, call);
  return new HubError(thrown instanceof AnswerUnreadable ? 'SITE_ANSWER_UNREADABLE' : 'SITE_UNREACHABLE', more);
}

function givenUp(spec: HttpSpec, call: HttpCall): HubError {
  return new HubError('STOPPING', { detail: `${call.name}: given up`, site: spec.site });
}

/** A code like ECONNREFUSED. Messages are left out: some repeat the address, which holds the query. */
export function causeOf(thrown: unknown): string {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : 'the connection failed';
}

/** Ms to wait, from seconds or an HTTP date (RFC 9110 section 10.2.3). */
export function retryAfter(value: string | undefined, now: Instant): number | null {
  if (value === undefined) return null;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS);
}
