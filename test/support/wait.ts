/**
 * Waiting for what another process does: looked at again and again until it holds, or until a deadline that is never
 * short.
 */
import { systemClock } from '../../src/core/clock.ts';

export interface Patience {
  readonly within_ms?: number;
  readonly every_ms?: number;
  /** Nobody waits any more: the test is over. */
  readonly signal?: AbortSignal;
}

const WITHIN_MS = 90_000;
const EVERY_MS = 50;

/**
 * The first answer that is neither null nor false. `look` may throw: that counts as "not yet", and its last error is in
 * the sentence of the failure.
 * @throws Error saying what was waited for
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  patience: Patience = {},
): Promise<T> {
  const { within_ms = WITHIN_MS, every_ms = EVERY_MS, signal } = patience;
  const deadline = systemClock.monotonic() + within_ms;
  for (;;) {
    let last: unknown = null;
    try {
      const found = await look();
      if (found !== null && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (systemClock.monotonic() > deadline || signal?.aborted === true) {
      throw new Error(`not within ${within_ms} ms: ${what}`, last === null ? {} : { cause: last });
    }
    await systemClock.sleep(every_ms);
  }
}

/** Empty lists of complaints are agreement; the last list is in the sentence of the failure. */
export async function eventuallyNone(
  what: string,
  complaints: () => Promise<readonly string[]>,
  patience: Patience = {},
): Promise<void> {
  let last: readonly string[] = [];
  const look = async (): Promise<boolean> => {
    last = await complaints();
    return last.length === 0;
  };
  await eventually(what, look, patience).catch((error: unknown) => {
    throw new Error(`${what}: ${String(last.length)} remain\n${last.slice(0, 20).join('\n')}`, { cause: error });
  });
}
