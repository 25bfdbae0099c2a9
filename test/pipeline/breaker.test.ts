/** When a site counts as down, when it is tried again, and what the answer to the one call means. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { createBreaker, hear, hearFailure, type Breaker } from '../../src/pipeline/breaker.ts';
import { manualClock, type ManualClock } from '../support/facts.ts';

const SETTINGS = { breakerFailures: 3, breakerWithin_s: 60, breakerProbe_s: 10 };

function made(): { breaker: Breaker; clock: ManualClock; changes: string[] } {
  const clock = manualClock();
  const changes: string[] = [];
  const breaker = createBreaker(
    clock,
    () => SETTINGS,
    (state) => changes.push(state),
  );
  return { breaker, clock, changes };
}

function opened(by: 'read' | 'write' = 'write'): ReturnType<typeof made> {
  const all = made();
  for (let failure = 0; failure < 3; failure += 1) all.breaker.failed(by);
  return all;
}

describe('the circuit breaker', () => {
  it('opens after so many failures in a row, and then has room for none', () => {
    const { breaker, changes } = made();
    breaker.failed('write');
    breaker.failed('write');
    assert.deepEqual([breaker.state(), breaker.room()], ['closed', Number.POSITIVE_INFINITY]);
    breaker.failed('write');
    assert.deepEqual([breaker.state(), breaker.room(), breaker.retryIn_ms()], ['open', 0, 10_000]);
    assert.deepEqual(changes, ['open']);
  });

  it('counts no failures that are far apart, nor such as a success lies between', () => {
    const { breaker, clock } = made();
    for (let failure = 0; failure < 9; failure += 1) {
      breaker.failed('write');
      clock.advance(31_000);
    }
    for (let failure = 0; failure < 9; failure += 1) {
      breaker.failed('write');
      breaker.failed('write');
      breaker.worked('write');
    }
    assert.equal(breaker.state(), 'closed');
  });

  it('counts reads and writes apart: questions that are answered do not hide writes that fail', () => {
    const { breaker } = made();
    for (let failure = 0; failure < 3; failure += 1) {
      breaker.worked('read');
      breaker.failed('write');
    }
    assert.equal(breaker.state(), 'open');
    breaker.worked('read');
    assert.equal(breaker.state(), 'open');
  });

  it('lets one call through after its pause; an answer closes it', () => {
    const { breaker, clock, changes } = opened();
    clock.advance(9_999);
    assert.equal(breaker.room(), 0);
    clock.advance(1);
    assert.deepEqual([breaker.state(), breaker.room(), breaker.retryIn_ms()], ['half-open', 1, 0]);
    breaker.worked('write');
    assert.equal(breaker.state(), 'closed');
    assert.deepEqual(changes, ['open', 'half-open', 'closed']);
  });

  it('is open again, for a whole pause, when that call fails too', () => {
    const { breaker, clock } = opened();
    clock.advance(10_000);
    assert.equal(breaker.state(), 'half-open');
    breaker.failed('write');
    assert.deepEqual([breaker.state(), breaker.retryIn_ms()], ['open', 10_000]);
  });

  it('that reads have opened is closed by a read that works', () => {
    const { breaker } = opened('read');
    breaker.worked('read');
    assert.equal(breaker.state(), 'closed');
  });

  it('starts counting anew once it has closed', () => {
    const { breaker, clock } = opened();
    clock.advance(10_000);
    breaker.worked('write');
    breaker.failed('write');
    breaker.failed('write');
    assert.equal(breaker.state(), 'closed');
  });
});

describe('what counts as a failure', () => {
  const down = ['SITE_UNREACHABLE', 'SITE_FAILED', 'SITE_ANSWER_LOST'] as const;
  const up = ['SITE_LOGIN_REFUSED', 'SITE_RATE_LIMITED', 'SITE_FORBIDS', 'STOPPING', 'INTERNAL'] as const;

  it('is no answer, or an error of the site itself; not that it refuses us or limits our calls', () => {
    for (const code of down) {
      const { breaker } = made();
      for (let call = 0; call < 3; call += 1) hear(breaker, { kind: 'unsent', error: new HubError(code) });
      assert.equal(breaker.state(), 'open', code);
    }
    for (const code of up) {
      const { breaker } = made();
      for (let call = 0; call < 9; call += 1) hearFailure(breaker, 'read', new HubError(code));
      assert.equal(breaker.state(), 'closed', code);
    }
  });

  it('is never a refused booking: who refuses has answered', () => {
    const { breaker, clock } = opened();
    clock.advance(10_000);
    assert.equal(breaker.state(), 'half-open');
    hear(breaker, { kind: 'refused', because: 'slot-taken', detail: '' });
    assert.equal(breaker.state(), 'closed');
  });
});
