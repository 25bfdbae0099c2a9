/**
 * One YAML file as plain values, with the line of every key, so that an issue can point at what was written. Nothing
 * here throws for bad text, and no issue repeats the text: a misplaced quote may have put a secret on that line.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Alias, Document, Node, Pair, ParsedNode, YAMLMap } from 'yaml';
import { fieldName, type FieldPath, type Issue } from './issue.ts';

/** Far above any real site file; what grows beyond it grew by aliases of aliases. */
const VALUES_MAX = 20_000;
const DEPTH_MAX = 40;

export interface Source {
  /** As shown in issues. */
  readonly file: string;
  /** A mapping of plain data. */
  readonly value: unknown;
  /** Line of the key or list item, or of the nearest thing around it that was written. */
  lineOf(path: FieldPath): number;
  nameOf(path: FieldPath): string;
}

export interface ReadSource {
  readonly source: Source | null;
  readonly issues: readonly Issue[];
}

/** `source` is null when the text is no YAML mapping that could be checked further. */
export function readSource(file: string, text: string): ReadSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, strict: true });
  const issues: Issue[] = [];
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  for (const error of [...document.errors, ...document.warnings]) {
    const [problem, write] = SYNTAX[error.code] ?? ANY_SYNTAX;
    issues.push({ file, line: lineAt(error.pos[0]), field: '', problem, write });
  }
  if (issues.length > 0) return { source: null, issues };
  const reader = new Reader(file, document, lineAt);
  const value = reader.read();
  if (reader.tooLarge) return { source: null, issues: reader.issues };
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { source: reader.source(value), issues: reader.issues };
  const problem = value === null ? 'is empty' : 'is no mapping (`key: value` lines)';
  const write = 'write what docs/settings.md shows for this file';
  return { source: null, issues: [...reader.issues, { file, line: 1, field: '', problem, write }] };
}

class Reader {
  readonly issues: Issue[] = [];
  tooLarge = false;
  private values = 0;
  private readonly lines = new Map<string, number>();
  private readonly positions = new Set<string>();
  private readonly anchors = new Map<string, Node>();
  private readonly file: string;
  private readonly document: Document.Parsed;
  private readonly lineAt: (offset: number) => number;

  constructor(file: string, document: Document.Parsed, lineAt: (offset: number) => number) {
    this.file = file;
    this.document = document;
    this.lineAt = lineAt;
  }

  read(): unknown {
    return this.valueOf(this.document.contents, []);
  }

  source(value: unknown): Source {
    const { file, lines, positions } = this;
    return {
      file,
      value,
      lineOf(path) {
        for (let length = path.length; length > 0; length--) {
          const line = lines.get(keyOf(path.slice(0, length)));
          if (line !== undefined) return line;
        }
        return 1;
      },
      nameOf: (path) => fieldName(path, (upTo) => positions.has(keyOf(upTo))),
    };
  }

  private valueOf(node: Node | ParsedNode | null | undefined, path: FieldPath): unknown {
    this.values++;
    if (this.values > VALUES_MAX || path.length > DEPTH_MAX) return this.stop();
    if (this.tooLarge || node === null || node === undefined) return null;
    if (isAlias(node)) return this.aliased(node, path);
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    if (isMap(node)) return this.mappingOf(node, path);
    if (isSeq(node)) return node.items.map((item, at) => this.itemOf(item, [...path, String(at)]));
    return isScalar(node) ? plain(node.value) : null;
  }

  /** Resolved by hand: the library searches the document anew for each alias, and may be given thousands. */
  private aliased(alias: Alias, path: FieldPath): unknown {
    const node = this.anchors.get(alias.source);
    if (node !== undefined) return this.valueOf(node, path);
    this.say(path, alias, 'begins with * and refers to an anchor that is not there', 'put the value in quotes');
    return null;
  }

  private itemOf(item: unknown, path: FieldPath): unknown {
    const node = item as Node | null;
    this.positions.add(keyOf(path));
    this.mark(path, node);
    return this.valueOf(node, path);
  }

  private mappingOf(map: YAMLMap, path: FieldPath): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      const key = keyText(pair.key);
      if (key === null || key === '__proto__') {
        this.say(path, pair.key, 'a key is not plain text', 'write a word before the colon');
        continue;
      }
      const below = [...path, key];
      if (Object.hasOwn(result, key)) {
        this.say(below, pair.key, 'is written twice', 'keep one of the two');
        continue;
      }
      this.mark(below, pair.key);
      result[key] = this.valueOf(pair.value, below);
    }
    return result;
  }

  private mark(path: FieldPath, node: Node | null): void {
    const key = keyOf(path);
    if (node?.range && !this.lines.has(key)) this.lines.set(key, this.lineAt(node.range[0]));
  }

  private say(path: FieldPath, node: Node | null, problem: string, write: string): void {
    const line = this.lineAt(node?.range?.[0] ?? 0);
    const field = fieldName(path, (upTo) => this.positions.has(keyOf(upTo)));
    this.issues.push({ file: this.file, line, field, problem, write });
  }

  private stop(): null {
    if (!this.tooLarge) {
      const problem = `holds more than ${VALUES_MAX} values or is nested deeper than ${DEPTH_MAX}, aliases counted out`;
      this.issues.push({ file: this.file, line: 1, field: '', problem, write: 'write the values without aliases' });
    }
    this.tooLarge = true;
    return null;
  }
}

function keyOf(path: FieldPath): string {
  return path.join('\u0000');
}

/** Keys are text as written: a calendar id `007` stays `007`. */
function keyText(key: unknown): string | null {
  if (!isScalar(key)) return null;
  if (typeof key.value === 'string') return key.value;
  return typeof key.source === 'string' && key.source !== '' ? key.source : null;
}

function plain(value: unknown): unknown {
  const simple = value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return simple ? value : null;
}

const ANY_SYNTAX: readonly [string, string] = [
  'this line cannot be read as YAML',
  'check the indentation, the colons and the quotes',
];

/** By the error codes of the `yaml` library; its own sentences quote the line. */
const SYNTAX: Readonly<Partial<Record<string, readonly [string, string]>>> = {
  BAD_SCALAR_START: ['a value begins with a character that YAML reserves', 'put the value in quotes'],
  BAD_INDENT: ['the indentation does not fit, or a bracket is not closed', 'indent with two spaces per level'],
  TAB_AS_INDENT: ['a tab is used for indentation', 'indent with spaces'],
  MISSING_CHAR: ['a quote, a colon or a bracket is missing', 'close what was opened here or on the line before'],
  MULTIPLE_DOCS: ['the file holds more than one document', 'remove the --- line and what follows'],
  TAG_RESOLVE_FAILED: ['a value begins with ! and is read as a tag', 'put the value in quotes'],
  BLOCK_AS_IMPLICIT_KEY: ['two colons stand on one line', 'put the value in quotes or on a line of its own'],
  BAD_DQ_ESCAPE: ['a backslash in double quotes means nothing here', 'use single quotes'],
};
