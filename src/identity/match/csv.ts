/** Files of records as CSV: quotes doubled inside quotes, any line end, blanks around cells dropped. */

export interface CsvTable {
  readonly heading: readonly string[];
  /** As many cells as the heading has. */
  readonly rows: readonly (readonly string[])[];
}

/** Separator: the one of comma, semicolon, tab and bar that the first line has most of. */
export function readCsv(text: string): CsvTable {
  const bare = text.replace(/^\uFEFF/, '');
  const first = bare.slice(0, bare.search(/[\r\n]|$/));
  const separator = [',', ';', '\t', '|'].reduce((best, one) => (count(first, one) > count(first, best) ? one : best));
  const lines = cellsOf(bare, separator).filter((cells) => cells.length > 1 || cells[0] !== '');
  const [heading = [], ...rows] = lines;
  const width = heading.length;
  return { heading, rows: rows.map((cells) => Array.from({ length: width }, (_one, at) => cells[at] ?? '')) };
}

function count(text: string, letter: string): number {
  return text.split(letter).length;
}

function cellsOf(text: string, separator: string): string[][] {
  const lines: string[][] = [];
  let cells: string[] = [];
  let at = 0;
  while (at < text.length) {
    const cell =
      text[skipBlanks(text, at)] === '"' ? quoted(text, skipBlanks(text, at) + 1) : plain(text, at, separator);
    cells.push(cell.value);
    at = skipBlanks(text, cell.end);
    if (text[at] === separator) {
      at += 1;
      if (at >= text.length) cells.push('');
      continue;
    }
    lines.push(cells);
    cells = [];
    at += text.startsWith('\r\n', at) ? 2 : 1;
  }
  if (cells.length > 0) lines.push(cells);
  return lines;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at += 1;
  return at;
}

interface Cell {
  readonly value: string;
  readonly end: number;
}

function plain(text: string, from: number, separator: string): Cell {
  let end = from;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return { value: text.slice(from, end).trim(), end };
}

function quoted(text: string, from: number): Cell {
  let value = '';
  let at = from;
  for (;;) {
    const close = text.indexOf('"', at);
    if (close < 0) return { value: value + text.slice(at), end: text.length };
    value += text.slice(at, close);
    if (text[close + 1] !== '"') return { value: value.trim(), end: close + 1 };
    value += '"';
    at = close + 2;
  }
}
