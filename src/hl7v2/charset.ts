/**
 * Character sets of HL7 v2: MSH-18 (table 0211) to an encoding. Decoding happens after framing and before splitting, on
 * the whole message: in Big5, GB 18030 and Shift_JIS the second byte of a character may look like `|`, `^` or `\`.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';

/**
 * What to read where MSH-18 is empty. The standard says 7-bit ASCII; senders put anything there. `auto` is UTF-8 where
 * the bytes are valid UTF-8, else Windows-1252; anything else is the name of an encoding.
 */
export type DefaultCharset = 'auto' | (string & {});

export interface Decoding {
  readonly text: string;
  /** The encoding that was used: `ascii`, `utf-8`, `iso-8859-1`, `windows-1252` and so on. */
  readonly encoding: string;
  /** Why that is not what MSH-18 says; null when it is. */
  readonly problem: string | null;
}

const BY_NAME: Readonly<Record<string, string>> = {
  '': '',
  ASCII: 'ascii',
  USASCII: 'ascii',
  ISOIR6: 'ascii',
  ANSI: 'windows-1252',
  LATIN1: 'iso-8859-1',
  UNICODE: 'utf-8',
  UTF8: 'utf-8',
  UNICODEUTF8: 'utf-8',
  UTF16: 'utf-16',
  UTF16LE: 'utf-16',
  UTF16BE: 'utf-16',
  UNICODEUTF16: 'utf-16',
  UTF32: 'utf-32',
  UNICODEUTF32: 'utf-32',
  ISOIR14: 'shift_jis',
  SHIFTJIS: 'shift_jis',
  ISOIR87: 'iso-2022-jp',
  ISOIR159: 'iso-2022-jp',
  JAS2020: 'iso-2022-jp',
  JISX0202: 'iso-2022-jp',
  GB180302000: 'gb18030',
  GB18030: 'gb18030',
  KSX1001: 'euc-kr',
  BIG5: 'big5',
};

/** Encodings whose bytes may hold 0x0B, 0x1C or 0x0D inside a character: they cannot travel in MLLP frames. */
const WIDE: ReadonlySet<string> = new Set(['utf-16', 'utf-32']);

/** The encoding that one MSH-18 value names: `''` for an empty value, null for one that is not known. */
export function encodingOf(charset: string): string | null {
  const plain = charset.toUpperCase().replace(/[\s._/-]/g, '');
  const known = BY_NAME[plain];
  if (known !== undefined) return known;
  const part = /^(?:ISO)?8859(\d{1,2})$/.exec(plain)?.[1];
  if (part !== undefined) return iconv.encodingExists(`iso-8859-${part}`) ? `iso-8859-${part}` : null;
  const page = /^(?:WINDOWS|CP|WIN)?(125\d)$/.exec(plain)?.[1];
  if (page !== undefined && iconv.encodingExists(`windows-${page}`)) return `windows-${page}`;
  return null;
}

/**
 * Which repetition of MSH-18 the bytes are read by. The first is the set of the message and later ones are what it
 * changes to by the escapes of ISO 2022; of a message that says ASCII or JIS X 0201 first, a later set holds all of
 * that as well, and the names are written in it.
 */
export function charsetOf(field: string, repetition: string): string {
  const parts = repetition === '' ? [field] : field.split(repetition);
  const sent = parts.map((part) => part.trim()).filter((part) => part !== '' && part !== '""');
  const [first = '', ...later] = sent;
  const set = encodingOf(first);
  if (set !== 'ascii' && set !== 'shift_jis') return first;
  const isJis = later.find((one) => encodingOf(one) === 'iso-2022-jp');
  if (isJis !== undefined || set === 'shift_jis') return isJis ?? first;
  const known = (one: string): boolean => !['ascii', '', null].includes(encodingOf(one)) && !isWideCharset(one);
  return later.find(known) ?? first;
}

/** True for a character set that must be refused over MLLP (UTF-16 and UTF-32), by its name in MSH-18. */
export function isWideCharset(charset: string): boolean {
  return WIDE.has(encodingOf(charset) ?? '');
}

/**
 * `le` or `be` when the bytes are UTF-16 whatever MSH-18 says: a byte order mark, or every other byte of `MSH` is 0.
 */
export function utf16Order(bytes: Uint8Array): 'le' | 'be' | null {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return 'le';
  if (a === 0xfe && b === 0xff) return 'be';
  if (b === 0 && d === 0 && a !== 0 && c !== 0 && a !== undefined) return 'le';
  if (a === 0 && c === 0 && b !== 0 && d !== 0 && b !== undefined) return 'be';
  return null;
}

