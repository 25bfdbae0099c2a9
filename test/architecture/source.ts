/** Source files as the rules see them: path, text and syntax tree. Rules are pure, so that each can be shown what it must find. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

export const PROJECT = join(import.meta.dirname, '../..');

export interface Source {
  /** Below the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Null for what is no TypeScript. */
  readonly tree: ts.SourceFile | null;
}

export interface Violation {
  readonly path: string;
  /** From 1; 0: the file as a whole. */
  readonly line: number;
  /** Names an entry of RULES. */
  readonly rule: string;
  readonly what: string;
}

export type Rule = (source: Source) => readonly Violation[];

export function source(path: string, text: string): Source {
  const code = /\.tsx?$/.test(path);
  return {
    path,
    text,
    lines: text.split('\n'),
    tree: code ? ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) : null,
  };
}

const TEXT =
  /\.(tsx?|js|mjs|sql|ya?ml|md|json|html|css|sh)$|(^|\/)(Dockerfile|run|\.dockerignore|\.gitignore|\.npmrc)$/;

/** What is committed or about to be: files that git ignores are no part of the project. */
export async function projectSources(): Promise<readonly Source[]> {
  const { stdout } = await promisify(execFile)(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
    { cwd: PROJECT, maxBuffer: 16_777_216 },
  );
  const paths = stdout.split('\0').filter((path) => TEXT.test(path) && path !== 'package-lock.json');
  const sources = await Promise.all(
    paths.map(async (path) => {
      // A file that is deleted but not yet committed is still listed.
      const text = await readFile(join(PROJECT, path), 'utf8').catch(() => null);
      return text === null ? null : source(path, text);
    }),
  );
  return sources.filter((one) => one !== null);
}

export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}

export function format({ path, line, rule, what }: Violation): string {
  return `${path}${line === 0 ? '' : `:${String(line)}`}  ${rule}: ${what}`;
}
