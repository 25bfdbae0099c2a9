/** The pages of the project as the tests of the documentation read them. */
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

export const PROJECT = join(import.meta.dirname, '../..');

export interface Page {
  /** Below the project. */
  readonly path: string;
  readonly text: string;
}

/** README.md, docs, and the README of each kind and simulator. */
export async function pages(): Promise<readonly Page[]> {
  const found = ['README.md'];
  for (const folder of ['docs', 'src']) {
    const below = await readdir(join(PROJECT, folder), { recursive: true });
    found.push(...below.filter((path) => path.endsWith('.md')).map((path) => posix.join(folder, path)));
  }
  return Promise.all(found.sort().map((path) => page(path)));
}

export async function page(path: string): Promise<Page> {
  return { path, text: await readFile(join(PROJECT, path), 'utf8') };
}

/** Rows of the table whose heading row begins with these cells; cells without backticks and blanks around them. */
export function table(text: string, ...heading: readonly string[]): readonly (readonly string[])[] {
  const lines = text.split('\n');
  const at = lines.findIndex(
    (line) => line.startsWith('|') && heading.every((cell, index) => cells(line)[index] === cell),
  );
  if (at < 0) throw new Error(`there is no table that begins with ${heading.join(' | ')}`);
  const rows: (readonly string[])[] = [];
  for (const line of lines.slice(at + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(cells(line));
  }
  return rows;
}

function cells(line: string): readonly string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replaceAll('`', '').trim());
}

/** Blocks of a fence, in order. `sh` is what is run by a test; `console` shows what is not. */
export function blocks(text: string, fence: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${fence}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, body]) => body ?? '');
}

/** What stands between backticks, in a line. */
export function quoted(text: string): readonly string[] {
  return [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
}

/** As GitHub makes them of headings. */
export function anchors(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