/**
 * `charset` is one value of MSH-18 (see `charsetOf`). Never throws: bytes that do not fit the named set are read as
 * `fallback` would, and the problem is told.
 */
export function decode(bytes: Uint8Array, charset: string, fallback: DefaultCharset = 'auto'): Decoding {
  const order = utf16Order(bytes);
  if (order !== null) return { text: fromUtf16(bytes, order), encoding: 'utf-16', problem: null };
  return decodePart(bytes, charset, fallback);
}

/** The same for a piece of a message, which is not looked at for the marks of UTF-16: `\XFFFE\` is two letters. */
export function decodePart(bytes: Uint8Array, charset: string, fallback: DefaultCharset = 'auto'): Decoding {
  const named = encodingOf(charset);
  if (named === null)
    return withProblem(decodeDefault(bytes, fallback), 'MSH-18 names a character set that is not known');
  if (named === '') return decodeDefault(bytes, fallback);
  if (WIDE.has(named)) return withProblem(decodeDefault(bytes, fallback), `MSH-18 says ${named}, the bytes are not`);
  if (named === 'iso-2022-jp') return decodeJis(bytes);
  if (isAscii(bytes)) return { text: latin1(bytes), encoding: named, problem: null };
  if (named === 'ascii') return withProblem(decodeDefault(bytes, fallback), 'MSH-18 says ASCII, the bytes are not');
  return decodeNamed(bytes, named);
}

function decodeJis(bytes: Uint8Array): Decoding {
  // ISO 2022 has no byte above 127; systems that write Shift_JIS name the same set.
  if (!isAscii(bytes)) {
    return withProblem(decodeNamed(bytes, 'shift_jis'), 'MSH-18 says ISO 2022, the bytes are 8-bit');
  }
  return { text: new TextDecoder('iso-2022-jp').decode(bytes), encoding: 'iso-2022-jp', problem: null };
}

/** Text to bytes in the encoding of an MSH-18 value; a character that the set lacks becomes `?`. */
export function encode(text: string, charset: string): Uint8Array {
  const named = encodingOf(charset) ?? '';
  if (named === '' || named === 'utf-8' || WIDE.has(named)) return Buffer.from(text, 'utf8');
  if (named === 'ascii' || named === 'iso-2022-jp') return iconv.encode(text, 'ascii');
  return iconv.encode(text, named);
}

function decodeDefault(bytes: Uint8Array, fallback: DefaultCharset): Decoding {
  if (isAscii(bytes)) return { text: latin1(bytes), encoding: 'ascii', problem: null };
  const named = fallback === 'auto' ? '' : (encodingOf(fallback) ?? '');
  if (named !== '' && named !== 'ascii' && !WIDE.has(named)) return decodeNamed(bytes, named);
  if (isUtf8(bytes)) return { text: utf8(bytes), encoding: 'utf-8', problem: null };
  return { text: iconv.decode(view(bytes), 'windows-1252'), encoding: 'windows-1252', problem: null };
}

function decodeNamed(bytes: Uint8Array, named: string): Decoding {
  if (named === 'utf-8') {
    if (isUtf8(bytes)) return { text: utf8(bytes), encoding: named, problem: null };
    const text = iconv.decode(view(bytes), 'windows-1252');
    return { text, encoding: 'windows-1252', problem: 'the character set is UTF-8, the bytes are not' };
  }
  if (named === 'iso-8859-1') {
    const text = latin1(bytes);
    // 0x80-0x9F are control characters in ISO 8859-1 and never meant; Windows-1252 has letters and quotes there.
    if (!HIGH_CONTROLS.test(text)) return { text, encoding: named, problem: null };
    const windows = iconv.decode(view(bytes), 'windows-1252');
    return { text: windows, encoding: 'windows-1252', problem: 'the bytes are Windows-1252, not ISO 8859-1' };
  }
  return { text: iconv.decode(view(bytes), named), encoding: named, problem: null };
}

const HIGH_CONTROLS = /[\u0080-\u009f]/;

function fromUtf16(bytes: Uint8Array, order: 'le' | 'be'): string {
  return new TextDecoder(order === 'le' ? 'utf-16le' : 'utf-16be').decode(bytes);
}

function withProblem(decoding: Decoding, problem: string): Decoding {
  return { ...decoding, problem };
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One character per byte, so that the bytes can be had back unchanged. */
export function latin1(bytes: Uint8Array): string {
  return view(bytes).toString('latin1');
}

function utf8(bytes: Uint8Array): string {
  const text = view(bytes).toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
