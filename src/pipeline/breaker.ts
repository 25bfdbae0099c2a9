/**
 * The circuit breaker of a site: when its calls fail one after the other it is `open`, and nothing is sent until some
 * time has passed; then it is `half-open`, and one call at a time is let through, whose answer decides. Otherwise every
 * caller would wait for its own time-out at a site that is known to be down, and all that waited would fall upon it at
 * once when it is back.
 *
 *   closed --failures in a row--> open --pause over--> half-open --a call works--> closed
 *      ^                          |  ^                     |
 *      +--- a read works, where --+  +---- a call fails ---+
 *           reads opened it
 */
import type { WriteOutcome } from '../connectors/contract.ts';
import type { Clock } from '../core/clock.ts';
import { asHubError, type HubError } from '../core/errors.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerSettings {
  /** So many failures in a row open it. */
  readonly breakerFailures: number;
  /** Only failures within this time of each other count as a row. */
  readonly breakerWithin_s: number;
  /** How long it stays open before one call is tried. */
  readonly breakerProbe_s: number;
}

/** Counted apart: a site may answer questions and fail at every write. */
export type CallSort = 'read' | 'write';

export interface Breaker {
  state(): BreakerState;
  /** How many calls may be under way at once: none, one, or as many as wanted. */
  room(): number;
  /** Until one call is tried; 0 unless it is open. */
  retryIn_ms(): number;
  worked(sort: CallSort): void;
  failed(sort: CallSort): void;
}

export function createBreaker(
  clock: Clock,
  settings: () => BreakerSettings,
  changed: (state: BreakerState) => void,
): Breaker {
  const rows: Record<CallSort, number[]> = { read: [], write: [] };
  let openedBy: CallSort = 'write';
  let openSince: number | null = null;
  let trying = false;

  const retryIn_ms = (): number => {
    if (openSince === null || trying) return 0;
    return Math.max(0, openSince + settings().breakerProbe_s * 1000 - clock.monotonic());
  };
  const tryOne = (): void => {
    trying = true;
    changed('half-open');
  };
  const state = (): BreakerState => {
    if (openSince === null) return 'closed';
    if (!trying && retryIn_ms() === 0) tryOne();
    return trying ? 'half-open' : 'open';
  };
  const open = (by: CallSort): void => {
    openSince = clock.monotonic();
    openedBy = by;
    trying = false;
    changed('open');
  };
  const close = (): void => {
    openSince = null;
    trying = false;
    rows.read = [];
    rows.write = [];
    changed('closed');
  };

  return {
    state,
    room: () => ({ closed: Number.POSITIVE_INFINITY, 'half-open': 1, open: 0 })[state()],
    retryIn_ms: () => (state() === 'open' ? retryIn_ms() : 0),
    worked(sort) {
      rows[sort] = [];
      // What the writes have opened only a write closes: the site may answer questions all the while.
      if (openSince !== null && (sort === openedBy || sort === 'write')) close();
    },
    failed(sort) {
      const now = state();
      if (now === 'half-open') open(sort);
      if (now !== 'closed') return;
      const at = clock.monotonic();
      const { breakerFailures, breakerWithin_s } = settings();
      rows[sort] = [...rows[sort].filter((one) => at - one <= breakerWithin_s * 1000), at];
      if (rows[sort].length >= breakerFailures) open(sort);
    },
  };
}

/** What an answer to a write says of the site: that it stands, that it is down, or nothing. */
export function hear(breaker: Breaker, outcome: WriteOutcome): void {
  if (outcome.kind === 'unsent' || outcome.kind === 'unknown') hearFailure(breaker, 'write', outcome.error);
  else breaker.worked('write');
}

/** A refused login or a limit on our calls is an answer: the site is up. */
export function hearFailure(breaker: Breaker, sort: CallSort, error: unknown): void {
  const { code } = asHubError(error);
  if (DOWN.has(code)) breaker.failed(sort);
}

const DOWN: ReadonlySet<HubError['code']> = new Set(['SITE_UNREACHABLE', 'SITE_FAILED', 'SITE_ANSWER_LOST']);
