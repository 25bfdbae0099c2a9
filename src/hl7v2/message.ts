/**
 * Parser for HL7 v2 messages in the vertical-bar encoding. It never throws on content: what is odd is told in `issues`
 * and read as well as it can be.
 */
import { decode, type DefaultCharset } from './charset.ts';
import { hexReader } from './escapes.ts';
import { findHeader, header } from './header.ts';
import { Segment, type Context, type Value } from './segment.ts';
import { readSeparators, type SeparatorReading, type Separators } from './separators.ts';

export type IssueKind =
  | 'no-header'
  | 'bytes-before-header'
  | 'separators-damaged'
  | 'charset'
  | 'several-messages'
  | 'segment-name'
  | 'segment-continued';

export interface Issue {
  readonly kind: IssueKind;
  /** A sentence for an operator; never holds content of the message. */
  readonly text: string;
}

export interface ParseOptions {
  /** For an empty MSH-18, or bytes that do not fit it. Default `auto`: UTF-8 where valid, else Windows-1252. */
  readonly defaultCharset?: DefaultCharset;
  /** An MSH-18 value that is used whatever the message says: for senders that declare one set and write another. */
  readonly forceCharset?: string;
}

export interface Parsed {
  readonly message: Message;
  readonly issues: readonly Issue[];
}

/** Segments that belong together; `head` is undefined when the sender left the opening segment out. */
export interface SegmentGroup {
  readonly head: Segment | undefined;
  /** Everything of the group in order, `head` included. */
  readonly segments: readonly Segment[];
}

export class Message {
  readonly segments: readonly Segment[];
  readonly separators: Separators;
  /** The encoding that was used to read it: `ascii`, `utf-8`, `windows-1252` and so on. */
  readonly encoding: string;
  readonly #byName = new Map<string, Segment[]>();
  /** Kept, because a mapping asks for them dozens of times. */
  #code: string | null = null;
  #trigger: string | null = null;

  constructor(segments: readonly Segment[], separators: Separators, encoding: string) {
    this.segments = segments;
    this.separators = separators;
    this.encoding = encoding;
    for (const segment of segments) {
      const same = this.#byName.get(segment.name);
      if (same === undefined) this.#byName.set(segment.name, [segment]);
      else same.push(segment);
    }
  }

  first(name: string): Segment | undefined {
    return this.#byName.get(name)?.[0];
  }

  all(name: string): readonly Segment[] {
    return this.#byName.get(name) ?? [];
  }

  /** MSH-9.1: `SIU`; `''` when not sent. */
  get messageCode(): string {
    this.#code ??= codeOf(this.first('MSH')?.component(9, 1));
    return this.#code;
  }

  /** MSH-9.2: `S12`. Version 2.1 senders leave it to EVN-1. The same as `Header.triggerEvent`. */
  get triggerEvent(): string {
    this.#trigger ??= codeOf(this.first('MSH')?.component(9, 2)) || codeOf(this.first('EVN')?.component(1, 1));
    return this.#trigger;
  }

  /** MSH-10. */
  get controlId(): string {
    return this.first('MSH')?.field(10) ?? '';
  }

  /** MSH-12.1: `2.5.1`; `''` when not sent. */
  get version(): string {
    return this.first('MSH')?.component(12, 1) ?? '';
  }

  /**
   * Runs that begin at a segment named `start` and end before the next such segment, before a segment named in `ends`,
   * or with the message. `members` names segments that open a group without a head where the sender left `start` out:
   * `groups('RGS', { members: ['AIS', 'AIG', 'AIL', 'AIP'] })`.
   */
  groups(
    start: string,
    more: { readonly ends?: readonly string[]; readonly members?: readonly string[] } = {},
  ): readonly SegmentGroup[] {
    const groups: { head: Segment | undefined; segments: Segment[] }[] = [];
    let open: { head: Segment | undefined; segments: Segment[] } | null = null;
    for (const segment of this.segments) {
      if (segment.name === start) {
        open = { head: segment, segments: [segment] };
        groups.push(open);
      } else if (more.ends?.includes(segment.name) === true) {
        open = null;
      } else if (open !== null) {
        open.segments.push(segment);
      } else if (more.members?.includes(segment.name) === true) {
        open = { head: undefined, segments: [segment] };
        groups.push(open);
      }
    }
    return groups;
  }

