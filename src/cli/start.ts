import type { Command } from './command.ts';

export const startCommand: Command = {
  name: 'start',
  arguments: '',
  takes: [0, 0],
  summary: 'Starts the hub, as `npm start` does.',
  prose: ['It runs until Ctrl-C or SIGTERM; SIGHUP has it read its configuration again.'],
  options: {},
  async run() {
    await import('../main.ts');
    return 0;
  },
};
