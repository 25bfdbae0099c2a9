/**
 * The segments of a parsed HL7 v2 message, as mappings read them. Lazy, because a mapping reads some forty of four
 * hundred fields: a segment is cut into fields when it is first read, and text is unescaped only where it is asked for.
 */
import { unescape, type HexReader } from './escapes.ts';
import type { Separators } from './separators.ts';

/**
 * What a sender says about one value. Undefined: nothing (the field is empty or missing, keep what is stored). Null:
 * the two characters `""`, which mean "delete what is stored". Else the text, unescaped, blanks kept.
 */
export type Value = string | null | undefined;

/** What every part of one message shares. */
export interface Context {
  readonly separators: Separators;
  readonly hex: HexReader;
}

/** MSH-1 and MSH-2 name the separators and are not cut by them. */
const UNCUT: Context = {
  separators: { field: '', component: '', repetition: '', escape: '', subcomponent: '', truncation: '' },
  hex: () => '',
};

const NULL = '""';
const HEADERS: ReadonlySet<string> = new Set(['MSH', 'FHS', 'BHS']);

/** One repetition of a field. */
export class Repetition {
  /** 1-based position among the repetitions as sent. */
  readonly index: number;
  /** As sent, still escaped. */
  readonly raw: string;
  readonly #context: Context;

  constructor(raw: string, index: number, context: Context) {
    this.raw = raw;
    this.index = index;
    this.#context = context;
  }

  /** The whole repetition, separators and all: for ST, NM, DTM, TX and FT. */
  get text(): Value {
    return valueOf(this.raw, this.#context);
  }

  /** See `Segment.component`. */
  component(component: number, part: number | 'all' = 1): Value {
    return componentOf(this.raw, component, part, this.#context);
  }
}

export class Segment {
  /** `PID`; upper case. `''` for text that belongs to no segment. */
  readonly name: string;
  /** 0-based place in `Message.segments`. */
  readonly index: number;
  /** 1-based place among the segments of the same name (ERR-2.2). */
  readonly ordinal: number;
  /** As sent (still escaped), decoded to text, without its end. */
  readonly raw: string;
  readonly #context: Context;
  #fields: readonly string[] | null = null;

  constructor(name: string, index: number, ordinal: number, raw: string, context: Context) {
    this.name = name;
    this.index = index;
    this.ordinal = ordinal;
    this.raw = raw;
    this.#context = context;
  }

  /** Number of the last field that was sent, as HL7 counts (in MSH the separator is field 1). */
  get fieldCount(): number {
    return HEADERS.has(this.name) ? this.#split().length : this.#split().length - 1;
  }

  /** Field `n` as sent, still escaped; `''` where absent. */
  rawField(n: number): string {
    const fields = this.#split();
    if (!HEADERS.has(this.name)) return fields[n] ?? '';
    return n === 1 ? this.#context.separators.field : (fields[n - 1] ?? '');
  }

  /**
   * The whole field, all repetitions and separators as sent: for ST, NM, DTM, TX and FT, whose senders forget to
   * escape. For anything coded use `component`, which reads the code alone.
   */
  field(n: number): Value {
    const raw = this.rawField(n);
    if (n <= 2 && HEADERS.has(this.name)) return raw === '' ? undefined : raw;
    return valueOf(raw, this.#context);
  }

  /** True when the sender wrote `""`: delete what is stored, all of it. */
  isNull(n: number): boolean {
    return this.rawField(n) === NULL;
  }

  /** Those that hold something, in order; none for an empty field, and none for `""` (see `isNull`). */
  repetitions(n: number): readonly Repetition[] {
    const raw = this.rawField(n);
    if (raw === '' || raw === NULL) return [];
    if (n <= 2 && HEADERS.has(this.name)) return [new Repetition(raw, 1, UNCUT)];
    const mark = this.#context.separators.repetition;
    if (mark === '' || !raw.includes(mark)) return [new Repetition(raw, 1, this.#context)];
    const found: Repetition[] = [];
    for (const [at, part] of raw.split(mark).entries()) {
      if (part !== '') found.push(new Repetition(part, at + 1, this.#context));
    }
    return found;
  }

  /**
   * Component `component` of the first repetition, 1-based. Of a component with sub-components the first one is read,
   * as older versions had it there; `part` names another, and `'all'` gives the whole component with its separators
   * (texts in which `&` was not escaped: "Ear & Nose"). A field or component of `""` is null in all its parts.
   */
  component(n: number, component: number, part: number | 'all' = 1): Value {
    const raw = this.rawField(n);
    if (raw === '') return undefined;
    if (n <= 2 && HEADERS.has(this.name)) return componentOf(raw, component, part, UNCUT);
    const mark = this.#context.separators.repetition;
    const end = mark === '' ? -1 : raw.indexOf(mark);
    return componentOf(end === -1 ? raw : raw.slice(0, end), component, part, this.#context);
  }

  #split(): readonly string[] {
    this.#fields ??= this.raw.split(this.#context.separators.field);
    return this.#fields;
  }
}

function componentOf(raw: string, component: number, part: number | 'all', context: Context): Value {
  if (raw === NULL) return null;
  const { separators } = context;
  const text = nth(raw, separators.component, component);
  if (part === 'all' || text === NULL) return valueOf(text, context);
  return valueOf(nth(text, separators.subcomponent, part), context);
}

function valueOf(raw: string, context: Context): Value {
  if (raw === '') return undefined;
  if (raw === NULL) return null;
  return unescape(raw, context.separators, context.hex);
}

/** The n-th part, 1-based, without cutting the whole text apart. */
export function nth(text: string, separator: string, n: number): string {
  if (separator === '') return n === 1 ? text : '';
  let from = 0;
  for (let left = n; left > 1; left -= 1) {
    const at = text.indexOf(separator, from);
    if (at === -1) return '';
    from = at + separator.length;
  }
  const end = text.indexOf(separator, from);
  return end === -1 ? text.slice(from) : text.slice(from, end);
}
