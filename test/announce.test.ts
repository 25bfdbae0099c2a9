/** What is said at a start is read from a hub that is in service already: not being able to say it ends nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announce } from '../src/announce.ts';
import type { Running } from '../src/boot.ts';
import { HubError } from '../src/core/errors.ts';

/** Its database answers as often as `missing` has something to say. */
function running(missing: readonly (readonly string[] | HubError)[]): Running {
  const left = [...missing];
  const hub = {
    missing: () => {
      const next = left.shift() ?? [];
      return next instanceof HubError ? Promise.reject(next) : Promise.resolve(next);
    },
    httpUrl: 'http://127.0.0.1:1',
    mllp: { host: '127.0.0.1', port: 2 },
    plan: () => ({ sites: [] }),
  };
  return { hub, simulators: [], tokens: null } as unknown as Running;
}

test('a database that is away for a moment while the hub tells what it waits for does not end the hub', async () => {
  const said: string[] = [];
  const away = new HubError('DATABASE_UNREACHABLE', { detail: '57P03' });
  await announce(running([['midtown: its first load'], away, away]), (line) => said.push(line));
  assert.equal(said[0], 'Waiting: midtown: its first load');
  assert.match(said[1] ?? '', /^Waiting: The database does not answer/);
  assert.match(said.at(-1) ?? '', /^Ready/);
});

test('what is no trouble of a moment is not waited for', async () => {
  const broken = new HubError('INTERNAL', { detail: 'the pool was closed' });
  await assert.rejects(
    announce(running([broken]), () => undefined),
    broken,
  );
});
