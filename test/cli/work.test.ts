/** What people must do, listed by API and command line. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { newId } from '../../src/core/ids.ts';
import { instant, plus, type Instant } from '../../src/core/instant.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { WorkItem } from '../../src/store/contract-bookings.ts';
import { startTestHub, TOKENS } from '../http/hub.ts';
import { slotwire, type Said } from './terminal.ts';

const hub = await startTestHub({ after });
const LONG_AGO = instant(Date.UTC(2020, 0, 1));

async function open(kind: WorkItem['kind'], role: string, dueAt: Instant): Promise<void> {
  const openedAt = LONG_AGO;
  const item = { id: newId(openedAt), kind, subject: `${kind}:1`, site: null, role, dueAt, openedAt, evidence: {} };
  await hub.store.transaction(systemScope('test'), (tx) => tx.workItems.open(item));
}
const run = (...line: readonly string[]): Promise<Said> =>
  slotwire(['work', ...line], { SLOTWIRE_URL: hub.url, SLOTWIRE_TOKEN: TOKENS.admin });

test('what waits for a person is listed by when it is due, for all or for one role', async () => {
  assert.match((await run('--role', 'nobody')).out, /Nothing waits/);
  await open('conflict', 'scheduling', plus(instant(Date.UTC(2100, 0, 1)), 0));
  await open('unmapped', 'configuration', LONG_AGO);
  const all = await run();
  assert.equal(all.code, 0, all.err);
  assert.match(all.out, /unmapped +configuration +2020-01-01T\S+ overdue[\s\S]*conflict +scheduling +2100-01-01/);
  assert.doesNotMatch((await run('--role', 'scheduling')).out, /unmapped/);
  const json = JSON.parse((await run('--json', '--limit', '1')).out) as { items: readonly unknown[] };
  assert.equal(json.items.length, 1);
});

test('it is for admins, with a role and a limit that can be meant', async () => {
  const ask = (token: string, query: string): Promise<{ readonly status: number }> =>
    hub.request(`/ops/api/work${query}`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await ask(TOKENS.scheduler, '')).status, 403);
  for (const wrong of ['?limit=0', '?limit=501', '?limit=x', '?role=A%20B', '?role=a&role=b']) {
    assert.equal((await ask(TOKENS.admin, wrong)).status, 400, wrong);
  }
});
