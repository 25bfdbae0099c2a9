import { AT, levelOf, type Vector } from './levels.ts';
import type { Address, Person } from './person.ts';
import { isOneEdit, jaroWinkler } from './similarity.ts';

const EXACT = 1;
const NEAR = 2;
const DIFFER = 3;
/** Similarity of texts that are one with a slip. */
const LIKE = 0.9;
const STATE_DIFFER = levelOf('state', 'differ');

/** Of people with several addresses the two that agree best; of phones and e-mail addresses the same. */
export function compareHousehold(a: Person, b: Person, vector: Vector, shared: ReadonlySet<string>): void {
  const left = a.addresses[0];
  const right = b.addresses[0];
  if (left === undefined || right === undefined) clearAddress(vector);
  else if (a.addresses.length === 1 && b.addresses.length === 1) compareAddress(left, right, vector, shared);
  else bestAddress(a.addresses, b.addresses, vector, shared);
  vector[AT.phone] = compareContacts(a.phones, b.phones, shared, nearPhone);
  vector[AT.email] = compareContacts(a.emails, b.emails, shared, nearEmail);
}

function clearAddress(vector: Vector): void {
  for (let at = AT.street; at <= AT.state; at += 1) vector[at] = 0;
}

function compareAddress(a: Address, b: Address, vector: Vector, shared: ReadonlySet<string>): void {
  let street = compareText(a.street, b.street);
  let unit = compareText(a.unit, b.unit);
  if (street === DIFFER && (a.unit !== '' || b.unit !== '')) {
    // The two lines in the other order.
    const crossed = compareText(a.street, b.unit);
    const other = compareText(a.unit, b.street);
    if ((crossed === EXACT || crossed === NEAR) && other !== DIFFER) {
      street = crossed;
      unit = other;
    }
  }
  vector[AT.street] = street;
  vector[AT.number] = compareNumber(a.number, b.number);
  vector[AT.unit] = unit;
  vector[AT.city] = compareText(a.city, b.city);
  vector[AT.postcode] = compareNumber(a.postcode, b.postcode);
  vector[AT.state] = a.state === '' || b.state === '' ? 0 : a.state === b.state ? EXACT : STATE_DIFFER;
  // A nursing home or a block of flats: who lives there too is no relation, unless it is the same flat.
  if (shared.size > 0 && vector[AT.unit] !== EXACT && isAlike(vector) && (shared.has(a.key) || shared.has(b.key))) {
    vector[AT.street] = 0;
    vector[AT.number] = 0;
    vector[AT.postcode] = 0;
  }
}

/** One address, perhaps with a slip in it: the slip makes another key. */
function isAlike(vector: Vector): boolean {
  return (vector[AT.street] ?? 0) % DIFFER !== 0 && vector[AT.number] !== DIFFER;
}

const trial = new Uint8Array(AT.state + 1);

function bestAddress(
  as: readonly Address[],
  bs: readonly Address[],
  vector: Vector,
  shared: ReadonlySet<string>,
): void {
  let best = -1;
  for (const a of as) {
    for (const b of bs) {
      compareAddress(a, b, trial, shared);
      const agree =
        worth(trial[AT.street]) * 4 +
        worth(trial[AT.number]) * 2 +
        worth(trial[AT.postcode]) * 2 +
        worth(trial[AT.city]);
      if (agree <= best) continue;
      best = agree;
      for (let at = AT.street; at <= AT.state; at += 1) vector[at] = trial[at] ?? 0;
    }
  }
}

function worth(level: number | undefined): number {
  return level === EXACT ? 4 : level === NEAR ? 3 : level === 0 ? 1 : 0;
}

function compareText(a: string, b: string): number {
  if (a === '' || b === '') return 0;
  if (a === b) return EXACT;
  return jaroWinkler(a, b, LIKE) >= LIKE || contains(a, b) ? NEAR : DIFFER;
}

/** `apt5` and `5`, `kingsroad` and `kings`: one is the other with more around it. */
function contains(a: string, b: string): boolean {
  return (
    (a.length >= 4 && b.length > a.length && b.includes(a)) || (b.length >= 4 && a.length > b.length && a.includes(b))
  );
}

function compareNumber(a: string, b: string): number {
  if (a === '' || b === '') return 0;
  if (a === b) return EXACT;
  return (a.length > 1 || b.length > 1) && isOneEdit(a, b) ? NEAR : DIFFER;
}

/** Shared values (a clinic's own phone) are nobody's. */
function compareContacts(
  as: readonly string[],
  bs: readonly string[],
  shared: ReadonlySet<string>,
  isNear: (a: string, b: string) => boolean,
): number {
  if (as.length === 0 || bs.length === 0) return 0;
  let level = 0;
  for (const a of as) {
    if (shared.has(a)) continue;
    for (const b of bs) {
      if (a === b) return EXACT;
      if (shared.has(b)) continue;
      if (level !== NEAR) level = isNear(a, b) ? NEAR : DIFFER;
    }
  }
  return level;
}

function nearPhone(a: string, b: string): boolean {
  // One of them without its country or area.
  return isOneEdit(a, b) || (a.length !== b.length && a.slice(-8) === b.slice(-8));
}

function nearEmail(a: string, b: string): boolean {
  const local = a.indexOf('@');
  if (local > 4 && b.startsWith(a.slice(0, local + 1))) return true;
  return isOneEdit(a, b);
}
