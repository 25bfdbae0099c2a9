/** Birth dates as people type them into an intake form. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * `YYYY-MM-DD` of `1980-05-31`, `5/31/1980` (day first with `dayFirst`) or `May 31, 1980`. Null for anything else,
 * two-digit years included: a guessed birth date would link two people who are not one.
 */
export function birthDateIn(text: string, dayFirst: boolean): string | null {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (iso !== null) return realDate(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const numbers = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(text);
  if (numbers !== null) {
    const [first, second] = [Number(numbers[1]), Number(numbers[2])];
    return dayFirst ? realDate(Number(numbers[3]), second, first) : realDate(Number(numbers[3]), first, second);
  }
  const words = /^([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})$/i.exec(text);
  if (words === null) return null;
  return realDate(Number(words[3]), MONTHS.indexOf((words[1] ?? '').toLowerCase()) + 1, Number(words[2]));
}

function realDate(year: number, month: number, day: number): string | null {
  const date = new Date(Date.UTC(year, month - 1, day));
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return real && year >= 1850 ? date.toISOString().slice(0, 10) : null;
}
