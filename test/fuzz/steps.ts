/**
 * Steps instead of time: how often V8 entered each block of our code, which a busy machine does not change. What the
 * runtime does inside one call (a search in a text, a regular expression) counts as nothing; that each is called a
 * number of times that grows with the input and no faster is what can be asserted. Neighbouring blocks that were
 * entered equally often are one to V8, so a number is true within a small factor, and at times V8 counts less than it
 * did: compare with a limit from above.
 */
import { Session, type Profiler } from 'node:inspector';

export class StepCounter {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    this.#taken();
  }

  /** Blocks entered below `src/` while `work` ran, and by whatever ran there since the last call. */
  of(work: () => void): number {
    try {
      work();
    } catch (error) {
      this.#taken();
      throw error;
    }
    return this.#taken();
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  /** Since the last call; taking starts the count anew. */
  #taken(): number {
    let coverage: readonly Profiler.ScriptCoverage[] = [];
    // In the same process the answer is there before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error;
      coverage = answer.result;
    });
    let count = 0;
    for (const { url, functions } of coverage) {
      if (!url.includes('/src/')) continue;
      for (const { ranges } of functions) for (const range of ranges) count += range.count;
    }
    return count;
  }
}
