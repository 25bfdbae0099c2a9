/** A decision names the weights by their hash; the rules beside them are code and are named by a number. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '../../../src/core/ids.ts';
import { RULES } from '../../../src/identity/match/model.ts';
import ts from 'typescript';

const FOLDER = join(import.meta.dirname, '../../../src/identity/match');
/** What a verdict on two records comes from; which records meet, and how a file is trained or evaluated, is not it. */
const DECIDING = [
  ...[
    'compare-birth',
    'compare-household',
    'compare-names',
    'compare',
    'guard-names',
    'frequencies',
    'guards',
    'levels',
    'link-rules',
    'matcher',
  ],
  ...['names-given', 'names-known', 'names-short', 'normalise-address', 'normalise-contact', 'normalise-date'],
  ...['normalise-name', 'normalise-text', 'normalise', 'phonetic', 'score', 'similarity', 'thresholds'],
];
/** Of the code without its comments. */
const WRITTEN = { rules: 1, digest: '83e2413ee64d1eedfaeb4d6b204535975dcc20c75677835b1e4c12a1ab02c59a' };

test('whoever changes what two records come to gives the rules another number', () => {
  const options = { removeComments: true, target: ts.ScriptTarget.ESNext };
  const code = DECIDING.map((name) =>
    ts.transpile(readFileSync(join(FOLDER, `${name}.ts`), 'utf8'), { ...options, module: ts.ModuleKind.ESNext }),
  );
  const digest = sha256(code.join('\n'));
  assert.deepEqual(
    { rules: RULES, digest },
    WRITTEN,
    'where a verdict may change by it, raise RULES (model.ts); then write both down here',
  );
});
