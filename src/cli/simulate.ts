import { resolve } from 'node:path';
import { simulateSite } from '../sandbox.ts';
import { UsageError, wholeOption, type Command } from './command.ts';

export const simulateCommand: Command = {
  name: 'simulate',
  arguments: 'KIND',
  takes: [1, 1],
  summary: 'Runs the simulator of one kind until Ctrl-C.',
  prose: [
    'It stands for a vendor’s system, with its whole truth at `/__sim/state`, staff at `/__sim/act` and fault ' +
      'switches at ' +
      '`/__sim/faults`. What happened in it is kept in the state folder, and it listens on the same port again ' +
      'next time.',
  ],
  options: {
    seed: { value: 'FILE', prose: 'What the clinic is like, as in `config/sandbox`. Required.' },
    state: { value: 'DIR', prose: 'Where it keeps its state. Required.' },
    site: { value: 'SITE', prose: 'The site id it stands for. Default: `simulated`.' },
    port: { value: 'PORT', prose: 'Default: the port of its last run, else any free one.' },
    host: { value: 'HOST', prose: 'The address it listens on. Default 127.0.0.1.' },
  },
  async run(call) {
    const seed = call.values.get('seed');
    const state = call.values.get('state');
    if (seed === undefined || state === undefined) throw new UsageError('simulate wants --seed FILE and --state DIR.');
    const simulator = await simulateSite({
      kind: call.arguments[0] ?? '',
      site: call.values.get('site') ?? 'simulated',
      seedFile: resolve(call.cwd, seed),
      stateDir: resolve(call.cwd, state),
      port: wholeOption(call, 'port', 0, 65_535) ?? 0,
      host: call.values.get('host') ?? '127.0.0.1',
    });
    call.print(`${simulator.kind} simulator of ${simulator.site}: ${simulator.url}`);
    call.print(`Its truth: ${simulator.url}/__sim/state   Ctrl-C stops it; its state stays in ${state}.`);
    return (await simulator.ended()) ? 0 : 1;
  },
};
