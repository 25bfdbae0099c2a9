/**
 * Acknowledgements (HL7 v2 chapter 2, "message acknowledgement"). Original mode: MSH-15 and MSH-16 are both empty and
 * one answer says AA, AE or AR. Enhanced mode: an accept acknowledgement says CA, CE or CR as soon as the message is
 * safe.
 */
import type { Instant } from '../core/instant.ts';
import { isWideCharset, latin1, utf16Order } from './charset.ts';
import { escape } from './escapes.ts';
import { header, type Header } from './header.ts';
import { parseMessage } from './message.ts';
import { encodingCharacters, type Separators } from './separators.ts';
import { formatTime } from './time.ts';

export type AckCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';

/** Stored; or wrong in its content, so that sending it again unchanged is useless; or not acceptable as it is. */
export type AckOutcome = 'accepted' | 'error' | 'rejected';

/** `auto` reads MSH-15 and MSH-16; the others are for senders that fill them and expect something else. */
export type AckMode = 'auto' | 'original' | 'enhanced';

/** Table 0357; the ones a hub gives. */
export type AckErrorCode =
  | '100' // segment sequence
  | '101' // required field missing
  | '102' // data type
  | '103' // table value not found
  | '200' // unsupported message type
  | '201' // unsupported event
  | '202' // unsupported processing id
  | '203' // unsupported version
  | '204' // unknown key
  | '205' // duplicate key
  | '206' // record locked
  | '207'; // application error

export interface AckError {
  readonly code: AckErrorCode;
  /** For the sender's people. ASCII, and never patient data. */
  readonly text?: string;
  readonly severity?: 'E' | 'W' | 'I' | 'F';
  readonly at?: {
    readonly segment: string;
    readonly ordinal?: number;
    readonly field?: number;
    readonly repetition?: number;
    readonly component?: number;
  };
}

export interface AckContent {
  readonly code: AckCode;
  /** Our own MSH-10, unique among what we send; at most 20 characters up to version 2.6. */
  readonly controlId: string;
  readonly at: Instant;
  /** Zone of MSH-7. Default UTC. */
  readonly zone?: string;
  /** MSA-3. ASCII, and never patient data. */
  readonly text?: string;
  readonly errors?: readonly AckError[];
}

/**
 * Enhanced unless MSH-15 and MSH-16 are both empty; one of them alone is not allowed, the empty one then counts as NE.
 */
export function ackModeOf(message: Header): 'original' | 'enhanced' {
  return message.component(15) === '' && message.component(16) === '' ? 'original' : 'enhanced';
}

/**
 * The code of the answer on the sender's connection, or null when the sender wants none (MSH-15 NE, or ER and SU that
 * do not fit). A sender that wants only an application acknowledgement (MSH-15 NE, MSH-16 AL) waits for AA on the same
 * connection in practice, so it gets that.
 */
export function ackCode(header: Header, outcome: AckOutcome, mode: AckMode = 'auto'): AckCode | null {
  const kept = mode === 'auto' ? ackModeOf(header) : mode;
  if (kept === 'original') return ORIGINAL[outcome];
  if (mode === 'enhanced') return ENHANCED[outcome];
  if (isWanted(header.component(15), outcome)) return ENHANCED[outcome];
  return isWanted(header.component(16), outcome) ? ORIGINAL[outcome] : null;
}

const ORIGINAL: Readonly<Record<AckOutcome, AckCode>> = { accepted: 'AA', error: 'AE', rejected: 'AR' };
const ENHANCED: Readonly<Record<AckOutcome, AckCode>> = { accepted: 'CA', error: 'CE', rejected: 'CR' };

/** Table 0155. A value that is not in it asks for an answer: one too many is ignored, one too few stops the sender. */
function isWanted(condition: string, outcome: AckOutcome): boolean {
  switch (condition.trim().toUpperCase()) {
    case '':
    case 'NE':
      return false;
    case 'ER':
      return outcome !== 'accepted';
    case 'SU':
      return outcome === 'accepted';
    default:
      return true;
  }
}

/**
 * The bytes of the acknowledgement. MSA-2 is the sender's MSH-10 byte for byte, whatever it is; MSH-3/4 and 5/6 change
 * places, MSH-11, 12 and 18 are the sender's, so the answer is in the sender's character set. MSH-15 and 16 stay empty:
 * an acknowledgement is not acknowledged.
 */
export function acknowledge(header: Header, content: AckContent): Uint8Array {
  const { separators } = header;
  const ours = (text: string): string => ascii(escape(text, separators));
  const msh = [
    `MSH${separators.field}${encodingCharacters(separators)}`,
    header.raw(5),
    header.raw(6),
    header.raw(3),
    header.raw(4),
    formatTime(content.at, content.zone),
    '',
    messageType(header),
    ours(content.controlId),
    header.raw(11) || 'P',
    header.raw(12) || OLDEST,
  ];
  // One that names UTF-16 has sent what is refused; this answer is not written in it.
  if (header.raw(18) !== '' && !isWideCharset(header.charset)) msh.push('', '', '', '', '', header.raw(18));
  const msa = ['MSA', content.code, header.raw(10)];
  if (content.text !== undefined) msa.push(ours(content.text));
  const lines = [msh.join(separators.field), msa.join(separators.field)];
  for (const error of content.errors ?? []) lines.push(writeError(error, header, ours));
  return segmentBytes(lines, separators);
}

/**
 * Segments to bytes. One that ends in FS, as a sender's own words may, gets a field separator behind it: FS CR would
 * end the frame in the middle, and an answer that cannot be framed leaves the sender waiting for ever.
 */
