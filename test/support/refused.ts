/** For assert.rejects and assert.throws: the error that somebody is meant to get, with its code and its detail. */
import assert from 'node:assert/strict';
import type { ErrorCode } from '../../src/core/error-catalogue.ts';
import { HubError } from '../../src/core/errors.ts';

export function refusedWith(code: ErrorCode, detail = /(?:)/): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof HubError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.detail, detail);
    return true;
  };
}
