/**
 * Source files as the rules see them: path, text and syntax tree. Rules are pure, so that each can be shown what it
 * must find.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
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
/** What git ignores. Git itself is not asked: a copy of the project without its history is to be judged as well. */
const NOT_OURS = /^(node_modules|\.git|data[^/]*|bench\/results|web\/dist|package-lock\.json)(\/|$)/;

export async function projectSources(): Promise<readonly Source[]> {
  const paths: string[] = [];
  const collect = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(PROJECT, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (NOT_OURS.test(path) || entry.name === 'node_modules') continue;
      if (entry.isDirectory()) await collect(path);
      else if (entry.isFile() && TEXT.test(path)) paths.push(path);
    }
  };
  await collect('');
  return Promise.all(paths.sort().map(async (path) => source(path, await readFile(join(PROJECT, path), 'utf8'))));
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