export function segmentBytes(lines: readonly string[], { field }: Separators): Uint8Array {
  return Buffer.from(
    lines.map((line) => (line.endsWith('\u001c') ? `${line + field}\r` : `${line}\r`)).join(''),
    'latin1',
  );
}

/** What a sender that names no version is answered in: every receiver reads it. */
const OLDEST = '2.3';

/** `ACK`; `ACK^S12^ACK` from version 2.3.1 on, where the sender named its event. */
function messageType(header: Header): string {
  const { component, repetition } = header.separators;
  const [, event = ''] = (header.raw(9).split(repetition, 1)[0] ?? '').split(component);
  return event === '' || !isAtLeast(header, 2, 3, 1) ? 'ACK' : `ACK${component}${event}${component}ACK`;
}

/** Whether the version that the sender names (MSH-12) is this one or a later one. */
export function isAtLeast(header: Header, ...wanted: readonly number[]): boolean {
  const sent = (header.version === '' ? OLDEST : header.version).split('.').map(Number);
  for (const [at, number] of wanted.entries()) {
    const part = sent[at] ?? 0;
    if (Number.isNaN(part) || part !== number) return part > number;
  }
  return true;
}

/** ERR-1 (segment^sequence^field^code) up to 2.4, ERR-2 to ERR-8 from 2.5 on. */
function writeError(error: AckError, header: Header, ours: (text: string) => string): string {
  const { field, component, subcomponent } = header.separators;
  const name = ERROR_NAMES[error.code];
  const { at } = error;
  if (!isAtLeast(header, 2, 5)) {
    const code = [error.code, name, 'HL70357'].join(subcomponent);
    const where = [at?.segment ?? '', at === undefined ? '' : String(at.ordinal ?? 1), String(at?.field ?? '')];
    return ['ERR', [...where, code].join(component)].join(field);
  }
  const where = at === undefined ? '' : location(at, header.separators);
  const code = [error.code, name, 'HL70357'].join(component);
  const fields = ['ERR', '', where, code, error.severity ?? 'E'];
  if (error.text !== undefined) fields.push('', '', '', ours(error.text));
  return fields.join(field);
}

function location(at: NonNullable<AckError['at']>, { component }: Separators): string {
  const parts = [at.segment, String(at.ordinal ?? 1)];
  if (at.field !== undefined) parts.push(String(at.field));
  if (at.field !== undefined && (at.repetition !== undefined || at.component !== undefined)) {
    parts.push(String(at.repetition ?? 1));
    if (at.component !== undefined) parts.push(String(at.component));
  }
  return parts.join(component);
}

const ERROR_NAMES: Readonly<Record<AckErrorCode, string>> = {
  '100': 'Segment sequence error',
  '101': 'Required field missing',
  '102': 'Data type error',
  '103': 'Table value not found',
  '200': 'Unsupported message type',
  '201': 'Unsupported event code',
  '202': 'Unsupported processing id',
  '203': 'Unsupported version id',
  '204': 'Unknown key identifier',
  '205': 'Duplicate key identifier',
  '206': 'Application record locked',
  '207': 'Application internal error',
};

/** Of table 0357. */
export function errorName(code: AckErrorCode): string {
  return ERROR_NAMES[code];
}

/** The answer is written byte by byte: what is not ASCII would be another character in the sender's set. */
function ascii(text: string): string {
  return text.replace(/[^\u0020-\u007e]/g, '?');
}

/**
 * Why a message cannot be taken over MLLP, null when it can: the bytes of UTF-16 and UTF-32 may hold block characters,
 * so a frame of them may be a piece of a message. Answer it with `rejected`.
 */
export function mllpRefusal(bytes: Uint8Array, header: Header): AckError | null {
  if (utf16Order(bytes) === null && !isWideCharset(header.charset)) return null;
  return {
    code: '207',
    text: 'UTF-16 and UTF-32 cannot be sent over MLLP. Send UTF-8 and put UNICODE UTF-8 into MSH-18.',
    at: { segment: 'MSH', field: 18 },
  };
}

/** An acknowledgement that came in. */
export interface Acknowledgement {
  readonly code: AckCode;
  /** MSA-2 as sent, one character per byte: compare it with `Header.raw(10)` of the message. */
  readonly rawControlId: string;
  /** MSA-3 and what ERR says, one line each; words of the other side, so never for a log. */
  readonly text: string;
  readonly header: Header;
}

const CODES: readonly AckCode[] = ['AA', 'AE', 'AR', 'CA', 'CE', 'CR'];

/** Null when there is no MSA segment or its code is none of the six. Reads ACK, SRR, MFK and any other answer. */
export function readAcknowledgement(bytes: Uint8Array): Acknowledgement | null {
  const read = header(bytes);
  const lines = latin1(bytes).split(/[\r\n]+/);
  const line = lines.find((one) => one.startsWith(`MSA${read.separators.field}`));
  const [, code = '', rawControlId = ''] = line?.split(read.separators.field) ?? [];
  const known = CODES.find((one) => one === code.trim());
  return known === undefined ? null : { code: known, rawControlId, text: answerText(bytes), header: read };
}

function answerText(bytes: Uint8Array): string {
  const { message } = parseMessage(bytes);
  const said = [message.first('MSA')?.field(3)];
  for (const error of message.all('ERR')) {
    said.push(error.field(8) ?? error.field(7) ?? error.component(3, 2) ?? error.component(1, 4, 2));
  }
  return said.filter((text) => typeof text === 'string' && text.trim() !== '').join('\n');
}
