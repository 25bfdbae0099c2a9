import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIDTOWN, NORTHSIDE, RIVERSIDE } from '../support/config-folder.ts';
import { faultsToMeet, notMet, struckIn, tableOf, type Told } from './coverage.ts';
import type { Event, Happened } from './history.ts';
import { planOf } from './plan.ts';

function history(...happened: readonly Happened[]): readonly Event[] {
  return happened.map((one, n): Event => ({ n, at: n, ...one }));
}
function run(seed: number, struck: Told['struck']): Told {
  return { seed, duration_ms: 1_000, failed: null, violations: [], summary: '', struck };
}
const struck = (site: string, times: Readonly<Record<string, number>>): Happened => ({ kind: 'struck', site, times });
const trouble = (what: string, begins: boolean): Happened => ({ kind: 'trouble', what, site: null, begins });

test('a fault counts by how often it met somebody, of all sites of a kind together', () => {
  const events = history(
    ...[struck(MIDTOWN, { outage: 3, 'line refused': 0 }), struck(NORTHSIDE, { outage: 2 })],
    struck(RIVERSIDE, { outage: 1 }),
  );
  assert.deepEqual(struckIn(events), { 'acuity outage': 5, 'hl7v2 outage': 1 });
});

test('what befell a process counts when it was over; a fault that was only switched on does not', () => {
  const events = history(trouble('kill', true), trouble('kill', false), trouble('outage true', false));
  assert.deepEqual(struckIn(history(...events, trouble('freeze', true))), { kill: 1 });
});

test('every fault of a plan has its row, and one that struck in no run is named', () => {
  const faults = faultsToMeet(true);
  const plans = Array.from({ length: 20 }, (_, seed) => planOf({ seed, duration_ms: 120_000, ownDatabase: true }));
  const switched = plans.flat().flatMap((step) => (step.do === 'fault' ? Object.keys(step.switches) : []));
  for (const name of switched)
    assert.ok(
      faults.some((fault) => fault.endsWith(` ${name}`)),
      name,
    );
  const runs = [run(1, { kill: 1 }), run(2, { kill: 3, freeze: 1 })];
  assert.deepEqual(notMet(runs, ['kill', 'freeze', 'restart']), ['restart']);
  const rows = tableOf(runs, ['kill', 'restart']).map((line) => line.trim().split(/\s{2,}/));
  assert.deepEqual(rows.slice(1), [
    ['kill', '4', '2 of 2', '2'],
    ['restart', 'NEVER', '0 of 2'],
    ['freeze', '1', '1 of 2', '2'],
  ]);
});
