import type { BirthDate, Conventions } from './person.ts';

/** Dates that stand for "unknown": not evidence of anything. */
const PLACEHOLDERS = new Set([
  ...['19000101', '19010101', '18000101', '18500101', '17530101', '16010101', '00010101'],
  ...['11111111', '19111111', '22222222', '99991231', '99990101', '20990101', '20991231'],
]);

/** Days that systems put in when they know less: shared by far more people than one day in 36,500 would be. */
const FILLED_IN = new Set(['19700101', '18991230', '18991231', '20000101']);

/**
 * Reads a date of birth however it is written; null where nothing can be read or the date is a placeholder. Eight
 * digits that are no date are kept as digits: a slip in one of them leaves seven that count.
 */
export function birthDate(text: string | undefined, conventions: Conventions = {}): BirthDate | null {
  const digits = text === undefined ? null : read(text.trim(), conventions.dayFirst === true);
  if (digits === null || PLACEHOLDERS.has(digits)) return null;
  const year = Number(digits.slice(0, 4));
  const month = Number(digits.slice(4, 6));
  const day = Number(digits.slice(6, 8));
  if (year < 1850 || year > 2150) return null;
  const precision = month === 0 ? 'year' : day === 0 ? 'month' : 'day';
  const valid = precision === 'year' || (month <= 12 && day <= daysOf(year, month));
  const weak = (month === 1 && day === 1) || FILLED_IN.has(digits);
  return { digits, year, month, day, precision, valid, weak };
}

function read(text: string, dayFirst: boolean): string | null {
  const date = text.replace(/[T ]\d{1,2}:.*$/, '');
  if (/^\d{8}(\d{2,6})?$/.test(date)) return yearFirst(date.slice(0, 8), dayFirst);
  if (/^\d{4}$/.test(date)) return `${date}0000`;
  if (/^\d{6}$/.test(date)) return /^(1[89]|20)/.test(date) ? `${date}00` : null;
  const parts = date.split(/[-/.\s]+/);
  const [a = '', b = '', c = ''] = parts;
  if (parts.length > 3 || !parts.every((part) => /^\d{1,4}$/.test(part))) return null;
  if (a.length === 4) return `${a}${two(b)}${two(c)}`;
  if (parts.length === 2 && b.length === 4) return `${b}${two(a)}00`;
  if (c.length !== 4) return null;
  const isDayFirst = Number(a) > 12 || ((dayFirst || date.includes('.')) && Number(b) <= 12);
  return isDayFirst ? `${c}${two(b)}${two(a)}` : `${c}${two(a)}${two(b)}`;
}

/** `02291980` and `29021980` begin with no year that anybody was born in. */
function yearFirst(digits: string, dayFirst: boolean): string {
  if (/^(1[89]|20)/.test(digits) || !/^(1[89]|20)/.test(digits.slice(4))) return digits;
  const first = digits.slice(0, 2);
  const second = digits.slice(2, 4);
  const year = digits.slice(4);
  return dayFirst || Number(first) > 12 ? `${year}${second}${first}` : `${year}${first}${second}`;
}

function two(part: string): string {
  return part === '' ? '00' : part.padStart(2, '0').slice(-2);
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
