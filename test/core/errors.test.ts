import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorsPage } from '../../src/core/errors-page.ts';
import { ERRORS, type ErrorCode } from '../../src/core/error-catalogue.ts';
import { asHubError, HubError } from '../../src/core/errors.ts';

const PAGE = join(import.meta.dirname, '../../docs/errors.md');
const entries = Object.entries(ERRORS);

test('docs/errors.md is what the catalogue says', async () => {
  const page = await readFile(PAGE, 'utf8');
  assert.ok(page === errorsPage(), 'docs/errors.md is stale: run npm run generate and commit it');
});

test('the page and the catalogue name the same codes, each once', async () => {
  const page = await readFile(PAGE, 'utf8');
  const named = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code ?? '');
  assert.deepEqual([...named].sort(), Object.keys(ERRORS).sort());
});

test('the text of an error is sentences for the person who must act', () => {
  for (const [code, { text }] of entries) {
    assert.match(text, /^[A-Z][^|\n]+\.$/, code);
    assert.doesNotMatch(text, /[A-Z]{2,}_ERROR|undefined|exception|null/i, code);
    assert.ok(text.length <= 160, `${code} is too long to be read at a glance`);
  }
});

/** With which the sentence begins, or the clause, that tells a person what to do. */
const VERBS =
  'Accept|Add|Ask|Book|Call|Check|Choose|Free|Give|Look|Mend|Narrow|Place|Read|Renew|Replay|Report|Reset|Restore|Run|' +
  'Search|Send|Set|Start|Stop|Tell|Try|Use|Wait|Write';
const ACTION = new RegExp(`(?:^|[.;:,] (?:then |or )?)(?:${VERBS})\\b`, 'i');
/** Nobody has to do anything: the hub does. */
const BY_ITSELF = /by itself|The hub looks up|Look up|The site must/;

test('the text of an error says what to do next, or that the hub does it by itself', () => {
  for (const [code, { text, act }] of entries) {
    if (act === 'caller' || act === 'operator') assert.match(text, ACTION, code);
    else assert.ok(ACTION.test(text) || BY_ITSELF.test(text), `${code}: ${text}`);
  }
});

test('a code, its class and its HTTP status say the same', () => {
  for (const [code, { class: cls, act, http }] of entries) {
    if (cls === 'transient') assert.ok([429, 503].includes(http), `${code}: repeat later is 429 or 503`);
    if (act === 'caller') assert.ok(http >= 400 && http < 500, `${code}: what the caller can mend is 4xx`);
    if (http >= 400 && http < 500 && http !== 429)
      assert.equal(cls, 'permanent', `${code}: 4xx does not go away by repeating`);
  }
});

test('a code says what happened, never an HTTP status', () => {
  for (const [code] of entries) assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
});

test('a hub error carries text for the person, and detail, site and wait for the log', () => {
  const cause = new Error('reset');
  const error = new HubError('SITE_RATE_LIMITED', { detail: 'GET /x', site: 'north', retryAfter_ms: 1_000, cause });
  assert.equal(error.message, `${ERRORS.SITE_RATE_LIMITED.text} (GET /x)`);
  assert.equal(error.class, 'transient');
  assert.equal(error.site, 'north');
  assert.equal(error.retryAfter_ms, 1_000);
  assert.equal(error.cause, cause);
  assert.equal(new HubError('STOPPING').message, ERRORS.STOPPING.text);
});

test('whatever is thrown becomes a hub error, and one that is stays itself', () => {
  const own = new HubError('NOT_FOUND');
  assert.equal(asHubError(own), own);
  const foreign = new TypeError('x is not a function');
  const wrapped = asHubError(foreign);
  assert.equal(wrapped.code, 'INTERNAL' satisfies ErrorCode);
  assert.equal(wrapped.cause, foreign);
  assert.equal(asHubError('text').code, 'INTERNAL');
  assert.doesNotMatch(asHubError('Jane Doe 1980-01-01').message, /Jane/, 'a value that is no Error may hold anything');
});
