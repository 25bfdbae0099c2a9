import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bookingStatesPage, kindSettings } from '../boot.ts';
import { errorsPage } from '../core/errors-page.ts';
import { generatedFiles } from '../settings/page.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { commandsPage } from './help.ts';
import { counted } from './table.ts';

const PROJECT = join(import.meta.dirname, '../..');

export const generateCommand: Command = {
  name: 'generate',
  arguments: '',
  takes: [0, 0],
  summary: 'Writes the files that are made from the code: JSON Schemas for editors, and pages of docs.',
  prose: ['For whoever changes the code: settings, errors and commands are declared once, and their pages follow.'],
  options: { check: { prose: 'Write nothing; exit code 1 when a file is stale.' } },
  async run(call) {
    const check = call.flags.has('check');
    let stale = 0;
    for (const [file, text] of allGenerated()) {
      const path = join(PROJECT, file);
      if ((await readFile(path, 'utf8').catch(() => null)) === text) continue;
      stale += 1;
      call.print(`${check ? 'stale' : 'written'} ${file}`);
      if (check) continue;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    if (stale === 0) call.print('All generated files are up to date.');
    else if (check) call.warn(`${counted(stale, 'file')} to renew: npm run generate`);
    return check && stale > 0 ? 1 : 0;
  },
};

/** Path below the project -> text. */
export function allGenerated(): ReadonlyMap<string, string> {
  return new Map([
    ...generatedFiles(kindSettings),
    ['docs/errors.md', errorsPage()],
    ['docs/booking-states.md', bookingStatesPage()],
    ['docs/cli.md', commandsPage(commands)],
  ]);
}
