/**
 * How PostgreSQL's text becomes our values. pg's own defaults would hand out bigint as text, and a Date in the
 * machine's own time zone for `date`, which moves birth dates by a day west of Greenwich.
 *
 *   int8, xid8             number; a value beyond 2^53-1 is an error, never a rounded number
 *   timestamptz            Instant (milliseconds; what lies below is cut off); 'infinity' is an error
 *   date, numeric, ranges  text, as PostgreSQL writes it
 *   bytea                  Buffer
 *   json, jsonb            parsed
 * and arrays of the first two.
 */
import pg from 'pg';
import { instant, type Instant } from '../core/instant.ts';

const OID = {
  int8: 20,
  date: 1082,
  timestamptz: 1184,
  int8s: 1016,
  dates: 1182,
  timestamptzs: 1185,
  xid8: 5069,
} as const;

export function parseInt8(text: string): number {
  const value = Number(text);
  // Rounding here would make two row ids equal.
  if (!Number.isSafeInteger(value)) throw new RangeError('a bigint column holds a value beyond 2^53-1');
  return value;
}

const TIMESTAMP = /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(?::(\d\d))?(?::(\d\d))?$/;

/** Reads `2026-12-01 09:00:00.123456-05:30` as PostgreSQL writes it with DateStyle ISO, whatever the session's zone. */
export function parseTimestamptz(text: string): Instant {
  const found = TIMESTAMP.exec(text);
  if (found === null) throw new RangeError('a timestamptz column holds infinity or a date before the year 1');
  const [, year, month, day, hour, minute, second, fraction = '', zoneHour = '+00', zoneMinute, zoneSecond] = found;
  const local = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(fraction.slice(0, 3).padEnd(3, '0')),
  );
  const sign = zoneHour.startsWith('-') ? -1 : 1;
  const offset_s = Math.abs(Number(zoneHour)) * 3600 + Number(zoneMinute ?? 0) * 60 + Number(zoneSecond ?? 0);
  return instant(local - sign * offset_s * 1000);
}

/**
 * What a timestamptz parameter must be given: PostgreSQL reads a bare number of milliseconds as a year and refuses it.
 */
export function timestamptz(at: Instant): string {
  return new Date(at).toISOString();
}

/** The driver declares a function here and has an object: its types are ahead of its code. */
const arrayParser = pg.types.arrayParser as unknown as {
  create<T>(text: string, read: (entry: string | null) => T): { parse(): T[] };
};

function arrayOf<T>(element: (text: string) => T): (text: string) => (T | null)[] {
  const read = (entry: string | null): T | null => (entry === null ? null : element(entry));
  return (text) => arrayParser.create(text, read).parse();
}

const asText = (text: string): string => text;
const PARSERS = new Map<number, (text: string) => unknown>([
  [OID.int8, parseInt8],
  [OID.xid8, parseInt8],
  [OID.int8s, arrayOf(parseInt8)],
  [OID.timestamptz, parseTimestamptz],
  [OID.timestamptzs, arrayOf(parseTimestamptz)],
  [OID.date, asText],
  [OID.dates, arrayOf(asText)],
]);

/** The driver's types know only the built-in ids, its code takes any. */
const driverParser = pg.types.getTypeParser as (oid: number, format: string) => (text: string) => unknown;

/** Given to each connection rather than set on pg as a whole, so that no other user of the driver is changed by it. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    const ours = format === 'binary' ? undefined : PARSERS.get(oid);
    return ours ?? driverParser(oid, format ?? 'text');
  },
};
