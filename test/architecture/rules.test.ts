/** Each rule is shown something that it must find, and its nearest neighbour that it must leave alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeLines } from './code.ts';
import { excuses, judge } from './rules.ts';
import { format, source } from './source.ts';

const DEPENDENCIES = new Set(['pg', 'express', 'luxon', 'pino']);

/** Rules that are broken by one file, without repetition. */
function broken(path: string, ...lines: readonly string[]): readonly string[] {
  const violations = judge([source(path, `${lines.join('\n')}\n`)], DEPENDENCIES);
  return [...new Set(violations.map(({ rule }) => rule))];
}

const cases: readonly (readonly [rule: string, path: string, code: string, expected: readonly string[]])[] = [
  ['imports go down only', 'src/core/a.ts', `import { x } from '../fhir/types.ts'; f(x);`, ['layers']],
  [
    'a type import is an import too',
    'src/core/a.ts',
    `import type { X } from '../fhir/types.ts'; let x: X;`,
    ['layers'],
  ],
  ['imports that go down are free', 'src/fhir/a.ts', `import { x } from '../core/ids.ts'; f(x);`, []],
  ['an export from is an import too', 'src/hl7v2/a.ts', `export { x } from '../fhir/a.ts'; f();`, ['layers']],
  ['import() is an import too', 'src/pipeline/a.ts', `const a = await import('../store/store.ts');`, ['layers']],
  ['typeof import() is an import too', 'src/pipeline/a.ts', `let a: import('../store/store.ts').S;`, ['layers']],
  [
    'a stage knows the contract of the store',
    'src/pipeline/a.ts',
    `import type { S } from '../store/contract.ts';`,
    [],
  ],
  [
    'parts of a contract count as contract',
    'src/booking/a.ts',
    `import type { S } from '../store/contract-inbox.ts';`,
    [],
  ],
  [
    'a connector never sees the store',
    'src/connectors/epic/a.ts',
    `import type { S } from '../../store/contract.ts';`,
    ['layers'],
  ],
  [
    'a connector never sees identity',
    'src/connectors/epic/a.ts',
    `import type { S } from '../../identity/contract.ts';`,
    ['layers'],
  ],
  ['a kind never sees another', 'src/connectors/epic/a.ts', `import type { S } from '../acuity/wire.ts';`, ['layers']],
  ['a kind uses the kit', 'src/connectors/epic/a.ts', `import { h } from '../kit/http.ts'; h();`, []],
  ['the kit knows no kind', 'src/connectors/kit/a.ts', `import { h } from '../epic/client.ts'; h();`, ['layers']],
  [
    'a mapping reads wire types of its kind',
    'src/mappings/epic/a.ts',
    `import type { W } from '../../connectors/epic/wire.ts';`,
    [],
  ],
  [
    'a mapping runs no code of a connector',
    'src/mappings/epic/a.ts',
    `import { w } from '../../connectors/epic/wire.ts'; w();`,
    ['layers'],
  ],
  [
    'a mapping reads no other wire types',
    'src/mappings/epic/a.ts',
    `import type { W } from '../../connectors/acuity/wire.ts';`,
    ['layers'],
  ],
  [
    'a mapping does no I/O',
    'src/mappings/epic/a.ts',
    `import { readFile } from 'node:fs/promises'; readFile('x');`,
    ['libraries'],
  ],
  [
    'a mapping has no clock',
    'src/mappings/epic/a.ts',
    `import { systemClock } from '../../core/clock.ts'; systemClock.now();`,
    ['layers'],
  ],
  [
    'a simulator knows nothing of its connector',
    'src/simulators/acuity/a.ts',
    `import type { W } from '../../connectors/acuity/wire.ts';`,
    ['layers'],
  ],
  [
    'a simulator knows no other',
    'src/simulators/acuity/a.ts',
    `import { a } from '../hl7v2/acts.ts'; a();`,
    ['layers'],
  ],
  [
    'the hub starts simulators and runs none',
    'src/hub.ts',
    `import { a } from './simulators/acuity/main.ts'; a();`,
    ['layers'],
  ],
  ['a contract runs nothing', 'src/store/contract.ts', `import { x } from '../core/ids.ts'; f(x);`, ['layers']],
  ['a file has a place', 'src/misc/a.ts', `export const a = 1;`, ['layers']],
  ['nothing of src comes from outside', 'src/http/a.ts', `import { a } from '../../test/a.ts'; a();`, ['layers']],
  ['pg is the store’s', 'src/pipeline/a.ts', `import pg from 'pg'; pg();`, ['libraries']],
  ['sockets have their places', 'src/booking/a.ts', `import { connect } from 'node:net'; connect(1);`, ['libraries']],
  ['types of a socket are free', 'src/booking/a.ts', `import type { Socket } from 'node:net'; let s: Socket;`, []],
  [
    'what only development installs is not imported',
    'src/http/a.ts',
    `import ts from 'typescript'; ts();`,
    ['libraries'],
  ],
  ['fetch is a socket', 'src/connectors/epic/a.ts', `await fetch('http://x');`, ['sockets']],
  ['a method of that name is none', 'src/connectors/epic/a.ts', `await client.fetch('x');`, []],
  [
    'a file that only hands on is a barrel',
    'src/fhir/a.ts',
    `export { x } from './x.ts';\nexport * from './y.ts';`,
    ['no barrels'],
  ],
  ['Date.now asks the time', 'src/booking/a.ts', `const a = Date.now();`, ['clock']],
  ['new Date() asks the time', 'src/booking/a.ts', `const a = new Date();`, ['clock']],
  ['luxon asks the time', 'src/booking/a.ts', `const a = DateTime.now();`, ['clock']],
  ['conversion does not', 'src/booking/a.ts', `const a = new Date(at); const b = DateTime.utc(2026, 1);`, []],
  ['the clock does', 'src/core/clock.ts', `const a = Date.now();`, []],
  ['the environment is read in one place', 'src/hub.ts', `const a = process.env['HOME'];`, ['environment']],
  ['main reads it', 'src/main.ts', `const a = process.env['HOME'];`, []],
  ['SQL stays in the store', 'src/pipeline/a.ts', 'const a = `SELECT id\nFROM inbox`;', ['SQL']],
  ['SQL with values too', 'src/booking/a.ts', 'const a = `DELETE FROM ${table} WHERE id = 1`;', ['SQL']],
  ['the store has it', 'src/store/a.ts', `const a = 'UPDATE inbox SET state = 1';`, []],
  ['prose is not SQL', 'src/http/a.ts', `const a = 'Select a slot from the list and update it.';`, []],
  ['words have one name', 'src/http/a.ts', `const tenantId = 1;`, ['words']],
  ['also as a property', 'src/http/a.ts', `interface A { readonly payloads: string }`, ['words']],
  ['names of libraries are theirs', 'src/http/a.ts', `const { payload: claims } = await verify(); f(a.payload);`, []],
  ['a name says something', 'src/http/helpers.ts', `export const a = 1;`, ['file names']],
  ['also the name of a folder', 'test/common/a.ts', `export const a = 1;`, ['file names']],
  ['tests run', 'test/a.test.ts', ['test.', `skip('x', f);`].join(''), ['skipped tests']],
  ['also by option', 'test/a.test.ts', ['test(x, { to', 'do: true }, f);'].join(''), ['skipped tests']],
  ['a condition may leave one out', 'test/a.test.ts', `test('x', { skip: root && 'root reads all' }, f);`, []],
  ['work is done', 'docs/a.md', ['Later: TO', 'DO'].join(''), ['unfinished']],
  ['a path of one machine', 'docs/a.md', ['See `/ho', 'me/ann/notes`.'].join(''), ['machine paths']],
  ['a line ends', 'src/http/a.ts', `// ${'x'.repeat(118)}`, ['line length']],
];

