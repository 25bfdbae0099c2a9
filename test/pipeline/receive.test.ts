/** What shares a commit, what must not, and what a failure takes along. The store's part is a record of its calls. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SiteEvent } from '../../src/connectors/contract.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { ErrorCode } from '../../src/core/error-catalogue.ts';
import { asHubError, HubError } from '../../src/core/errors.ts';
import { receiver, type ReceiverOptions, type ReceiveStage } from '../../src/pipeline/receive.ts';
import type { Arrival, HeardFeed, Stored } from '../../src/store/contract-inbox.ts';
import type { Store } from '../../src/store/contract.ts';

interface Commit {
  readonly ids: readonly string[];
  readonly heard: readonly HeardFeed[];
  readonly done: (error?: unknown) => void;
}

interface Bench {
  readonly stage: ReceiveStage;
  /** Every commit that was begun, in order. */
  readonly commits: Commit[];
  /** `site id`, in the order in which they were answered; `!code` of one that failed. */
  readonly answered: string[];
  readonly rung: string[];
  readonly told: unknown[][];
  readonly send: (id: string, more?: Sent) => void;
  /** Ends the commits under way, and those that they let begin, until none is left. */
  readonly finish: () => Promise<void>;
}

interface Sent {
  readonly site?: string;
  readonly keys?: readonly string[];
  readonly sender?: object;
}

const idOf = ({ message }: Arrival): string => (message.shape === 'event' ? message.id : '');

function bench(judge: (ids: readonly string[]) => ErrorCode | null = () => null, more: Partial<ReceiverOptions> = {}) {
  const commits: Commit[] = [];
  const answered: string[] = [];
  const rung: string[] = [];
  const told: unknown[][] = [];
  let nextId = 0;
  let open: Commit[] = [];
  const receive: Store['receive'] = (_scope, arrivals, heard) =>
    new Promise((resolve, reject) => {
      const ids = arrivals.map(idOf);
      const stored: readonly Stored[] = ids.map(() => ({ kind: 'inserted', id: (nextId += 1) }));
      const code = judge(ids);
      const done = (error: unknown = code === null ? undefined : new HubError(code)): void => {
        if (error === undefined) resolve(stored);
        else reject(asHubError(error));
      };
      const commit = { ids, heard, done };
      commits.push(commit);
      open.push(commit);
    });
  const stage = receiver({
    clock: systemClock,
    store: { receive } as Store,
    events: { received: (...args: unknown[]) => told.push(args) } as unknown as ReceiverOptions['events'],
    stored: (site) => rung.push(site),
    ...more,
  });
  const built: Bench = {
    stage,
    commits,
    answered,
    rung,
    told,
    send(id, { site = 'a', keys = [id], sender } = {}) {
      stage.store(site, 'hl7', [event(id, keys)], null, sender).then(
        () => answered.push(id),
        (error: unknown) => answered.push(`${id}!${error instanceof HubError ? error.code : 'no HubError'}`),
      );
    },
    async finish() {
      await turn();
      while (open.length > 0) {
        const ending = open;
        open = [];
        for (const one of ending) one.done();
        await turn();
      }
    },
  };
  return built;
}

function event(id: string, sequenceKeys: readonly string[]): SiteEvent {
  const body = Buffer.from(id);
  return { shape: 'event', kind: 'SIU^S12', id, occurredAt: null, sequenceKeys, contentType: 'text/plain', body };
}

async function turn(): Promise<void> {
  for (let index = 0; index < 3; index += 1) await new Promise((resolve) => setImmediate(resolve));
}

const range = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => `m${from + index}`);

test('whoever waits while a commit is under way goes into the next one, and nobody is answered before it', async () => {
  const { send, commits, answered, finish } = bench();
  send('first');
  await turn();
  for (const id of ['x', 'y', 'z']) send(id);
  await turn();
  assert.deepEqual(
    commits.map(({ ids }) => ids),
    [['first']],
  );
  assert.deepEqual(answered, []);
  await finish();
  assert.deepEqual(
    commits.map(({ ids }) => ids),
    [['first'], ['x', 'y', 'z']],
  );
  assert.deepEqual(answered, ['first', 'x', 'y', 'z']);
});

test('a crowd begins a second commit beside the first, never a third', async () => {
  const { send, commits, finish, answered } = bench();
  send('first');
  await turn();
  for (const id of range(0, 40)) send(id);
  await turn();
  for (const id of range(40, 80)) send(id);
  await turn();
  assert.deepEqual(
    commits.map(({ ids }) => ids.length),
    [1, 40],
  );
  commits[1]?.done();
  await turn();
  assert.equal(answered.length, 40, 'those of the second need not wait for the first');
  await finish();
  assert.equal(answered.length, 81);
});

test('what shares a sequence key with a commit under way waits for it, and so does all that follows it', async () => {
  const { send, commits, finish } = bench();
  send('book', { keys: ['appointment:1'] });
  await turn();
  for (const id of range(0, 20)) send(id);
  send('change', { keys: ['appointment:1', 'patient:1'] });
  send('after', { keys: ['patient:1'] });
  send('elsewhere', { keys: ['appointment:1'], site: 'b' });
  await turn();
  assert.deepEqual(commits[1]?.ids, [...range(0, 20), 'elsewhere'], 'another site means another appointment');
  await finish();
  assert.deepEqual(commits[2]?.ids, ['change', 'after']);
});

