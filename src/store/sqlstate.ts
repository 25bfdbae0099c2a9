/**
 * What the driver throws, as HubErrors. PostgreSQL's own error carries the row that offended (`detail`, `where`, and
 * for class 22 the message itself), which is patient data: so the original is neither wrapped as a cause nor passed on.
 * Codes: PostgreSQL manual, appendix A.
 */
import pg from 'pg';
import type { ErrorCode } from '../core/error-catalogue.ts';
import { HubError } from '../core/errors.ts';

/** A statement that PostgreSQL refused for what it says, such as a broken constraint. Callers read `sqlState`. */
export class StatementError extends HubError {
  /** Five characters, e.g. '23505' unique, '23P01' exclusion, '23503' foreign key. */
  readonly sqlState: string;
  readonly constraint: string | undefined;
  readonly table: string | undefined;

  constructor(error: pg.DatabaseError) {
    const state = error.code ?? 'XX000';
    // 22: "invalid input syntax for type date: ..." quotes the value.
    const said = state.startsWith('22') ? error.message.replace(/["':].*$/s, '').trim() : error.message;
    super('INTERNAL', { detail: `SQLSTATE ${state}: ${said}` });
    this.name = 'StatementError';
    this.sqlState = state;
    this.constraint = error.constraint;
    this.table = error.table;
  }
}

/** Serialisation failure and deadlock: the transaction was rolled back as a whole and may be run again. */
const RETRYABLE = new Set(['40001', '40P01']);
const UNIQUE = '23505';

const BY_STATE: Readonly<Record<string, ErrorCode>> = {
  '28000': 'DATABASE_REFUSED',
  '28P01': 'DATABASE_REFUSED',
  '3D000': 'DATABASE_REFUSED',
  '42501': 'DATABASE_REFUSED',
  '53100': 'DISK_FULL',
  '53200': 'TOO_BUSY',
  '53300': 'TOO_BUSY',
  '40001': 'TOO_BUSY',
  '40P01': 'TOO_BUSY',
  '55P03': 'TOO_BUSY',
  '57014': 'DATABASE_UNREACHABLE',
  '57P01': 'DATABASE_UNREACHABLE',
  '57P02': 'DATABASE_UNREACHABLE',
  '57P03': 'DATABASE_UNREACHABLE',
  '57P05': 'DATABASE_UNREACHABLE',
};

/**
 * Of two that write the first version of one resource at once (a schedule of which each has news) neither finds a row
 * to lock, so both write version 1. Run again, the later one finds the row and writes the next.
 */
export function isRetryable(thrown: unknown): boolean {
  if (!(thrown instanceof pg.DatabaseError)) return false;
  return RETRYABLE.has(thrown.code ?? '') || (thrown.code === UNIQUE && thrown.table?.startsWith('history') === true);
}

/**
 * True when the connection is gone: the server ended it (class 57P, 08), or the socket broke (no SQLSTATE at all).
 * What was under way on it may or may not have happened.
 */
export function isConnectionLoss(thrown: unknown): boolean {
  if (thrown instanceof HubError) return false;
  if (thrown instanceof pg.DatabaseError) {
    return /^(?:08|57P)/.test(thrown.code ?? '') || thrown.severity === 'FATAL' || thrown.severity === 'PANIC';
  }
  return (
    thrown instanceof Error &&
    (SOCKET.has(errnoOf(thrown)) || /Connection terminated|not queryable/.test(thrown.message))
  );
}

const SOCKET = new Set(
  'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT ENOTFOUND EHOSTUNREACH ENETUNREACH EAI_AGAIN ENOENT EACCES'.split(' '),
);

export function errnoOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  // Node's happy-eyeballs connect wraps one error per address.
  return thrown instanceof AggregateError ? errnoOf(thrown.errors[0]) : '';
}

/** Whatever pg threw, as a HubError free of patient data. HubErrors pass unchanged. */
export function databaseError(thrown: unknown): Error {
  if (thrown instanceof HubError) return thrown;
  if (thrown instanceof pg.DatabaseError) {
    const state = thrown.code ?? '';
    const other = isRetryable(thrown) ? 'TOO_BUSY' : state.startsWith('08') ? 'DATABASE_UNREACHABLE' : undefined;
    const code = BY_STATE[state] ?? other;
    // Messages of these classes name users, databases and objects, never values.
    return code === undefined
      ? new StatementError(thrown)
      : new HubError(code, { detail: `${state}: ${thrown.message}` });
  }
  if (isConnectionLoss(thrown) && thrown instanceof Error) {
    return new HubError('DATABASE_UNREACHABLE', { detail: errnoOf(thrown) || thrown.message });
  }
  if (thrown instanceof Error && /SASL|does not support SSL/.test(thrown.message)) {
    return new HubError('DATABASE_REFUSED', { detail: thrown.message });
  }
  return thrown instanceof Error ? thrown : new HubError('INTERNAL', { cause: thrown });
}
