/** Whatever a page names exists: files, anchors, commands, options, scripts, tests, codes, metrics, variables. */
import assert from 'node:assert/strict';
import { access, glob, readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { before, test } from 'node:test';
import { commands } from '../../src/cli/commands.ts';
import { ERRORS } from '../../src/core/error-catalogue.ts';
import { EVENTS } from '../../src/core/events.ts';
import { pick } from '../support/order.ts';
import { anchors, pages, PROJECT, quoted, type Page } from './pages.ts';

const all: Page[] = [];
let scripts: Readonly<Record<string, string>> = {};

/** Set outside: those of the design, those of the command line, and one that the example site uses. */
const VARIABLES = new Set([
  ...['HTTP_PORT', 'MLLP_PORT', 'HOST', 'DATA_DIR', 'CONFIG_DIR', 'DATABASE_URL', 'REDIS_URL', 'LOG_LEVEL'],
  ...['SLOTWIRE_URL', 'SLOTWIRE_TOKEN', 'POSTGRES_PASSWORD'],
]);
const GAUGES = [
  'slotwire_lag_seconds',
  'slotwire_silence_seconds',
  'slotwire_inbox_depth',
  'slotwire_client_waiting',
  'slotwire_proven_share',
  'slotwire_identity_backlog',
  'slotwire_work_items',
];

before(async () => {
  all.push(...(await pages()));
  const description = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  scripts = description.scripts;
});

/** Fails with every finding of every page at once. */
function none(find: (page: Page) => readonly string[]): void {
  assert.deepEqual(
    all.flatMap((page) => find(page).map((what) => `${page.path}: ${what}`)),
    [],
  );
}

test('every link leads to a file of the project, and to a heading that is there', async () => {
  const texts = new Map(all.map(({ path, text }) => [path, text]));
  const broken: string[] = [];
  for (const { path, text } of all) {
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const to = file === '' ? path : posix.normalize(posix.join(dirname(path), file));
      const there = await access(join(PROJECT, to)).then(
        () => true,
        () => false,
      );
      const known = texts.get(to);
      const headed = anchor === undefined || (known !== undefined && anchors(known).has(anchor));
      if (!there || !headed) broken.push(`${path}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

test('every file that a page names is there', async () => {
  const missing: string[] = [];
  for (const { path, text } of all) {
    for (const name of quoted(text)) {
      const file = /^((?:src|test|docs|config|bench|web)\/[\w./-]+)$/.exec(name)?.[1];
      if (file === undefined || file.includes('...')) continue;
      const there = await access(join(PROJECT, file)).then(
        () => true,
        () => false,
      );
      if (!there) missing.push(`${path}: ${file}`);
    }
  }
  assert.deepEqual(missing, []);
});

test('every command and option that a page shows is one of the command line', () => {
  const known = new Map(commands.map((command) => [command.name, command]));
  none(({ text }) =>
    [...text.matchAll(/(?:npm run slotwire --|`slotwire) ([^\n`#|;]+)/g)].flatMap(([, words = '']) => {
      const [name = '', ...rest] = words.trim().split(/\s+/);
      // `--help` alone, or a placeholder in capitals.
      if (name.startsWith('-') || /^[A-Z.]/.test(name)) return [];
      const command = known.get(name);
      if (command === undefined) return [`slotwire ${words.trim()}`];
      const options = rest.flatMap((word) => /^--([a-z-]+)/.exec(word)?.[1] ?? []);
      return options
        .filter((option) => option !== 'help' && !Object.hasOwn(command.options, option))
        .map((option) => `slotwire ${name} --${option}`);
    }),
  );
});

test('every npm script that a page shows exists', () => {
  none(({ text }) =>
    [...text.matchAll(/npm (?:run (?:-s )?([a-z][a-z:-]*)|(start|test))\b/g)].flatMap(([, named, short]) => {
      const script = named ?? short ?? '';
      return Object.hasOwn(scripts, script) ? [] : [`npm run ${script}`];
    }),
  );
});

test('every choice of tests that a page shows chooses some', async () => {
  const files: string[] = [];
  for await (const file of glob('test/**/*.test.ts', { cwd: PROJECT })) files.push(file);
  none(({ text }) =>
    [...text.matchAll(/npm test -- ([^\n`|]+)/g)].flatMap(([, words = '']) =>
      words
        .trim()
        .split(/\s+/)
        .filter((word) => pick(files, [word]).length === 0)
        .map((word) => `npm test -- ${word}`),
    ),
  );
});

test('every error code that a page names is in the catalogue', () => {
  none(({ path, text }) =>
    quoted(text).filter(
      (word) =>
        !path.startsWith('src/') &&
        /^[A-Z]+(_[A-Z]+)+$/.test(word) &&
        !Object.hasOwn(ERRORS, word) &&
        !VARIABLES.has(word) &&
        !/^(MIDTOWN|UPTOWN)_/.test(word),
    ),
  );
});

test('every metric that a page names is one that the hub has', () => {
  const known = new Set([...Object.values(EVENTS).map(({ metric }) => metric.name), ...GAUGES]);
  none(({ text }) =>
    [...text.matchAll(/\bslotwire_[a-z]+_[a-z_]+\b/g)].flatMap(([name]) => (known.has(name) ? [] : [name])),
  );
});

test('decisions are numbered without a gap, and each says what else was possible', () => {
  const decisions = all.filter(({ path }) => path.startsWith('docs/decisions/'));
  assert.ok(decisions.length > 0);
  for (const [index, { path, text }] of decisions.entries()) {
    const number = String(index + 1).padStart(4, '0');
    assert.match(path, new RegExp(`/${number}-[a-z0-9-]+\\.md$`));
    assert.match(text, new RegExp(`^# ${number}: `));
    assert.match(text, /^(Accepted|Superseded by)/m, path);
    for (const part of ['Context', 'Decision', 'Consequences', 'Alternatives']) {
      assert.ok(text.includes(`**${part}.**`), `${path} has no ${part}`);
    }
  }
});

test('site and location are told apart in every guide', () => {
  for (const { path, text } of all.filter(({ path: at }) => /^(README|docs\/[a-z-]+)\.md$/.test(at))) {
    if (!/^docs\/(add-a-site|canonical-model|operate)\.md$|^README\.md$/.test(path)) continue;
    assert.match(text, /A?a? \*\*site\*\*[\s\S]*\*\*location\*\*/, path);
  }
});
