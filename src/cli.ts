/** The command line: `npm run slotwire -- COMMAND`. What the commands are is in cli/commands.ts. */
import { runCommandLine } from './cli/run.ts';
import { systemClock } from './core/clock.ts';

// `slotwire messages | head` closes our output early, which is no error.
process.stdout.on('error', () => process.exit(0));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  variables: process.env,
  cwd: process.cwd(),
  clock: systemClock,
  print: (line) => process.stdout.write(`${line}\n`),
  warn: (line) => process.stderr.write(`${line}\n`),
});
