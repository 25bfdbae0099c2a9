/**
 * How far a zone's clocks are from UTC, remembered by the day. To ask costs a tenth of a millisecond, a message names a
 * dozen times, and a clinic's calendar is full of the same few days.
 */
import { IANAZone } from 'luxon';

const DAY_MS = 86_400_000;
/** Since then no zone's clocks have been changed at a fraction of a minute, and none twice in a day. */
const SINCE_MS = Date.UTC(1973, 0, 1);
const UNTIL_MS = Date.UTC(9000, 0, 1);
/** Thirty years of one zone. What is forgotten is asked again. */
const DAYS_KEPT = 11_000;

/** Null: the clocks change on that day. */
type Days = Map<number, number | null>;
const zones = new Map<string, { readonly zone: IANAZone; readonly days: Days } | null>();

/**
 * Milliseconds that clocks are ahead of UTC at this moment. Null: the clocks change on that day (of UTC), or the zone
 * is not one of the IANA names with a slash, or the moment is too far off; then the answer takes a calendar library.
 */
export function steadyOffset(at: number, zone: string): number | null {
  if (zone === 'UTC') return 0;
  if (at < SINCE_MS || at > UNTIL_MS) return null;
  const known = zones.get(zone) ?? open(zone);
  if (known === null) return null;
  const day = Math.floor(at / DAY_MS);
  const kept = known.days.get(day);
  if (kept !== undefined) return kept;
  const first = known.zone.offset(day * DAY_MS);
  const offset = first === known.zone.offset((day + 1) * DAY_MS) ? first * 60_000 : null;
  if (known.days.size >= DAYS_KEPT) known.days.clear();
  known.days.set(day, offset);
  return offset;
}

/**
 * The moment of a wall-clock time, given as if it were UTC. Null where `steadyOffset` would be, also for a time near a
 * change of the clocks, which may happen twice or never.
 */
export function steadyInstant(wall: number, zone: string): number | null {
  const before = steadyOffset(wall - DAY_MS, zone);
  const after = steadyOffset(wall + DAY_MS, zone);
  if (before === null || before !== after) return null;
  return steadyOffset(wall - before, zone) === before ? wall - before : null;
}

function open(name: string): { readonly zone: IANAZone; readonly days: Days } | null {
  // `UTC+3` and the like are no names of zones, though the library understands them.
  const zone = name.includes('/') ? IANAZone.create(name) : null;
  const made = zone?.isValid === true ? { zone, days: new Map<number, number | null>() } : null;
  if (zones.size > 1_000) zones.clear();
  zones.set(name, made);
  return made;
}
