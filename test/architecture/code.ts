/** Rules about what code does and how large it is: the clock, the environment, SQL, sockets, names, sizes. */
import ts from 'typescript';
import { placeOf } from './places.ts';
import { lineOf, walk, type Source, type Violation } from './source.ts';

export const LIMITS = {
  line: 120,
  function: 70,
  contract: 250,
  test: 500,
  file: 300,
  connector: 1_200,
} as const;

function check(one: Source, rule: string, ask: (node: ts.Node) => string | null): readonly Violation[] {
  const { tree, path } = one;
  if (tree === null) return [];
  const violations: Violation[] = [];
  walk(tree, (node) => {
    const what = ask(node);
    if (what !== null) violations.push({ path, line: lineOf(tree, node), rule, what });
  });
  return violations;
}

function inSrc({ path }: Source): boolean {
  return path.startsWith('src/');
}

/** Who asks the time by the way cannot be given another time by a test. `new Date(x)` only converts. */
export function clock(one: Source): readonly Violation[] {
  if (!inSrc(one) || one.path === 'src/core/clock.ts') return [];
  return check(one, 'clock', (node) => {
    if (ts.isNewExpression(node) && textOf(node.expression) === 'Date' && (node.arguments ?? []).length === 0) {
      return 'new Date() asks the time; use the Clock that is handed in';
    }
    if (!ts.isCallExpression(node)) return null;
    const callee = textOf(node.expression);
    const asks = /^(Date\.now|Date|performance\.now|process\.hrtime(\.bigint)?|DateTime\.(now|utc|local))$/.test(
      callee,
    );
    if (!asks || (callee.startsWith('DateTime.') && node.arguments.length > 0)) return null;
    return `${callee}() asks the time; use the Clock that is handed in`;
  });
}

export function environment(one: Source): readonly Violation[] {
  if (!inSrc(one) || ['src/main.ts', 'src/cli.ts'].includes(one.path)) return [];
  return check(one, 'environment', (node) =>
    ts.isPropertyAccessExpression(node) && textOf(node) === 'process.env'
      ? 'only main.ts and cli.ts read the environment'
      : null,
  );
}

const STATEMENTS = [
  /\bSELECT\b[\s\S]+\bFROM\b/,
  /\bINSERT\s+INTO\b/,
  /\bUPDATE\s+[\w."]+(\s+(AS\s+)?\w+)?\s+SET\b/,
  /\bDELETE\s+FROM\b/,
  /\b(CREATE|ALTER|DROP)\s+(TABLE|INDEX|DATABASE|ROLE)\b/,
  /\bpg_(try_)?advisory_/,
  /\b(LISTEN|NOTIFY)\s+\w/,
];

/** By its upper-case words: prose about a table does not write them so. */
export function sql(one: Source): readonly Violation[] {
  if (!inSrc(one) || one.path.startsWith('src/store/')) return [];
  return check(one, 'SQL', (node) => {
    const text =
      ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) ? node.getText(one.tree ?? undefined) : '';
    return STATEMENTS.some((statement) => statement.test(text)) ? 'only store/ contains SQL' : null;
  });
}

const OPENS = new Set(['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']);

/** Global functions that open a connection without an import. Simulators use them: they have no layers to go past. */
export function globals(one: Source): readonly Violation[] {
  if (!inSrc(one) || one.path.startsWith('src/simulators/')) return [];
  return check(one, 'sockets', (node) => {
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return null;
    const name = ts.isIdentifier(node.expression) ? node.expression.text : '';
    return OPENS.has(name) && !declares(one, name)
      ? `${name} opens a connection past the layers of connectors/kit`
      : null;
  });
}

function declares({ tree }: Source, name: string): boolean {
  let found = false;
  if (tree !== null) walk(tree, (node) => (found ||= isDeclarationOf(node, name)));
  return found;
}

function isDeclarationOf(node: ts.Node, name: string): boolean {
  const declared = ts.isImportSpecifier(node) || ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node);
  return (declared || ts.isParameter(node)) && node.name !== undefined && textOf(node.name) === name;
}

const BANNED = new Set(['tenant', 'delta', 'payload', 'mock']);

/** DESIGN section 2: words that have a better one here. */
export function words(one: Source): readonly Violation[] {
  if (!inSrc(one)) return [];
  return check(one, 'words', (node) => {
    if (!ts.isIdentifier(node) || !isNamedHere(node)) return null;
    const word = wordsOf(node.text).find((part) => BANNED.has(part.replace(/s$/, '')));
    return word === undefined ? null : `${node.text}: DESIGN section 2 has another word for ${word}`;
  });
}

