/** What the HL7 v2 target sends: messages of ours and of others, damaged, framed, mixed with noise and cut anyhow. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Random } from './random.ts';

/** What one connection sends, how it arrives, and how its frames are read. */
export interface Wire {
  readonly bytes: Buffer;
  /** Places where one read ends and the next begins; ascending. */
  readonly cuts: readonly number[];
  readonly maxFrame_bytes: number;
  readonly finalCr: 'required' | 'optional';
}

export interface Corpus {
  readonly composed: readonly Buffer[];
  /** Of third parties, read where they lie; none on a machine without them. */
  readonly samples: readonly Buffer[];
}

export function corpus(): Corpus {
  const folders = ['hl7v2', 'siu'].map((name) => new URL(`../fixtures/${name}/`, import.meta.url));
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.hl7'))
      .sort()
      .map((name) => readFileSync(new URL(name, folder))),
  );
  const beside = fileURLToPath(new URL('../../../shared/samples', import.meta.url));
  const folder = `${process.env['SLOTWIRE_SAMPLES'] ?? beside}/hl7v2`;
  const samples = existsSync(folder) ? globSync(`${folder}/**/*.hl7`).sort() : [];
  return { composed: files.map(withCr), samples: samples.map((file) => readFileSync(file)) };
}

/** Fixtures that a person edits have LF, the wire has CR. */
function withCr(bytes: Buffer): Buffer {
  return bytes.includes(0x0d) ? bytes : Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0x0d : byte)));
}

export function makeWire(random: Random, from: Corpus): Wire {
  const pieces: Buffer[] = [];
  for (let left = random.between(1, 4); left > 0; left -= 1) {
    if (random.chance(20)) pieces.push(noise(random));
    pieces.push(framed(random, random.chance(15) ? together(random, from) : damaged(random, from)));
  }
  const bytes = Buffer.concat(pieces).subarray(0, LONGEST);
  return {
    bytes,
    cuts: cutsOf(random, bytes.length),
    maxFrame_bytes: random.chance(15) ? random.between(1, 600) : 1_000_000,
    finalCr: random.chance(80) ? 'required' : 'optional',
  };
}

const LONGEST = 60_000;

function text(characters: string): Buffer {
  return Buffer.from(characters, 'latin1');
}

/** Mostly as it should be; else one of its block characters is missing, doubled or followed by a line end. */
function framed(random: Random, message: Buffer): Buffer {
  if (random.chance(80)) return Buffer.concat([text('\x0b'), message, text('\x1c\r')]);
  const start = random.pick(['\x0b', '\x0b', '', '\x0b\x0b', '\n\x0b']);
  const end = random.pick(['\x1c\r', '\x1c\r\n', '\x1c', '\r', '', '\x1c\x1c\r', '\x1c\n', '\x1c\r\r\n']);
  return Buffer.concat([text(start), message, text(end)]);
}

function noise(random: Random): Buffer {
  return random.chance(50) ? random.bytes(random.size(40)) : text(random.pick(TOKENS).repeat(random.between(1, 4)));
}

/** Several messages in one piece, with or without the segments of a batch. */
function together(random: Random, from: Corpus): Buffer {
  const messages = Array.from({ length: random.between(2, 4) }, () => damaged(random, from));
  const lines = messages.map((message) => Buffer.concat([message, text('\r')]));
  if (random.chance(40)) return Buffer.concat(lines);
  const count = random.chance(80) ? messages.length : random.below(9);
  const batch = [text('BHS|^~\\&|A|B|C|D|2026||||B1\r'), ...lines, text(`BTS|${count}\r`)];
  return Buffer.concat(random.chance(50) ? [text('FHS|^~\\&|A\r'), ...batch, text('FTS|1\r')] : batch);
}

function damaged(random: Random, from: Corpus): Buffer {
  const samples = from.samples.length > 0 && random.chance(50) ? from.samples : from.composed;
  let message: Buffer = Buffer.from(random.pick(samples).subarray(0, 6_000));
  if (random.chance(10)) return message;
  for (let left = random.between(1, 6); left > 0; left -= 1) {
    message = random.pick(DAMAGES)(message, random, samples).subarray(0, 20_000);
  }
  return message;
}

