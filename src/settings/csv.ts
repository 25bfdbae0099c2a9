/** Small CSV files that people keep beside their settings, with the line of each record, so that issues can name it. */

export interface CsvRecord {
  /** Of its first letter, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvText {
  readonly records: readonly CsvRecord[];
  /** Where a quote was opened that nothing closes; null: all are closed. */
  readonly openQuote: number | null;
}

/**
 * RFC 4180, with any line end and blanks around cells dropped. The separator is comma, semicolon or tab, whichever the
 * first line has most of: spreadsheets write what their country is used to. Empty lines and lines beginning with # are
 * left out.
 */
export function readCsvText(text: string): CsvText {
  const bare = text.replace(/^\uFEFF/, '');
  const reader = new Reader(bare, separatorOf(bare));
  return reader.read();
}

function separatorOf(text: string): string {
  const first = /^.*/.exec(text)?.[0] ?? '';
  const count = (letter: string): number => first.split(letter).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

class Reader {
  private at = 0;
  private line = 1;
  private openQuote: number | null = null;
  private readonly text: string;
  private readonly separator: string;

  constructor(text: string, separator: string) {
    this.text = text;
    this.separator = separator;
  }

  read(): CsvText {
    const records: CsvRecord[] = [];
    while (this.at < this.text.length) {
      const { line } = this;
      const cells = this.record();
      const isEmpty = cells.every((cell) => cell === '') || cells[0]?.startsWith('#') === true;
      if (!isEmpty) records.push({ line, cells });
    }
    return { records, openQuote: this.openQuote };
  }

  private record(): readonly string[] {
    const cells: string[] = [];
    for (;;) {
      cells.push(this.cell());
      if (this.text[this.at] !== this.separator) break;
      this.at++;
    }
    if (this.text.startsWith('\r\n', this.at)) this.at++;
    this.at++;
    this.line++;
    return cells;
  }

  /** Up to the separator or the end of the line. What stands behind a closing quote belongs to the cell. */
  private cell(): string {
    while (this.text[this.at] === ' ') this.at++;
    const quoted = this.text[this.at] === '"' ? this.quoted() : '';
    const from = this.at;
    while (this.at < this.text.length && !this.isEnd(this.text[this.at] ?? '')) this.at++;
    return (quoted + this.text.slice(from, this.at)).trim();
  }

  private isEnd(letter: string): boolean {
    return letter === this.separator || letter === '\n' || letter === '\r';
  }

  private quoted(): string {
    const opened = this.line;
    let value = '';
    this.at++;
    for (;;) {
      const close = this.text.indexOf('"', this.at);
      const piece = this.text.slice(this.at, close < 0 ? undefined : close);
      value += piece;
      this.line += piece.split('\n').length - 1;
      this.at = close < 0 ? this.text.length : close + 1;
      if (close < 0) this.openQuote ??= opened;
      if (this.text[this.at] !== '"') return value;
      value += '"';
      this.at++;
    }
  }
}