/** Names of libraries (`payload` of a token) may be read; what we declare is named by us. */
function isNamedHere(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isBindingElement(parent)) return parent.name === node;
  if (ts.isPropertyAccessExpression(parent)) return false;
  const named: ts.Node & { readonly name?: ts.Node | undefined } = parent;
  return named.name === node && !ts.isImportSpecifier(parent) && !ts.isNamedImports(parent);
}

function wordsOf(name: string): readonly string[] {
  return name.split(/(?=[A-Z])|[_\W]/).map((word) => word.toLowerCase());
}

export function functionLength(one: Source): readonly Violation[] {
  return check(one, 'function length', (node) => {
    if (!ts.isFunctionLike(node) || one.tree === null) return null;
    const own = ownLines(one.tree, node);
    return own > LIMITS.function ? `${String(own)} lines of its own, ${String(LIMITS.function)} are allowed` : null;
  });
}

/**
 * Lines of a function without those of the functions inside it: a factory that returns an object of short methods is as
 * easy to read as the methods are.
 */
function ownLines(tree: ts.SourceFile, node: ts.SignatureDeclaration): number {
  const [first, last] = linesOf(tree, node);
  const inner = new Set<number>();
  walk(node, (child) => {
    if (child === node || !ts.isFunctionLike(child)) return;
    const [from, to] = linesOf(tree, child);
    for (let line = from + 1; line <= to; line += 1) inner.add(line);
  });
  return last - first + 1 - inner.size;
}

function linesOf(tree: ts.SourceFile, node: ts.Node): readonly [number, number] {
  return [lineOf(tree, node), tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1];
}

export function fileLength({ path, lines, tree }: Source): readonly Violation[] {
  if (tree === null) return [];
  const limit = path.startsWith('test/')
    ? LIMITS.test
    : placeOf(path.replace(/^src\//, ''))?.place.onlyTypes === true
      ? LIMITS.contract
      : LIMITS.file;
  const count = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  if (count <= limit) return [];
  return [{ path, line: 0, rule: 'file length', what: `${String(count)} lines, ${String(limit)} are allowed` }];
}

/** The title of a test is one string, and prettier keeps it on the line of its test. */
const TEST_TITLE = /^\s*(?:(?:test|it|describe)\(|name: )['"`]/;

/** Characters, not bytes. Pages of prose and JSON are wrapped by whoever shows them. */
export function lineLength({ path, lines }: Source): readonly Violation[] {
  if (!/\.(tsx?|js|mjs|sql|sh|css)$|\/run$/.test(path)) return [];
  return lines.flatMap((line, at) =>
    line.length > LIMITS.line && !(path.startsWith('test/') && TEST_TITLE.test(line))
      ? [{ path, line: at + 1, rule: 'line length', what: `${String(line.length)} columns` }]
      : [],
  );
}

/** Lines that hold code: neither blank nor comment only. */
export function codeLines({ tree }: Source): number {
  if (tree === null) return 0;
  const lines = new Set<number>();
  walk(tree, (node) => {
    if (ts.isSourceFile(node) || node.kind === ts.SyntaxKind.EndOfFileToken || node.getChildCount(tree) > 0) return;
    const [from, to] = linesOf(tree, node);
    for (let line = from; line <= to; line += 1) lines.add(line);
  });
  return lines.size;
}

/** Two kinds of file belong to a vendor: what speaks to it and what its messages mean. */
export function connectorSizes(sources: readonly Source[]): readonly Violation[] {
  const sizes = new Map<string, number>();
  for (const one of sources) {
    const kind = /^src\/(?:connectors|mappings)\/([^/]+)\//.exec(one.path)?.[1];
    if (kind !== undefined && kind !== 'kit') sizes.set(kind, (sizes.get(kind) ?? 0) + codeLines(one));
  }
  return [...sizes].flatMap(([kind, size]) =>
    size > LIMITS.connector
      ? [
          {
            path: `src/connectors/${kind}`,
            line: 0,
            rule: 'connector size',
            what: `${String(size)} lines with its mapping, ${String(LIMITS.connector)} are allowed`,
          },
        ]
      : [],
  );
}

function textOf(node: ts.Node): string {
  return node.getText();
}