type Damage = (message: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const DAMAGES: readonly Damage[] = [
  (message, random) => replaced(message, random.below(message.length), 1, random.bytes(1)),
  (message, random) => replaced(message, random.below(message.length), random.size(200), Buffer.alloc(0)),
  (message, random) => replaced(message, random.below(message.length + 1), 0, random.bytes(random.size(30))),
  (message, random) => replaced(message, random.below(message.length + 1), 0, token(random)),
  (message, random) => message.subarray(0, random.below(message.length + 1)),
  (message, random) => withField(message, random, () => token(random)),
  (message, random) => withField(message, random, () => token(random)),
  (message, random) => withField(message, random, (was) => Buffer.concat([was, token(random)])),
  (message, random) => withLines(message, (lines) => swapped(lines, random)),
  (message, random) => withLines(message, (lines) => [...lines, ...lines.slice(random.below(lines.length))]),
  (message, random) => withLines(message, (lines) => lines.filter(() => random.chance(85))),
  (message, random, others) => spliced(message, random.pick(others), random),
  (message, random) => text(message.toString('latin1').replace(/\r\n?|\n/g, random.pick(['\r', '\n', '\r\n', '\n\r']))),
  (message, random) => withHeader(message, 0, random.pick(HEADS)),
  (message, random) => withHeader(message, 17, random.pick(CHARSETS)),
  (message, random) =>
    withHeader(message, 9, random.pick(['', '""', '1', ' C 1 ', 'Ä\\E\\', '\x1c', '\x00', 'C^D&E~F'])),
  (message, random) =>
    withHeader(message, random.below(20), random.pick(['', '""', 'AL', 'NE', 'ER', 'SU', '2.1', '2.8'])),
  (message, random) =>
    withHeader(message, 8, random.pick(['ADT', 'SIU^S12', 'SIU', 'ADT^A40', 'SRM^S01', '^', 'ZZZ^Z01'])),
  (message) => Buffer.from(message.toString('latin1'), 'utf16le'),
  (message) => Buffer.from(message.toString('latin1'), 'utf8'),
];

/** What MSH, its separator and MSH-2 may look like. */
const HEADS = [
  'MSH',
  'MSH|',
  'MSH|^~\\&',
  'MSH|^~&',
  'MSH|^~\\\\&',
  'MSH#*~\\&',
  'MSH|^~\\&amp;',
  'MSH^~|\\&',
  'MSH|',
  ' MSH',
];

const CHARSETS = [
  '',
  'ASCII',
  '8859/1',
  '8859/2',
  '8859/15',
  'UNICODE UTF-8',
  'UNICODE',
  'UTF-16',
  'UNICODE UTF-32',
  'WINDOWS-1252',
  'ISO IR14',
  'ISO IR87',
  'GB 18030-2000',
  'KS X 1001',
  'BIG-5',
  'ASCII~ISO IR87',
  '~8859/1',
  'KLINGON',
  '""',
];

const TOKENS = [
  '\x0b',
  '\x1c',
  '\r',
  '\n',
  '\x1c\r',
  '\x1c\x0b',
  '\x0bMSH|',
  '\rMSH|^~\\&|',
  '\rMSH',
  '\rEVN|A04',
  '|',
  '^',
  '~',
  '\\',
  '&',
  '""',
  '\\X',
  '\\XC387\\',
  '\\XC7\\',
  '\\X4\\',
  '\\.br\\',
  '\\.sp+3\\',
  '\\.in-9\\',
  '\\H\\',
  '\\E\\',
  '\\F\\',
  '\\Z99\\',
  '\\C2842\\',
  '\\P\\',
  '#',
  '\rFHS|',
  '\rBHS|',
  '\rBTS|1',
  '\rFTS|',
  '\rZZZ|',
  '\u00c7',
  '\u0080',
  '\u00ff',
  '\u00e3\u0081',
  '\u0000',
  '\u001b$B',
  '\u0083\u005c',
  '20260314100000',
  '20261101013000-0500',
  '2026',
  '99999999',
  '-1',
  '1e9',
  '+0060',
  '24:00',
  'M30',
  'D',
  'U',
  'X',
  'min',
  'CANCELLED',
  ' ',
  '  ',
  '\t',
  '\u00ef\u00bb\u00bf',
];

function token(random: Random): Buffer {
  const repeated = random.chance(5) ? random.size(3_000) : random.between(1, 3);
  const one = random.pick(TOKENS);
  return text(one.repeat(Math.min(repeated, Math.ceil(9_000 / one.length))));
}

function replaced(message: Buffer, at: number, length: number, by: Buffer): Buffer {
  return Buffer.concat([message.subarray(0, at), by, message.subarray(Math.min(message.length, at + length))]);
}

function withLines(message: Buffer, change: (lines: readonly string[]) => readonly string[]): Buffer {
  return text(change(message.toString('latin1').split('\r')).join('\r'));
}

function swapped(lines: readonly string[], random: Random): readonly string[] {
  const changed = [...lines];
  const [from, to] = [random.below(lines.length), random.below(lines.length)];
  const line = changed[from] ?? '';
  changed[from] = changed[to] ?? '';
  changed[to] = line;
  return changed;
}

function withField(message: Buffer, random: Random, change: (was: Buffer) => Buffer): Buffer {
  return withLines(message, (lines) => {
    const at = random.below(lines.length);
    return lines.map((line, index) => {
      if (index !== at) return line;
      const fields = line.split('|');
      const field = random.below(Math.max(2, fields.length));
      while (fields.length <= field) fields.push('');
      fields[field] = change(text(fields[field] ?? '')).toString('latin1');
      return fields.join('|');
    });
  });
}

/** `field` counts from the segment name, so MSH-10 is 9. */
function withHeader(message: Buffer, field: number, value: string): Buffer {
  return withLines(message, (lines) =>
    lines.map((line) => {
      if (!line.startsWith('MSH')) return line;
      const fields = line.split('|');
      while (fields.length <= field) fields.push('');
      fields[field] = value;
      return fields.join('|');
    }),
  );
}

function spliced(message: Buffer, other: Buffer, random: Random): Buffer {
  const end = random.below(other.length + 1);
  return Buffer.concat([message.subarray(0, random.below(message.length + 1)), other.subarray(random.below(end), end)]);
}

function cutsOf(random: Random, length: number): readonly number[] {
  const most = random.pick([1, 3, 40, 1_000, 100_000]);
  const cuts: number[] = [];
  for (let at = 0; ;) {
    at += random.between(1, most);
    // Byte by byte is tried on the beginning of a long wire and not on all of it: it would take the time of many cases.
    if (at >= length || cuts.length > 3_000) return cuts;
    cuts.push(at);
  }
}
