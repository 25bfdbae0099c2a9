/** HL7 v2 text to values: separators from MSH, escapes, fields by number (standard sheet sections 11 and 12). */
import { DateTime } from 'luxon';
import { instant, type Instant } from '../../core/instant.ts';

interface Separators {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

export class Segment {
  readonly name: string;
  readonly #fields: readonly string[];
  readonly #separators: Separators;

  constructor(line: string, separators: Separators) {
    const [name = '', ...fields] = line.split(separators.field);
    this.name = name;
    // MSH-1 is the separator itself, so the first text behind it is MSH-2.
    this.#fields = name === 'MSH' ? ['', separators.field, ...fields] : ['', ...fields];
    this.#separators = separators;
  }

  /** As it stands in the message. */
  raw(field: number): string {
    return this.#fields[field] ?? '';
  }

  /** One component of the first repetition, unescaped. A null (`""`) is empty here: a request deletes nothing by it. */
  get(field: number, component = 1, subcomponent = 1): string {
    return this.#part(this.repetitions(field)[0] ?? '', component, subcomponent);
  }

  repetitions(field: number): readonly string[] {
    const raw = this.raw(field);
    return raw === '' ? [] : raw.split(this.#separators.repetition);
  }

  /** The components of each repetition, unescaped, first subcomponents only. */
  lists(field: number): readonly (readonly string[])[] {
    return this.repetitions(field).map((one) =>
      one.split(this.#separators.component).map((_, index) => this.#part(one, index + 1, 1)),
    );
  }

  #part(repetition: string, component: number, subcomponent: number): string {
    const { component: between, subcomponent: within } = this.#separators;
    const text = repetition.split(between)[component - 1]?.split(within)[subcomponent - 1] ?? '';
    return text === '""' ? '' : unescape(text, this.#separators);
  }
}

export class Incoming {
  readonly segments: readonly Segment[];
  readonly header: Segment;

  private constructor(header: Segment, segments: readonly Segment[]) {
    this.header = header;
    this.segments = segments;
  }

  /** Null: there is no MSH to read the separators from. */
  static read(text: string): Incoming | null {
    const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== '');
    const [first = ''] = lines;
    if (!/^MSH[^A-Za-z0-9\s]/.test(first)) return null;
    const [component = '^', repetition = '~', escape = '\\', subcomponent = '&'] = first.slice(4, 8);
    const separators = { field: first.charAt(3), component, repetition, escape, subcomponent };
    const segments = lines.map((line) => new Segment(line, separators));
    const [header] = segments;
    return header === undefined ? null : new Incoming(header, segments);
  }

  first(name: string): Segment | undefined {
    return this.segments.find((one) => one.name === name);
  }

  all(name: string): readonly Segment[] {
    return this.segments.filter((one) => one.name === name);
  }
}

/** MSH-18 as an encoding of Node; the header itself is ASCII in every set that MLLP can carry. */
export function encodingOf(data: Buffer): 'latin1' | 'utf8' {
  const [header = ''] = data.toString('latin1').split(/[\r\n]/, 1);
  return header.split(header.charAt(3))[17]?.startsWith('8859/1') === true ? 'latin1' : 'utf8';
}

/** Scanned once from the left: `\E\F\E\` is the text `\F\`. An unknown sequence is kept as it is. */
function unescape(text: string, separators: Separators): string {
  const { escape } = separators;
  const sign = escape.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const named: Readonly<Record<string, string>> = {
    F: separators.field,
    S: separators.component,
    T: separators.subcomponent,
    R: separators.repetition,
    E: escape,
    '.br': '\n',
  };
  return text.replace(new RegExp(`${sign}([^${sign}]*)${sign}`, 'g'), (whole, name: string) => {
    if (/^X([0-9A-Fa-f]{2})+$/.test(name)) return Buffer.from(name.slice(1), 'hex').toString('latin1');
    return named[name] ?? whole;
  });
}

const PRECISIONS: Readonly<Record<number, string>> = {
  8: 'yyyyMMdd',
  10: 'yyyyMMddHH',
  12: 'yyyyMMddHHmm',
  14: 'yyyyMMddHHmmss',
};

/** `20261201090000`, with an offset behind it or on the clock of `zone`. Null: no such time. */
export function readTime(text: string, zone: string): Instant | null {
  const match = /^(\d{8}(?:\d\d){0,3})(?:\.\d{1,4})?([+-]\d{4})?$/.exec(text);
  const [, digits = '', offset] = match ?? [];
  const format = PRECISIONS[digits.length];
  if (format === undefined) return null;
  const at =
    offset === undefined
      ? DateTime.fromFormat(digits, format, { zone })
      : DateTime.fromFormat(`${digits}${offset}`, `${format}ZZZ`, { zone });
  return at.isValid ? instant(at.toMillis()) : null;
}
