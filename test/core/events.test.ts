import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { EVENTS, type EventName } from '../../src/core/events.ts';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly observe?: string;
  readonly add?: string;
}

const SOURCES = join(import.meta.dirname, '../../src');
const metrics = Object.entries(EVENTS).map(([name, spec]) => [name, spec.metric as Metric, spec] as const);

interface Emission {
  readonly file: string;
  readonly event: string;
  readonly fields: ReadonlySet<string>;
}

/** Every `emit('Name', { fields })` of the source. */
async function emissions(): Promise<readonly Emission[]> {
  const found: Emission[] = [];
  const files = (await readdir(SOURCES, { recursive: true })).filter((file) => file.endsWith('.ts'));
  for (const file of files) {
    const tree = ts.createSourceFile(file, await readFile(join(SOURCES, file), 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      ts.forEachChild(node, visit);
      if (!ts.isCallExpression(node) || !/(^|\.)emit$/.test(node.expression.getText())) return;
      const [name, fields] = node.arguments;
      if (name === undefined || !ts.isStringLiteral(name) || !Object.hasOwn(EVENTS, name.text)) return;
      assert.ok(
        fields !== undefined && ts.isObjectLiteralExpression(fields),
        `${file}: fields of ${name.text} in view`,
      );
      const names = fields.properties.map((property) => property.name?.getText() ?? '');
      found.push({ file, event: name.text, fields: new Set(names) });
    };
    visit(tree);
  }
  return found;
}

test('names of metrics follow the rules of Prometheus and say their unit', () => {
  for (const [event, metric] of metrics) {
    assert.match(metric.name, /^slotwire_[a-z]+(_[a-z]+)*_(total|seconds)$/, event);
    assert.equal(metric.name.endsWith('_seconds'), metric.observe !== undefined, `${event}: a histogram is in seconds`);
    if (metric.observe !== undefined)
      assert.match(metric.observe, /_ms$/, `${event}: what is observed is milliseconds`);
    for (const label of metric.labels) assert.match(label, /^[a-z]+$/, event);
    assert.match(metric.help, /^[A-Z][^\n]+$/, event);
  }
});

test('no two events share a metric', () => {
  const names = metrics.map(([, { name }]) => name);
  assert.equal(new Set(names).size, names.length);
});

test('no label can take a value per patient, message or request: a metric must stay small', () => {
  for (const [event, { labels }] of metrics) {
    for (const label of labels) assert.doesNotMatch(label, /id$|patient|message|request|key|client|name/i, event);
    assert.ok(labels.length <= 3, `${event}: every label multiplies the series`);
  }
});

test('every event is told somewhere, with each field that its metric needs', async () => {
  const told = await emissions();
  for (const [event, metric] of metrics) {
    const own = told.filter((emission) => emission.event === event);
    assert.ok(own.length > 0, `${event} is never told; remove it`);
    const needed = [...metric.labels, metric.observe, metric.add].filter((field) => field !== undefined);
    for (const { file, fields } of own) {
      for (const field of needed) assert.ok(fields.has(field), `${file}: ${event} is told without ${field}`);
    }
  }
});

test('no event has a field for what is the patient’s', async () => {
  for (const { file, event, fields } of await emissions()) {
    for (const field of fields) {
      assert.doesNotMatch(
        field,
        /patient|birth|phone|email|^name$|family|given|body|text|comment|reason$/i,
        `${file}: ${event}`,
      );
    }
  }
});

test('what a person must act on is a warning or an error, and normal work is neither', () => {
  const loud: readonly EventName[] = [
    'MessageParked',
    'FeedFailed',
    'StageFailed',
    'RequestFailed',
    'PlanRefused',
    'ReplayWindow',
    'SiteBreaker',
    'ConflictRaised',
    'WorkEscalated',
  ];
  for (const [event, , { level }] of metrics) {
    assert.equal(['warn', 'error'].includes(level), loud.includes(event as EventName), event);
  }
});