for (const [rule, path, code, expected] of cases) {
  test(`${rule}: ${code.split('\n')[0] ?? ''}`.slice(0, 140), () => {
    assert.deepEqual(broken(path, code), expected);
  });
}

test('a function is measured without the functions inside it', () => {
  const filler = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `  f(${String(at)});`);
  const inner = ['  const g = () => {', ...filler(60), '  };'];
  assert.deepEqual(broken('src/http/a.ts', 'function a() {', ...filler(30), ...inner, ...inner, '}'), []);
  assert.deepEqual(broken('src/http/a.ts', 'function a() {', ...filler(80), '}'), ['function length']);
});

test('a file is as long as its kind allows', () => {
  const lines = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `f(${String(at)});`);
  assert.deepEqual(broken('src/http/a.ts', ...lines(300)), []);
  assert.deepEqual(broken('src/http/a.ts', ...lines(301)), ['file length']);
  assert.deepEqual(broken('src/store/contract-x.ts', ...lines(251)), ['file length']);
  assert.deepEqual(broken('test/a.test.ts', ...lines(500)), []);
  assert.deepEqual(broken('test/a.test.ts', ...lines(501)), ['file length']);
});

test('a connector is measured with its mapping, without comments and blank lines', () => {
  const part = (path: string) => source(path, 'f();\n\n// why\n'.repeat(601));
  const both = [part('src/connectors/epic/a.ts'), part('src/mappings/epic/b.ts')];
  const size = judge(both, DEPENDENCIES).filter(({ rule }) => rule === 'connector size');
  assert.deepEqual(size.map(format), [
    'src/connectors/epic  connector size: 1202 lines with its mapping, 1200 are allowed',
  ]);
  assert.equal(codeLines(source('src/a.ts', '/** why\n * why */\nconst a = `one\ntwo`; // why\n\n')), 2);
});

test('an exception holds for its file, its rule and its measure', () => {
  const violation = { path: 'src/a.ts', line: 0, rule: 'file length', what: '310 lines, 300 are allowed' };
  const reason = 'it is one table';
  assert.ok(excuses({ path: 'src/a.ts', rule: 'file length', reason, atMost: 310 }, violation));
  assert.ok(!excuses({ path: 'src/a.ts', rule: 'file length', reason, atMost: 309 }, violation));
  assert.ok(!excuses({ path: 'src/a.ts', rule: 'layers', reason }, violation));
  assert.ok(!excuses({ path: 'src/b.ts', rule: 'file length', reason }, violation));
});