test('two messages of one sender never stand in two commits at once, whatever they are about', async () => {
  const { send, commits, finish, answered } = bench();
  const sender = {};
  send('s1', { sender });
  await turn();
  for (const id of range(0, 20)) send(id);
  send('s2', { sender });
  send('s3', { sender });
  await turn();
  assert.deepEqual(commits[1]?.ids, range(0, 20));
  await finish();
  assert.deepEqual(commits[2]?.ids, ['s2', 's3']);
  assert.deepEqual(
    answered.filter((id) => id.startsWith('s')),
    ['s1', 's2', 's3'],
  );
});

test('one that cannot be stored takes no other with it', async () => {
  const { send, finish, answered, commits } = bench((ids) => (ids.includes('bad') ? 'INTERNAL' : null));
  for (const id of ['x', 'bad', 'y']) send(id);
  await finish();
  assert.deepEqual(answered, ['x', 'bad!INTERNAL', 'y']);
  assert.deepEqual(
    commits.map(({ ids }) => ids),
    [['x', 'bad', 'y'], ['x'], ['bad'], ['y']],
  );
});

test('behind a message that failed nothing of its sender is stored, now or later; others are', async () => {
  const { send, finish, answered, commits } = bench((ids) => (ids.includes('bad') ? 'INTERNAL' : null));
  const sender = {};
  send('s1', { sender });
  send('bad', { sender });
  send('s3', { sender });
  send('other');
  await turn();
  send('s4', { sender });
  await finish();
  send('s5', { sender });
  await finish();
  const failed = ['bad', 's3', 's4', 's5'].map((id) => `${id}!INTERNAL`);
  assert.deepEqual(answered.toSorted(), ['s1', 'other', ...failed].toSorted());
  const alone = commits.slice(1).flatMap(({ ids }) => ids);
  assert.deepEqual(alone, ['s1', 'bad', 'other']);
});

for (const code of ['DATABASE_UNREACHABLE', 'DATABASE_ANSWER_LOST', 'DISK_FULL', 'TOO_BUSY'] as const) {
  test(`${code} is no message's fault: all are refused at once, none is tried alone`, async () => {
    const { send, finish, answered, commits } = bench(() => code);
    for (const id of ['x', 'y']) send(id);
    await finish();
    assert.deepEqual(answered, [`x!${code}`, `y!${code}`]);
    assert.equal(commits.length, 1);
  });
}

test('a commit carries no more messages than it may, but for one call that brings more', async () => {
  const { stage, send, finish, commits } = bench(undefined, { maxBatch: 3 });
  for (const id of range(0, 5)) send(id);
  const many = stage.store(
    'a',
    'webhook',
    range(10, 15).map((id) => event(id, [])),
    null,
  );
  await finish();
  assert.equal((await many).length, 5);
  assert.deepEqual(
    commits.map(({ ids }) => ids.length),
    [3, 2, 5],
  );
});

test('the bell rings and the event is told once for a commit and site, however many messages it carries', async () => {
  const { send, finish, rung, told } = bench();
  for (const id of range(0, 30)) send(id);
  send('north', { site: 'b' });
  await finish();
  assert.deepEqual(rung, ['a', 'b']);
  assert.deepEqual(told, [
    ['a', 'hl7', 30, 0],
    ['b', 'hl7', 1, 0],
  ]);
});

test('that a feed was heard is told with the first commit, then once a second; the end tells the rest', async () => {
  let now = 0;
  const clock = { ...systemClock, monotonic: () => now };
  const { send, finish, commits, stage } = bench(undefined, { clock });
  const sums = (): number[] => commits.map(({ heard }) => heard.reduce((sum, { messages }) => sum + messages, 0));
  for (const at of [0, 10, 20, 1_500, 1_600]) {
    now = at;
    send(`at${at}`, { site: 'a' });
    send(`too${at}`, { site: 'a' });
    await finish();
  }
  assert.deepEqual(sums(), [2, 0, 0, 6, 0]);
  const stopping = stage.stop();
  await finish();
  await stopping;
  assert.deepEqual(sums(), [2, 0, 0, 6, 0, 2]);
});

test('what was to be told with a commit that failed is told with the next; what was not stored is not counted', async () => {
  let code: ErrorCode | null = null;
  let now = 0;
  const clock = { ...systemClock, monotonic: () => now };
  const { send, finish, commits, stage } = bench(() => code, { clock });
  const step = async (at: number, fails: ErrorCode | null): Promise<void> => {
    now = at;
    code = fails;
    send(`at${at}`);
    await finish();
  };
  await step(0, null);
  await step(1, null);
  await step(2_000, 'DISK_FULL');
  await step(2_001, null);
  assert.deepEqual(
    commits.map(({ heard }) => heard[0]?.messages ?? 0),
    [1, 0, 2, 2],
  );
  await stage.stop();
});

test('stopping commits what was taken and takes no more', async () => {
  const { send, stage, finish, answered } = bench();
  for (const id of ['x', 'y']) send(id);
  const stopped = stage.stop();
  send('late');
  await finish();
  await stopped;
  assert.deepEqual(answered.toSorted(), ['late!STOPPING', 'x', 'y']);
  assert.equal(stage.backlog(), 0);
});
