/** What a caller is told who breaks a rule of booking: what is wrong, and what to do instead. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const BOOKING = join(import.meta.dirname, '../../src/booking');
/** Refusals that their caller can only mend by doing something else. */
const REFUSAL = /new HubError\('(?:RULE_BROKEN|SITE_CANNOT|SITE_NOT_WRITABLE)'/;
/** One literal, or several that are joined, behind `detail`. */
const DETAIL = /\bdetail(?::| =)\s*((?:(?:'[^'\n]*'|`[^`]*`)(?:\s*\+\s*)?)+)/g;

test('the detail of a refusal goes on, behind what is wrong, with what to do instead', async () => {
  let seen = 0;
  for (const file of await readdir(BOOKING)) {
    const source = await readFile(join(BOOKING, file), 'utf8');
    if (!REFUSAL.test(source)) continue;
    for (const match of source.matchAll(DETAIL)) {
      const [whole, literal = ''] = match;
      // Of a literal within the call, the call before it; of one that has a name, the call that it is used in.
      const isNamed = whole.startsWith('detail =');
      const call = isNamed
        ? source.indexOf('new HubError(', match.index)
        : source.lastIndexOf('new HubError(', match.index);
      if (call < 0 || source.slice(call).search(REFUSAL) !== 0) continue;
      seen += 1;
      assert.match(literal, /[:;,]|\$\{instead\}/, `${file}: ${literal} does not say what to do`);
    }
  }
  assert.ok(seen > 25, `refusals are written in a form that this test can read (${seen})`);
});
