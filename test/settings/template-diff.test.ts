/** Before a template is changed, `plan` says how many slots that brings and takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '../../src/core/instant.ts';
import { diffPlans, formatDiff } from '../../src/settings/diff.ts';
import type { Plan } from '../../src/settings/shape.ts';
import { edit, folder, HUB, NORTH, type Files, type Folder } from './folder.ts';

/** A Monday, before work. */
const NOW = instant(Date.UTC(2026, 10, 2, 6));
const TEMPLATE = `poll: { horizon_days: 7 }
templates:
  ben:
    calendar: '84021'
    blocks:
      day: { days: [mon, tue], hours: ['09:00-12:00'], visitTypes: ['5512'] }
`;
const BEN = `${NORTH}${TEMPLATE}`;

async function planOf(config: Folder, files: Files): Promise<Plan> {
  await config.put(files);
  const { plan, issues } = await config.plan();
  assert.ok(plan, JSON.stringify(issues));
  return plan;
}

async function changed(from: Files, to: Files): Promise<string> {
  await using config = await folder(from);
  const before = await planOf(config, from);
  return formatDiff(diffPlans(before, await planOf(config, to), NOW));
}

test('other hours are told with the slots that come and go over the horizon', async () => {
  const later = edit(BEN, "'09:00-12:00'", "'09:50-13:10'");
  assert.equal(
    await changed({ 'sites/north.yaml': BEN }, { 'sites/north.yaml': later }),
    'change north: templates.ben.blocks.day.hours ["09:00-12:00"] -> ["09:50-13:10"]\n' +
      'slots  north: 4 come, 2 go by its templates; what is booked keeps its slot',
  );
});

test('a template that comes brings all its slots, one that goes takes them', async () => {
  const all = 'slots  north: 6 come, 0 go by its templates; what is booked keeps its slot';
  assert.ok((await changed({ 'sites/north.yaml': NORTH }, { 'sites/north.yaml': BEN })).endsWith(all));
  const none = 'slots  north: 0 come, 6 go by its templates; what is booked keeps its slot';
  assert.ok((await changed({ 'sites/north.yaml': BEN }, { 'sites/north.yaml': NORTH })).endsWith(none));
});

test('another length in the catalogue cuts the time anew at sites whose files are as they were', async () => {
  const hub = edit(HUB, 'name: Therapy, duration_min: 50', 'name: Therapy, duration_min: 60');
  const told = await changed({ 'hub.yaml': HUB, 'sites/north.yaml': BEN }, { 'hub.yaml': hub });
  assert.match(told, /slots {2}north: 6 come, 6 go/);
});

test('a place that a template no longer names is no change of the calendars in the file', async () => {
  const person = edit(NORTH, 'write: automatic\n', `write: automatic\n${TEMPLATE}`)
    .replace("calendar: '84021'", 'practitioner: BEN\n    location: main')
    .replace('visitTypes: {', "visitTypes: { '5513': intake-30,")
    .replace(/^ {4}84021.*$/m, (line) => `${line}\n  practitioners: { BEN: { practitioner: 'local:ben' } }`);
  const elsewhere = edit(person, 'location: main\n    blocks', 'location: annex\n    blocks');
  const told = await changed({ 'sites/north.yaml': person }, { 'sites/north.yaml': elsewhere });
  assert.equal(
    told,
    'change north: templates.ben.location "main" -> "annex"\n' +
      'slots  north: 6 come, 6 go by its templates; what is booked keeps its slot',
  );
});
