/** Builds HL7 v2 messages: acknowledgements, requests, and what tests and simulators send. */
import { encode } from './charset.ts';
import { escape, type EscapeOptions } from './escapes.ts';
import { encodingCharacters, STANDARD_SEPARATORS, type Separators } from './separators.ts';

/** Text is escaped; null is written as `""` (delete what is stored); undefined and `''` leave the place empty. */
export type Text = string | null | undefined;

/** A component: one text, or its sub-components. */
export type ComponentInput = Text | readonly Text[];

/**
 * A field: one text, or its components. Several repetitions are marked with `repeat`, because a plain list cannot tell
 * them from components; what is already encoded is marked with `raw`.
 */
export type FieldInput = Text | readonly ComponentInput[] | Repeat | Raw;

export interface Repeat {
  readonly repeat: readonly FieldInput[];
}

export interface Raw {
  readonly raw: string;
}

/** The name, then field 1 and so on. In MSH, FHS and BHS the list begins at field 3: 1 and 2 are the separators. */
export type SegmentInput = readonly [name: string, ...fields: FieldInput[]];

export interface WriteOptions extends EscapeOptions {
  readonly separators?: Separators;
  /** An MSH-18 value: the bytes are written in that set. It is not put into MSH-18 by itself. */
  readonly charset?: string;
}

export function repeat(...fields: readonly FieldInput[]): Repeat {
  return { repeat: fields };
}

export function raw(text: string): Raw {
  return { raw: text };
}

const HEADERS: ReadonlySet<string> = new Set(['MSH', 'FHS', 'BHS']);

/** Every segment ends with CR, the last one too. Empty fields at the end of a segment are left out. */
export function writeMessage(segments: readonly SegmentInput[], options: WriteOptions = {}): Uint8Array {
  return encode(writeText(segments, options), options.charset ?? '');
}

/** The same as text, before it is put into bytes. */
export function writeText(segments: readonly SegmentInput[], options: WriteOptions = {}): string {
  return segments.map((segment) => `${writeSegment(segment, options)}\r`).join('');
}

function writeSegment([name, ...inputs]: SegmentInput, options: WriteOptions): string {
  const separators = options.separators ?? STANDARD_SEPARATORS;
  const fields = inputs.map((input) => writeField(input, separators, options));
  const start = HEADERS.has(name) ? [name, encodingCharacters(separators)] : [name];
  return joined([...start, ...fields], separators.field);
}

function writeField(input: FieldInput, separators: Separators, options: EscapeOptions): string {
  if (isText(input)) return writeValue(input, separators, options);
  if ('raw' in input) return input.raw;
  if ('repeat' in input) {
    return input.repeat.map((one) => writeField(one, separators, options)).join(separators.repetition);
  }
  return joined(
    input.map((component) =>
      isText(component)
        ? writeValue(component, separators, options)
        : joined(
            component.map((part) => writeValue(part, separators, options)),
            separators.subcomponent,
          ),
    ),
    separators.component,
  );
}

function writeValue(text: Text, separators: Separators, options: EscapeOptions): string {
  if (text === null) return '""';
  return text === undefined ? '' : escape(text, separators, options);
}

function isText(input: FieldInput): input is Text {
  return input === null || input === undefined || typeof input === 'string';
}

/** Joined without the empty ones at the end. */
function joined(parts: readonly string[], separator: string): string {
  let length = parts.length;
  while (length > 1 && parts[length - 1] === '') length -= 1;
  return parts.slice(0, length).join(separator);
}
