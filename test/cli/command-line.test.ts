import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../../src/cli/commands.ts';
import { slotwire } from './terminal.ts';

test('without a command, with --help and with help, the list of all commands is printed', async () => {
  for (const words of [[], ['--help'], ['-h'], ['help']]) {
    const { code, out, err } = await slotwire(words);
    assert.equal(code, 0);
    assert.equal(err, '');
    for (const { name } of commands) assert.match(out, new RegExp(`^  ${name}\\b`, 'm'));
  }
});

test('every command explains itself with --help, and with help before it, without doing anything', async () => {
  for (const { name, summary, options } of commands) {
    for (const words of [
      [name, '--help'],
      [name, '-h'],
      ['help', name],
    ]) {
      const { code, out } = await slotwire(words);
      assert.equal(code, 0, name);
      assert.match(out, new RegExp(`^Usage: npm run slotwire -- ${name}`));
      assert.ok(out.includes(summary), name);
      for (const option of Object.keys(options)) assert.ok(out.includes(`  --${option}`), `${name} --${option}`);
    }
  }
});

test('a summary is a sentence, and an option and its command are named as they are typed', () => {
  for (const { name, summary, options, takes } of commands) {
    assert.match(name, /^[a-z][a-z0-9]+$/);
    assert.match(summary, /^[A-Z].*\.$/, name);
    assert.ok(takes[0] <= takes[1], name);
    for (const [option, { prose }] of Object.entries(options)) {
      assert.match(option, /^[a-z]+(-[a-z]+)*$/, name);
      assert.match(prose, /^[A-Z].*\.$/, `${name} --${option}`);
    }
  }
});

const WRONG: readonly (readonly [words: readonly string[], said: RegExp])[] = [
  [['fedd'], /there is no command fedd; did you mean feed\?/],
  [['quux-quux'], /there is no command quux-quux; run it without a command for the list/],
  [['feed'], /feed wants something behind it: DIR\|FILE\.\.\./],
  [['sites', 'extra'], /write .sites., or .sites forget SITE./],
  [['feed', '.', '--hots', 'x'], /feed has no option --hots; did you mean --host\?/],
  [['feed', '.', '--port'], /--port/],
  [['feed', '.', '--port', '99999'], /--port is a whole number from 1 to 65535\./],
  [['feed', '.', '--wait', 'long'], /--wait is a whole number/],
  [['sites', '--json=yes'], /--json/],
  [['message', 'abc'], /abc is no message; a message has a number\./],
  [['messages', '--limit', '0'], /--limit is a whole number from 1/],
  [['replay'], /replay wants the numbers of messages, or --all-of CODE\./],
  [['replay', '1', '--all-of', 'X'], /replay wants the numbers of messages, or --all-of CODE\./],
  [['replay', '1', '--site', 'x'], /--site goes with --all-of\./],
  [['resync', '../x'], /is no site id/],
  [['simulate', 'acuity'], /simulate wants --seed FILE and --state DIR\./],
];
for (const [words, said] of WRONG) {
  test(`a wrong command line ends with 2 and says what is wrong: ${words.join(' ')}`, async () => {
    const { code, out, err } = await slotwire(words, { DATA_DIR: '/nonexistent-slotwire' });
    assert.equal(code, 2);
    assert.match(err, said);
    assert.match(err, /How it is used: npm run slotwire -- /);
    assert.equal(out, '');
  });
}

test('a variable that cannot be read is a problem, not a fault', async () => {
  const { code, err } = await slotwire(['sites'], { HTTP_PORT: 'http' });
  assert.equal(code, 1);
  assert.match(err, /HTTP_PORT must be a port from 0 to 65535/);
});
