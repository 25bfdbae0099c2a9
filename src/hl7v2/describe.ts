/**
 * A message as people read it: every segment, field, repetition and component with its name, what is empty left out and
 * `""` told apart. Pure; holds everything that the message holds, so what is made of it is patient data unless masked.
 */
import { parseMessage, type Issue, type ParseOptions } from './message.ts';
import { segmentName } from './names.ts';
import type { Repetition, Segment, Value } from './segment.ts';

export interface DescribedMessage {
  /** `SIU^S12`. */
  readonly kind: string;
  readonly controlId: string;
  readonly version: string;
  /** The character set that was used to read it. */
  readonly encoding: string;
  /** `|^~\&` */
  readonly separators: string;
  readonly issues: readonly Issue[];
  readonly segments: readonly DescribedSegment[];
}

export interface DescribedSegment {
  readonly name: string;
  /** Null for a Z segment or one that is not known. */
  readonly title: string | null;
  readonly fields: readonly DescribedField[];
}

export interface DescribedField {
  /** `PID-3`, with `(2)` behind the segment's name for the second of its kind. */
  readonly path: string;
  readonly name: string | null;
  readonly values: readonly DescribedValue[];
}

export interface DescribedValue {
  /** `PID-3.1`, `PID-3[2].4.2`: repetition, component, sub-component, each only where there is more than one. */
  readonly path: string;
  readonly name: string | null;
  /** Null: the sender wrote `""`, which means "delete what is stored". */
  readonly value: string | null;
}

export interface DescribeOptions extends ParseOptions {
  /** Shows the shape of what may name a person instead of the text: letters as x, digits as 9. */
  readonly masked?: boolean;
}

/** Routing, times and codes of these segments name nobody. */
const NAMES_NOBODY: ReadonlySet<string> = new Set([
  'MSH',
  'MSA',
  'EVN',
  'RGS',
  'TQ1',
  'MFI',
  'BHS',
  'BTS',
  'FHS',
  'FTS',
]);
/** Fields of other segments that hold codes and times only. */
const PLAIN_FIELDS: Readonly<Record<string, readonly number[]>> = {
  SCH: [3, 5, 6, 7, 8, 9, 10, 11, 25],
  AIS: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  AIG: [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
  AIL: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  AIP: [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  ARQ: [3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
  ERR: [1, 2, 3, 4, 5],
  MFE: [1, 3, 5],
  PV1: [1, 2, 3, 4, 10, 11, 14, 15, 16, 18, 44, 45],
  PV2: [8, 9],
};

/** One message; a batch is cut apart before (`splitMessages`). Never throws on content. */
export function describeMessage(bytes: Uint8Array, options: DescribeOptions = {}): DescribedMessage {
  const { message, issues } = parseMessage(bytes, options);
  const { separators } = message;
  const count = new Map<string, number>();
  for (const { name } of message.segments) count.set(name, (count.get(name) ?? 0) + 1);
  const trigger = message.triggerEvent;
  return {
    kind: trigger === '' ? message.messageCode : `${message.messageCode}^${trigger}`,
    controlId: message.controlId,
    version: message.version,
    encoding: message.encoding,
    separators: [
      separators.field,
      separators.component,
      separators.repetition,
      separators.escape,
      separators.subcomponent,
    ].join(''),
    issues,
    segments: message.segments.map((segment) => describeSegment(segment, count.get(segment.name) ?? 1, options)),
  };
}

function describeSegment(segment: Segment, ofItsKind: number, options: DescribeOptions): DescribedSegment {
  const known = segmentName(segment.name);
  const start = ofItsKind > 1 ? `${segment.name}(${segment.ordinal})` : segment.name;
  const fields: DescribedField[] = [];
  for (let n = 1; n <= segment.fieldCount; n += 1) {
    const plain = NAMES_NOBODY.has(segment.name) || PLAIN_FIELDS[segment.name]?.includes(n) === true;
    const show = options.masked === true && !plain ? shapeOf : (text: string): string => text;
    const values = valuesOf(segment, n, `${start}-${n}`, show);
    if (values.length > 0) fields.push({ path: `${start}-${n}`, name: known?.fields[n - 1]?.name ?? null, values });
  }
  return { name: segment.name, title: known?.title ?? null, fields };
}

type Show = (text: string) => string;

function valuesOf(segment: Segment, n: number, path: string, show: Show): readonly DescribedValue[] {
  const field = segmentName(segment.name)?.fields[n - 1];
  const isText = (segment.name === 'MSH' || segment.name === 'BHS' || segment.name === 'FHS') && n <= 2;
  if (isText) return valueOf(path, null, segment.field(n), show);
  if (segment.isNull(n)) return [{ path, name: null, value: null }];
  const repetitions = segment.repetitions(n);
  return repetitions.flatMap((repetition) => {
    const at = repetitions.length > 1 ? `${path}[${repetition.index}]` : path;
    return componentsOf(repetition, at, field?.components ?? [], show);
  });
}

/** A field whose type has no components is text, in which senders forget to escape separators. */
function componentsOf(
  repetition: Repetition,
  path: string,
  names: readonly string[],
  show: Show,
): readonly DescribedValue[] {
  const found: DescribedValue[] = [];
  for (let component = 1; component <= MOST; component += 1) {
    const whole = repetition.component(component, 'all');
    if (whole === undefined) continue;
    const name = names[component - 1] ?? null;
    const second = repetition.component(component, 2);
    if (second === undefined || whole === null) {
      found.push(...valueOf(`${path}.${component}`, name, whole, show));
      continue;
    }
    for (let part = 1; part <= MOST; part += 1) {
      found.push(...valueOf(`${path}.${component}.${part}`, name, repetition.component(component, part), show));
    }
  }
  const [only] = found;
  // A lone first component is the whole value; its number would say nothing.
  return found.length === 1 && only !== undefined && only.path === `${path}.1` && names.length === 0
    ? [{ ...only, path }]
    : found;
}

/** No type of the standard has more components; what a sender adds behind them is in the raw bytes. */
const MOST = 30;

function valueOf(path: string, name: string | null, value: Value, show: Show): readonly DescribedValue[] {
  if (value === undefined) return [];
  return [{ path, name, value: value === null ? null : show(visible(value)) }];
}

/** A line end within a text would look like the end of a segment, and a bell could ring. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (char) => `<${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}>`);
}

function shapeOf(text: string): string {
  return text.replace(/\p{L}/gu, 'x').replace(/\p{N}/gu, '9');
}
