import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { newId } from '../../src/core/ids.ts';
import type { Task } from '../../src/fhir/types.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { WorkItem } from '../../src/store/contract-bookings.ts';
import { at, NOON, openedStore } from './opened.ts';

const { store, write } = await openedStore({ after }, { max: 12 });

const item = (subject: string, more: Partial<WorkItem> = {}): WorkItem => ({
  id: newId(NOON),
  kind: 'conflict',
  subject,
  site: 'midtown',
  role: 'scheduling',
  dueAt: at(60),
  openedAt: NOON,
  evidence: { appointment: '3f2c0000-0000-8000-8000-000000000001', other: 'x' },
  ...more,
});
const task = async (id: string): Promise<Task | null> => {
  const served = await write((tx) => tx.resources.read('Task', id));
  return served === null ? null : (JSON.parse(served.json) as Task);
};

test('an open work item is a requested Task; closing it completes the Task', async () => {
  const made = item('appointments:1:2');
  assert.equal(await write((tx) => tx.workItems.open(made)), true);
  const open = await task(made.id);
  assert.equal(open?.status, 'requested');
  assert.equal(open.code.coding?.[0]?.code, 'conflict');
  assert.equal(open.focus?.reference, 'Appointment/3f2c0000-0000-8000-8000-000000000001');
  assert.equal(open.identifier?.[0]?.value, 'appointments:1:2');
  assert.ok((await write((tx) => tx.workItems.list(50))).some((one) => one.id === made.id));
  assert.equal(await write((tx) => tx.workItems.close('conflict', 'appointments:1:2', at(5))), true);
  assert.equal((await task(made.id))?.status, 'completed');
  assert.equal(
    (await write((tx) => tx.workItems.list(50))).some((one) => one.id === made.id),
    false,
  );
  assert.equal(await write((tx) => tx.workItems.close('conflict', 'appointments:1:2', at(5))), false);
});

test('a subject has one open work item of a kind, and a new one after it was closed', async () => {
  assert.equal(await write((tx) => tx.workItems.open(item('s'))), true);
  const again = item('s');
  assert.equal(await write((tx) => tx.workItems.open(again)), false);
  assert.equal(await task(again.id), null);
  assert.equal(await write((tx) => tx.workItems.open(item('s', { kind: 'parked' }))), true);
  await write((tx) => tx.workItems.close('conflict', 's', at(1)));
  assert.equal(await write((tx) => tx.workItems.open(again)), true);
});

test('of ten that open the same work item at once, one does', async () => {
  const opened = await Promise.all(Array.from({ length: 10 }, () => write((tx) => tx.workItems.open(item('race')))));
  assert.equal(opened.filter(Boolean).length, 1);
});

test('open work items come back as they were opened, those due first, within the sites of the scope', async () => {
  const [late, soon, hub] = [
    item('late', { site: 'uptown', dueAt: at(90) }),
    item('soon', { site: 'uptown', dueAt: at(10) }),
    item('hub', { site: null, dueAt: at(50) }),
  ];
  for (const one of [late, soon, hub]) await write((tx) => tx.workItems.open(one));
  const listed = await store.read({ ...systemScope('ops'), sites: ['uptown'] }, (tx) => tx.workItems.list(10));
  assert.deepEqual(listed, [soon, hub, late]);
});
