/** What is overdue goes up its chain, one step at a time, each step once, whatever kind it is. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { newId } from '../../src/core/ids.ts';
import { HOUR_MS, plus } from '../../src/core/instant.ts';
import type { Task } from '../../src/fhir/types.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { escalate } from '../../src/pipeline/escalate.ts';
import type { WorkSettings } from '../../src/settings/people-shape.ts';
import type { WorkItem } from '../../src/store/contract-bookings.ts';
import { systemScope } from '../../src/store/contract.ts';
import { placingWorld, ROBERT, type PlacingWorld } from '../identity/placing-world.ts';
import { testPlan } from '../support/facts.ts';

const WORK: WorkSettings = {
  escalation: [
    { role: 'supervisor', after_h: 0 },
    { role: 'management', after_h: 24 },
  ],
  escalationFor: { conflict: [{ role: 'lead', after_h: 2 }], unmapped: [] },
};

interface World extends PlacingWorld {
  readonly told: string[];
  open(kind: WorkItem['kind'], dueIn_h: number): Promise<WorkItem>;
  run(work?: WorkSettings): Promise<void>;
  hours(count: number): void;
}

async function world(t: TestContext): Promise<World> {
  const placing = await placingWorld(t);
  const told: string[] = [];
  const { store, clock } = placing;
  const events = {
    escalated: (kind: string, role: string, step: number) => told.push(`${kind} ${role} ${String(step)}`),
    swept: (what: string, count: number) => told.push(`${what} ${String(count)}`),
  };
  return {
    ...placing,
    told,
    async open(kind, dueIn_h) {
      const now = clock.now();
      const dueAt = plus(now, dueIn_h * HOUR_MS);
      const subject = `${kind}:${newId(now)}`;
      const item = {
        id: newId(now),
        kind,
        subject,
        site: null,
        role: 'scheduling',
        dueAt,
        openedAt: now,
        evidence: {},
      };
      await placing.write((tx) => tx.workItems.open(item));
      return item;
    },
    run: (work = WORK) => escalate({ store, clock, events, plan: () => testPlan([], { work }) }),
    hours: (count) => clock.advance(count * HOUR_MS),
  };
}

async function taskOf({ write }: World, { id }: WorkItem): Promise<Task> {
  const served = await write((tx) => tx.resources.read('Task', id));
  return JSON.parse(served?.json ?? '{}') as Task;
}

describe('an overdue work item', () => {
  it('goes to the next role when its time is over, once a step, and its Task shows whose it is', async (t) => {
    const at = await world(t);
    const item = await at.open('failed-undo', 4);
    await at.run();
    assert.deepEqual(at.told, []);
    assert.equal((await taskOf(at, item)).performerType?.[0]?.coding?.[0]?.code, 'scheduling');
    at.hours(4);
    await at.run();
    await at.run();
    assert.deepEqual(at.told, ['failed-undo supervisor 1']);
    const task = await taskOf(at, item);
    assert.deepEqual([task.performerType?.[0]?.coding?.[0]?.code, task.priority], ['supervisor', 'urgent']);
    const found = await at.write((tx) => tx.workItems.list(10, 'supervisor'));
    assert.deepEqual(found.map(({ id, escalated }) => [id, escalated]), [[item.id, 1]]); // prettier-ignore
    at.hours(24);
    await at.run();
    at.hours(1000);
    await at.run();
    assert.deepEqual(at.told, ['failed-undo supervisor 1', 'failed-undo management 2']);
    const ledger = await at.rows("SELECT data FROM ledger WHERE kind = 'escalated' ORDER BY id");
    assert.deepEqual(
      ledger.map(({ data }) => JSON.parse(String(data)) as unknown),
      [
        { item: 'failed-undo', subject: item.subject, from: 'scheduling', role: 'supervisor', step: 1 },
        { item: 'failed-undo', subject: item.subject, from: 'supervisor', role: 'management', step: 2 },
      ],
    );
    await at.write((tx) => tx.workItems.close('failed-undo', item.subject, at.clock.now()));
    const closed = await taskOf(at, item);
    assert.deepEqual([closed.status, closed.performerType?.[0]?.coding?.[0]?.code], ['completed', 'management']);
  });

  it('takes all its steps, one after the other, when the hub was away; a closed one none', async (t) => {
    const at = await world(t);
    await at.open('parked', 1);
    const done = await at.open('approval', 1);
    await at.write((tx) => tx.workItems.close('approval', done.subject, at.clock.now()));
    at.hours(200);
    await at.run();
    assert.deepEqual(at.told, ['parked supervisor 1', 'parked management 2']);
  });

  it('goes by the chain of its kind where it has one, and nowhere by an empty one', async (t) => {
    const at = await world(t);
    await at.open('conflict', 0);
    await at.open('unmapped', 0);
    at.hours(1);
    await at.run();
    assert.deepEqual(at.told, []);
    at.hours(1);
    await at.run();
    assert.deepEqual(at.told, ['conflict lead 1']);
    at.hours(500);
    await at.run();
    assert.deepEqual(at.told, ['conflict lead 1']);
  });

  it('is taken up once by two hubs at the same time, however many are overdue', async (t) => {
    const at = await world(t);
    for (let number = 0; number < 250; number += 1) await at.open('unresolved-booking', 0);
    at.hours(1);
    await Promise.all([at.run(), at.run()]);
    assert.equal(at.told.length, 250);
    const counts = await at.write((tx) => tx.workItems.counts(at.clock.now()));
    assert.deepEqual(counts, [{ kind: 'unresolved-booking', role: 'supervisor', isOverdue: true, count: 250 }]);
  });
});

describe('a pair that waits for a person', () => {
  it('goes up as a work item does, also while somebody has it; a claim that was left lapses', async (t) => {
    const at = await world(t);
    const asked = { scope: { ...systemScope('test'), actor: 'client:ana' }, requestId: 'r' };
    const desk = peopleDesk({ store: at.store, clock: at.clock });
    const north = await at.tell('north', '1', ROBERT);
    const south = await at.tell('south', '7', { ...ROBERT, birthDate: '1972-11-29' });
    await at.settle();
    await desk.claim(asked, north, south);
    at.hours(168);
    await at.run();
    assert.deepEqual(at.told, ['claims lapsed 1', 'identity-review supervisor 1']);
    const [pair] = (await desk.reviews(asked, 10, null)).pairs;
    assert.deepEqual([pair?.role, pair?.escalated, pair?.state], ['supervisor', 1, 'open']);
    const { overdue } = await desk.stats(asked);
    assert.deepEqual(overdue, [{ role: 'supervisor', escalated: 1, count: 1 }]);
    await desk.claim(asked, north, south);
    at.hours(24);
    const own = [
      { role: 'a', after_h: 0 },
      { role: 'records-lead', after_h: 1 },
    ];
    await at.run({ ...WORK, escalationFor: { 'identity-review': own } });
    assert.equal(at.told.at(-1), 'identity-review records-lead 2');
    const { decisions } = await desk.decide(asked, { one: north, other: south, verdict: 'same', reason: 'asked' });
    at.hours(1000);
    await at.run();
    assert.equal(at.told.length, 4, 'a decided pair waits for nobody');
    await desk.undo(asked, { decision: decisions[0] ?? 0, reason: 'a slip' });
    const [again] = (await desk.reviews(asked, 10, null)).pairs;
    assert.deepEqual([again?.role, again?.escalated], ['records', 0], 'and waits anew when that is undone');
  });
});
