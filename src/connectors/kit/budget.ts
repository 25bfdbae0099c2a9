/**
 * Turns at a vendor whose limit is shared. Exact rules, each for the whole budget whoever takes part:
 *   - never more than `perSecond` turns begin within any second, nor more than `perMinute` within any minute (a bucket
 *     that saves up would let twice as many through);
 *   - synchronisation never uses the `reservedForBookings` part, nor the same part of the connections, so polls that
 *   hang
 *     cannot keep a patient waiting;
 *   - bookings go first, but never take the last turn of a second or a minute while synchronisation waits: nobody
 *     starves;
 *   - within a purpose, first come, first served; who gives up (abort) uses nothing;
 *   - after `pause` nobody begins before its end.
 */
import { alarmAfter, type Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import type { Budget, BudgetSpec, Purpose } from '../contract.ts';

/**
 * A tenth more than a second: calls that we send evenly arrive unevenly (the first of a burst also opens its
 * connection), and what the vendor counts is arrivals.
 */
const SECOND_MS = 1_100;

/** Five seconds more than a minute: so long may one call be on its way before the vendor counts it, the next not. */
const MINUTE_WINDOW_MS = 65_000;

/** The hub makes one; each name is one vendor limit. The first caller's spec holds. */
export function createBudgets(clock: Clock): (name: string, spec: BudgetSpec) => Budget {
  const byName = new Map<string, Budget>();
  return (name, spec) => {
    const known = byName.get(name);
    if (known !== undefined) return known;
    const made = createBudget(clock, spec);
    byName.set(name, made);
    return made;
  };
}

interface Waiter {
  readonly begin: (giveBack: () => void) => void;
}

export function createBudget(clock: Clock, spec: BudgetSpec): Budget {
  const waiting: Readonly<Record<Purpose, Waiter[]>> = { booking: [], sync: [] };
  const held: Record<Purpose, number> = { booking: 0, sync: 0 };
  const second = rateOf(SECOND_MS, spec.perSecond, spec.reservedForBookings);
  const { perMinute } = spec;
  const minute =
    perMinute === undefined ? [] : [rateOf(MINUTE_WINDOW_MS, perMinute.calls, perMinute.reservedForBookings)];
  const rates = [second, ...minute];
  const syncConcurrent = Math.max(1, Math.floor((spec.concurrent * second.forSync) / spec.perSecond));
  let pausedUntil = 0;
  let callOff: (() => void) | null = null;

  /** 0: may begin now. A number: not before that many ms. Null: not before a connection is given back. */
  function delay(purpose: Purpose, now: number): number | null {
    if (held.booking + held.sync >= spec.concurrent) return null;
    if (purpose === 'sync' && held.sync >= syncConcurrent) return null;
    const waits = rates.map(({ begun, whole, forSync }) => {
      // Synchronisation is weighed against its own share and against the whole, bookings against all that began.
      if (purpose === 'sync') return Math.max(begun.waitFor(forSync, now, 'sync'), begun.waitFor(whole, now));
      const lastIsForSync = waiting.sync.length > 0 && whole > 1;
      return begun.waitFor(lastIsForSync ? whole - 1 : whole, now);
    });
    return Math.max(...waits, pausedUntil - now, 0);
  }

  function pump(): void {
    callOff?.();
    callOff = null;
    let soonest = Number.POSITIVE_INFINITY;
    for (const purpose of ['booking', 'sync'] as const) {
      for (let first = waiting[purpose][0]; first !== undefined; first = waiting[purpose][0]) {
        const now = clock.monotonic();
        const wait = delay(purpose, now);
        if (wait !== 0) {
          soonest = Math.min(soonest, wait ?? Number.POSITIVE_INFINITY);
          break;
        }
        waiting[purpose].shift();
        first.begin(begin(purpose, now));
      }
    }
    if (Number.isFinite(soonest)) callOff = alarmAfter(clock, Math.max(1, Math.ceil(soonest)), pump);
  }

  function begin(purpose: Purpose, now: number): () => void {
    for (const { begun } of rates) begun.add(now, purpose);
    held[purpose] += 1;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      held[purpose] -= 1;
      pump();
    };
  }

  function take(purpose: Purpose, signal: AbortSignal): Promise<() => void> {
    // Nobody waits and there is room, as nearly always.
    if (waiting.booking.length + waiting.sync.length === 0 && !signal.aborted) {
      const now = clock.monotonic();
      if (delay(purpose, now) === 0) return Promise.resolve(begin(purpose, now));
    }
    return new Promise((resolve, reject) => {
      const stopped = (): HubError => new HubError('STOPPING', { detail: 'gave up while waiting for a turn' });
      if (signal.aborted) {
        reject(stopped());
        return;
      }
      const giveUp = (): void => {
        const place = waiting[purpose].indexOf(waiter);
        if (place >= 0) waiting[purpose].splice(place, 1);
        pump();
        reject(stopped());
      };
      const waiter: Waiter = {
        begin(giveBack) {
          signal.removeEventListener('abort', giveUp);
          resolve(giveBack);
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      waiting[purpose].push(waiter);
      pump();
    });
  }

  return {
    spec,
    take,
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, clock.monotonic() + ms);
      pump();
    },
  };
}

/** One limit: so many turns within a window, and so many of them for synchronisation. */
interface Rate {
  readonly begun: ReturnType<typeof createWindow>;
  readonly whole: number;
  readonly forSync: number;
}

function rateOf(length: number, whole: number, reserved: number): Rate {
  return { begun: createWindow(length), whole, forSync: Math.max(1, whole - reserved) };
}

interface Turn {
  readonly at: number;
  readonly purpose: Purpose;
}

/** Turns that began within the last `length` ms, oldest first. */
function createWindow(length: number): {
  add(at: number, purpose: Purpose): void;
  /** Ms until fewer than `limit` turns (of one purpose) lie within the window. */
  waitFor(limit: number, now: number, purpose?: Purpose): number;
} {
  const all: Turn[] = [];
  const ofSync: Turn[] = [];
  const forget = (turns: Turn[], now: number): void => {
    let old = 0;
    for (let turn = turns[old]; turn !== undefined && turn.at + length <= now; turn = turns[old]) old += 1;
    if (old > 0) turns.splice(0, old);
  };
  return {
    add(at, purpose) {
      all.push({ at, purpose });
      if (purpose === 'sync') ofSync.push({ at, purpose });
    },
    waitFor(limit, now, purpose) {
      const turns = purpose === 'sync' ? ofSync : all;
      forget(turns, now);
      const inTheWay = turns[turns.length - limit];
      return inTheWay === undefined ? 0 : inTheWay.at + length - now;
    },
  };
}
