/**
 * A simulator as a process of its own: `node src/simulators/acuity/main.ts --site ID --state DIR --seed FILE [--port
 * N]`.
 */
import { parseArgs } from 'node:util';
import { asHubError, HubError } from '../../core/errors.ts';
import type { SimulatorKind } from './kind.ts';
import { readSeed, startSimulator, type StartedSimulator } from './start.ts';

/**
 * Prints one line on stdout when it listens: {"ready":true,"site","kind","url"}; or one on stderr and exit code 1
 * when it cannot start. SIGTERM and SIGINT stop it. It outlives its parent: a closed stdout or a hang-up is ignored.
 */
export async function runSimulator(kind: SimulatorKind): Promise<void> {
  process.stdout.on('error', ignore);
  process.stderr.on('error', ignore);
  process.on('SIGHUP', ignore);
  try {
    const started = await startSimulator(kind, readArguments());
    process.once('SIGTERM', () => stopAndLeave(started));
    process.once('SIGINT', () => stopAndLeave(started));
    const { site, url } = started;
    process.stdout.write(`${JSON.stringify({ ready: true, site, kind: kind.name, url })}\n`);
  } catch (error) {
    process.stderr.write(`${asHubError(error).message}\n`);
    process.exitCode = 1;
  }
}

function readArguments(): Parameters<typeof startSimulator>[1] {
  const { values } = parseArgs({
    options: {
      site: { type: 'string' },
      state: { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      seed: { type: 'string' },
    },
  });
  const { site, state, seed, host } = values;
  const port = Number(values.port);
  if (site === undefined || state === undefined || seed === undefined || !Number.isInteger(port)) {
    throw new HubError('CONFIG_INVALID', { detail: 'give --site ID --state DIR --seed FILE [--host H] [--port N]' });
  }
  return { site, stateDir: state, seed: readSeed(seed), host, port };
}

function stopAndLeave(started: StartedSimulator): void {
  started.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
}

function ignore(): void {
  return;
}
