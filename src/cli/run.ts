/** From words on the command line to an exit code. */
import { asHubError } from '../core/errors.ts';
import { nearest } from '../settings/issue.ts';
import { commands } from './commands.ts';
import { Problem, readCall, UsageError, type Command, type ExitCode, type Terminal } from './command.ts';
import { commandHelp, overview } from './help.ts';

/** Never rejects: what goes wrong is said on standard error and shows in the exit code. */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = words;
  const say = (lines: readonly string[]): ExitCode => {
    for (const line of lines) terminal.print(line);
    return 0;
  };
  try {
    if (name === undefined || name === '--help' || name === '-h') return say(overview(commands));
    if (name === 'help') return say(rest[0] === undefined ? overview(commands) : commandHelp(find(rest[0])));
    const command = find(name);
    if (asksForHelp(rest)) return say(commandHelp(command));
    return await command.run(readCall(command, rest, terminal));
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.warn(`slotwire: ${error.message}`);
      const known = commands.some((command) => command.name === name);
      terminal.warn(`How it is used: npm run slotwire -- ${known ? `${name ?? ''} ` : ''}--help`);
      return 2;
    }
    terminal.warn(`slotwire: ${error instanceof Problem ? error.message : asHubError(error).message}`);
    return 1;
  }
}

function find(name: string): Command {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const near = nearest(
    name,
    commands.map((one) => one.name),
  );
  const hint = near === null ? '; run it without a command for the list.' : `; did you mean ${near}?`;
  throw new UsageError(`there is no command ${name}${hint}`);
}

function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  const options = end === -1 ? words : words.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}