  /** The segments named `name` that follow `segment` with nothing else between: the NTEs of an AIS. */
  following(segment: Segment, name: string): readonly Segment[] {
    const found: Segment[] = [];
    for (let at = segment.index + 1; this.segments[at]?.name === name; at += 1) {
      const next = this.segments[at];
      if (next !== undefined) found.push(next);
    }
    return found;
  }
}

function codeOf(value: Value): string {
  return (value ?? '').trim();
}

/** Reads one message. A batch or several messages in one frame are cut apart by `splitMessages` first. */
export function parseMessage(bytes: Uint8Array, options: ParseOptions = {}): Parsed {
  const issues: Issue[] = [];
  const sent = options.forceCharset ?? header(bytes).charset;
  const decoded = decode(bytes, sent, options.defaultCharset);
  if (decoded.problem !== null)
    issues.push({ kind: 'charset', text: `${decoded.problem}; read as ${decoded.encoding}` });
  const { body, reading } = fromHeader(decoded.text, issues);
  const context = { separators: reading.separators, hex: hexReader(sent, options.defaultCharset) };
  const segments = readSegments(body, context, issues);
  if (segments.some((segment) => segment.index > 0 && segment.name === 'MSH')) {
    issues.push({ kind: 'several-messages', text: 'There are several messages here; cut them apart before reading.' });
  }
  return { message: new Message(segments, reading.separators, decoded.encoding), issues };
}

const UNDAMAGED = readSeparators('MSH|^~\\&|');

function fromHeader(text: string, issues: Issue[]): { body: string; reading: SeparatorReading } {
  const at = findHeader(text);
  if (at === -1) {
    issues.push({ kind: 'no-header', text: 'There is no MSH segment; the standard separators are assumed.' });
    return { body: text, reading: UNDAMAGED };
  }
  if (at > 0 && /[^\s\p{Cc}]/u.test(text.slice(0, at))) {
    issues.push({ kind: 'bytes-before-header', text: `${at} characters stand before MSH and were left out.` });
  }
  const whole = at === 0 ? text : text.slice(at);
  const reading = readSeparators(whole);
  if (reading.damage !== null) {
    issues.push({ kind: 'separators-damaged', text: `The separators are damaged: ${reading.damage}.` });
  }
  return { body: reading.clean(reading.mend(whole)), reading };
}

const NAME = /^[A-Z][A-Z0-9]{2}$/;
const LOOSE_NAME = /^[A-Za-z][A-Za-z0-9]{2}$/;

function readSegments(body: string, context: Context, issues: Issue[]): readonly Segment[] {
  const lines = body.includes('\n') ? body.split(/\r\n?|\n/) : body.split('\r');
  const kept: { name: string; raw: string }[] = [];
  for (const line of lines) {
    if (line === '') continue;
    const head = headOf(line, context.separators.field);
    if (head !== null) {
      if (head.odd) issues.push({ kind: 'segment-name', text: `Line ${kept.length + 1} has an odd segment name.` });
      kept.push(head);
      continue;
    }
    if (line.trim() === '') continue;
    const before = kept.at(-1);
    // A line end inside a text field: what follows is not a segment, and losing it would lose part of a note. MSH ends
    // with its line, as it does for the header that routes and answers the message.
    if (before !== undefined && before.name !== 'MSH') before.raw += `\n${line}`;
    // Without a name: read by the first letters, "PIDGIN" would be somebody's PID.
    else kept.push({ name: '', raw: line });
    issues.push({
      kind: 'segment-continued',
      text: `The text after segment ${kept.length} is no segment; kept with it.`,
    });
  }
  const counts = new Map<string, number>();
  return kept.map(({ name, raw }, index) => {
    const ordinal = (counts.get(name) ?? 0) + 1;
    counts.set(name, ordinal);
    return new Segment(name, index, ordinal, raw, context);
  });
}

/** The segment that a line begins, or null when it goes on with the one before. */
function headOf(line: string, field: string): { name: string; raw: string; odd: boolean } | null {
  const name = line.slice(0, 3);
  const next = line.charAt(3);
  if ((next === field || next === '') && NAME.test(name)) return { name, raw: line, odd: false };
  const trimmed = line.trim();
  const inner = trimmed.slice(0, 3);
  const after = trimmed.charAt(3);
  if (after === field && LOOSE_NAME.test(inner)) {
    return { name: inner.toUpperCase(), raw: line.trimStart(), odd: true };
  }
  return after === '' && NAME.test(inner) ? { name: inner, raw: trimmed, odd: true } : null;
}
