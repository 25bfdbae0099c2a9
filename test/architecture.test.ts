/**
 * The design's layers and habits, held by a test. Where a rule does not fit, test/architecture/exceptions.ts says why.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { EXCEPTIONS } from './architecture/exceptions.ts';
import { excuses, judge } from './architecture/rules.ts';
import { format, PROJECT, projectSources, type Violation } from './architecture/source.ts';

const found: Violation[] = [];

before(async () => {
  const description = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const sources = await projectSources();
  assert.ok(sources.some(({ path }) => path === 'src/main.ts'));
  found.push(...judge(sources, new Set(Object.keys(description.dependencies))));
});

test('every file keeps the layers, rules and sizes of the design', () => {
  const left = found.filter((violation) => !EXCEPTIONS.some((exception) => excuses(exception, violation)));
  assert.equal(left.length, 0, `${String(left.length)} violations:\n${left.map(format).join('\n')}\n`);
});

test('every exception gives its reason and is still needed', () => {
  for (const exception of EXCEPTIONS) {
    const { path, rule, reason } = exception;
    assert.ok(reason.length > 20, `${path}: the reason is missing`);
    const needed = found.some((violation) => excuses(exception, violation));
    assert.ok(needed, `${path}: the exception from "${rule}" is not needed any more; remove it`);
  }
});
