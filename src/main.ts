/** Environment -> plan -> hub; signals; nothing else. */
import { announce } from './announce.ts';
import { boot } from './boot.ts';
import { asHubError } from './core/errors.ts';
import { readEnvironment } from './environment.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/**
 * However stuck something is: a stop ends within ten seconds, and what was not finished is found again at the next
 * start.
 */
const STOP_LIMIT_MS = 9_500;

try {
  const environment = readEnvironment(process.env, process.cwd());
  let stopping = false;
  const early = new AbortController();
  const ending = (): void => early.abort();
  process.on('SIGTERM', ending).on('SIGINT', ending);
  const running = await boot(environment, say);
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    say('Stopping: finishing what is under way.');
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`slotwire: ${asHubError(error).message}\n`);
        process.exit(1);
      },
    );
  };
  process.off('SIGTERM', ending).off('SIGINT', ending);
  process.on('SIGTERM', stop).on('SIGINT', stop);
  process.on('SIGHUP', () => {
    running.reload().then(say, (error: unknown) => say(asHubError(error).message));
  });
  if (early.signal.aborted) stop();
  else {
    await announce(running, say).catch((error: unknown) => {
      // A stop closes what it asks; taken for a failure, that would end the process before simulators and database are
      // down.
      if (!stopping) throw error;
    });
  }
} catch (error) {
  process.stderr.write(`slotwire: ${asHubError(error).message}\n`);
  process.exit(1);
}
