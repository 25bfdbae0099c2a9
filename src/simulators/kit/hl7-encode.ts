/** HL7 v2 text from values: escapes, fields by number, segments ending in CR (standard sheet section 12). */
import { DateTime } from 'luxon';

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\E\\',
  '|': '\\F\\',
  '^': '\\S\\',
  '&': '\\T\\',
  '~': '\\R\\',
  '\n': '\\.br\\',
  '\r': '\\X0D\\',
};

export function escape(value: string): string {
  return value.replace(/[\\|^&~\n\r]/g, (sign) => ESCAPES[sign] ?? sign);
}

/** Components of one field, escaped; trailing empty ones are dropped. A nested list is the subcomponents of one. */
export function components(...parts: readonly (string | readonly string[])[]): string {
  const encoded = parts.map((part) => (typeof part === 'string' ? escape(part) : part.map(escape).join('&')));
  while (encoded.at(-1) === '') encoded.pop();
  return encoded.join('^');
}

export function repeat(...fields: readonly string[]): string {
  return fields.filter((field) => field !== '').join('~');
}

/**
 * Fields by their number in the standard; values are encoded already. For MSH the separator is field 1 and not given.
 */
export function segment(name: string, fields: Readonly<Record<number, string>>): string {
  const last = Math.max(...Object.keys(fields).map(Number));
  const first = name === 'MSH' ? 2 : 1;
  const values = Array.from({ length: last - first + 1 }, (_, index) => fields[first + index] ?? '');
  return `${name}|${values.join('|')}\r`;
}

/** `20261201090000` on the wall clock of `zone`, with `-0600` behind it on request. */
export function timestamp(at: number, zone: string, offset = false): string {
  return DateTime.fromMillis(at, { zone }).toFormat(offset ? 'yyyyMMddHHmmssZZZ' : 'yyyyMMddHHmmss');
}
