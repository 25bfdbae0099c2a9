import { readEnvironment } from '../environment.ts';
import { migrateDatabase } from '../hub-schema.ts';
import type { Command } from './command.ts';
import { counted } from './table.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  arguments: '',
  takes: [0, 0],
  summary: 'Brings the database (`DATABASE_URL`, else the embedded one) to the schema of this release.',
  prose: [
    'A hub does the same when it starts; use this to see a long migration through before. It is refused while a ' +
      'hub runs on the ' +
      'DATA_DIR. A database of a newer release is left untouched.',
  ],
  options: {},
  async run(call) {
    const environment = readEnvironment(call.variables, call.cwd);
    const applied = await migrateDatabase(environment, call.clock);
    for (const name of applied) call.print(`applied ${name}`);
    call.print(applied.length === 0 ? 'The schema is up to date.' : `${counted(applied.length, 'migration')} applied.`);
    return 0;
  },
};
